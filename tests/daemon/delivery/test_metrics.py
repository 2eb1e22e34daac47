"""Figures that Prometheus' own parser reads."""

from __future__ import annotations

import time
from pathlib import Path

from harness import wait_until
from prometheus_client.parser import text_string_to_metric_families

from daemon.delivery.metrics import Condition, Textfile
from daemon.ledger import State
from daemon.ledger.notices import Kind

CONDITION = Condition(
    version="1.0",
    engine="people",
    device="cpu",
    engine_starts=2,
    paused=None,
    folders={"/scans": None, '/sh"are\n': "away"},
)


def read(path: Path) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


def test_the_file_is_whole_and_says_how_it_is(tmp_path: Path, happening, log) -> None:
    path = tmp_path / "matted.prom"
    one = Textfile(path, happening.ledger.path, lambda: CONDITION, every_s=0.2, log=log)
    one.start()
    time.sleep(0.5)
    happening.file(flags=[{"reason": "holes"}, {"reason": "hair"}])
    happening.file()
    happening.tell(Kind.QUARANTINED, photo=3)

    def counted() -> bool:
        return read(path).get(("matted_filed_total", frozenset())) == 2

    wait_until(lambda: path.exists() and counted())
    one.stop()
    found = read(path)
    assert found["matted_quarantined_total", frozenset()] == 1
    assert found["matted_stage_seconds_total", frozenset({("stage", "matte")})] == 1.0
    assert found["matted_flags_total", frozenset({("reason", "holes")})] == 1
    assert found["matted_engine_starts", frozenset()] == 2
    assert found["matted_folder_paused", frozenset({("folder", '/sh"are\n')})] == 1
    assert found["matted_folder_paused", frozenset({("folder", "/scans")})] == 0
    assert found["matted_paused", frozenset()] == 0
    assert {dict(labels).get("state") for name, labels in found if name == "matted_photos"} == {
        str(state) for state in State
    }
    assert [at.name for at in tmp_path.glob(".*.new")] == []
    assert path.stat().st_mode & 0o044 == 0o044


def test_a_file_that_cannot_be_written_is_told_once_and_stops_nobody(
    tmp_path: Path, happening, log, said
) -> None:
    path = tmp_path / "none" / "matted.prom"
    one = Textfile(path, happening.ledger.path, lambda: CONDITION, every_s=0.05, log=log)
    one.start()
    time.sleep(0.5)
    path.parent.mkdir()
    wait_until(path.exists)
    one.stop()
    assert sum(item["event"] == "delivery.delayed" for item in said) == 1
