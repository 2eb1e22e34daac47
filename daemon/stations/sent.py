"""What a station gets: private copies of the photo or a result, and of the matte."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2

from daemon.config.profiles import Profile
from daemon.config.stations import PHOTO
from daemon.errors import PhotoError
from daemon.imaging.colour import to_8_bit, to_srgb8
from daemon.imaging.decode import decode
from daemon.machine import private
from daemon.shelf import below
from daemon.shelf.durable import results_trouble
from daemon.stations import matte
from daemon.stations.task import Handed, NeverFiled, Task

_GONE = (FileNotFoundError, NotADirectoryError)


def prepared(handed: Handed, folder: Path) -> Task:
    """Put together what the station gets, in an empty private folder.

    Raises:
        NeverFiled: what is to be sent is not there any more.
        daemon.errors.ResultsTrouble: the results cannot be read at present.
    """
    shutil.rmtree(folder, ignore_errors=True)
    private.make_directory(folder)
    alpha, mask = _matte(handed, folder)
    return Task(handed.token, _picture(handed, folder), alpha, mask, _facts(handed), folder)


def photo(handed: Handed, folder: Path) -> Path:
    """The photo itself, upright, in sRGB and 8 bits, as a PNG.

    Raises:
        NeverFiled: its original is gone, or is another one.
    """
    source = Path(handed.document["source"])
    try:
        raster = decode(source, max_pixels=handed.max_pixels, last_look=True)
    except (PhotoError, OSError) as error:
        raise NeverFiled(f"the original cannot be sent: {error}") from error
    if list(raster.size) != handed.document["size"]:
        raise NeverFiled("the original is another photo by now")
    target = folder / f"{handed.token}.png"
    target.write_bytes(matte.encoded(cv2.cvtColor(to_srgb8(raster), cv2.COLOR_RGB2BGR)))
    return target


def result(handed: Handed, output: str, target: Path) -> Path:
    """A private copy of one of the photo's results, with its extension.

    Raises:
        NeverFiled: it is not there any more.
    """
    path = _path_of(handed, output)
    target = target.with_name(target.name + os.path.splitext(path)[1])
    with (
        _opened(handed, path) as descriptor,
        open(descriptor, "rb", closefd=False) as source,
        open(target, "wb", opener=private.opener) as copy,
    ):
        shutil.copyfileobj(source, copy)
    return target


def output_of(profile: Profile, kind: str) -> str | None:
    """The name of the profile's first output of a kind."""
    return next((each.options.name for each in profile.outputs if each.name == kind), None)


def _picture(handed: Handed, folder: Path) -> Path:
    if handed.station.send == PHOTO:
        return photo(handed, folder)
    return result(handed, handed.station.send, folder / handed.token)


def _matte(handed: Handed, folder: Path) -> tuple[Path | None, Path | None]:
    """The matte and its inverse as files, if the profile files one."""
    name = output_of(handed.profile, "matte")
    if name is None:
        return None, None
    alpha = to_8_bit(matte.read(result(handed, name, folder / "filed-matte")))
    target, mask = (folder / f"{handed.token}-{kind}.png" for kind in ("matte", "mask"))
    target.write_bytes(matte.encoded(alpha))
    mask.write_bytes(matte.encoded(255 - alpha))
    return target, mask


def _facts(handed: Handed) -> dict[str, Any]:
    dropped = ("took_s",)
    told = {key: value for key, value in handed.document.items() if key not in dropped}
    return {**told, "station": handed.station.name, "sent": handed.station.send}


def _path_of(handed: Handed, output: str) -> str:
    for each in handed.document["results"]:
        if each.get("output") == output:
            return str(each["path"])
    raise NeverFiled(f"it was filed without the output {output}")


@contextmanager
def _opened(handed: Handed, path: str) -> Iterator[int]:
    """A result reached as anybody's file: through open directories, and through no link."""
    root = Path(handed.document["results_folder"])
    with results_trouble("what is to be sent cannot be read"), below.opened(root) as at:
        try:
            with below.spot(at, os.fsencode(path)) as spot, below.regular(spot) as descriptor:
                yield descriptor
        except _GONE as error:
            raise NeverFiled(f"{path} is not there any more") from error
