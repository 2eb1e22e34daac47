"""The journal: what it gets of an event, and what its catalog says about it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import structlog

from daemon.log import journal
from daemon.log.events import Event

CATALOG = Path(__file__).parents[3] / "systemd" / "matted.catalog"


def entries() -> dict[str, str]:
    """The catalog's text by message ID."""
    parts = re.split(r"^-- ([0-9a-f]{32})$", CATALOG.read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_facts_become_fields_and_one_line_for_people() -> None:
    event = {"event": "photo.filed", "level": "info", "photo": 17, "timestamp": "2031", "s": 1.5}
    assert journal.fields(event) == [
        "MESSAGE=photo.filed photo=17 s=1.5",
        f"MESSAGE_ID={journal.message_id('photo.filed')}",
        "EVENT=photo.filed",
        "PRIORITY=6",
        "SYSLOG_IDENTIFIER=matted",
        "PHOTO=17",
        "S=1.5",
    ]


@pytest.mark.parametrize(
    ("level", "priority"),
    [("debug", 7), ("info", 6), ("warning", 4), ("error", 3), ("critical", 2)],
)
def test_levels_become_priorities(level: str, priority: int) -> None:
    assert f"PRIORITY={priority}" in journal.fields({"event": "engine.crashed", "level": level})


def test_each_text_of_a_list_can_be_searched_for() -> None:
    told = journal.fields({"event": "photo.filed", "names": ["a_matte.png", "a_foreground.png"]})
    assert {"NAMES=a_matte.png", "NAMES=a_foreground.png"} <= set(told)
    assert told[0] == "MESSAGE=photo.filed names=a_matte.png; a_foreground.png"


def test_what_is_nested_is_json_in_its_field_and_not_in_the_line() -> None:
    told = journal.fields({"event": "photo.filed", "stages_s": {"read": 0.1}, "size": [64, 48]})
    (stages,) = (text for text in told if text.startswith("STAGES_S="))
    assert json.loads(stages.partition("=")[2]) == {"read": 0.1}
    assert "SIZE=[64, 48]" in told
    assert told[0] == "MESSAGE=photo.filed size=[64, 48]"


def test_a_traceback_has_a_field_of_its_own() -> None:
    told = journal.fields({"event": "service.failed", "exception": "Traceback\n  boom"})
    assert "TRACEBACK=Traceback\n  boom" in told
    assert told[0] == "MESSAGE=service.failed"


@pytest.mark.parametrize("key", ["_hidden", "9lives", "größe", "x" * 99, "with-dash"])
def test_every_fact_gets_a_name_that_the_journal_takes(key: str) -> None:
    name = journal.fields({"event": "photo.filed", key: 1})[-1].partition("=")[0]
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", name)


def test_the_writer_hands_over_and_writes_nothing_else() -> None:
    sent: list[tuple[str, ...]] = []
    write = journal.writer(lambda *fields: sent.append(fields))
    with pytest.raises(structlog.DropEvent):
        write(None, "info", {"event": "service.ready", "level": "info"})
    assert sent[0][0] == "MESSAGE=service.ready"


def test_the_catalog_explains_every_event_and_nothing_else() -> None:
    wanted = {journal.message_id(event): str(event) for event in Event}
    told = entries()
    missing = {f"-- {one}  ({event})" for one, event in wanted.items() if one not in told}
    assert not missing, "systemd/matted.catalog lacks\n" + "\n".join(sorted(missing))
    assert told.keys() == wanted.keys()
    for one, event in wanted.items():
        assert f"\n# {event}\n-- {one}\n" in CATALOG.read_text()
        assert "Subject: " in told[one], event


def test_systemd_can_read_the_catalog(tmp_path: Path) -> None:
    program = shutil.which("journalctl")
    if program is None:
        pytest.skip("NOT TESTED: there is no journalctl to read the catalog with")
    place = tmp_path / "usr" / "lib" / "systemd" / "catalog"
    place.mkdir(parents=True)
    (tmp_path / "var" / "lib" / "systemd" / "catalog").mkdir(parents=True)
    shutil.copy(CATALOG, place / CATALOG.name)
    done = subprocess.run(
        [program, f"--root={tmp_path}", "--update-catalog"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "invalid" not in done.stderr.lower()
    assert (tmp_path / "var" / "lib" / "systemd" / "catalog" / "database").stat().st_size > 1000
