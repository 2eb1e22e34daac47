"""Names in settings that stand for what is defined elsewhere: profiles and refiners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from daemon.config.faults import Fault, did_you_mean
from daemon.config.profiles import AUTO, BUILT_IN, NONE


def unknown_profiles(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Profiles of folders that neither the file nor the program has."""
    own = data.get("profiles")
    known = [*(own if isinstance(own, dict) else {}), *BUILT_IN]
    folders = data.get("folders")
    for index, folder in enumerate(folders if isinstance(folders, list) else []):
        name = folder.get("profile") if isinstance(folder, dict) else None
        if isinstance(name, str) and name not in known:
            yield (
                ("folders", index, "profile"),
                f"there is no profile {name!r}{did_you_mean(name, known)}",
            )


def unknown_refiners(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Refiners of profiles that are neither built in nor networks that can be installed."""
    profiles = data.get("profiles")
    for name, profile in (profiles if isinstance(profiles, dict) else {}).items():
        matting = profile.get("matting") if isinstance(profile, dict) else None
        refiner = matting.get("refiner") if isinstance(matting, dict) else None
        if not isinstance(refiner, str) or refiner in {AUTO, NONE}:
            continue
        known = [AUTO, NONE, *_refiners(data)]
        if refiner not in known:
            at = ("profiles", name, "matting", "refiner")
            yield at, f"there is no refiner {refiner!r}{did_you_mean(refiner, known)}"


def _refiners(data: Mapping[str, Any]) -> Iterator[str]:
    """Those that are built in, and networks that refine, those of the settings among them."""
    from matting.models.catalog import CATALOG  # noqa: PLC0415 - few settings name a refiner
    from matting.refiners import BUILT_IN as BUILT_IN_REFINERS  # noqa: PLC0415 - likewise

    yield from BUILT_IN_REFINERS
    yield from (name for name, entry in CATALOG.items() if entry.recipe and entry.recipe.refines)
    own = data.get("models")
    for name, recipe in (own if isinstance(own, dict) else {}).items():
        fed = recipe if isinstance(recipe, dict) else {}
        if fed.get("coarse") or fed.get("trimap", NONE) != NONE:
            yield name
