"""Paths as settings mean them."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationInfo


def located(path: Path, base: Path) -> Path:
    """A path as the settings mean it: absolute from ``base``, ~ expanded, symlinks resolved.

    Raises:
        ValueError: there can be no such path; one line.
    """
    try:
        found = (base / demand_path(path)).resolve()
        os.stat(found)
    except RuntimeError as error:  # what pathlib says to a circle of symlinks
        raise ValueError("its symlinks lead in a circle") from error
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENAMETOOLONG}:
            raise ValueError(f"cannot be: {error.strerror}") from error
    return found


def demand_path(path: Path) -> Path:
    """The path with its ~ expanded, if it can be one.

    Raises:
        ValueError: it cannot; one line.
    """
    text = os.fspath(path)
    try:
        if b"\0" in os.fsencode(text):
            raise ValueError("has a zero byte in it")
        return path.expanduser()
    except UnicodeEncodeError as error:
        raise ValueError("has characters in it that no file name has") from error
    except RuntimeError as error:
        raise ValueError(f"{text.partition('/')[0]} is nobody's home here") from error


def in_place(path: Path, info: ValidationInfo) -> Path:
    """A path from where the settings file lies."""
    context: Mapping[str, Any] = info.context or {}
    return located(path, context.get("base", Path.cwd()))


Location = Annotated[Path, AfterValidator(in_place)]


def _placed(program: Path, info: ValidationInfo) -> Path:
    if len(demand_path(program).parts) == 1:
        return program  # a name on PATH
    context: Mapping[str, Any] = info.context or {}
    # Not resolved: the python of a virtual environment is a symlink, and known by its own place.
    return Path(os.path.abspath(context.get("base", Path.cwd()) / demand_path(program)))


Interpreter = Annotated[Path, AfterValidator(_placed)]


def _inside(name: str) -> str:
    if os.path.isabs(demand_path(Path(name))) or ".." in Path(name).parts:
        raise ValueError("should be the name of a file in the folder")
    return name


InsideName = Annotated[str, AfterValidator(_inside)]
