"""The certificate of a machine in a cluster, looked at before anything is entrusted to it.

Dask's protocol runs whatever it is sent, so that a certificate of the studio's own authority is the
only thing that keeps a stranger out. What OpenSSL says of a wrong one is no line for people, and
some of it says nothing but "handshake failure" on the other machine.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from daemon.errors import CertificateTrouble

AUTHORITY, CERTIFICATE, KEY = "ca.pem", "cert.pem", "key.pem"
"""What each machine has."""
AUTHORITY_KEY = "ca-key.pem"
"""Who has this can make certificates; no machine needs it at work."""

_LARGEST_BYTES = 1 << 16
_NOT_FOR_OTHERS = 0o027
"""Rights that a private key must not give: writing to its group, anything to everybody else."""
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Certificates:
    """A machine's certificate, its key, and the authority that all machines have in common."""

    authority: Path
    certificate: Path
    key: Path
    names: tuple[str, ...]
    """The names and addresses that the certificate is for."""
    until: datetime
    """When the first of them, machine's or authority's, is not valid any more; UTC."""

    def warning(self, now: datetime) -> str | None:
        """One line if it ends soon; None if it does not."""
        if self.until - now > _SOON:
            return None
        return f"{self.certificate} expires on {self.until:%Y-%m-%d}: {_AGAIN}"


_AGAIN = "`matted cluster init --again`, or `matted cluster add --again` for another machine's"
_ANEW = "move the directory away, and make and copy all certificates anew"
_ABSENT = (
    "`matted cluster init` makes it on the daemon's machine, `matted cluster add` there for others"
)


def check(directory: Path, *, now: datetime) -> Certificates:
    """Look at a machine's certificate.

    Args:
        directory: as ``matted cluster`` makes one.
        now: with its time zone.

    Raises:
        CertificateTrouble: it is missing, unreadable, another authority's, or not valid now.
    """
    paths = [directory / name for name in (AUTHORITY, CERTIFICATE, KEY)]
    texts = [_read(path) for path in paths]
    authority, own = (_parsed(*pair) for pair in zip(paths[:2], texts[:2], strict=True))
    _demand_private(paths[2])
    key = _parsed_key(paths[2], texts[2])
    if key.public_key() != own.public_key():
        raise CertificateTrouble(f"{paths[2]} is not the key of {paths[1]}: copy both once more")
    _demand_issued(own, authority, *paths[:2])
    for path, one in zip(paths, (authority, own), strict=False):
        _demand_valid(path, one, now)
    until = min(authority.not_valid_after_utc, own.not_valid_after_utc)
    return Certificates(paths[0], paths[1], paths[2], names_of(own), until)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses that it is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    names = found.get_values_for_type(x509.DNSName)
    return (*names, *map(str, found.get_values_for_type(x509.IPAddress)))


def read_authority(directory: Path, *, now: datetime) -> tuple[x509.Certificate, PrivateKeyTypes]:
    """The authority's own certificate and key, to make more with.

    Raises:
        CertificateTrouble: it is missing, unreadable, or not valid now.
    """
    path, key_path = directory / AUTHORITY, directory / AUTHORITY_KEY
    authority, key = _parsed(path, _read(path)), _parsed_key(key_path, _read(key_path))
    if key.public_key() != authority.public_key():
        raise CertificateTrouble(f"{key_path} is not the key of {path}")
    _demand_valid(path, authority, now)
    return authority, key


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_BYTES)
    except FileNotFoundError as error:
        raise CertificateTrouble(f"{path} is missing: {_ABSENT}") from error
    except OSError as error:
        raise CertificateTrouble(f"{path} cannot be read: {error.strerror}") from error


def _demand_private(path: Path) -> None:
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode & _NOT_FOR_OTHERS:
        told = f"{path} is open to others ({mode:03o}), who could join with it: chmod 600 {path}"
        raise CertificateTrouble(told)


def _parsed(path: Path, text: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text)
    except ValueError as error:
        raise CertificateTrouble(f"{path} is no certificate in PEM: copy it once more") from error


def _parsed_key(path: Path, text: bytes) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(text, password=None)
    except (TypeError, ValueError) as error:  # TypeError: it is locked by a password
        told = f"{path} is no private key in PEM without a password"
        raise CertificateTrouble(told) from error


def _demand_issued(
    own: x509.Certificate, authority: x509.Certificate, authority_path: Path, path: Path
) -> None:
    try:
        own.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError) as error:
        told = f"{path} is not of the authority in {authority_path}: both have to be of one cluster"
        raise CertificateTrouble(told) from error
    wanted = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    try:
        uses = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):  # may be used for anything
        return
    if not wanted.issubset(uses):
        told = f"{path} is for one side alone; machines of a cluster call and are called"
        raise CertificateTrouble(told)


def _demand_valid(path: Path, one: x509.Certificate, now: datetime) -> None:
    if now > one.not_valid_after_utc:
        mend = _ANEW if path.name == AUTHORITY else _AGAIN
        told = f"{path} expired on {one.not_valid_after_utc:%Y-%m-%d}: {mend}"
        raise CertificateTrouble(told)
    if now < one.not_valid_before_utc:
        told = f"{path} is valid from {one.not_valid_before_utc:%Y-%m-%d} on, and this machine's"
        raise CertificateTrouble(f"{told} clock says {now:%Y-%m-%d}: set it right")
