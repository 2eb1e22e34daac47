"""Making certificates: of an authority, and of the machines that it vouches for.

Elliptic curves (P-256), which every OpenSSL of the last ten years takes; the extensions are those
that Python 3.13 demands.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from daemon.cluster.certificates import AUTHORITY, CERTIFICATE, KEY

AUTHORITY_DAYS = 3650
_EARLIER = timedelta(days=14)
"""They are valid from before they are made: a machine's clock may be slow."""
_LONGEST_COMMON_NAME = 64
_BOTH_SIDES = x509.ExtendedKeyUsage(
    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
)


@dataclass(frozen=True, slots=True)
class Authority:
    """What vouches for the machines of a cluster."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def new(cls, now: datetime) -> Self:
        """Make one, with a name that no other has: OpenSSL looks authorities up by it."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _called(f"matted cluster {secrets.token_hex(4)}")
        begun = _begun(name, name, key.public_key(), now, now + timedelta(days=AUTHORITY_DAYS))
        begun = begun.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        begun = begun.add_extension(_usage(signs=True), critical=True)
        return cls(begun.sign(key, hashes.SHA256()), key)

    @property
    def key_pem(self) -> bytes:
        """The key's file, without a password."""
        return _pem(self.key)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine's certificate, as it is to be written."""

    files: Mapping[str, bytes]
    """By name, in the order in which they replace older ones."""
    until: datetime
    """When it expires; UTC."""


def issue(authority: Authority, names: Sequence[str], *, now: datetime, days: int) -> Machine:
    """Make a machine's certificate; it serves to call and to be called.

    Args:
        authority: who vouches for it; the certificate does not outlast it.
        names: of the machine, and its addresses; the first one is what it is called.
        now: with its time zone.
        days: how long it is to be valid.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    until = min(now + timedelta(days=days), authority.certificate.not_valid_after_utc)
    made = _begun(_called(names[0]), authority.certificate.subject, key.public_key(), now, until)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs=False), critical=True)
    made = made.add_extension(_BOTH_SIDES, critical=False)
    made = made.add_extension(
        x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
    )
    made = made.add_extension(_issuer(authority.certificate), critical=False)
    signed = made.sign(authority.key, hashes.SHA256())
    files = {
        AUTHORITY: authority.certificate.public_bytes(Encoding.PEM),
        KEY: _pem(key),
        CERTIFICATE: signed.public_bytes(Encoding.PEM),
    }
    return Machine(files, signed.not_valid_after_utc)


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_COMMON_NAME])])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
