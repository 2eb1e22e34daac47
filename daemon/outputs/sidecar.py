"""What is known of the photo and its matte, as a file of its own: XMP or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape  # xml.sax.saxutils loads all ways to the web
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from daemon import options as base
from daemon.errors import ResultsTrouble
from daemon.outputs import output

if TYPE_CHECKING:
    from daemon.raster import Cutout

FORMAT = 1
"""Grows when what is told is told otherwise."""
NAMESPACE = "urn:matted:1.0:"
"""Of the program's own words in XMP."""

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:matted="{namespace}"
{attributes}>
{lists}  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


class Options(base.Options):
    """In which form it is told."""

    name: output.Name = "sidecar"
    """What {output} in the file name becomes; with file_as: "{stem}{ext}" it is left out."""
    format: Literal["json", "xmp"] = "json"
    """json for programs; xmp for those that read it beside a photo."""


def extension(options: Options) -> str:
    """The file name's extension with its dot."""
    return f".{options.format}"


def needs_foreground(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """It has no colours."""
    return False


def holds_photo(options: Options) -> bool:  # noqa: ARG001 - the contract's signature
    """It has no pixels."""
    return False


def planes(options: Options) -> int:  # noqa: ARG001 - the contract's signature
    """It has no pixels."""
    return 0


def write(cutout: Cutout, options: Options, path: Path) -> None:
    """File the facts.

    Raises:
        daemon.errors.ResultsTrouble: they cannot be written.
    """
    facts = told(cutout)
    text = json.dumps(facts, indent=1) + "\n" if options.format == "json" else _xmp(facts)
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise ResultsTrouble(f"{path}: {error.strerror}", error.errno or 0) from error


def told(cutout: Cutout) -> dict[str, Any]:
    """The facts, as JSON can hold them."""
    origin, matte = cutout.origin, cutout.matte
    return {
        "format": FORMAT,
        "photo": origin.name,
        "sha256": origin.sha256,
        "size": list(cutout.raster.size),
        "bits": cutout.raster.pixels.itemsize * 8,
        "software": origin.software,
        "engine": matte.engine,
        "model": origin.model,
        "framework": origin.framework,
        "device": matte.device,
        "people": matte.people,
        "flags": [asdict(flag) for flag in matte.flags],
        "warnings": list(cutout.raster.warnings),
    }


def _xmp(facts: dict[str, Any]) -> str:
    width, height = facts["size"]
    plain = {
        "xmp:CreatorTool": f"{facts['software']}, engine {facts['engine']}",
        "matted:Photo": facts["photo"],
        "matted:SHA256": facts["sha256"],
        "matted:Width": width,
        "matted:Height": height,
        "matted:Engine": facts["engine"],
        "matted:Model": facts["model"],
        "matted:Framework": facts["framework"],
        "matted:Device": facts["device"],
        "matted:People": facts["people"],
    }
    attributes = "\n".join(
        f'    {name}="{escape(_printable(value))}"'
        for name, value in plain.items()
        if value is not None
    )
    lists = _bag("matted:Flags", [_worded(flag) for flag in facts["flags"]])
    lists += _bag("matted:Warnings", facts["warnings"])
    return _PACKET.format(namespace=NAMESPACE, attributes=attributes, lists=lists)


def _bag(name: str, items: list[str]) -> str:
    if not items:
        return ""
    lines = "".join(f"    <rdf:li>{escape(_printable(item))}</rdf:li>\n" for item in items)
    return f"   <{name}><rdf:Bag>\n{lines}   </rdf:Bag></{name}>\n"


def _worded(flag: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in flag.items() if value is not None)


def _printable(value: Any) -> str:
    """XML holds no control characters at all."""
    return "".join(c if c.isprintable() else " " for c in str(value))
