"""A wrong certificate is one clear line, before OpenSSL says anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from studio_certificates import NOW, Studio

from daemon.cluster import authority
from daemon.cluster.certificates import check
from daemon.errors import CertificateTrouble


def foreign(machine: Path) -> None:
    """Another studio's certificate and key, beside the authority of this one."""
    other = machine.parent / "foreign"
    authority.establish(other, ("studio2",), now=NOW, days=30)
    for name in ("cert.pem", "key.pem"):
        shutil.copy(other / name, machine / name)


def one_sided(machine: Path) -> None:
    """Of the right authority, but made by another program for servers alone."""
    key = load_pem_private_key((machine.parent / "ca-key.pem").read_bytes(), None)
    old = x509.load_pem_x509_certificate((machine / "cert.pem").read_bytes())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    made = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(1)
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (machine / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))


def cut(name: str) -> Callable[[Path], None]:
    return lambda machine: os.truncate(machine / name, 100)


def without(name: str) -> Callable[[Path], None]:
    return lambda machine: (machine / name).unlink()


def swapped_key(machine: Path) -> None:
    shutil.copy(machine.parent / "key.pem", machine / "key.pem")


def a_directory(machine: Path) -> None:
    (machine / "cert.pem").unlink()
    (machine / "cert.pem").mkdir()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (without("ca.pem"), "ca.pem is missing: `matted cluster init` makes it on the daemon's"),
        (without("cert.pem"), "cert.pem is missing"),
        (without("key.pem"), "key.pem is missing"),
        (cut("ca.pem"), "ca.pem is no certificate in PEM"),
        (cut("cert.pem"), "cert.pem is no certificate in PEM"),
        (cut("key.pem"), "key.pem is no private key in PEM without a password"),
        (swapped_key, "is not the key of"),
        (foreign, "is not of the authority in"),
        (one_sided, "is for one side alone"),
        (a_directory, "cert.pem cannot be read: Is a directory"),
        (lambda machine: (machine / "key.pem").chmod(0o644), "is open to others (644)"),
    ],
)
def test_a_wrong_one_is_one_line(studio: Studio, wrong: Callable[[Path], None], told: str) -> None:
    wrong(studio.other)
    with pytest.raises(CertificateTrouble) as caught:
        check(studio.other, now=NOW)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (NOW + timedelta(days=31), "cert.pem expired on 2026-12-27: `matted cluster init --again`"),
        (NOW + timedelta(days=4000), "ca.pem expired on 2036-11-24: move the directory away"),
        (NOW - timedelta(days=20), "this machine's clock says 2026-11-07: set it right"),
    ],
)
def test_one_that_is_not_valid_now_is_one_line(studio: Studio, now: datetime, told: str) -> None:
    with pytest.raises(CertificateTrouble) as caught:
        check(studio.other, now=now)
    assert told in str(caught.value)


@pytest.mark.parametrize("days", [-2, 2])
def test_a_clock_that_is_two_days_off_does_no_harm(studio: Studio, days: int) -> None:
    assert check(studio.other, now=NOW + timedelta(days=days)).names == ("studio2",)


def test_one_that_expires_soon_is_warned_of_in_time(studio: Studio) -> None:
    found = check(studio.other, now=NOW)
    assert found.warning(NOW - timedelta(days=1)) is None
    warned = found.warning(NOW + timedelta(days=1))
    assert warned is not None
    assert "expires on 2026-12-27" in warned


def test_a_key_that_its_group_may_read_will_do(studio: Studio) -> None:
    """As where certificates are root's, and the service reads them by its group."""
    (studio.other / "key.pem").chmod(0o640)
    check(studio.other, now=NOW)


def test_they_are_valid_now_by_the_true_clock(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority.establish(tmp_path / "cluster", ("studio1",), now=now, days=1)
    assert check(tmp_path / "cluster", now=datetime.now(UTC)).until > now
