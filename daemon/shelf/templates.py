"""Templates of names: whether one is right, and what has to be known to fill it in. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from string import Formatter

FIELDS = (
    "date", "subdir", "stem", "source_ext", "output", "ext", "folder", "profile", "id", "sha",
    "count", "page",
)  # fmt: skip
"""What a template may use."""

_TELLING = {"stem", "id", "sha", "count"}
"""Without one of them all photos of a folder want the same name."""
_SAMPLE_DAY = date(2000, 1, 2)
_SPECS = {"count": re.compile(r"0?[1-9]?d?"), "sha": re.compile(r"\.[1-9]\d?")}
_SPEC_TOLD = {"count": "a number's, such as 04d", "sha": "how much of it, such as .8"}


def faults(template: str, extensions: Sequence[str] = ()) -> tuple[str, ...]:
    """Everything that is wrong with a ``file_as`` template, one line each; empty if it is fine.

    Args:
        template: what the settings give.
        extensions: of the outputs, in their order; if no two are alike, they tell results apart.
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        return (f"not a template: {error}",)
    found = [
        fault
        for _, name, spec, conversion in parts
        for fault in _field_faults(name, spec, conversion)
    ]
    used = fields(template)
    if "output" not in used and not _differ(extensions):
        found.append("must contain {output}, unless no two results have the same extension")
    if "ext" not in used:
        found.append("must contain {ext}")
    if not used & _TELLING:
        needed = "{stem}, {id}, {sha} or {count}"
        found.append(f"must contain {needed}, else all photos want the same name")
    return (*found, *_path_faults(template))


def fields(template: str) -> frozenset[str]:
    """The fields that a template uses."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name)


def counts(template: str) -> bool:
    """Whether sets of names are told apart by a number where the template says."""
    return "count" in fields(template)


def counting(template: str) -> tuple[str, str, re.Pattern[bytes]] | None:
    """Where a template counts.

    Returns:
        The part of it in front of the component with the number, that component, and what finds the
        number in such a component; None if it does not count.
    """
    components = template.split("/")
    index = next((n for n, part in enumerate(components) if counts(part)), None)
    if index is None:
        return None
    pattern = b""
    for literal, name, _, _ in Formatter().parse(components[index]):
        pattern += re.escape(literal.encode("utf-8", "surrogateescape"))
        if name is not None:
            pattern += rb"(\d+)" if name == "count" else rb".*?"
    return "/".join(components[:index]), components[index], re.compile(pattern, re.DOTALL)


def _differ(extensions: Sequence[str]) -> bool:
    folded = [ext.casefold() for ext in extensions]
    return bool(folded) and len(set(folded)) == len(folded)


def _field_faults(name: str | None, spec: str | None, conversion: str | None) -> Iterator[str]:
    if name is None:
        return
    if name not in FIELDS:
        near = difflib.get_close_matches(name, FIELDS, n=1)
        hint = f"; did you mean {{{near[0]}}}?" if near else f"; there are {', '.join(FIELDS)}"
        yield f"unknown field {{{name}}}{hint}"
    elif conversion:
        yield f"{{{name}!{conversion}}}: conversions are not supported"
    elif spec and name in _SPECS:
        if not _SPECS[name].fullmatch(spec):
            yield f"{{{name}:{spec}}}: the format should be {_SPEC_TOLD[name]}"
    elif spec and name != "date":
        yield f"{{{name}:{spec}}}: only {{date}}, {{count}} and {{sha}} take a format"
    elif spec and not _formats(spec):
        yield f"{{date:{spec}}}: not a date format"


def _formats(spec: str) -> bool:
    try:
        return "{" not in spec and bool(format(_SAMPLE_DAY, spec))
    except ValueError:
        return False


def _path_faults(template: str) -> Iterator[str]:
    if template.startswith("/"):
        yield "must be relative to the result folder, not absolute"
    components = template.split("/")
    if ".." in components:
        yield "must not contain .."
    elif any(component.startswith(".") for component in components):
        yield "a name starting with a dot would be hidden"
    if "\0" in template:
        yield "must not contain a NUL"
