"""An authority and its certificates appear whole, and never in place of others."""

from __future__ import annotations

import shutil
import socket
import ssl
import stat
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from studio_certificates import NOW, Studio

from daemon.cluster import authority
from daemon.cluster.certificates import check
from daemon.errors import CertificateTrouble

LATER = NOW + timedelta(days=1)


def content(directory: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in directory.iterdir() if one.is_file()}


def test_what_was_made_passes_its_own_check(studio: Studio) -> None:
    own, other = check(studio.own, now=LATER), check(studio.other, now=LATER)
    assert own.names == ("studio1", "127.0.0.1")
    assert other.names == ("studio2",)
    assert own.until == NOW + timedelta(days=30)


def test_keys_are_for_one_user_alone_whatever_the_umask(studio: Studio) -> None:
    keys = sorted(studio.own.rglob("*key.pem"))
    assert [one.name for one in keys] == ["ca-key.pem", "key.pem", "key.pem"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in keys} == {0o600}
    assert stat.S_IMODE(studio.other.stat().st_mode) == 0o700
    assert not list(studio.other.glob("ca-key*"))


def test_other_programs_take_them_strictly(studio: Studio) -> None:
    """A second opinion: OpenSSL by its strictest rules, for either side of a connection."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("NOT TESTED: there is no openssl to verify certificates")
    for purpose in ("sslserver", "sslclient"):
        for machine in (studio.own, studio.other):
            words = ["verify", "-x509_strict", "-attime", str(int(LATER.timestamp()))]
            words += ["-purpose", purpose, "-CAfile", str(studio.own / "ca.pem")]
            done = subprocess.run(
                [program, *words, machine / "cert.pem"], capture_output=True, check=False
            )
            assert done.returncode == 0, done.stderr


def test_two_machines_shake_hands_and_a_stranger_does_not(tmp_path: Path) -> None:
    """Real TLS on loopback, with certificates demanded on both sides, as the cluster has it."""
    now = NOW.now(NOW.tzinfo)
    for name in ("mine", "foreign"):
        authority.establish(tmp_path / name, ("localhost", "127.0.0.1"), now=now, days=2)
    authority.add(tmp_path / "mine", tmp_path / "two", ("localhost",), now=now, days=2)
    assert shake_hands(tmp_path / "mine", tmp_path / "two") is None
    assert shake_hands(tmp_path / "mine", tmp_path / "foreign") is not None


def context(machine: Path, purpose: ssl.Purpose) -> ssl.SSLContext:
    made = ssl.create_default_context(purpose, cafile=str(machine / "ca.pem"))
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    made.load_cert_chain(machine / "cert.pem", machine / "key.pem")
    return made


def shake_hands(server: Path, client: Path) -> Exception | None:
    """What either side says against the other; None if nothing."""
    told: list[Exception] = []
    left, right = socket.socketpair()

    def serve() -> None:
        try:
            with context(server, ssl.Purpose.CLIENT_AUTH).wrap_socket(left, server_side=True) as at:
                at.recv(1)
        except OSError as error:
            told.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        calling = context(client, ssl.Purpose.SERVER_AUTH)
        with calling.wrap_socket(right, server_hostname="localhost") as at:
            at.sendall(b"x")
    except OSError as error:
        told.append(error)
    finally:
        right.close()
    thread.join(10)
    left.close()
    return told[0] if told else None


def test_what_is_there_stays_as_it_is(studio: Studio) -> None:
    before = content(studio.own), content(studio.other)
    with pytest.raises(CertificateTrouble, match="is there already and stays as it is"):
        authority.establish(studio.own, ("studio1",), now=LATER, days=30)
    with pytest.raises(CertificateTrouble, match="is there already and stays as it is"):
        authority.add(studio.own, studio.other, ("studio2",), now=LATER, days=30)
    assert (content(studio.own), content(studio.other)) == before
    assert sorted(one.name for one in studio.own.iterdir()) == [
        *("ca-key.pem", "ca.pem", "cert.pem", "key.pem", "studio2")
    ]
    assert [one.name for one in studio.own.parent.iterdir()] == ["cluster"]


def test_a_file_of_that_name_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "cluster").write_text("somebody's")
    with pytest.raises(CertificateTrouble, match="is there already"):
        authority.establish(tmp_path / "cluster", ("studio1",), now=NOW, days=30)
    assert (tmp_path / "cluster").read_text() == "somebody's"


def test_one_that_expired_is_made_again_of_the_same_authority(studio: Studio) -> None:
    expired = NOW + timedelta(days=31)
    with pytest.raises(CertificateTrouble, match="expired on 2026-12-27: `matted cluster init"):
        check(studio.own, now=expired)
    authority.renew(studio.own, studio.own, ("studio1",), now=expired, days=30)
    authority.renew(studio.own, studio.other, ("studio2",), now=expired, days=30)
    assert check(studio.own, now=expired).until == expired + timedelta(days=30)
    assert check(studio.other, now=expired).names == ("studio2",)
    assert stat.S_IMODE((studio.other / "key.pem").stat().st_mode) == 0o600


def test_none_is_made_again_where_there_is_none(studio: Studio) -> None:
    with pytest.raises(CertificateTrouble, match="is not there, to be made again"):
        authority.renew(studio.own, studio.own / "studio3", ("studio3",), now=NOW, days=30)
    assert not (studio.own / "studio3").exists()


def test_no_certificate_outlasts_its_authority(studio: Studio) -> None:
    late = NOW + timedelta(days=3640)
    until = authority.add(studio.own, studio.own / "studio3", ("studio3",), now=late, days=1095)
    assert until == NOW + timedelta(days=3650)
    with pytest.raises(CertificateTrouble, match="move the directory away, and make"):
        authority.add(
            studio.own, studio.own / "studio4", ("studio4",), now=late + timedelta(11), days=9
        )


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "-x", "a b", "é", "x" * 300])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(CertificateTrouble, match="is no host's name or address"):
        authority.demand_name(name)


@pytest.mark.parametrize(
    ("given", "name"),
    [("Studio2.local", "studio2.local"), ("::1", "::1"), ("10.0.0.1", "10.0.0.1")],
)
def test_a_name_has_one_spelling(given: str, name: str) -> None:
    assert authority.demand_name(given) == name
