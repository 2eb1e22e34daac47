"""The networks that can be installed by name alone."""

from __future__ import annotations

from dataclasses import dataclass

from matting import recipe
from matting.models.model import EngineName
from matting.recipe import Recipe


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
class Entry:
    """A network that can be installed."""

    name: str
    engine: EngineName
    about: str
    licence: str
    source: Web | Hub | ByHand
    recipe: Recipe | None = None


_RELEASE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"
_ADVICE = (
    "export it from its authors' repository (github.com/ZHKKKe/MODNet, folder onnx) and name the"
    " file: matted model install modnet --from modnet.onnx"
)


def _bshm(name: str, about: str, repository: str) -> Entry:
    return Entry(name, "bshm", about, "Apache-2.0", Hub(repository, "tf_graph.pb"))


def _onnx(name: str, about: str, licence: str, source: Web | ByHand, fed: Recipe) -> Entry:
    return Entry(name, "onnx", about, licence, source, fed)


def _released(file: str, md5: str) -> Web:
    return Web(_RELEASE + file, md5)


_ENTRIES = (
    _bshm("bshm", "people", "iic/cv_unet_image-matting"),
    _bshm("bshm-universal", "anything", "iic/cv_unet_universal-matting"),
    _onnx(
        "u2net",
        "what stands out",
        "Apache-2.0",
        _released("u2net.onnx", "60024c5c889badc19c04ad937298a77b"),
        recipe.U2NET,
    ),
    _onnx(
        "u2netp",
        "the same; 5 MB",
        "Apache-2.0",
        _released("u2netp.onnx", "8e83ca70e441ab06c318d82300c84806"),
        recipe.U2NET,
    ),
    _onnx(
        "u2net_human_seg",
        "people",
        "Apache-2.0",
        _released("u2net_human_seg.onnx", "c09ddc2e0104f800e3e1bb4652583d1f"),
        recipe.U2NET,
    ),
    _onnx(
        "isnet-general-use",
        "what stands out",
        "Apache-2.0",
        _released("isnet-general-use.onnx", "fc16ebd8b0c10d971d3513d564d01e29"),
        recipe.ISNET,
    ),
    _onnx(
        "birefnet-portrait",
        "people, slowly",
        "MIT",
        _released("BiRefNet-portrait-epoch_150.onnx", "c3a64a6abf20250d090cd055f12a3b67"),
        recipe.BIREFNET,
    ),
    _onnx(
        "birefnet-general",
        "anything, slowly",
        "MIT",
        _released("BiRefNet-general-epoch_244.onnx", "7a35a0141cbbc80de11d9c9a28f52697"),
        recipe.BIREFNET,
    ),
    _onnx("modnet", "people, quickly", "Apache-2.0", ByHand(_ADVICE), recipe.MODNET),
)
CATALOG = {entry.name: entry for entry in _ENTRIES}
"""What can be installed, by name."""
CONVERTED = "bshm-onnx"
"""The name of what `matted model convert bshm` makes."""
