"""The files of a small certificate authority: one for all machines of a studio.

A directory with certificates is made under another name and appears whole, so that whoever finds
one may rely on it: nothing is left half made, and nothing that is there is replaced unasked.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from daemon.cluster.certificates import (
    AUTHORITY_KEY,
    CERTIFICATE,
    KEY,
    read_authority,
)
from daemon.cluster.issuing import Authority, issue
from daemon.errors import CertificateTrouble
from daemon.machine import private
from matting.small_file import replace_file, sync

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?")
_THERE = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


def demand_name(name: str) -> str:
    """A machine's name or address, as certificates and directories bear it.

    Raises:
        CertificateTrouble: it is none.
    """
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        if _NAME.fullmatch(name):
            return name.lower()
    raise CertificateTrouble(f"{name!r} is no host's name or address")


def demand_names(names: Sequence[str]) -> tuple[str, ...]:
    """Several, each once.

    Raises:
        CertificateTrouble: one of them is none.
    """
    return tuple(dict.fromkeys(map(demand_name, names)))


def establish(directory: Path, names: Sequence[str], *, now: datetime, days: int) -> datetime:
    """Make an authority and, as the first one of it, this machine's certificate.

    Args:
        directory: is made; may be there if nothing is in it.
        names: of this machine, and its addresses.
        now: with its time zone.
        days: how long the machine's certificate is to be valid.

    Returns:
        When the machine's certificate expires; UTC.

    Raises:
        CertificateTrouble: something is there already, or it cannot be made.
    """
    authority = Authority.new(now)
    machine = issue(authority, names, now=now, days=days)
    _appear(directory, {AUTHORITY_KEY: authority.key_pem, **machine.files})
    return machine.until


def add(
    directory: Path, place: Path, names: Sequence[str], *, now: datetime, days: int
) -> datetime:
    """Make another machine's certificate, in a directory to be copied there.

    Args:
        directory: the authority's.
        place: is made.
        names: of that machine, and its addresses.
        now: with its time zone.
        days: how long it is to be valid.

    Returns:
        When it expires; UTC.

    Raises:
        CertificateTrouble: it is there already, or cannot be made.
    """
    machine = issue(known(directory, now=now), names, now=now, days=days)
    _appear(place, machine.files)
    return machine.until


def renew(
    directory: Path, place: Path, names: Sequence[str], *, now: datetime, days: int
) -> datetime:
    """Make a new certificate in place of the one in a directory; arguments as for ``add``.

    Raises:
        CertificateTrouble: there is none, or it cannot be made.
    """
    if not (place / CERTIFICATE).exists():
        raise CertificateTrouble(f"{place / CERTIFICATE} is not there, to be made again")
    machine = issue(known(directory, now=now), names, now=now, days=days)
    with _told(place):
        _write(place, machine.files)
        sync(place)
    return machine.until


def known(directory: Path, *, now: datetime) -> Authority:
    """The authority of a directory.

    Raises:
        CertificateTrouble: it is missing, of no use now, or was not made here.
    """
    certificate, key = read_authority(directory, now=now)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        told = f"{directory / AUTHORITY_KEY} was not made by matted; make more certificates with"
        raise CertificateTrouble(f"{told} the program that made it")
    return Authority(certificate, key)


def _appear(directory: Path, files: Mapping[str, bytes]) -> None:
    with _told(directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
        new = directory.parent / f".{directory.name}-{secrets.token_hex(8)}"
        private.make_directory(new)
        try:
            _write(new, files)
            sync(new)
            os.rename(new, directory)  # takes the place of nothing but an empty one
            sync(directory.parent)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        secret = name in (KEY, AUTHORITY_KEY)
        replace_file(directory / name, content, opener=private.opener if secret else None)


@contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _THERE:
            told = f"{place} is there already and stays as it is; --again makes a new certificate"
            raise CertificateTrouble(told) from error
        raise CertificateTrouble(f"{place} cannot be made: {error.strerror}") from error
