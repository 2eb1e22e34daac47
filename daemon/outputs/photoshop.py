"""A layered Photoshop file: the photo, and the person with the matte as a layer mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from daemon import options as base
from daemon.outputs import backdrop, blending, output
from daemon.pictures import colour, cv2, icc, layered, np, resources

if TYPE_CHECKING:
    from daemon.imaging.encode import Samples
    from daemon.imaging.layered import Layer
    from daemon.raster import Cutout, Pixels, Raster

_WHITE = (255, 255, 255)
_STRIP_ROWS = 256
_PLANES = 14
"""At most: three layers of four channels, a mask, the merged picture."""

LayerName = Annotated[str, Field(min_length=1, max_length=200)]


class Options(base.Options):
    """What the document consists of."""

    name: output.Name = "photoshop"
    """What {output} in the file name becomes."""
    colours: Literal["freed", "original"] = "freed"
    """Colours of the person's layer: freed of the old background at soft edges, or the photo's
    own."""
    background: Annotated[str, AfterValidator(backdrop.known)] | None = None
    """What stands between photo and person: a colour, blur or a picture, as in a composition.
    Without it there is no such layer, the photo's layer is hidden, and what shows is the person."""
    fit: backdrop.Fit = "cover"
    """How a picture fills the photo's size: cover keeps its proportions and crops it around the
    centre, stretch distorts it."""
    blur: float = Field(default=0.02, gt=0, le=0.25)
    """How far background: blur blurs; the Gaussian's sigma as a share of the photo's longer
    side."""
    mode: Literal["auto", "rgb"] = "auto"
    """auto is greyscale where photo and background are grey all over, and RGB elsewhere."""
    photo_layer: LayerName = "Photo"
    """The photo's layer is called so."""
    background_layer: LayerName = "Background"
    """The new background's layer is called so."""
    person_layer: LayerName = "Person"
    """The person's layer is called so."""


def extension(options: Options) -> str:  # noqa: ARG001 - the contract's signature
    """The file name's extension with its dot."""
    return ".psd"


def variants(options: Options) -> tuple[str, ...]:  # noqa: ARG001 - the contract's signature
    """A document that is too large for a PSD is a PSB."""
    return (".psb",)


def extension_of(cutout: Cutout, options: Options) -> str:
    """Whether it is one or the other."""
    pixels = cutout.raster.pixels
    size_bytes = pixels.nbytes // 3 * planes(options)
    large = layered.needs_psb(pixels.shape[1], pixels.shape[0], size_bytes)
    return ".psb" if large else ".psd"


def needs_foreground(options: Options) -> bool:
    """Colours of the person's layer are freed unless the photo's own are wanted."""
    return options.colours == "freed"


def holds_photo(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """Its lowest layer is the photo."""
    return True


def planes(options: Options) -> int:  # noqa: ARG001 - the contract's signature
    """About how many planes of the photo's size it takes."""
    return _PLANES


def write(cutout: Cutout, options: Options, path: Path) -> None:
    """File all layers, and what they look like together, in the photo's depth and colour space.

    Raises:
        daemon.errors.ResultsTrouble: it cannot be written, or the background picture cannot be
            read.
    """
    layers = _layers(cutout, options)
    person = layers[-1]
    transparent = options.background is None
    below = backdrop.plain(_WHITE, cutout.raster) if transparent else _rows(layers[1].pixels)
    merged = blending.blend(person.pixels, cutout.matte.alpha, below)
    grey = options.mode == "auto" and _are_grey(layers, cutout.raster)
    if grey:
        layers = [replace(layer, pixels=_grey(layer.pixels)) for layer in layers]
    document = layered.Document(
        layers,
        extension_of(cutout, options) == ".psb",
        _grey(merged) if grey else merged,
        person.mask if transparent else None,
        _told(cutout.raster, grey=grey),
    )
    layered.write(path, document)


def _layers(cutout: Cutout, options: Options) -> list[Layer]:
    """From the lowest to the highest, in RGB."""
    raster, alpha = cutout.raster, cutout.matte.alpha
    mask = alpha if raster.pixels.dtype == np.uint16 else colour.to_8_bit(alpha)
    layers = [layered.Layer(options.photo_layer, raster.pixels, visible=bool(options.background))]
    if options.background is not None:
        behind = backdrop.make(cutout, options.background, fit=options.fit, blur=options.blur)
        pixels = blending.filled(behind, raster.pixels)
        layers.append(layered.Layer(options.background_layer, pixels))
    person = output.colours(cutout) if options.colours == "freed" else raster.pixels
    return [*layers, layered.Layer(options.person_layer, person, mask)]


def _rows(pixels: Pixels) -> backdrop.Backdrop:
    return lambda rows: pixels[rows]


def _are_grey(layers: Sequence[Layer], raster: Raster) -> bool:
    """Whether no layer has a colour; in another space than sRGB the curve of grey is not known."""
    return colour.is_srgb(raster.icc) and all(_is_grey(layer.pixels) for layer in layers)


def _is_grey(pixels: Samples) -> bool:
    """By strips: most photos show their first colour at once."""
    for top in range(0, len(pixels), _STRIP_ROWS):
        red, green, blue = cv2.split(pixels[top : top + _STRIP_ROWS])
        if not (np.array_equal(red, green) and np.array_equal(green, blue)):
            return False
    return True


def _grey(pixels: Samples) -> Samples:
    return pixels[:, :, 0].copy()


def _told(raster: Raster, *, grey: bool) -> dict[int, bytes]:
    """What stands beside the pixels."""
    profile = icc.grey("Grey of sRGB", icc.SRGB_CURVE) if grey else raster.icc
    told = {resources.ICC: profile, **resources.carrying(raster.metadata)}
    if raster.dpi is not None:
        told[resources.RESOLUTION] = resources.resolution(raster.dpi)
    return told
