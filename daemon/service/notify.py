"""What systemd is told. Without systemd every call does nothing."""

from __future__ import annotations

import time

from systemd import daemon as sd


def ready(status: str) -> None:
    """Everything that photos need is up."""
    sd.notify(f"READY=1\nSTATUS={status}")


def starting(text: str, *, within_s: float) -> None:
    """Something before READY may take this long, whatever TimeoutStartSec= says."""
    sd.notify(f"STATUS={text}\nEXTEND_TIMEOUT_USEC={int(within_s * 1e6)}")


def status(text: str) -> None:
    """One line for ``systemctl status``."""
    sd.notify(f"STATUS={text}")


def alive() -> None:
    """Ping the watchdog; ``watchdog.Watchdog`` alone may, for it looks whether anything moves."""
    sd.notify("WATCHDOG=1")


def reloading() -> None:
    """The settings are being read again."""
    sd.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """No new photo is begun."""
    sd.notify("STOPPING=1")
