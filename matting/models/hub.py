"""One file of a ModelScope repository, through ModelScope's own client."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matting.errors import one_line
from matting.models.adoption import demand_room
from matting.models.catalog import Hub
from matting.models.download import Listener
from matting.models.errors import ModelError, NotHad

_ABSENT = (
    "models from ModelScope need its client, which is not installed: {python} -m pip install"
    " modelscope-hub (or download {file} of {repository} by hand, and name it: --from FILE)"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the repository says of a file."""

    sha256: str | None
    size_bytes: int


class HubClient:
    """The hub's client for one repository; it keeps all it writes in one directory."""

    def __init__(self, hub: Hub, home: Path) -> None:
        """Prepare it; no request is made yet.

        Args:
            hub: repository and file.
            home: for the client's caches, locks and what it remembers.

        Raises:
            ModelError: it is not installed.
        """
        self._hub = hub
        # Its own progress bar would stand beside ours; read when it is imported.
        os.environ.setdefault("TQDM_DISABLE", "1")
        try:
            modelscope: Any = importlib.import_module("modelscope_hub")
        except ImportError as error:
            told = _ABSENT.format(python=sys.executable, file=hub.file, repository=hub.repository)
            raise ModelError(told) from error
        # What it retries is no news; what it gives up it raises.
        logging.getLogger("modelscope_hub").setLevel(logging.ERROR)
        # No token: the files are public, and a stale one in somebody's home would spoil it.
        config = modelscope.HubConfig(cache_dir=home, config_dir=home, token="")
        self._api = modelscope.HubApi(config)
        self._failures = (modelscope.HubError, OSError)
        self._callback = modelscope.ProgressCallback

    def look(self) -> Listed:
        """What the repository says of the file now.

        Raises:
            NotHad: it cannot be asked, or has no such file.
        """
        hub = self._hub
        try:
            files = self._api.list_repo_files(hub.repository, "model", revision=hub.revision)
        except self._failures as error:
            raise self._not_had(error) from error
        for file in files:
            if file.path == hub.file:
                return Listed((file.sha256 or "").lower() or None, file.size)
        raise NotHad(f"ModelScope's {hub.repository} has no file {hub.file}")

    def fetch(self, listed: Listed, folder: Path, watch: Listener) -> Path:
        """Download the file, or the rest of it; its size and SHA-256 are checked on the way.

        Raises:
            NotHad: it cannot be had now; what has arrived stays.
            ModelError: there is no room for it.
        """
        hub = self._hub
        demand_room(folder, listed.size_bytes)
        try:
            path: Path = self._api.downloader.download_file(
                hub.repository,
                "model",
                hub.file,
                revision=hub.revision,
                local_dir=folder,
                expected_sha256=listed.sha256,
                file_size=listed.size_bytes or None,
                progress_callbacks=[_counter(self._callback, watch)],
            )
        except self._failures as error:
            raise self._not_had(error) from error
        return path

    def _not_had(self, error: BaseException) -> NotHad:
        return NotHad(f"ModelScope's {self._hub.repository}: {one_line(error)}")


def _counter(base: Any, watch: Listener) -> Any:
    """A class, as the client wants it, that tells ``watch`` how far it is."""

    class Counter(base):  # type: ignore[misc] # its base comes at run time
        def __init__(self, filename: str, file_size: int) -> None:
            super().__init__(filename, file_size)
            self._have, self._total = 0, file_size or None

        def update(self, size: int) -> None:
            self._have += size
            watch.progress(self._have, self._total)

    return Counter
