"""What the main loop is asked to do from outside: by signals, and by threads with news."""

from __future__ import annotations

import signal
from types import FrameType

from daemon.machine.wakeup import WakeUp


class Orders:
    """Asked for at any moment, looked at between two turns."""

    def __init__(self) -> None:
        self._news = WakeUp()
        self._stopping = False
        self._reloading = False

    def listen(self) -> None:
        """Take signals from now on: TERM and INT end the daemon, HUP has the settings reloaded."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)

    @property
    def stopping(self) -> bool:
        """Whether no more photos are to be begun."""
        return self._stopping

    def take_reload(self) -> bool:
        """Whether the settings are to be read again; asked for once, answered once."""
        asked, self._reloading = self._reloading, False
        return asked

    def wake(self) -> None:
        """There is something to do; from any thread."""
        self._news.set()

    def wait(self, at_most_s: float) -> None:
        """Rest until there is something to do."""
        self._news.wait(at_most_s)

    def _stop(self, _: int, __: FrameType | None) -> None:
        self._stopping = True
        self.wake()

    def _reload(self, _: int, __: FrameType | None) -> None:
        self._reloading = True
        self.wake()
