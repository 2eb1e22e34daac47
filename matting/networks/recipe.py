"""What an ONNX network wants to be fed, and what its answer means."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Self

Triple = tuple[float, float, float]

_LONGEST_SIDE = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a picture becomes the network's input, and its output an alpha.

    The defaults describe a network that takes (1, 3, height, width), values from 0 to 1, at any
    size, and answers with alpha.
    """

    # Read by pydantic where a settings file describes a network; the engine process has none.
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}

    input: str | None = None
    """The input tensor's name; none: the network's only one."""
    layout: Literal["nchw", "nhwc", "hwc"] = "nchw"
    """The input's axes; with hwc there is none for the batch."""
    channels: Literal["rgb", "bgr"] = "rgb"
    """Their order."""
    size: tuple[int, int] | None = None
    """Width and height that every picture is squashed or stretched to, or a refiner's tile padded
    to; none: as short_side says."""
    short_side: int | None = None
    """Length that the picture's short side is brought to; none (and no size): the picture as it
    is. The long side becomes 8 times that at most."""
    multiple_of: int = 1
    """What width and height are rounded to, to the nearest multiple, where they are not given by
    `size`."""
    range: Literal["0..1", "0..255", "0..max"] = "0..1"
    """What the pixels are scaled to before mean and std: 0..max divides by the picture's own
    brightest value."""
    mean: Triple = (0.0, 0.0, 0.0)
    """Taken off, for each channel in the order above, in the range above."""
    std: Triple = (1.0, 1.0, 1.0)
    """Divided by, for each channel in the order above, afterwards."""
    trimap: Literal["none", "plane", "one_hot"] = "none"
    """For a refiner, which solves the edge that another network found (`matting: {refiner: ...}`):
    whether it is fed a trimap after the colours. plane: one that has 0, 0.5 and 1; one_hot: three,
    for background, unknown and foreground."""
    coarse: bool = False
    """For a refiner likewise: whether it is fed the coarse alpha, 0..1, as the last plane."""
    output: int = 0
    """Which of the outputs it is, counted from 0."""
    channel: int = 0
    """Which channel of that output is the person."""
    activation: Literal["none", "sigmoid", "softmax", "min_max"] = "none"
    """What makes alpha of it: nothing; the logistic function, for a network that ends before it;
    softmax over the channels; stretching from the smallest value to the largest, unless nobody
    seems to be there, for a network that answers from 0 to `opaque`."""
    opaque: float = 1.0
    """The value, after the activation, that means opaque: 255 for a network that answers bytes."""

    def __post_init__(self) -> None:
        """Refuse what no network can mean.

        Raises:
            ValueError: one line.
        """
        if self.size is not None and self.short_side is not None:
            raise ValueError("size and short_side exclude each other")
        if self.size is not None and min(self.size) < 1:
            raise ValueError("size has to be positive")
        if self.short_side is not None and self.short_side < 1:
            raise ValueError("short_side has to be positive")
        if self.multiple_of < 1:
            raise ValueError("multiple_of has to be positive")
        if max(*(self.size or (1, 1)), self.short_side or 1, self.multiple_of) > _LONGEST_SIDE:
            raise ValueError(f"no side can be longer than {_LONGEST_SIDE} pixels")
        if 0 in self.std:
            raise ValueError("std divides; it cannot be 0")
        if self.output < 0 or self.channel < 0:
            raise ValueError("outputs and channels are counted from 0")
        if self.refines:
            self._check_refiner()
        if self.opaque <= 0:
            raise ValueError("opaque has to be positive")

    def _check_refiner(self) -> None:
        if self.layout == "hwc":
            raise ValueError("a refiner's layout is nchw or nhwc")
        if self.short_side is not None:
            raise ValueError("a refiner works at the photo's own size, so short_side is not for it")
        if self.range == "0..max" or self.activation == "min_max":
            raise ValueError(
                "a refiner sees parts of a photo, so it cannot be scaled to the brightest value"
            )

    @property
    def refines(self) -> bool:
        """Whether it is a refiner's: it solves an edge, and finds nobody."""
        return self.trimap != "none" or self.coarse

    @property
    def planes(self) -> int:
        """Channels of the network's input."""
        return 3 + {"none": 0, "plane": 1, "one_hot": 3}[self.trimap] + self.coarse

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what ``to_json`` wrote; the types are trusted.

        Raises:
            ValueError: an unknown key, or a fault as above.
        """
        try:
            known: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            return cls(**known)
        except TypeError as error:
            raise ValueError(str(error)) from error


_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet

BSHM = Recipe(layout="hwc", range="0..255", channel=3, opaque=254)
"""The published graph, converted: it resizes within, and its core hardly ever reaches 255."""
U2NET = Recipe(size=(320, 320), range="0..max", mean=_MEAN, std=_STD, activation="min_max")
"""As its authors feed it, also by the brightest value."""
ISNET = Recipe(size=(1024, 1024), mean=(0.5, 0.5, 0.5), activation="min_max")
"""As its authors feed it; rembg, which hosts the file, divides by the brightest value and takes off
ImageNet's mean, as it does for all its networks."""
BIREFNET = Recipe(size=(1024, 1024), mean=_MEAN, std=_STD, activation="sigmoid")
"""As its authors feed it. In use it has one output, before the sigmoid."""
VITMATTE = Recipe(size=(1024, 1024), trimap="plane")
"""As rembg's export of it takes it; other sizes give wrong answers silently."""
GCA = Recipe(multiple_of=32, mean=_MEAN, std=_STD, trimap="one_hot")
"""As its authors feed it."""
MODNET = Recipe(
    short_side=512,
    multiple_of=32,
    range="0..255",
    mean=(127.5, 127.5, 127.5),
    std=(127.5, 127.5, 127.5),
)
