"""The promise, checked against what lies on disk once a daemon has come to rest.

*Each stable input ends as exactly one complete set of outputs or exactly one quarantine entry; no
source is moved or removed before its outputs are durable; no result is ever overwritten; no
temporary file is ever visible under a final name.*

Photos carry a number in their red channel, which the stub engine answers as alpha, so that every
matte tells which photo it was made of. The ledger is read with plain SQL, and results are decoded
by Pillow: neither is the program's own word for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from PIL import Image

CUT_OUT = {
    "preprocess": [],
    "outputs": [{"foreground": {"name": "matte"}}, {"matte": {"name": "fine", "bits": 16}}],
}
"""For originals that are deleted: a matte cannot stand in for them."""
DIGITS = 4
_STEP = 20
_FIRST = 30
STAGING = ".matted-staging"
STRANGERS = "another program's file"
"""Nobody's result, wherever it lies; but it must not get lost either."""
AT_REST = {"filed", "failed", "gone"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One version of one photo that lay in a watched folder, whole."""

    path: str
    """Relative to the watched folder."""
    sha256: str
    number: int | None
    """What its mattes show; None for what is no photo."""
    final: bool = True
    """Whether it is the last version under this path. One that was replaced may have been seen,
    and then is filed once; or it was replaced before it had settled."""

    @classmethod
    def of(cls, path: str, content: bytes, number: int | None, *, final: bool = True) -> Self:
        return cls(path, hashlib.sha256(content).hexdigest(), number, final)


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the photos."""

    sent: int = 0
    filed: int = 0
    quarantined: int = 0
    lost: int = 0
    """Ended neither as a set nor in quarantine, or their original is nowhere."""
    doubled: int = 0
    """Ended more than once."""
    half: int = 0
    """A set with a result that is missing, damaged or another photo's; or left outside of any."""
    faults: tuple[str, ...] = ()
    """Every breach of the promise, one line each."""

    def __add__(self, other: Account) -> Account:
        return Account(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where one daemon, or what stands for it, has its files."""

    inbox: Path
    results: Path
    state: Path
    originals: str = "keep"
    archive: Path | None = None

    @classmethod
    def below(cls, root: Path, originals: str = "keep", archive: Path | None = None) -> Self:
        at = archive or root / "archive"
        return cls(root / "inbox", root / "results", root / "state", originals, at)


def coded(
    number: int, *, size: tuple[int, int] = (64, 48), ext: str = ".png", pages: int = 1
) -> bytes:
    """An encoded photo that carries a number, one digit in each quarter of its width.

    With several pages it is a TIFF of so many such photos.
    """
    return _encoded(_coded(number, size), ext, pages)


def scanned(number: int, *, pages: int = 1) -> bytes:
    """A scan, or pages of it, on which two photos lie that carry a number."""
    scan = np.full((200, 300, 3), 150, np.uint8)
    photo = _coded(number, (96, 128))
    scan[30:158, 30:126] = scan[40:168, 170:266] = photo
    return _encoded(scan, ".png", pages)


def _coded(number: int, size: tuple[int, int]) -> np.ndarray:
    width, height = size
    reds = [_FIRST + _STEP * int(digit) for digit in f"{number:0{DIGITS}}"]
    pixels = np.full((height, width, 3), (30, 60, 0), np.uint8)
    pixels[:, :, 2] = np.repeat(np.array(reds, np.uint8), width // DIGITS)
    pixels[::7, ::5, :2] = 90
    pixels[-(height // 8) :, :, 2] = 255  # somebody is found in it, for sure
    return pixels


def _encoded(pixels: np.ndarray, ext: str, pages: int) -> bytes:
    if pages > 1:
        return bytes(cv2.imencodemulti(".tif", [pixels] * pages)[1])
    return cv2.imencode(ext, pixels)[1].tobytes()


def number_in(matte: Path) -> int:
    """The number that a matte shows.

    Raises:
        OSError: the file does not decode to its last byte.
    """
    if not matte.read_bytes().endswith(b"IEND\xaeB`\x82"):  # Pillow forgives that
        raise OSError("it ends early")
    with Image.open(matte) as image:
        image.load()
        alpha = np.asarray(image).astype(float)
    alpha = alpha if alpha.ndim == 2 else alpha[..., -1]  # a cut-out's
    alpha *= 255 / (65535 if alpha.max() > 255 else 255)
    quarters = np.array_split(alpha, DIGITS, axis=1)
    digits = [round((np.median(quarter) - _FIRST) / _STEP) for quarter in quarters]
    return int("".join(str(min(max(digit, 0), 9)) for digit in digits))


def audit(place: Place, sent: Iterable[Sent], *, busy: bool = False) -> Account:
    """Check all of the promise; the daemon has filed what it could, and may be stopped or idle.

    Args:
        place: where it has its files.
        sent: all that was ever sent to it.
        busy: whether originals may have been busy when they were to be moved to quarantine: then
            they stay.
    """
    return _Audit(place, tuple(sent), busy=busy).account()


def earlier_sets(place: Place) -> int:
    """How many sets of results are known of photos that were redone since."""
    return sum(len(row["earlier"]) for row in _rows(place.state))


def unfinished(place: Place, sent: Iterable[Sent]) -> list[str]:
    """What has not come to an end yet, to be waited for; the ledger's own word."""
    rows = _rows(place.state)
    ended = {(row["path"], row["sha256"]) for row in rows if row["state"] == "filed"}
    failed = {row["path"] for row in rows if row["state"] == "failed"}
    left = [f"{row['path']} is {row['state']}" for row in rows if row["state"] not in AT_REST]
    left += [f"{row['path']} is undisposed" for row in rows if not row["disposed"]]
    for one in sent:
        if one.final and (one.path, one.sha256) not in ended and one.path not in failed:
            left.append(f"{one.path} is unknown")
    return left


class _Audit:
    def __init__(self, place: Place, sent: tuple[Sent, ...], *, busy: bool) -> None:
        self._place = place
        self._busy = busy
        self._sent = sent
        self._rows = _rows(place.state)
        self._faults: list[str] = []
        self._half = 0
        self._misplaced = 0

    def account(self) -> Account:
        sets = self._sets()
        reports = self._reports()
        ends = Counter({one: sets[one.path, one.sha256] + reports[one.path] for one in self._sent})
        final = [one for one in self._sent if one.final]
        lost = [one for one in final if not ends[one]]
        doubled = [one for one in self._sent if ends[one] > 1]
        self._faults += [f"{one.path} is lost" for one in lost]
        self._faults += [f"{one.path} ended {ends[one]} times" for one in doubled]
        self._check_sources(final, sets)
        self._check_nothing_is_left()
        self._check_told()
        return Account(
            sent=len(final),
            filed=sum(1 for one in final if sets[one.path, one.sha256]),
            quarantined=sum(1 for one in final if reports[one.path]),
            lost=len(lost) + self._misplaced,
            doubled=len(doubled),
            half=self._half,
            faults=tuple(self._faults),
        )

    # Results

    def _sets(self) -> Counter[tuple[str, str]]:
        """Complete sets by the path and the content that they were made of."""
        numbers = {(one.path, one.sha256): one.number for one in self._sent}
        sets: Counter[tuple[str, str]] = Counter()
        owned: set[str] = set()
        for row in self._rows:
            if row["state"] != "filed" or row["filed"] is None:
                continue
            made_of = (row["path"], row["sha256"])
            owned |= row["names"]
            for names in row["earlier"]:
                owned |= names
                self._is_whole(row | {"names": names}, numbers.get(made_of))
            if made_of not in numbers:
                self._faults.append(f"{row['path']} was filed from what nobody sent")
            if self._is_whole(row, numbers.get(made_of)):
                sets[made_of] += 1
        for name in self._published() - owned:
            self._half += 1
            self._faults.append(f"{name} belongs to no photo")
        return sets

    def _is_whole(self, row: dict[str, Any], number: int | None) -> bool:
        wrong = [fault for name in sorted(row["names"]) if (fault := self._wrong(name, number))]
        if not row["names"]:
            wrong.append(f"{row['path']} is filed without any results")
        self._half += bool(wrong)
        self._faults += wrong
        return not wrong

    def _wrong(self, name: str, number: int | None) -> str | None:
        try:
            shown = number_in(self._place.results / name)
        except FileNotFoundError:
            return f"{name} is missing"
        except OSError as error:
            return f"{name} is damaged: {error}"
        return None if shown == number else f"{name} shows photo {shown}, not {number}"

    def _published(self) -> set[str]:
        """All that lies in the results under a name that people take for final."""
        return {
            name
            for name in _files(self._place.results)
            if not name.startswith((STAGING + "/", "failed/"))
            and not _is_strangers(self._place.results / name)
        }

    def _reports(self) -> Counter[str]:
        """Quarantine entries by path; each is both a report and a row of the ledger."""
        failed = Counter(row["id"] for row in self._rows if row["state"] == "failed")
        reports: Counter[str] = Counter()
        written: Counter[int] = Counter()
        for file in sorted(self._place.results.glob("failed/*.json")):
            report = json.loads(file.read_text())
            reports[os.fsdecode(bytes.fromhex(report["path_hex"]))] += 1
            written[report["photo"]] += 1
        if written != failed:
            self._faults.append(f"reports {dict(written)} but failed rows {dict(failed)}")
        return reports

    # Sources

    def _check_sources(self, final: list[Sent], sets: Counter[tuple[str, str]]) -> None:
        there = _contents(self._place.inbox)
        moved = Counter(_contents(self._place.archive).elements() if self._place.archive else ())
        moved += _contents(self._place.results / "failed")
        for one in final:
            copies = there[one.sha256] + moved[one.sha256]
            deleted = self._place.originals == "delete" and sets[one.path, one.sha256]
            if not copies and not deleted:
                self._misplaced += 1
                self._faults.append(f"the original of {one.path} is nowhere")
            if copies > 1:
                self._faults.append(f"the original of {one.path} lies in {copies} places")
            stayed = (self._place.inbox / one.path).exists()
            if stayed and self._busy and not sets[one.path, one.sha256]:
                continue
            if stayed != (self._place.originals == "keep"):
                self._faults.append(f"{one.path} {'stayed' if stayed else 'is gone'}")

    # Leftovers

    def _check_nothing_is_left(self) -> None:
        for row in self._rows:
            if row["state"] not in AT_REST:
                self._faults.append(f"{row['path']} is still {row['state']}")
            if row["state"] == "filed" and not row["disposed"]:
                self._faults.append(f"{row['path']} is filed, but its original is still due")
        left = [
            *self._place.results.glob(f"{STAGING}/*"),
            *(self._place.archive.glob(f"{STAGING}/*") if self._place.archive else ()),
            *self._place.state.glob("snapshots/*"),
            *self._place.inbox.rglob(".matted-*"),
        ]
        self._faults += [f"{path} was left behind" for path in left]

    def _check_told(self) -> None:
        """Others are told of each filing once, in the transaction that makes it true."""
        for row in self._rows:
            filings = int(row["state"] == "filed" and row["filed"] is not None)
            filings += len(row["earlier"])
            if row["told"] != filings:
                self._faults.append(f"{row['path']} was told {row['told']} times, not {filings}")


def _rows(state: Path) -> list[dict[str, Any]]:
    connection = sqlite3.connect(f"{(state / 'ledger.sqlite').as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert sound == "ok", sound
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()
        unplanned = "SELECT count(*) FROM move JOIN photo ON photo.id = move.photo"
        assert connection.execute(f"{unplanned} WHERE state != 'publishing'").fetchone()[0] == 0
        names = connection.execute("SELECT photo, name FROM name").fetchall()
        rows = [dict(row) for row in connection.execute("SELECT * FROM photo")]
        earlier = connection.execute("SELECT photo, names FROM filing").fetchall()
        documents = connection.execute("SELECT document FROM notice WHERE kind = 'filed'")
        told = Counter(json.loads(one["document"])["photo"] for one in documents)
    finally:
        connection.close()
    for row in rows:
        row["path"] = os.fsdecode(row["path"])
        row["told"] = told[row["id"]]
        row["names"] = {os.fsdecode(n["name"]) for n in names if n["photo"] == row["id"]}
        row["earlier"] = [{*json.loads(n["names"])} for n in earlier if n["photo"] == row["id"]]
    return rows


def _is_strangers(path: Path) -> bool:
    return path.read_bytes()[:99] == STRANGERS.encode()


def _files(root: Path) -> Iterator[str]:
    return (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def _contents(root: Path) -> Counter[str]:
    """SHA-256 of all visible files, reports left out."""
    return Counter(
        hashlib.sha256((root / name).read_bytes()).hexdigest()
        for name in _files(root)
        if not name.endswith(".json") and not os.path.basename(name).startswith(".")
    )
