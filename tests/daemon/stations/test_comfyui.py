"""ComfyUI is spoken to as it wants to be, and every way in which it fails has a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from station_stand_ins import WORKFLOW, ComfyUi


@pytest.fixture
def station(house: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComfyUi]:
    monkeypatch.setenv("no_proxy", "*")
    (house.root / "workflow.json").write_text(json.dumps(WORKFLOW))
    one = ComfyUi().start()
    yield one
    one.shutdown()
    one.server_close()


def given(station: ComfyUi, **more: Any) -> dict[str, Any]:
    quick = {
        "address": station.address,
        "workflow": "workflow.json",
        "poll_s": 0.1,
        "timeout_s": 20,
    }
    return {**quick, **more}


def test_a_workflow_runs_with_the_names_that_uploads_were_given(
    house: Any, station: ComfyUi
) -> None:
    assert house.asked("comfyui", **given(station)) == "filed"
    assert (house.answer()[:, :, 0] == 255).all()
    ((_, prompt),) = station.prompts.values()
    uploaded = prompt["1"]["inputs"]["image"]
    assert uploaded.startswith("today/up-matted-"), "the answered name, not the one asked for"
    assert isinstance(prompt["3"]["inputs"]["seed"], int)
    mask = cv2.imdecode(
        np.frombuffer(station.uploads[prompt["2"]["inputs"]["image"]], np.uint8),
        cv2.IMREAD_UNCHANGED,
    )
    assert (mask == 255 - house.alpha).all(), "white is what is painted"


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("refuses", 'answered 400: {"error": "invalid prompt"'),
        ("fails", 'its workflow failed: ["CUDA out of memory"]'),
        ("nothing", "its workflow ended without a picture"),
        ("babbles", "answered with no JSON"),
        ("never", "it was not done within 1 s"),
        ("text", "its answer is no picture"),
        ("small", "of another size: 24 x 16 instead of 48 x 32"),
    ],
)
def test_an_answer_of_no_use_has_a_reason(
    house: Any, station: ComfyUi, mode: str, reason: str
) -> None:
    station.mode = mode
    timeout_s = 1 if mode == "never" else 20
    told = house.asked("comfyui", **given(station, timeout_s=timeout_s))
    assert reason in told
    assert told.endswith("; tried 2 times")
    assert house.filed() == []


def test_a_station_in_trouble_is_asked_until_it_is_well(
    house: Any, station: ComfyUi, await_: Any
) -> None:
    station.mode = "broken"
    house.hand_over()
    house.worker("comfyui", **given(station)).start()
    await_(lambda: house.book._run("SELECT 1 FROM handover WHERE tries > 3", ()))
    station.mode = "well"
    assert house.ended() == "filed"


def test_a_dead_address_is_asked_until_somebody_listens(
    house: Any, station: ComfyUi, await_: Any
) -> None:
    port = station.server_address[1]
    station.shutdown()
    station.server_close()
    house.hand_over()
    house.worker("comfyui", **given(station)).start()
    await_(lambda: house.book._run("SELECT 1 FROM handover WHERE tries > 3", ()))
    found = house.book._run("SELECT reason, attempts FROM handover", ())[0]
    assert "Connection refused" in found["reason"]
    assert found["attempts"] <= 1, "which is not the photo's fault"
    back = ComfyUi(port).start()
    assert house.ended() == "filed"
    back.shutdown()
    back.server_close()
