"""What holds for every refiner, the day it is registered; test_refiners.py has the rest."""

from __future__ import annotations

import importlib
import inspect

import pytest

from matting.refiners import BUILT_IN, NETWORKS, REFINERS


@pytest.mark.parametrize("name", sorted(REFINERS))
def test_its_module_says_what_it_is_and_can_be_loaded(name: str) -> None:
    module = importlib.import_module(REFINERS[name].module)
    assert (module.__doc__ or "").splitlines()[0].endswith(".")
    assert list(inspect.signature(module.load).parameters) == ["options"]


def test_networks_have_one_refiner_and_settings_name_the_others() -> None:
    assert {*BUILT_IN, NETWORKS} == set(REFINERS)
