"""From a server or a file to an active model, through the real engine process."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from importlib import resources
from pathlib import Path

import networks
import pytest
from install_orders import order, parts
from model_server import ModelServer
from package_orders import ON_CPU

from matting.errors import EngineUnavailable
from matting.models.catalog import CATALOG, ByHand, Shipped, Web
from matting.models.content import verify
from matting.models.download import Listener, RetryLimits
from matting.models.errors import ModelError, NotHad, UnknownModel
from matting.models.install import Order, install
from matting.models.naming import SUFFIX, demand_name
from matting.models.package import Package
from matting.models.store import Store
from matting.models.trial import TrialSettings


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_a_download_is_tried_out_by_its_engine_and_then_active(
    red_server: ModelServer, store: Store, impatient: RetryLimits
) -> None:
    told: list[str] = []
    model = install(store, order(red_server), Listener(told.append), impatient)
    assert store.find("net") == model
    assert verify(model) == "OK"
    assert model.sha256 == hashlib.sha256(red_server.content).hexdigest()
    assert model.source == red_server.address.partition("?")[0]
    assert model.licence == "CC0"
    assert model.tested["device"] == "cpu"
    assert model.tested["framework"].startswith("onnxruntime ")
    assert model.warnings == ()
    assert told == [f"downloading {model.source}", "trying it out on the interpreter of matted"]
    assert parts(store) == []


@pytest.mark.parametrize("misdeed", ["web_page", "missing", "announce_less"])
def test_what_a_bad_server_sends_never_becomes_a_model(
    misdeed: str, red_server: ModelServer, store: Store, impatient: RetryLimits
) -> None:
    old = install(store, order(red_server), Listener(), impatient)
    red_server.content, red_server.etag = networks.same(networks.NHWC), '"second"'
    red_server.misdeeds = [misdeed]
    with pytest.raises((ModelError, EngineUnavailable)):
        install(store, order(red_server, replaces=True), Listener(), impatient)
    assert store.find("net") == old
    assert verify(old) == "OK"


def test_a_wrong_file_is_told_by_its_checksum_and_not_kept(
    red_server: ModelServer, store: Store, impatient: RetryLimits
) -> None:
    right = red_server.content
    red_server.content = right[:-10] + b"0123456789"
    published = md5(right)
    with pytest.raises(ModelError, match=f"not the published net: its md5 is .* {published}"):
        install(store, order(red_server, published), Listener(), impatient)
    assert store.list() == ()
    red_server.content = right
    assert install(store, order(red_server, published), Listener(), impatient)
    assert red_server.ranges() == [None, None]
    assert "if-none-match" not in red_server.requests[-1]


def test_a_wrong_part_that_was_kept_is_told_by_the_checksum_too(
    server: ModelServer, store: Store, impatient: RetryLimits, red: bytes
) -> None:
    """A server that changes its file and not its ETag."""
    server.content = bytes(len(red))
    server.misdeeds = ["break_off", "missing"]
    with pytest.raises(NotHad):
        install(store, order(server, md5(red)), Listener(), impatient)
    server.content = red
    with pytest.raises(ModelError, match="not the published net"):
        install(store, order(server, md5(red)), Listener(), impatient)
    assert install(store, order(server, md5(red)), Listener(), impatient)


def test_the_published_file_is_not_downloaded_twice(
    red_server: ModelServer, store: Store, impatient: RetryLimits
) -> None:
    published = md5(red_server.content)
    first = install(store, order(red_server, published), Listener(), impatient)
    again = install(store, order(red_server, published), Listener(), impatient)
    assert again.sha256 == first.sha256
    assert len(red_server.requests) == 1
    first.path.write_bytes(b"spoilt")
    install(store, order(red_server, published), Listener(), impatient)
    assert verify(first) == "OK"
    assert len(red_server.requests) == 2


def test_a_file_that_changed_since_its_first_use_is_refused_unless_that_is_meant(
    red_server: ModelServer, store: Store, impatient: RetryLimits
) -> None:
    first = install(store, order(red_server), Listener(), impatient)
    red_server.content, red_server.etag = networks.same() + b"\x32\x00", '"second"'
    with pytest.raises(ModelError, match=r"this is a different file: .* say --replace"):
        install(store, order(red_server), Listener(), impatient)
    assert store.find("net") == first
    second = install(store, order(red_server, replaces=True), Listener(), impatient)
    assert store.find("net") == second
    assert second.sha256 != first.sha256
    assert not first.path.exists()


def test_without_the_engines_framework_the_download_is_kept_for_the_next_try(
    red_server: ModelServer, store: Store, impatient: RetryLimits, tmp_path: Path
) -> None:
    bare = replace(
        order(red_server), place=TrialSettings(python=str(tmp_path / "no-python"), device="cpu")
    )
    with pytest.raises(EngineUnavailable, match="there is no program"):
        install(store, bare, Listener(), impatient)
    assert store.list() == ()
    told: list[str] = []
    assert install(store, order(red_server), Listener(told.append), impatient)
    assert "if-none-match" in red_server.requests[-1]
    assert "all of it is here already" in told


def test_with_a_checksum_the_next_try_does_not_even_ask(
    red_server: ModelServer, store: Store, impatient: RetryLimits, tmp_path: Path
) -> None:
    good = order(red_server, md5(red_server.content))
    bare = replace(good, place=TrialSettings(python=str(tmp_path / "no-python"), device="cpu"))
    with pytest.raises(EngineUnavailable):
        install(store, bare, Listener(), impatient)
    assert install(store, good, Listener(), impatient)
    assert len(red_server.requests) == 1


def test_a_network_that_has_to_be_got_by_hand_says_how(
    store: Store, impatient: RetryLimits
) -> None:
    entry = CATALOG["modnet"]
    with pytest.raises(UnknownModel, match=r"cannot be downloaded: .*ZHKKKe/MODNet.* --from"):
        install(store, Order(entry=entry, place=ON_CPU), Listener(), impatient)


def test_a_file_that_is_not_there_is_said_in_a_line(store: Store, tmp_path: Path) -> None:
    entry = CATALOG["modnet"]
    with pytest.raises(ModelError, match="cannot be copied: No such file"):
        install(store, Order(entry=entry, source=tmp_path / "none", place=ON_CPU), Listener())


def test_a_checksum_holds_for_a_mirror_and_a_file_too(
    store: Store, tmp_path: Path, red: bytes
) -> None:
    file = tmp_path / "my-own.onnx"
    file.write_bytes(red)
    wanted = Order(entry=CATALOG["u2net"], source=file, place=ON_CPU)
    with pytest.raises(ModelError, match=r"is not the published u2net.* a name of its own"):
        install(store, wanted, Listener())
    assert file.exists()


def test_the_catalog_is_whole() -> None:
    for name, entry in CATALOG.items():
        demand_name(name)
        assert entry.name == name
        assert entry.about
        assert entry.licence in {"Apache-2.0", "MIT"}
        assert (entry.recipe is None) == (entry.engine != "onnx")
        assert entry.sources
        for source in entry.sources:
            if isinstance(source, Web):
                assert source.address.startswith("https://")
                assert source.md5 is not None
                assert len(source.md5) == 32
            elif isinstance(source, Package):
                assert len(source.sha256) == len(source.wheel_sha256) == 64
                assert source.size_bytes < source.wheel_bytes * 2
                assert source.member.endswith(SUFFIX[entry.engine])
            elif isinstance(source, Shipped):
                shipped = resources.files("matting.weights") / source.file
                assert hashlib.sha256(shipped.read_bytes()).hexdigest() == source.sha256
            elif isinstance(source, ByHand):
                assert name == "modnet"
