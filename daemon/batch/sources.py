"""The photos of a batch: files, folders with all below them, and addresses."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from daemon.batch.ending import Ending
from daemon.batch.fetch import Bounds, fetch, is_foreign
from daemon.errors import MattedError, SettingsError, SourceTrouble
from daemon.intake.ignore import Rule
from daemon.intake.scan import Remark, Scan, scan
from daemon.photo import Sighting, Version, show
from matting.web import is_address, shown

_BELOW = "matted"
"""Where results of a folder go if nobody says where: a second run must not take them for photos."""


@dataclass(frozen=True, slots=True)
class Source:
    """A photo that is to be worked on."""

    sighting: Sighting
    told: str
    """As it was given, without passwords."""


class Sources:
    """Takes photos in, each once, and knows where the results of each go."""

    def __init__(self, out_dir: Path | None, downloads: Path, bounds: Bounds) -> None:
        """Nothing is taken in yet.

        Args:
            out_dir: where results go; if None, beside each photo.
            downloads: a directory for what is fetched.
            bounds: what one download may take.
        """
        self._out_dir = out_dir
        self._downloads = downloads
        self._bounds = bounds
        self._taken: dict[tuple[str, bytes], Source] = {}
        self._out_dirs: dict[str, Path] = {}
        """By the folder of a photo."""
        self._ended: list[Ending] = []

    @property
    def taken(self) -> tuple[Source, ...]:
        """What is to be worked on, in the order in which it was given."""
        return tuple(self._taken.values())

    @property
    def ended(self) -> tuple[Ending, ...]:
        """What needs no work, or can have none."""
        return tuple(self._ended)

    def out_dir(self, folder: str) -> Path | None:
        """Where the results of a folder's photos go; None if there are no such photos."""
        return self._out_dirs.get(folder)

    def out_dirs(self) -> dict[str, Path]:
        """Where results go, by the folders of the photos that are to be worked on."""
        return {folder: self._out_dirs[folder] for folder, _ in self._taken}

    def add(self, given: str) -> None:
        """Take in a file, a folder with all below it, or an http(s) address.

        Raises:
            SettingsError: results would lie among the photos of a folder.
        """
        try:
            self._add(given)
        except SettingsError:
            raise
        except MattedError as error:
            self._ended.append(Ending(_without_passwords(given), error=str(error)))
        except (OSError, ValueError) as error:  # a path that has a zero byte is a ValueError
            reason = getattr(error, "strerror", None) or error
            self._ended.append(Ending(_without_passwords(given), error=f"cannot be read: {reason}"))

    def _add(self, given: str) -> None:
        if not given:  # else it would be the present folder, where a script's variable was unset
            raise SourceTrouble("an empty name is no photo", 0)
        if is_address(given):
            downloads = self._downloads / str(len(self._taken) + len(self._ended))
            downloads.mkdir(parents=True, exist_ok=True)
            self._add_file(given, fetch(given, downloads, self._bounds), beside=Path.cwd())
        elif is_foreign(given) and not os.path.lexists(given):
            raise SourceTrouble("only http and https addresses are fetched", 0)
        elif Path(given).is_dir():
            self._add_folder(given)
        else:
            self._add_file(given, Path(given), beside=Path(given).parent.resolve())

    def leave_out(self, found: Iterable[tuple[Sighting, tuple[Path, ...]]]) -> None:
        """End photos whose results are there already.

        Args:
            found: photos, each with its results.
        """
        for sighting, files in found:
            one = self._taken.pop((sighting.folder, sighting.path))
            self._ended.append(Ending(one.told, existing=files))

    def _add_file(self, given: str, path: Path, *, beside: Path) -> None:
        # Resolved, since a photo process follows no symlink: one named here is meant.
        target = path.resolve(strict=True)
        found = target.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SourceTrouble("is not a regular file", 0)
        folder, name = str(target.parent), os.fsencode(target.name)
        self._out_dirs.setdefault(folder, self._out_dir or beside)
        self._take(given, Sighting(folder, name, Version.of(found), time.monotonic()))

    def _add_folder(self, given: str) -> None:
        folder = Path(given).resolve()
        if folder == self._out_dir:
            fault = f"is where photos come from; take a folder of its own, e.g. {folder}/{_BELOW}"
            raise SettingsError(f"--out {folder}", (fault,))
        out_dir = self._out_dirs.setdefault(str(folder), self._out_dir or folder / _BELOW)
        found = scan(str(folder), recursive=True, rule=Rule())
        photos = [one for one in found.sightings if not _is_result(folder, out_dir, one)]
        for sighting in photos:
            self._take(os.path.join(given, os.fsdecode(sighting.path)), sighting)
        for remark in (*found.trouble, *(one for one in found.ignored if _is_odd(one))):
            path = os.path.join(given, os.fsdecode(remark.path))
            self._ended.append(Ending(show(path), error=remark.reason))
        if not photos:
            self._ended.append(Ending(show(given), error=_none_in(found)))

    def _take(self, given: str, sighting: Sighting) -> None:
        self._taken.setdefault(
            (sighting.folder, sighting.path), Source(sighting, _without_passwords(given))
        )


def _is_result(folder: Path, out_dir: Path, sighting: Sighting) -> bool:
    """Whether it lies where this run's results go, in a folder below the one scanned."""
    inside = out_dir.is_relative_to(folder)
    return inside and (folder / os.fsdecode(sighting.path)).is_relative_to(out_dir)


def _without_passwords(given: str) -> str:
    """What was given, without passwords and signatures."""
    return shown(given) if "://" in given and not os.path.lexists(given) else show(given)


def _is_odd(remark: Remark) -> bool:
    """Whether it is a photo by its name, and yet nothing that can be worked on."""
    return Rule().takes(os.path.basename(remark.path))


def _none_in(found: Scan) -> str:
    others = len(found.ignored)
    return "there are no photos in it" + (f"; files of other kinds: {others}" if others else "")
