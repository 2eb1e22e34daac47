"""A settings file as YAML: its nodes, for the lines of faults, and its data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import yaml

from daemon.config.bounded_yaml import compose, construct
from daemon.config.faults import MOST_FAULTS, Fault, Location
from daemon.errors import SettingsError
from daemon.photo import show
from matting.errors import one_line

_MERGE = "tag:yaml.org,2002:merge"
_LONGEST_FAULT = 600


def read_yaml(text: str, source: str) -> tuple[yaml.Node, tuple[Fault, ...], Any]:
    """Read it.

    Args:
        text: the YAML document.
        source: what to call it in a fault report.

    Returns:
        The document as nodes, its doubled keys as faults, and its data, a mapping.

    Raises:
        SettingsError: it is no YAML, or no mapping.
    """
    try:
        node = compose(text)
        if node is None:
            raise SettingsError(source, ("is empty; `matted init` writes one to start from",))
        doubled = tuple(islice(_doubled_keys(node), MOST_FAULTS))
        data = construct(node)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise SettingsError(source, (f"{line}not valid YAML: {error.problem}",)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(source, (f"not valid YAML: {one_line(error)}",)) from error
    if not isinstance(data, dict):
        raise SettingsError(source, ("should be a mapping such as `folders: [...]`",))
    return node, doubled, data


def _doubled_keys(node: yaml.Node, at: Location = ()) -> Iterator[Fault]:
    """YAML lets a later key silently replace an earlier one; a settings file must not."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _doubled_keys(item, (*at, index))
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # no settings have such keys, and construct says so
            if key.value in seen and key.tag != _MERGE:
                yield (*at, key.value), "is given twice"
            seen.add(key.value)
            yield from _doubled_keys(value, (*at, key.value))


def with_lines(node: yaml.Node, faults: list[Fault]) -> list[str]:
    """Faults as lines for people, in the order of the file."""
    told_of = faults[:MOST_FAULTS]
    placed = sorted((_line(node, at), _shown(at), told) for at, told in told_of)
    lines = [f"line {line}: {where}{' ' if where else ''}{told}" for line, where, told in placed]
    lines += ["and more"] if len(lines) == MOST_FAULTS else []
    # Keys and values may be anything; what is told of them stays one readable line.
    return [
        text if len(text) <= _LONGEST_FAULT else f"{text[:_LONGEST_FAULT]}..."
        for text in map(show, lines)
    ]


def _line(node: yaml.Node, at: Location) -> int:
    """The line of the deepest node on the way to ``at`` that the file has; counted from 1."""
    line: int = node.start_mark.line + 1
    for key in at:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = [(name, value) for name, value in node.value if name.value == str(key)]
            if not found:
                return line
            name, node = found[-1]
            line = name.start_mark.line + 1
        else:
            return line
    return line


def _shown(at: Location) -> str:
    """folders[0].settle_s rather than ('folders', 0, 'settle_s')."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in at)
    return text.removeprefix(".")
