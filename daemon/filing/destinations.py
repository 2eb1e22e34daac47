"""Where the photos of each watched folder go, and how they are treated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from daemon.config.profiles import Profile
from daemon.config.reading import AS_ONE, Reading
from daemon.filing.policy import Patience
from daemon.photo import Photo
from daemon.shelf.disposal import Originals


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the photos of one folder go, and how they are treated."""

    results: Path
    profile: Profile
    limits: Patience
    originals: Originals = "keep"
    archive: Path | None = None
    duplicates: bool = True
    """Whether a content that was filed from this folder under another name is filed again."""
    reports: bool = True
    """Whether a photo that is given up leaves a report among the results."""
    reading: Reading = AS_ONE
    """What in a file is a photo of its own."""
    marker: Path | None = None
    """Without this file the watched folder is not itself."""
    profile_name: str = ""
    """What the settings call the profile."""


class Destinations:
    """The destinations of all folders, by their paths; a reload of the settings exchanges them."""

    def __init__(self) -> None:
        self._by_folder: Mapping[str, Destination] = {}
        self._profiles: Mapping[str, Profile] = {}
        self._unserved: frozenset[str] = frozenset()

    def serve(
        self,
        wanted: Mapping[str, Destination],
        *,
        queued: Collection[str],
        profiles: Mapping[str, Profile],
    ) -> None:
        """Work for these folders from now on, and for no others.

        Args:
            wanted: by watched folder.
            queued: folders that have photos in the queue.
            profiles: that photos may be redone with, by name.
        """
        self._profiles = profiles
        # Photos of a folder that is no longer served may be at work, and may have to wait later.
        known = {*queued, *self._by_folder, *self._unserved}
        self._unserved = frozenset(known - wanted.keys())
        self._by_folder = dict(wanted)

    @property
    def folders(self) -> frozenset[str]:
        """The folders that are worked for."""
        return frozenset(self._by_folder)

    @property
    def unserved(self) -> frozenset[str]:
        """Folders that are not worked for and may have photos in the queue, which stay there."""
        return self._unserved

    def find(self, photo: Photo) -> Destination | None:
        """Where a photo goes; None if its folder is not worked for at present."""
        found = self.of_folder(photo.folder)
        if found is None or photo.redo is None:
            return found
        # The original of one that is redone was dealt with when it was filed first.
        name = photo.redo.profile if photo.redo.profile in self._profiles else found.profile_name
        profile = self._profiles.get(photo.redo.profile or "", found.profile)
        found = replace(found, profile=profile, profile_name=name or "")
        return replace(found, originals="keep", archive=None, duplicates=True)

    def of_folder(self, folder: str) -> Destination | None:
        """Where a folder's photos go; None if it is not worked for at present."""
        return self._by_folder.get(folder)

    def has_profile(self, name: str) -> bool:
        """Whether photos may be redone with a profile."""
        return name in self._profiles

    def __getitem__(self, photo: Photo) -> Destination:
        found = self.find(photo)
        if found is None:
            raise KeyError(photo.folder)
        return found

    def __iter__(self) -> Iterator[Destination]:
        return iter(self._by_folder.values())

    def limits(self, folder: str) -> Patience:
        """How patient to be with the photos of a folder."""
        found = self._by_folder.get(folder)
        return found.limits if found else Patience()
