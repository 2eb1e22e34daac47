"""The planes of a layered document as its file has them: raw, or in run lengths.

What is merged is encoded while it is written, so that no plane lies in memory twice.

Source: Adobe Photoshop File Formats Specification.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from psd_tools.compression import encode_rle
from psd_tools.constants import Compression
from psd_tools.psd.image_data import ImageData
from psd_tools.psd.layer_and_mask import ChannelData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.imaging.encode import Samples

Plane: TypeAlias = "NDArray[Any]"
"""(height, width), uint8 or uint16."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a document's planes are written."""

    bits: int
    version: int

    @property
    def dtype(self) -> str:
        """Numpy's name of a sample in the file."""
        return ">u2" if self.bits == 16 else "u1"

    @property
    def count_bytes(self) -> int:
        """How many bytes tell how many a row takes."""
        return 4 if self.version == 2 else 2

    def colour(self, plane: Plane) -> ChannelData:
        """A plane of colour. In 16 bits no two neighbours are alike, so that runs save nothing."""
        if self.bits == 8:
            return self.flat(plane)
        return Raw(plane, self.dtype)

    def flat(self, plane: Plane) -> ChannelData:
        """A plane in which most neighbours are alike."""
        return ChannelData(Compression.RLE, self.run_lengths(plane))

    def run_lengths(self, plane: Plane) -> bytes:
        """The bytes of each row counted, then the rows."""
        height, width = plane.shape
        raw = plane.astype(self.dtype).data
        return encode_rle(raw, width, height, self.bits, self.version)  # type: ignore[arg-type] # a buffer is enough


class Raw(ChannelData):
    """A plane as it is, put into the file's byte order while it is written."""

    def __init__(self, plane: Plane, dtype: str) -> None:
        super().__init__(Compression.RAW)
        self._plane = plane
        self._dtype = dtype

    def write(self, fp: IO[bytes], **_: Any) -> int:
        """Write it, and say how many bytes that were."""
        fp.write(Compression.RAW.to_bytes(2, "big"))
        fp.write(self._plane.astype(self._dtype).data)
        return self._length

    @property
    def _length(self) -> int:
        return 2 + self._plane.nbytes


class Merged(ImageData):
    """The merged picture, encoded plane by plane while it is written: all counts stand first."""

    def __init__(self, planes: Sequence[Plane], coding: Coding) -> None:
        super().__init__(Compression.RLE)
        self._planes = planes
        self._coding = coding

    def write(self, fp: IO[bytes], **_: Any) -> int:
        """Write it, and say how many bytes that were."""
        begin = fp.tell()
        fp.write(Compression.RLE.to_bytes(2, "big"))
        counts_at, counts = fp.tell(), b""
        size = self._coding.count_bytes * len(self._planes[0])
        fp.write(bytes(size * len(self._planes)))
        for plane in self._planes:
            encoded = memoryview(self._coding.run_lengths(plane))
            counts += encoded[:size]
            fp.write(encoded[size:])
        end = fp.tell()
        fp.seek(counts_at)
        fp.write(counts)
        fp.seek(end)
        return end - begin


def planes_of(pixels: Samples) -> Iterator[Plane]:
    """One for grey, three for RGB."""
    if pixels.ndim == 2:
        yield pixels
    else:
        yield from (pixels[:, :, band] for band in range(pixels.shape[2]))
