"""A photo that is filed, and stations that are asked about it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from daemon.config.profiles import Profile
from daemon.config.stations import Handover
from daemon.errors import MattedError
from daemon.log.events import silent
from daemon.shelf import staging
from daemon.stations import decoding
from daemon.stations.book import Book
from daemon.stations.decoding import Errand, Made, Workplace
from daemon.stations.task import Handed
from daemon.stations.worker import Worker
from daemon.work.finished import Finished
from matting.backoff import Waits

SIZE = (48, 32)
QUICK = Waits(0.05, 0.2)


class House:
    """The results of one photo, and a book of what was handed over."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.results = root / "results"
        self.day = self.results / "2026-11-26"
        self.day.mkdir(parents=True)
        staging.establish(self.results, lambda _: None)
        self.book = Book(root / "stations.sqlite")
        self.profile = Profile.model_validate({"outputs": ["foreground", "matte"]})
        rng = np.random.default_rng(7)
        self.photo = rng.integers(0, 200, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
        self.alpha = np.tile(np.linspace(0, 255, SIZE[0]).astype(np.uint8), (SIZE[1], 1))
        self.colours = (self.photo + 20).astype(np.uint8)
        self.source = root / "IMG_1.png"
        cv2.imwrite(str(self.source), self.photo[:, :, ::-1])
        cut = np.dstack((self.colours[:, :, ::-1], self.alpha))
        cv2.imwrite(str(self.day / "IMG_1_foreground.png"), cut)
        cv2.imwrite(str(self.day / "IMG_1_matte.png"), self.alpha)
        self.workers: list[Worker] = []
        self.max_pixels = 10**6
        self.place = Workplace(root / "work", 1 << 30, 30)

    @property
    def document(self) -> dict[str, Any]:
        results = [
            {"path": f"2026-11-26/IMG_1_{name}.png", "output": name}
            for name in ("foreground", "matte")
        ]
        return {
            "photo": 1,
            "path": "IMG_1.png",
            "folder": str(self.root),
            "source": str(self.source),
            "size": list(SIZE),
            "results_folder": str(self.results),
            "results": results,
        }

    def worker(self, kind: str, **options: Any) -> Worker:
        """A station of that kind, called `restored`, which is not asked yet."""
        given = {kind: {"name": "restored", "attempts": 2, **options}}
        handover = Handover.model_validate(given, context={"base": self.root})

        def handed(entry: Any) -> Handed:
            return Handed(
                entry.token, entry.document, handover.options, self.profile, self.max_pixels
            )

        made = Worker("station", handover, self.book, handed, self.place, silent(), QUICK)
        self.workers.append(made)
        return made

    def hand_over(self, notice: int = 1) -> None:
        self.book.add("a" * 32, notice, ["station"], self.document, time.time())

    def asked(self, kind: str, **options: Any) -> str:
        """Hand the photo over and wait for the end; `filed`, or why it was given up."""
        self.hand_over()
        self.worker(kind, **options).start()
        return self.ended()

    def ended(self, within_s: float = 40) -> str:
        until_s = time.monotonic() + within_s
        while time.monotonic() < until_s:
            rows = self.book._run("SELECT state, reason FROM handover", ())
            if all(row["state"] in {"filed", "failed"} for row in rows):
                return rows[-1]["reason"] or rows[-1]["state"]
            time.sleep(0.05)
        raise AssertionError([dict(row) for row in self.book._run("SELECT * FROM handover", ())])

    def filed(self) -> list[str]:
        """What lies beside the photo's own results."""
        own = {"IMG_1_foreground.png", "IMG_1_matte.png"}
        return sorted({path.name for path in self.day.iterdir()} - own)

    def answer(self, name: str = "IMG_1_restored.png") -> np.ndarray:
        return cv2.imread(str(self.day / name), cv2.IMREAD_UNCHANGED)[:, :, ::-1]

    def reports(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in self.results.glob("failed/*.json")]

    def close(self) -> None:
        for worker in self.workers:
            worker.stop()
        self.book.close()


class Here:
    """A photo process that is this one: what is done in it is seen by who measures coverage."""

    def __init__(
        self, work: Callable[[Errand], Made], *, wake: Callable[[], None], **_: object
    ) -> None:
        self._work = work
        self._wake = wake
        self._ended: list[Finished[Errand, Made]] = []

    def submit(self, errand: Errand) -> None:
        try:
            outcome: Made | MattedError = self._work(errand)
        except MattedError as error:
            outcome = error
        self._ended.append(Finished(errand, outcome))
        self._wake()

    def finished(self) -> list[Finished[Errand, Made]]:
        ended, self._ended = self._ended, []
        return ended

    def stop(self) -> None:
        self._ended = []


@pytest.fixture(autouse=True)
def _opened_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are opened in this process; test_decoding has real ones."""
    monkeypatch.setattr(decoding, "Workers", Here)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def await_() -> Callable[[Callable[[], Any]], None]:
    def wait(condition: Callable[[], Any], within_s: float = 30) -> None:
        until_s = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < until_s
            time.sleep(0.05)

    return wait
