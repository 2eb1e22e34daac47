"""What a worker says of itself when it has joined; JSON, since the daemon believes none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from daemon.errors import MattedError

_MOST_CHARACTERS = 200
_MOST_SLOTS = 1024
_MOST_WORDS = 256
OPTIONAL = "optional"
_LISTS = ("formats", "networks")


class NoHello(MattedError):
    """What a worker said of itself cannot be read; one line for people."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Everything by which two machines may differ so that a photo would come out otherwise."""

    name: str
    """Of the machine, for people."""
    slots: int
    """How many photos it works on at once."""
    version: str
    commit: str
    engine: str
    device: str
    framework: str
    model: str
    model_sha256: str
    formats: tuple[str, ...]
    """File formats beyond the usual ones that it can read."""
    python: str
    networks: tuple[str, ...]
    """Those that are installed, each as ``NAME SHA256``; the SHA-256 is missing where the network
    is. ``OPTIONAL`` follows where the daemon does not demand that a worker has it."""

    def told(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Hello:
        """The inverse of ``told``.

        Raises:
            NoHello: it was made by nobody whom we know.
        """
        try:
            words = {one.name: _word(told[one.name]) for one in fields(cls) if one.type == "str"}
            slots, formats, networks = told["slots"], *(_words(told[name]) for name in _LISTS)
        except (KeyError, TypeError) as error:
            raise NoHello(f"it does not say what it is: {error}") from error
        if type(slots) is not int or not 1 <= slots <= _MOST_SLOTS:
            raise NoHello(f"it works on {slots!r} photos at once, it says")
        return cls(slots=slots, formats=formats, networks=networks, **words)


def _words(told: object) -> tuple[str, ...]:
    if not isinstance(told, list | tuple) or len(told) > _MOST_WORDS:
        raise TypeError("a short list of words is expected")
    return tuple(map(_word, told))


def _word(told: object) -> str:
    if not isinstance(told, str) or len(told) > _MOST_CHARACTERS:
        raise TypeError("words of some length are expected")
    return "".join(c if c.isprintable() else "?" for c in told)
