"""Measure the code itself: ``python -m tests.benchmarks.house [TREE]``, of any checkout.

    git worktree add /tmp/before COMMIT && python -m tests.benchmarks.house /tmp/before

Sizes in lines; a room is a package with modules of its own (or a loose module of the top level); an
arrow leads from a room to another one that it imports. Needs nothing installed.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import math
import statistics
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PACKAGES = ("daemon", "matting")
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long things are, in lines."""

    count: int
    median: float
    p90: int
    longest: int
    which: str

    @classmethod
    def of(cls, named: Sequence[tuple[int, str]]) -> Sizes:
        """Of (lines, name), at least one."""
        lines = sorted(one for one, _ in named)
        p90 = lines[math.ceil(0.9 * len(lines)) - 1]
        longest, which = max(named)
        return cls(len(lines), statistics.median(lines), p90, longest, which)


@dataclass(frozen=True, slots=True)
class House:
    """One state of the code."""

    modules: Sizes
    functions: Sizes
    source_lines: int
    test_lines: int
    modules_over_250: int
    functions_over_30: int
    rooms: int
    arrows: int
    circles: tuple[str, ...]
    """Pairs of rooms that import each other."""
    type_ignores: int
    noqas: int
    test_type_ignores: int
    test_noqas: int


def measure(tree: Path) -> House:
    """Measure a checkout."""
    sources = {path: path.read_text("utf-8") for path in _files(tree, PACKAGES)}
    tests = {path: path.read_text("utf-8") for path in _files(tree, ("tests",))}
    modules = [(_length(text), str(path.relative_to(tree))) for path, text in sources.items()]
    functions = [one for path, text in sources.items() for one in _functions(path, text, tree)]
    arrows = _arrows({_name(path, tree): text for path, text in sources.items()})
    return House(
        modules=Sizes.of(modules),
        functions=Sizes.of(functions),
        source_lines=sum(map(_length, sources.values())),
        test_lines=sum(map(_length, tests.values())),
        modules_over_250=sum(lines > 250 for lines, _ in modules),
        functions_over_30=sum(lines > 30 for lines, _ in functions),
        rooms=len({_room(_name(path, tree)) for path in sources}),
        arrows=len(arrows),
        circles=tuple(
            f"{here} <-> {there}"
            for here, there in sorted(arrows)
            if here < there and (there, here) in arrows
        ),
        type_ignores=_comments(sources.values(), "type: ignore"),
        noqas=_comments(sources.values(), "noqa"),
        test_type_ignores=_comments(tests.values(), "type: ignore"),
        test_noqas=_comments(tests.values(), "noqa"),
    )


def _files(tree: Path, folders: Sequence[str]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((tree / folder).rglob("*.py"))


def _length(text: str) -> int:
    return len(text.splitlines())


def _functions(path: Path, text: str, tree: Path) -> Iterator[tuple[int, str]]:
    """Lines of each function from `def`, less its docstring, and where it is."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _FUNCTION) and node.end_lineno is not None:
            told = node.body[0] if ast.get_docstring(node) is not None else None
            less = (told.end_lineno or told.lineno) - told.lineno + 1 if told else 0
            lines = node.end_lineno - node.lineno + 1 - less
            yield lines, f"{path.relative_to(tree)}:{node.name}"


def _name(path: Path, tree: Path) -> str:
    dotted = ".".join(path.relative_to(tree).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


def _room(module: str) -> str:
    """The first two parts: daemon.shelf of daemon.shelf.names, daemon.photo of itself."""
    return ".".join(module.split(".")[:2])


def _arrows(modules: dict[str, str]) -> set[tuple[str, str]]:
    found = set()
    for name, text in modules.items():
        for node in ast.walk(ast.parse(text)):
            for target in _imported(node, modules):
                found.add((_room(name), _room(target)))
    return {(here, there) for here, there in found if here != there}


def _imported(node: ast.AST, modules: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in modules)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            if whole in modules or node.module in modules:
                yield whole if whole in modules else node.module


def _comments(texts: Iterable[str], word: str) -> int:
    found = 0
    for text in texts:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            found += token.type == tokenize.COMMENT and word in token.string
    return found


def main() -> None:
    """Print the measures of a tree, as lines or as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tree", nargs="?", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    house = asdict(measure(given.tree.resolve()))
    if given.json:
        print(json.dumps(house))  # noqa: T201 - a program
        return
    for name, value in house.items():
        print(f"{name.replace('_', ' '):20} {_shown(value)}")  # noqa: T201 - a program


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        sizes = "{count}; median {median:g}, 90 % {p90:g}, longest {longest} ({which})"
        return sizes.format(**value)
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    main()
