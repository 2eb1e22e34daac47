"""Tables on terminals, and the figures in them."""

from __future__ import annotations

import io
from typing import Literal

import pytest
from rich.console import Console

from daemon.bench import table
from daemon.bench.findings import Column, Cost, Findings, Look, PhotoRun, Score
from matting.people import NOBODY

GOOD = Score(1.234, 0.01, 0.02, 3, 4, 0.9876, 0.125, 0.5, None)
BAD = Score(481.05, 0.257, 0.2585, 57.52, 480.74, 0.1, 0.575, 0.25, 0.99)


def trial(score: Score | None, took_s: float) -> PhotoRun:
    cost = Cost(took_s, took_s / 2, {})
    return PhotoRun("standing-woman-12mp.jpg", cost=cost, score=score, engine_peak_mib=900.4)


FINDINGS = Findings(
    "old-photo",
    tuple(Look(name, reference="x.png") for name in ("standing-woman-12mp.jpg", "b.jpg")),
    (
        Column("isnet-general-use", "onnx", "m", "onnxruntime 1.32.0", "cpu", start_s=1.5,
               cold=Cost(9, 8, {}), trials=(trial(GOOD, 2), trial(BAD, 12.04))),
        Column("people", "people", "m", "opencv 4.14.0", "cpu",
               trials=(trial(BAD, 1), PhotoRun("b.jpg", error="it died"))),
        Column("bshm", unavailable="there is no TensorFlow here"),
    ),
)  # fmt: skip


def lines(findings: Findings, columns: int, *, colours: bool = False) -> list[str]:
    out = io.StringIO()
    system: Literal["truecolor"] | None = "truecolor" if colours else None
    console = Console(file=out, width=columns, force_terminal=colours, color_system=system)
    for one in table.tables(findings):
        console.print(one)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_row_for_each_engine_with_means_and_one_for_each_photo() -> None:
    shown = lines(FINDINGS, 100)
    isnet = [line.split() for line in shown if "isnet" in line]
    assert isnet[0] == [
        "isnet-general-use", "2", "241.14", "133.50", "139.25", "30.26", "242.37", "0.544", "0.350",
        "38", "99",
    ]  # fmt: skip
    assert isnet[1][:8] == ["isnet-general-use", "2", "1.50", "9.00", "7.02", "3.51", "900", "-"]
    figures = ["2.00", "1.23", "10.00", "20.00", "3.00", "4.00", "0.988", "0.125", "50", "-"]
    assert isnet[2][-10:] == figures
    assert any("could not run" in line for line in shown)
    assert any(line.split()[:3] == ["people", "1", "of"] for line in shown)


@pytest.mark.parametrize("columns", [80, 100])
def test_it_fits_the_terminal_and_no_figure_is_cut(columns: int) -> None:
    shown = lines(FINDINGS, columns)
    assert max(map(len, shown)) <= columns
    text = "\n".join(shown)
    assert "…" not in text
    for figure in ("481.05", "257.00", "258.50", "480.74", "0.988", "12.0"):
        assert figure in text


def test_the_best_of_several_is_green_and_a_single_one_is_not() -> None:
    shown = "\n".join(lines(FINDINGS, 100, colours=True))
    assert "\x1b[1;32m1.23" in shown
    assert "\x1b[1;32m481.05" not in shown
    alone = Findings("p", FINDINGS.looks, FINDINGS.columns[:1])
    assert "\x1b[1;32m" not in "\n".join(lines(alone, 100, colours=True))


def test_that_nobody_was_found_is_said_once_for_each_photo() -> None:
    """The engine's own warning said it again, without the photo."""
    trials = tuple(PhotoRun(name, empty=True, warnings=(NOBODY, "it is slow")) for name in "ab")
    column = Column("people", "people", "m", "f", "cpu", trials=trials)
    assert table.remarks(Findings("p", (Look("a"), Look("b")), (column,))) == [
        "a, people: nobody found, so the matte is empty",
        "b, people: nobody found, so the matte is empty",
        "people: it is slow",
    ]


def test_without_references_people_are_counted_instead() -> None:
    column = Column("a", "x", "m", "f", "cpu", trials=(trial(None, 1), PhotoRun("b", empty=True)))
    shown = "\n".join(lines(Findings("p", FINDINGS.looks, (column,)), 80))
    assert "SAD" not in shown
    assert "nobody" in shown


def test_remarks_say_what_tables_cannot() -> None:
    told = table.remarks(FINDINGS)
    assert "b.jpg, people: no matte: it died" in told
    assert "bshm could not run: there is no TensorFlow here" in told
