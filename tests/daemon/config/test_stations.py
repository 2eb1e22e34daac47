"""What a handover cannot be is said when settings are read, all of it and in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.config.load import parse
from daemon.errors import SettingsError


def settings(handover: list[dict[str, Any]], outputs: list[Any]) -> str:
    folder = {"watch": "inbox", "results": "results", "profile": "mine", "handover": handover}
    profiles = {"mine": {"outputs": outputs}}
    return yaml.safe_dump({"state_dir": "state", "folders": [folder], "profiles": profiles})


def faults(handover: list[dict[str, Any]], outputs: list[Any], base: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(settings(handover, outputs), source="matted.yaml", base=base)
    return str(caught.value)


COMMAND = {"name": "restored", "command": ["restore", "{picture}", "{answer}"]}


@pytest.mark.parametrize(
    ("handover", "fault"),
    [
        ({"command": {**COMMAND, "send": "foregound"}}, "there is no output 'foregound'"),
        ({"command": {**COMMAND, "name": "matte"}}, "matte is the name of an output"),
        ({"command": {**COMMAND, "send": "facts"}}, "facts is no picture that it could work on"),
        ({"command": {**COMMAND, "blend": "background"}}, "needs the output foreground"),
        ({"command": {**COMMAND, "blend": "person", "size": "any"}}, "an answer of the same size"),
        ({"comfyui": {"name": "a", "address": "ftp://x", "workflow": "w"}}, "an http or https"),
        ({"folder": {"name": "a", "to": "results/to", "back": "back"}}, "overlaps with results"),
        ({"folder": {"name": "a", "to": "same", "back": "same"}}, "overlaps with to of a station"),
        ({"gpen": {"name": "../a", "command": ["x"]}}, "name"),
        ({"command": {"name": "a", "command": []}}, "needs at least one entry"),
        ({"restore": {}}, "restore"),
    ],
)
def test_a_fault_is_said_in_words(handover: dict[str, Any], fault: str, tmp_path: Path) -> None:
    outputs = ["matte", {"sidecar": {"name": "facts"}}]
    assert fault in faults([handover], outputs, tmp_path)


def test_a_photo_that_is_archived_cannot_be_sent(tmp_path: Path) -> None:
    text = settings([{"command": COMMAND}], ["matte"])
    text = text.replace("profile: mine", "profile: mine\n  originals: archive\n  archive: old")
    with pytest.raises(SettingsError, match="takes the photo away; send an output"):
        parse(text, source="matted.yaml", base=tmp_path)


def test_two_stations_of_one_name_are_refused_whichever_a_disk_folds(tmp_path: Path) -> None:
    two = [{"command": COMMAND}, {"command": {**COMMAND, "name": "Restored"}}]
    assert "two stations are named restored" in faults(two, ["matte"], tmp_path)


def test_two_folders_may_share_a_station(tmp_path: Path) -> None:
    station = {"folder": {"name": "a", "to": "to", "back": "back"}}
    one, other = (
        {"watch": name, "results": "results", "handover": [station]} for name in ("one", "other")
    )
    text = yaml.safe_dump({"state_dir": "state", "folders": [one, other]})
    read = parse(text, source="matted.yaml", base=tmp_path)
    assert read.folders[1].handover[0].options.to == tmp_path / "to"
