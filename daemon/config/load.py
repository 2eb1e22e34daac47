"""A YAML file becomes Settings, or one report of everything that is wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from daemon.config.bounded_yaml import compose, construct, read_bounded
from daemon.config.locations import demand_path
from daemon.config.overlap import overlaps, roots
from daemon.config.profiles import AUTO, BUILT_IN, NONE
from daemon.config.settings import Settings
from daemon.config.state_home import default_state_dir, state_dir_of
from daemon.errors import SettingsError
from daemon.options import Options
from daemon.photo import show
from matting.models.catalog import CATALOG
from matting.refiners import BUILT_IN as BUILT_IN_REFINERS

Location = tuple[str | int, ...]
_NOWHERE = {"watch": "inbox", "results": "results"}
"""Where nothing is watched, this stands for the folders."""
_KEY = "[key]"
"""What pydantic adds to the location of a mapping's key that is at fault."""
_MERGE = "tag:yaml.org,2002:merge"
_MOST_FAULTS = 100
"""Nobody reads more, and a file made to annoy can have thousands."""
_LONGEST_FAULT = 600


def load(path: Path, *, folders: bool = True) -> Settings:
    """Read and check a settings file.

    Args:
        path: the file.
        folders: whether any have to be named; without them no daemon can run, but all else can.

    Raises:
        SettingsError: with every fault found, each with its line and its path in the file.
    """
    return parse(read(path), source=str(path), base=base(path), config=path, folders=folders)


def read(path: Path) -> str:
    """The text of a settings file.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return read_bounded(path)
    except OSError as error:
        raise SettingsError(str(path), (f"cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError as error:
        raise SettingsError(str(path), (f"is not UTF-8 text: {error.reason}",)) from error


def base(path: Path) -> Path:
    """Where a settings file's relative paths start."""
    return path.resolve().parent


def named_paths(text: str, base: Path) -> tuple[Path, ...]:
    """The folders that good settings name, absolute but with their symlinks unresolved."""
    folders = _read_yaml(text, "")[2]["folders"]
    named = (folder.get(role) for folder in folders for role in ("watch", "results", "archive"))
    return tuple(Path(os.path.abspath(base / demand_path(Path(path)))) for path in named if path)


def parse(
    text: str, *, source: str, base: Path, config: Path | None = None, folders: bool = True
) -> Settings:
    """Check settings given as YAML text.

    Args:
        text: the YAML document.
        source: what to call it in a fault report.
        base: where relative paths start.
        config: the file that it stands in, which has a state directory of its own.
        folders: whether any have to be named.

    Raises:
        SettingsError: with every fault found.
    """
    node, doubled, data = _read_yaml(text, source)
    faults = list(doubled)
    try:
        data = _with_state_dir(data, base, config)
    except ValueError as error:
        raise SettingsError(source, (f"state_dir {error}",)) from error
    settings = None
    try:
        whole = data if folders else {"folders": [_NOWHERE], **data}
        settings = Settings.model_validate(whole, context={"base": base})
    except ValidationError as error:
        faults += _faults_of(error, data)
    faults += _unknown_profiles(data)
    faults += _unknown_refiners(data)
    faults += overlaps(data, base)
    if faults or settings is None:
        raise SettingsError(source, tuple(_located(node, faults)))
    return settings if config is None else settings.of(config)


Fault = tuple[Location, str]


def _with_state_dir(data: dict[Any, Any], base: Path, config: Path | None) -> dict[Any, Any]:
    if "state_dir" in data:
        return data
    if config is None:
        return {**data, "state_dir": str(default_state_dir())}
    watched = tuple(root.path for root in roots(data, base) if root.role == "watch")
    return {**data, "state_dir": str(state_dir_of(config, watched))}


def _read_yaml(text: str, source: str) -> tuple[yaml.Node, tuple[Fault, ...], Any]:
    try:
        node = compose(text)
        if node is None:
            raise SettingsError(source, ("is empty; `matted init` writes one to start from",))
        doubled = tuple(islice(_doubled_keys(node), _MOST_FAULTS))
        data = construct(node)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise SettingsError(source, (f"{line}not valid YAML: {error.problem}",)) from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(source, (f"not valid YAML: {reason}",)) from error
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


def _faults_of(error: ValidationError, data: Any) -> list[Fault]:
    """One fault per place: the alternatives of a union are joined."""
    messages: dict[Location, list[str]] = {}
    for detail in error.errors(include_url=False)[:_MOST_FAULTS]:
        if detail["type"] == "too_short" and detail["input"]:
            continue  # it has entries; their own faults are reported
        at = _inside(detail["loc"], data)
        messages.setdefault(at, []).append(_message(detail))
    return [(at, " or ".join(dict.fromkeys(told))) for at, told in messages.items()]


def _inside(at: Location, data: Any) -> Location:
    """The part of a pydantic location that is in the file, without the names of union members."""
    for depth, key in enumerate(at):
        inside = (isinstance(data, dict) and key in data) or (
            isinstance(data, list) and isinstance(key, int) and key < len(data)
        )
        if not inside:
            # What is missing is in no file, and is the last one of its location.
            missing = depth == len(at) - 1 and key != _KEY and isinstance(data, dict | list)
            return at if missing else at[:depth]
        data = data[key]
    return at


def _message(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return "is not known" + did_you_mean(str(detail["loc"][-1]), _keys_at(detail["loc"]))
        case "missing":
            return "is missing"
        case "too_short":
            return "needs at least one entry"
        case "literal_error":
            expected = [
                text or number
                for text, number in re.findall(r"'([^']*)'|([^\s',]+)", detail["ctx"]["expected"])
                if number != "or"
            ]
            given = str(detail["input"])
            return f"should be {', '.join(expected)}, not {given!r}" + did_you_mean(given, expected)
        case "value_error":
            return str(detail["ctx"]["error"])
        case _:
            message = detail["msg"].removeprefix("Input ")
            return message[0].lower() + message[1:] + _given(detail["input"])


def _given(value: Any) -> str:
    if not isinstance(value, str | int | float):
        return ""
    try:
        return f", not {value!r}"
    except ValueError:  # Python writes out no number of more than 4300 digits
        return ""


def did_you_mean(given: str, known: list[str]) -> str:
    """The end of a fault about an unknown name: the nearest known one, or else all of them."""
    known = [str(one) for one in known]  # keys of a file may be anything
    close = get_close_matches(given[:64], known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def _keys_at(at: Location) -> list[str]:
    """The keys that are allowed where the last key of a location stands."""
    kind: Any = Settings
    for key in at[:-1]:
        kind = kind.model_fields[key].annotation if _is_options(kind) else _item(kind)
        kind = _without_none(kind)
    if is_dataclass(kind):
        return [field.name for field in fields(kind)]
    return list(kind.model_fields) if _is_options(kind) else []


def _is_options(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Options)


def _item(kind: Any) -> Any:
    """What tuple[X, ...] and dict[str, X] hold."""
    held = [arg for arg in get_args(kind) if arg is not Ellipsis]
    return held[-1]


def _without_none(kind: Any) -> Any:
    kept = [arg for arg in get_args(kind) if arg is not NoneType]
    return kept[0] if NoneType in get_args(kind) else kind


def _unknown_profiles(data: Mapping[str, Any]) -> Iterator[Fault]:
    own = data.get("profiles")
    known = [*(own if isinstance(own, dict) else {}), *BUILT_IN]
    folders = data.get("folders")
    for index, folder in enumerate(folders if isinstance(folders, list) else []):
        name = folder.get("profile") if isinstance(folder, dict) else None
        if isinstance(name, str) and name not in known:
            yield (
                ("folders", index, "profile"),
                f"there is no profile {name!r}{did_you_mean(name, known)}",
            )


def _unknown_refiners(data: Mapping[str, Any]) -> Iterator[Fault]:
    known = [AUTO, NONE, *BUILT_IN_REFINERS, *_refining_networks(data)]
    profiles = data.get("profiles")
    for name, profile in (profiles if isinstance(profiles, dict) else {}).items():
        matting = profile.get("matting") if isinstance(profile, dict) else None
        refiner = matting.get("refiner") if isinstance(matting, dict) else None
        if isinstance(refiner, str) and refiner not in known:
            at = ("profiles", name, "matting", "refiner")
            yield at, f"there is no refiner {refiner!r}{did_you_mean(refiner, known)}"


def _refining_networks(data: Mapping[str, Any]) -> Iterator[str]:
    """Names that `matted model install` knows, of networks that refine."""
    yield from (name for name, entry in CATALOG.items() if entry.recipe and entry.recipe.refines)
    own = data.get("models")
    for name, recipe in (own if isinstance(own, dict) else {}).items():
        fed = recipe if isinstance(recipe, dict) else {}
        if fed.get("coarse") or fed.get("trimap", NONE) != NONE:
            yield name


def _located(node: yaml.Node, faults: list[Fault]) -> list[str]:
    """Faults as lines for people, in the order of the file."""
    told_of = faults[:_MOST_FAULTS]
    placed = sorted((_line(node, at), _shown(at), told) for at, told in told_of)
    lines = [f"line {line}: {where}{' ' if where else ''}{told}" for line, where, told in placed]
    lines += ["and more"] if len(lines) == _MOST_FAULTS else []
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
