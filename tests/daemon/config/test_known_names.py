"""Refiners that settings name are there, or a fault says which there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.load import parse
from daemon.errors import SettingsError


def refiner_settings(name: str, more: str = "") -> str:
    return f"""
folders: [{{watch: in, results: out}}]
profiles: {{fine: {{matting: {{refiner: {name}}}}}}}
{more}
"""


@pytest.mark.parametrize("name", ["auto", "none", "closed-form"])
def test_a_known_refiner_is_taken(tmp_path: Path, name: str) -> None:
    settings = parse(refiner_settings(name), source="a.yaml", base=tmp_path)
    assert settings.profile("fine").matting.refiner == name


def test_a_network_of_ones_own_that_refines_is_a_refiner(tmp_path: Path) -> None:
    more = "models: {mine: {trimap: plane, size: [1024, 1024]}, another: {}}"
    settings = parse(refiner_settings("mine", more), source="a.yaml", base=tmp_path)
    assert settings.models["mine"].refines
    with pytest.raises(SettingsError, match="there is no refiner 'another'"):
        parse(refiner_settings("another", more), source="a.yaml", base=tmp_path)


def test_an_unknown_refiner_is_one_fault_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(refiner_settings("close-form"), source="a.yaml", base=tmp_path)
    (fault,) = caught.value.faults
    assert fault.startswith("line 3: profiles.fine.matting.refiner there is no refiner")
    assert fault.endswith("did you mean closed-form?")
