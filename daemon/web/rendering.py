"""What the page shows of a photo, made from its files; in a process that a poison file may kill.

This is the only room of the page that decodes pictures.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from daemon.errors import MattedError, NotAPhoto
from daemon.imaging import browsing, vips
from daemon.imaging.colour import small_srgb8, to_srgb8
from daemon.imaging.decode import decode, places
from daemon.imaging.planes import Kind, kind_of
from daemon.prints import cutting, find
from daemon.raster import Raster
from daemon.shelf import below
from daemon.web.layers import FACTS, Files, Layer

_SMALL = 400
Seen = Kind | Literal["framed"]
"""What a result is; framed: of another size than the photo."""


def render_small(files: Files, directory: Path) -> None:
    """Make what lists show, and find out what else there is to be shown.

    Raises:
        MattedError: none of it can be made.
    """
    kinds = _kinds(files)
    seen = _thumb(files, kinds)
    if seen is not None:
        browsing.write_small(seen, directory / "thumb.webp", _SMALL)
    has_original, as_large = False, False
    with contextlib.suppress(MattedError, OSError):
        original = _original(files)
        browsing.write_small(original, directory / "before.webp", _SMALL)
        has_original, as_large = True, (original.width, original.height) == files.size
    cut, matte = "cutout" in kinds, "matte" in kinds
    layers = {
        Layer.ORIGINAL: has_original,
        Layer.CUTOUT: cut or (matte and as_large),
        Layer.MATTE: cut or matte,
        Layer.PICTURE: "picture" in kinds or "framed" in kinds,
    }
    after = Layer.CUTOUT if layers[Layer.CUTOUT] else Layer.PICTURE if "picture" in kinds else None
    told = {
        "layers": [layer for layer, there in layers.items() if there],
        "after": after if as_large else None,
        "kinds": kinds,
    }
    (directory / FACTS).write_text(json.dumps(told))


def render_tiles(files: Files, layer: Layer, directory: Path) -> None:
    """Make the tiles of one layer.

    Raises:
        MattedError: they cannot be made.
    """
    try:
        image = _layer(files, layer, _kinds(files))
        browsing.write_tiles(image, directory, layer)
    except (OSError, vips.Error) as error:
        raise MattedError(f"{layer}: {error}") from error
    size = {"width": image.width, "height": image.height, "tile": browsing.TILE}
    told = {**size, "overlap": browsing.OVERLAP, "extension": browsing.extension(image.bands)}
    (directory / f"{layer}.json").write_text(json.dumps(told))


def _layer(files: Files, layer: Layer, kinds: list[Seen | None]) -> vips.Image:
    if layer is Layer.ORIGINAL:
        return _original(files)
    if layer is Layer.CUTOUT and "cutout" not in kinds:
        matte = _result(files, _index(kinds, "matte"))
        photo = _original(files)
        if (matte.width, matte.height) != (photo.width, photo.height):
            raise NotAPhoto("its matte has another size")
        return browsing.with_alpha(vips.array(photo), matte)
    if layer is Layer.MATTE and "matte" not in kinds:
        return browsing.alpha(_result(files, _index(kinds, "cutout")))
    named: dict[Layer, Kind] = {
        Layer.CUTOUT: "cutout",
        Layer.MATTE: "matte",
        Layer.PICTURE: "picture",
    }
    if layer is Layer.PICTURE and "picture" not in kinds:
        return _result(files, _index(kinds, "framed"))
    return _result(files, _index(kinds, named[layer]))


def _index(kinds: list[Seen | None], kind: Seen) -> int:
    if kind not in kinds:
        raise NotAPhoto("there is none")
    return kinds.index(kind)


def _thumb(files: Files, kinds: list[Seen | None]) -> vips.Image | None:
    for wanted in ("cutout", "picture", "framed", "matte"):
        if wanted in kinds:
            with contextlib.suppress(MattedError, OSError):
                return _result(files, kinds.index(wanted))
    return None


def _kinds(files: Files) -> list[Seen | None]:
    return [_kind(one, files.size) for one in files.results]


def _kind(file: tuple[bytes, bytes], whole: tuple[int, int] | None) -> Seen | None:
    with contextlib.suppress(MattedError, OSError), _opened(file) as path:
        kind, size = kind_of(path)
        return kind if size == whole else "framed"
    return None


def _original(files: Files) -> vips.Image:
    if files.original is None:
        raise NotAPhoto("the original is not there any more")
    with _opened(files.original) as path:
        place = places(path, last_look=True)[files.page - 1] if files.page else None
        raster = decode(path, max_pixels=files.max_pixels, last_look=True, place=place)
    pixels = to_srgb8(raster if files.print is None else _print(raster, files.print))
    kinds = _kinds(files) if files.turns else []
    if "cutout" in kinds:
        pixels = browsing.turned_like(pixels, _result(files, kinds.index("cutout")))
    return browsing.picture(pixels)


def _print(scan: Raster, number: int) -> Raster:
    """One of the prints on a scan, cut out once more as it was when it was filed.

    Raises:
        NotAPhoto: this program finds others.
    """
    small, scale = small_srgb8(scan, find.LONG_SIDE)
    rectangles = cutting.sharpened(scan.pixels, find.find(small), scale)
    if number > len(rectangles):
        raise NotAPhoto("the print is not found on the scan any more")
    return replace(scan, pixels=cutting.cut(scan.pixels, rectangles[number - 1]))


def _result(files: Files, index: int) -> vips.Image:
    with _opened(files.results[index]) as path:
        return browsing.result(path, max_pixels=files.max_pixels)


@contextlib.contextmanager
def _opened(file: tuple[bytes, bytes]) -> Iterator[Path]:
    """A path that leads to the file that was opened, whatever is put in its place."""
    root, name = file
    with below.opened(root) as at, below.spot(at, name) as spot, below.regular(spot) as descriptor:
        yield Path(f"/proc/self/fd/{descriptor}")
