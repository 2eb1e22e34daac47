"""Where installed models lie: manifests, and files that are named after their content.

    <store>/u2net.json              the manifest; replacing it is what activates a model
    <store>/u2net-60024c5c889b.png  what the self-test gave: picture and matte
    <store>/files/<sha256>.onnx     the file, which no other content ever gets the name of
    <store>/.partial/               what is being downloaded

Killed at any moment, a store has the old model or the new. What no manifest names is removed by the
next install or remove, unless somebody runs it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from matting.models import model as manifest
from matting.models import naming
from matting.models.content import in_use
from matting.models.errors import Busy, ModelError, UnknownModel, writing
from matting.models.model import Model
from matting.small_file import SUFFIX, replace_file, sync

_FILES = "files"
_PARTIAL = ".partial"


class Store:
    """The models of one directory, which need not be there yet."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def find(self, name: str) -> Model | None:
        """The installed model of that name; None if there is none.

        Raises:
            UnknownModel: it can be no model's name.
            ModelError: its manifest cannot be read.
        """
        naming.demand_name(name)
        path = self._manifest(name)
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ModelError(f"{path} cannot be read: {reason}") from error
        try:
            return manifest.from_json(text, self.directory)
        except ModelError as error:
            raise ModelError(f"{path} cannot be used, install {name} anew: {error}") from error

    def names(self) -> list[str]:
        """The names of installed models, sorted.

        Raises:
            ModelError: the directory is there and cannot be read.
        """
        try:
            entries = os.listdir(self.directory)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise ModelError(f"{self.directory} cannot be read: {error.strerror}") from error
        return sorted(
            entry.removesuffix(".json")
            for entry in entries
            if entry.endswith(".json") and not entry.startswith(".")
        )

    def list(self) -> tuple[Model, ...]:
        """The installed models, by name.

        Raises:
            ModelError: one of them cannot be read.
        """
        found = (self.find(name) for name in self.names())
        return tuple(model for model in found if model is not None)

    def matte(self, model: Model) -> Path | None:
        """The picture of a model's self-test; None if there is none."""
        name = model.tested.get("matte")
        return self.directory / name if name else None

    @contextlib.contextmanager
    def installing(self, name: str) -> Iterator[Path]:
        """Keep others from installing the same model.

        Yields:
            A directory for its download, on the store's own file system. It stays for the next
            try; ``activate`` clears it.

        Raises:
            Busy: another process is at it.
            ModelError: the store cannot be written.
        """
        naming.demand_name(name)
        workplace = self.directory / _PARTIAL / name
        with writing(f"the models' directory {self.directory}"):
            workplace.mkdir(parents=True, exist_ok=True)
            lock = open(self.directory / _PARTIAL / f"{name}.lock", "ab", opener=_closed)  # noqa: SIM115 - two errors to tell apart
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(f"another matted is installing {name} at the moment") from error
            yield workplace

    def activate(self, model: Model, candidate: Path, picture: bytes) -> Model:
        """Make a file that was tried out the model of its name, whatever was before.

        Args:
            model: all about it; its ``path`` is not looked at.
            candidate: the file, in the directory that ``installing`` gave; it is moved.
            picture: a PNG of what the self-test gave.

        Returns:
            The model as it is now installed.

        Raises:
            ModelError: the store cannot be written; what was active before still is.
        """
        files = self.directory / _FILES
        target = files / (model.sha256 + naming.SUFFIX[model.engine])
        shown = f"{model.name}-{model.sha256[:12]}.png"
        tested = {**model.tested, "matte": shown}
        with self._changing():
            size_bytes = candidate.stat().st_size
            installed = replace(model, path=target, size_bytes=size_bytes, tested=tested)
            files.mkdir(exist_ok=True)
            sync(candidate)
            candidate.replace(target)
            sync(files)
            self._write(shown, picture)
            self._write(f"{model.name}.json", manifest.to_json(installed).encode())
            self._sweep()
            shutil.rmtree(self.directory / _PARTIAL / model.name, ignore_errors=True)
        return installed

    def remove(self, name: str) -> Model | None:
        """Remove a model, and all files that nobody needs any more.

        Returns:
            What was removed; None if its manifest could not even be read.

        Raises:
            UnknownModel: it is not installed.
            ModelError: the store cannot be written.
        """
        naming.demand_name(name)
        if name not in self.names():
            raise UnknownModel(f"{name} is not installed in {self.directory}")
        with self._changing():
            model = None
            with contextlib.suppress(ModelError):  # a damaged manifest is there to be removed
                model = self.find(name)
            self._manifest(name).unlink(missing_ok=True)
            sync(self.directory)
            self._sweep()
            shutil.rmtree(self.directory / _PARTIAL / name, ignore_errors=True)
        return model

    def _manifest(self, name: str) -> Path:
        return self.directory / f"{name}.json"

    def _write(self, name: str, content: bytes) -> None:
        replace_file(self.directory / name, content)
        sync(self.directory)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Change what is active, one process after the other; it takes milliseconds."""
        path = self.directory / ".lock"
        with (
            writing(f"the models' directory {self.directory}"),
            open(path, "ab", opener=_closed) as lock,
        ):
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sweep(self) -> None:
        """Remove what no manifest names; nothing, if one of them cannot be read."""
        try:
            models = self.list()
        except ModelError:
            return
        named = {model.path.name for model in models} | {m.tested.get("matte") for m in models}
        for path in (self.directory / _FILES).glob("*"):
            if path.name not in named and not in_use(path):
                path.unlink()
        for path in [*self.directory.glob("*.png"), *self.directory.glob(f".*{SUFFIX}")]:
            if path.name not in named:
                path.unlink()


def _closed(path: str, flags: int) -> int:
    """Open a lock's file, closed to all who may not change the store: who can open it can lock it.

    Files of models are for everybody to read, so the store is too, and any local user could keep
    every installation waiting for ever.
    """
    mode = 0o660 if os.stat(os.path.dirname(path)).st_mode & 0o020 else 0o600
    descriptor = os.open(path, flags | os.O_CLOEXEC, mode)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
        with contextlib.suppress(OSError):  # another of the group made it
            os.fchmod(descriptor, mode)
    return descriptor
