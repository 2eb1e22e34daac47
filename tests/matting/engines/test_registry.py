"""What holds for every engine, the day it is registered; what it answers, its own tests say."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from daemon.config.settings import EngineSettings
from matting.engines import ENGINES
from matting.models.catalog import CATALOG, CONVERTED, CONVERTIBLE, GRAPHS, PEOPLE, PEOPLE_ENGINE
from matting.models.naming import engine_of


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_its_module_can_be_loaded_by_the_engine_process(name: str) -> None:
    """Read, not imported: its framework need not be here."""
    found = importlib.util.find_spec(ENGINES[name].module)
    assert found is not None
    assert found.origin is not None
    module = ast.parse(Path(found.origin).read_text("utf-8"))
    assert ast.get_docstring(module)
    (load,) = (
        one for one in module.body if isinstance(one, ast.FunctionDef) and one.name == "load"
    )
    assert [argument.arg for argument in load.args.args] == ["options"]
    assert "EngineUnavailable" in (ast.get_docstring(load) or "")


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_settings_can_name_it_and_nothing_else(name: str) -> None:
    assert EngineSettings.model_validate({"name": name}).name == name
    with pytest.raises(ValueError, match=f"'{name}'"):
        EngineSettings.model_validate({"name": f"{name}-2"})


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_its_files_are_known_by_what_they_end_in(name: str) -> None:
    assert engine_of(Path(f"some.model{ENGINES[name].suffix}")) == name


def test_a_file_that_is_called_anything_is_one_engines() -> None:
    (any_suffix,) = (name for name, kind in ENGINES.items() if kind.any_suffix)
    assert engine_of(Path("tf_graph")) == any_suffix


@pytest.mark.parametrize("name", sorted(name for name, kind in ENGINES.items() if kind.converter))
def test_its_converter_is_a_program(name: str) -> None:
    """Read, not imported: what it needs is in an environment of its own."""
    found = importlib.util.find_spec(ENGINES[name].converter)
    assert found is not None
    assert found.origin is not None
    text = Path(found.origin).read_text("utf-8")
    assert "main" in {one.name for one in ast.parse(text).body if isinstance(one, ast.FunctionDef)}
    assert '__name__ == "__main__"' in text


def test_what_is_converted_is_the_usual_model_of_one_engine() -> None:
    """`matted model convert` has one kind of file to read, and one engine to compare with."""
    assert [name for name, kind in ENGINES.items() if kind.converter] == [GRAPHS]
    assert CONVERTIBLE[0] == ENGINES[GRAPHS].usual
    assert f"{CONVERTIBLE[0]}-onnx" == CONVERTED


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_the_model_that_it_usually_runs_can_be_had(name: str) -> None:
    usual = ENGINES[name].usual
    assert usual == CONVERTED or CATALOG[usual].engine == name


def test_the_network_that_finds_people_needs_no_framework() -> None:
    """A fresh installation has no other."""
    assert not ENGINES[PEOPLE_ENGINE].framework
    assert ENGINES[PEOPLE_ENGINE].usual == PEOPLE
