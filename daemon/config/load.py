"""A YAML file becomes Settings, or one report of everything that is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from daemon.config.bounded_yaml import read_bounded
from daemon.config.faults import faults_of
from daemon.config.known_names import unknown_profiles, unknown_refiners
from daemon.config.locations import demand_path, located
from daemon.config.overlap import overlaps, roots
from daemon.config.settings import Settings
from daemon.config.state_home import default_state_dir, state_dir_of
from daemon.config.yaml_file import read_yaml, with_lines
from daemon.errors import SettingsError

_NOWHERE = {"watch": "inbox", "results": "results"}
"""Where nothing is watched, this stands for the folders."""


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
    folders = read_yaml(text, "")[2]["folders"]
    named = (folder.get(role) for folder in folders for role in ("watch", "results", "archive"))
    return tuple(Path(os.path.abspath(base / demand_path(Path(path)))) for path in named if path)


def state_dir_in_spite(path: Path) -> Path:
    """Where a settings file's daemon keeps its state, whatever else is wrong with the file.

    Raises:
        SettingsError: it cannot be read, is no YAML, or names a place that cannot be.
    """
    _, _, data = read_yaml(read(path), str(path))
    try:
        return located(Path(str(_with_state_dir(data, base(path), path)["state_dir"])), base(path))
    except ValueError as error:
        raise SettingsError(str(path), (f"state_dir {error}",)) from error


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
    node, doubled, data = read_yaml(text, source)
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
        faults += faults_of(error, data)
    faults += unknown_profiles(data)
    faults += unknown_refiners(data)
    faults += overlaps(data, base)
    if faults or settings is None:
        raise SettingsError(source, tuple(with_lines(node, faults)))
    return settings if config is None else settings.of(config)


def _with_state_dir(data: dict[Any, Any], base: Path, config: Path | None) -> dict[Any, Any]:
    if "state_dir" in data:
        return data
    if config is None:
        return {**data, "state_dir": str(default_state_dir())}
    watched = tuple(root.path for root in roots(data, base) if root.role == "watch")
    return {**data, "state_dir": str(state_dir_of(config, watched))}
