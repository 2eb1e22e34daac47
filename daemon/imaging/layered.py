"""Layered documents as Photoshop keeps them: PSD, and PSB where a PSD is too small.

By psd-tools' classes of the file's own structure, plane by plane. Its document of layers renders a
preview in floats when it is saved: 3.4 GB and 10 s for 24 megapixels of 16 bits.

Source: Adobe Photoshop File Formats Specification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from psd_tools.constants import ChannelID, ColorMode, Compression, Tag
from psd_tools.psd import PSD
from psd_tools.psd.header import FileHeader
from psd_tools.psd.image_resources import ImageResource, ImageResources
from psd_tools.psd.layer_and_mask import (
    ChannelData,
    ChannelDataList,
    ChannelImageData,
    ChannelInfo,
    GlobalLayerMaskInfo,
    LayerAndMaskInformation,
    LayerFlags,
    LayerInfo,
    LayerInfoBlock,
    LayerRecord,
    LayerRecords,
    MaskData,
)
from psd_tools.psd.tagged_blocks import TaggedBlock, TaggedBlocks

from daemon.errors import ResultsTrouble
from daemon.imaging import resources
from daemon.imaging.layered_planes import Coding, Merged, Plane, planes_of

if TYPE_CHECKING:
    from daemon.imaging.encode import Samples

MOST_PSD_PIXELS = 30_000
MOST_PIXELS = 300_000
"""A side, of a PSD and of a PSB."""
_MOST_PSD_BYTES = 2_000_000_000
_WRITER = "matted"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the document's size."""

    name: str
    pixels: Samples
    """(height, width) grey or (height, width, 3) RGB."""
    mask: Plane | None = None
    """In the depth of ``pixels``; the whole range is shown."""
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """Layers from the lowest to the highest, and what they look like together."""

    layers: Sequence[Layer]
    large: bool
    """Whether it is to be a PSB; see ``needs_psb``."""
    merged: Samples
    """Over white where ``transparency`` is not full, as Photoshop keeps it."""
    transparency: Plane | None
    """Of the merged picture; None where it is opaque."""
    resources: Mapping[int, bytes] = field(default_factory=dict)


def needs_psb(width: int, height: int, size_bytes: int) -> bool:
    """Whether a document is too large for a PSD.

    Args:
        width: pixels.
        height: pixels.
        size_bytes: of all its planes; run lengths make noise longer by a hundredth.
    """
    return max(width, height) > MOST_PSD_PIXELS or size_bytes > _MOST_PSD_BYTES


def write(path: Path, document: Document) -> None:
    """Write a document.

    Args:
        path: is overwritten; not synced to the disk.
        document: all of it.

    Raises:
        ResultsTrouble: it cannot be written; with the true errno.
    """
    made = _Writer(document).psd()
    try:
        with path.open("w+b") as file:
            made.write(file)
    except OSError as error:
        raise ResultsTrouble(f"{path}: {error.strerror}", error.errno or 0) from error


class _Writer:
    """Turns a document into psd-tools' structure; a plane that stands twice is encoded once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._height, self._width = document.merged.shape[:2]
        self._coding = Coding(document.merged.itemsize * 8, 2 if document.large else 1)
        self._encoded: dict[int, ChannelData] = {}

    def psd(self) -> PSD:
        document = self._document
        merged = [*planes_of(document.merged)]
        if document.transparency is not None:
            merged.append(document.transparency)
        told = {**document.resources, resources.VERSION: resources.version(_WRITER)}
        kept = [(kind, ImageResource(key=kind, data=body)) for kind, body in told.items()]
        return PSD(
            header=FileHeader(
                version=self._coding.version,
                channels=len(merged),
                height=self._height,
                width=self._width,
                depth=self._coding.bits,
                color_mode=ColorMode.RGB if document.merged.ndim == 3 else ColorMode.GRAYSCALE,
            ),
            image_resources=_made(ImageResources, kept),
            layer_and_mask_information=self._layers(),
            image_data=Merged(merged, self._coding),
        )

    def _layers(self) -> LayerAndMaskInformation:
        pairs = [self._layer(layer) for layer in self._document.layers]
        parts: dict[str, Any] = {
            # Negative where the merged picture's first further channel is its transparency.
            "layer_count": len(pairs) if self._document.transparency is None else -len(pairs),
            "layer_records": _made(LayerRecords, [record for record, _ in pairs]),
            "channel_image_data": _made(ChannelImageData, [data for _, data in pairs]),
        }
        if self._coding.bits == 8:
            return LayerAndMaskInformation(layer_info=LayerInfo(**parts))
        # Where Photoshop itself keeps layers of 16 bits.
        block = _made(TaggedBlock, key=Tag.LAYER_16, data=LayerInfoBlock(**parts))
        blocks = _made(TaggedBlocks, [(Tag.LAYER_16, block)])
        # The length of no global mask has to stand between: readers step over it.
        return LayerAndMaskInformation(LayerInfo(), GlobalLayerMaskInfo(), blocks)

    def _layer(self, layer: Layer) -> tuple[LayerRecord, ChannelDataList]:
        channels = {ChannelID.TRANSPARENCY_MASK: self._opaque}
        channels |= dict(zip(_COLOURS, map(self._once, planes_of(layer.pixels)), strict=False))
        if layer.mask is not None:
            channels[ChannelID.USER_LAYER_MASK] = self._coding.flat(layer.mask)
        whole = {"top": 0, "left": 0, "bottom": self._height, "right": self._width}
        record = LayerRecord(
            **whole,
            channel_info=[ChannelInfo(id=channel) for channel in channels],
            flags=LayerFlags(visible=layer.visible, photoshop_v5_later=True),
            mask_data=None if layer.mask is None else MaskData(**whole),
            # The old name is for readers that do not know the new one, and is MacRoman.
            name=layer.name.encode("mac_roman", "replace")[:255].decode("mac_roman"),
        )
        record.tagged_blocks.set_data(Tag.UNICODE_LAYER_NAME, layer.name)
        return record, _made(ChannelDataList, list(channels.values()))

    @cached_property
    def _opaque(self) -> ChannelData:
        full = np.full((1, self._width), (1 << self._coding.bits) - 1, self._coding.dtype)
        row = self._coding.run_lengths(full)
        at = self._coding.count_bytes
        return ChannelData(Compression.RLE, row[:at] * self._height + row[at:] * self._height)

    def _once(self, plane: Plane) -> ChannelData:
        at = plane.__array_interface__["data"][0]  # where it lies, for as long as the document
        if at not in self._encoded:
            self._encoded[at] = self._coding.colour(plane)
        return self._encoded[at]


def _made(kind: Any, *parts: Any, **named: Any) -> Any:
    """One of psd-tools' containers, whose types say less than they take."""
    return kind(*parts, **named)


_COLOURS = (ChannelID.CHANNEL_0, ChannelID.CHANNEL_1, ChannelID.CHANNEL_2)
