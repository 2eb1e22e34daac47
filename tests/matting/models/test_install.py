"""From a server or a file to an active model, through the real engine process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import cv2
import networks
import numpy as np
import pytest
from laboratory import Laboratory
from model_server import ModelServer

from matting.errors import EngineUnavailable
from matting.models import trial
from matting.models.adoption import Offer, adopt
from matting.models.catalog import CATALOG, ByHand, CatalogEntry, Shipped, Web
from matting.models.content import verify
from matting.models.download import Listener, RetryLimits
from matting.models.errors import ModelError, NotHad, UnknownModel
from matting.models.install import Order, install
from matting.models.model import Model
from matting.models.naming import SUFFIX, demand_name
from matting.models.package import Package
from matting.models.store import Store
from matting.models.trial import TrialSettings
from matting.networks.recipe import Recipe

ON_CPU = TrialSettings(device="cpu")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def order(server: ModelServer, checksum: str | None = None, *, replaces: bool = False) -> Order:
    web = Web(server.address, checksum)
    entry = CatalogEntry("net", "onnx", "whatever is red", "CC0", (web,), Recipe())
    return Order(entry=entry, place=ON_CPU, replaces=replaces)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def red_server(server: ModelServer, red: bytes) -> ModelServer:
    server.content = red
    return server


def parts(store: Store) -> list[Path]:
    return list((store.directory / ".partial").glob("net/*"))


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


def test_the_picture_of_the_trial_shows_photo_and_matte(
    red_server: ModelServer, store: Store, impatient: RetryLimits
) -> None:
    """The network's alpha is red, so the right half is the left half's red channel."""
    model = install(store, order(red_server), Listener(), impatient)
    shown = cv2.imread(str(store.matte(model)))
    assert shown is not None
    width, height = trial.SIZE
    assert shown.shape == (height, 2 * width, 3)
    drawn = trial.draw()
    assert np.array_equal(shown[:, :width, ::-1], drawn)
    assert np.abs(shown[:, width:, 0].astype(int) - drawn[:, :, 0]).max() <= 1


def test_the_drawn_picture_is_odd_in_size_the_same_every_time_and_has_all_kinds_of_values() -> None:
    drawn = trial.draw()
    assert np.array_equal(drawn, trial.draw())
    assert all(side % 2 for side in trial.SIZE)
    assert len(np.unique(drawn)) > 150


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


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (networks.same(networks.NHWC), "cannot be used"),
        (networks.same()[:40], "cannot be used|is no ONNX|ends early"),
        (b"", "empty"),
        (b"<html>", "web page"),
    ],
)
def test_a_file_that_breaks_the_engines_contract_is_refused_in_its_words(
    content: bytes, reason: str, store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "net.onnx"
    file.write_bytes(content)
    with pytest.raises(EngineUnavailable, match=reason) as caught:
        adopt(store, Offer(name="net", engine="onnx", source="x", recipe=Recipe()), file, ON_CPU)
    assert "\n" not in str(caught.value)
    assert store.list() == ()
    assert parts(store) == []
    assert file.read_bytes() == content


def test_a_matte_of_one_value_is_a_warning_and_no_refusal(store: Store, tmp_path: Path) -> None:
    """A network without training may well see nobody."""
    file = tmp_path / "net.onnx"
    nothing = Recipe(mean=(9.0, 9.0, 9.0))  # everything is far below 0
    file.write_bytes(networks.same())
    offer = Offer(name="net", engine="onnx", source="x", recipe=nothing)
    model = adopt(store, offer, file, ON_CPU)
    assert "its matte of the drawn picture is 0 all over" in model.tested["notes"]
    assert model.warnings == ()


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


def test_a_frozen_graph_is_tried_out_and_says_that_it_is_untrained(
    store: Store, lab: Laboratory
) -> None:
    graph = Path(lab.graph("untrained"))
    place = TrialSettings(python=lab.python, device="cpu")
    offer = Offer(name="bshm", engine="bshm", source="a test")
    model: Model = adopt(store, offer, graph, place)
    assert "the model is not trained" in model.warnings[0]
    assert model.tested["framework"].startswith("tensorflow ")
    assert model.tested["model"].startswith(f"bshm {model.sha256[:12]} (untrained")
    assert model.path.suffix == ".pb"


def test_the_people_network_is_tried_out_by_its_engine(
    store: Store, people_network: Path, tmp_path: Path
) -> None:
    """From a file, where nothing can be reached; its checksum is the published one's."""
    given = tmp_path / "any-name"
    given.write_bytes(people_network.read_bytes())
    order = Order(entry=CATALOG["selfie"], source=given, place=TrialSettings())
    model = install(store, order, Listener())
    assert model.engine == "people"
    assert model.path.suffix == ".tflite"
    assert model.licence == "Apache-2.0"
    assert model.tested["framework"].startswith("opencv ")
    assert store.find("selfie") == model


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:100_000], "it is damaged or another network"),
        (lambda data: data[:-500], "it is damaged or another network"),
        (lambda data: data[:100_000] + bytes(len(data) - 100_000), "damaged or another network"),
        (lambda _: networks.same(), "it is no TensorFlow Lite file"),
        (lambda _: b"", "the file is empty"),
    ],
)
def test_a_people_network_that_was_cut_or_exchanged_is_refused_in_a_line(
    change: Callable[[bytes], bytes], reason: str, store: Store, people_network: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    """By its checksum where that is known, else by the engine that tries it out."""
    file = tmp_path / "net.tflite"
    file.write_bytes(change(people_network.read_bytes()))
    with pytest.raises(EngineUnavailable, match=reason) as caught:
        adopt(store, Offer(name="selfie", engine="people", source="x"), file, TrialSettings())
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match="is not the published selfie: its sha256 is"):
        install(
            store, Order(entry=CATALOG["selfie"], source=file, place=TrialSettings()), Listener()
        )
    assert store.list() == ()
