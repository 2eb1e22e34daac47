"""What the file system under a watched folder can do for us."""

from __future__ import annotations

from dataclasses import dataclass, replace

from daemon.config.settings import Folder
from daemon.intake.mounts import file_system, sends_events, silent_below

_SCAN_S = 10.0
_SCAN_SILENT_S = 2.0


@dataclass(frozen=True, slots=True)
class Capability:
    """Found out anew whenever a folder may lie on another file system."""

    file_system: str = "unknown"
    local: bool = False
    """Whether it is one of this machine's, which knows of all writers."""
    events: bool = False
    """Whether events announce what comes; what they miss is counted then."""
    silent_below: tuple[str, ...] = ()
    """Shares mounted somewhere below, of which no events come."""

    @classmethod
    def of(cls, folder: Folder) -> Capability:
        """Find out; a folder that cannot be looked at is ``away``."""
        path = str(folder.watch)
        try:
            kind = file_system(path)
        except OSError:
            kind = "away"
        local = sends_events(kind)
        events = folder.events != "off" and local
        return cls(kind, local=local, events=events, silent_below=silent_below(path))

    def looked_below(self, folder: str) -> Capability:
        """The same with the shares of now: they may be mounted below it at any time."""
        return replace(self, silent_below=silent_below(folder))

    def scan_s(self, wanted: float | str) -> float:
        """Time between two full looks; the more often, the less events can be relied on.

        Args:
            wanted: what the settings say.
        """
        if not isinstance(wanted, str):
            return wanted
        return _SCAN_S if self.events and not self.silent_below else _SCAN_SILENT_S
