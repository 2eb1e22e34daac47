"""Whether what was filed can stand in for an original that the settings want deleted. Pure.

Deleting is for good, so every doubt keeps the original. What stands in for a photo is its cut-out:
a foreground has the photo's own pixels at their full size and depth where the matte is opaque; a
channel or a Photoshop document has all of them. A matte has no colours, in a composition the edges
are mixed with the new background for ever, and what is cropped, made smaller or a WebP lacks some.
"""

from __future__ import annotations

from pathlib import Path

from daemon.config.profiles import Profile
from daemon.filed import Filed

_LEAST_COVERED = 0.0005
"""A matte with less of the photo in it has missed the people, if there were any."""


def beforehand(originals: str, profile: Profile) -> str | None:
    """What the user should know of a folder's policy before any photo comes; None if nothing."""
    if originals != "delete":
        return None
    if profile.holds_photo:
        return (
            "originals: delete leaves only the cut-out of a photo; it stays where nobody is found,"
            " pages are left out or there is any warning"
        )
    lacks = "outputs need a foreground, channel or photoshop, without loss"
    if profile.foreground_from != "original":
        lacks = "foreground_from has to be original"
    return f"originals: delete will delete nothing, as no result holds the photo's pixels: {lacks}"


def irreplaceable(
    filed: Filed | None, outputs: tuple[Path, ...], missing: tuple[Path, ...]
) -> str | None:
    """Why an original must not be deleted, one line for people; None if it may.

    Args:
        filed: the facts of how this very content was filed.
        outputs: where its results were put.
        missing: those that are not there any more.
    """
    if filed is None or not outputs:
        return "nothing tells how its content was filed"
    doubts = (
        (filed.warnings, f"something may be lost: {'; '.join(filed.warnings)}"),
        (not filed.holds_photo, "no result holds the photo's pixels"),
        (filed.people == 0, "nobody was found in it"),
        ((filed.covered or 0.0) < _LEAST_COVERED, "its matte is as good as empty"),
        (missing, f"its result {next(iter(missing), '')} is not there any more"),
    )
    return next((reason for doubt, reason in doubts if doubt), None)
