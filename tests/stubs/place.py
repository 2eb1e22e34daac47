"""The installed service on a booted machine: its folders, its settings, its drop-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from machine import Fact, Machine

SOURCE = "/usr/local/src/matted"
STUBS = f"{SOURCE}/tests/stubs"
DROPIN = "etc/systemd/system/matted.service.d/test.conf"


class Place:
    """What the tests do with it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.since = machine.cursor()

    @property
    def inbox(self) -> Path:
        return self.machine.root / "srv/matted/inbox"

    @property
    def results(self) -> Path:
        return self.machine.root / "srv/matted/results"

    @property
    def settings(self) -> Path:
        return self.machine.root / "etc/matted/matted.yaml"

    def clear(self) -> None:
        """Stop it; forget photos, results, state and drop-ins; write settings for tests."""
        run = self.machine.run
        run(
            "systemctl",
            "stop",
            "matted",
            "matted@*",
            "matted-webhooks",
            "matted-stations",
            "matted-scheduler",
            "matted-worker",
            check=False,
        )
        run("sh", "-c", "rm -rf /srv/matted/* /var/lib/matted* /etc/systemd/system/matted*.d")
        run("rm", "-f", "/etc/matted/worker.yaml")
        run("sh", "-c", "systemctl daemon-reload; systemctl reset-failed 'matted*'", check=False)
        run("systemd-tmpfiles", "--create", "matted.conf", check=False)  # gone with the last test
        self.settings.write_text(yaml.safe_dump(settings("/srv/matted", "/var/lib/matted")))
        self.since = self.machine.cursor()

    def override(self, *lines: str, stub: bool = False) -> None:
        """Change the unit by a drop-in; ``stub``: run the daemon that can be made to hang."""
        text = ["[Service]", *lines]
        if stub:
            python = self.machine.run("readlink", "-f", "/opt/matted/bin/matted").strip()
            program = f"{Path(python).parent}/python {STUBS}/hanging_daemon.py"
            text += ["ExecStart=", f"ExecStart={program} /etc/matted/matted.yaml"]
        path = self.machine.root / DROPIN
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(text) + "\n")
        self.machine.run("systemctl", "daemon-reload")

    def start(self) -> None:
        """Start it; returns when systemd has seen READY."""
        self.machine.run("systemctl", "start", "matted")

    def flag(self, name: str) -> None:
        """Make the stub hang or be slow."""
        (self.machine.root / "srv/matted" / name).touch()
        self.machine.run("chown", "matted:", f"/srv/matted/{name}")

    def await_(self, event: str, *matches: str, count: int = 1) -> Fact:
        """Wait for an event since the place was cleared."""
        return self.machine.await_(self.since, f"EVENT={event}", *matches, count=count)

    def said(self, event: str, *matches: str) -> list[Fact]:
        """The events since the place was cleared."""
        return self.machine.journal(self.since, f"EVENT={event}", *matches)

    def mattes(self) -> list[str]:
        """Published files, less quarantine."""
        found = (path.relative_to(self.results) for path in self.results.rglob("*.png"))
        return sorted(str(path) for path in found if not path.parts[0].startswith("."))


def settings(folders: str, state: str, **more: Any) -> Fact:
    """Settings that are quick to follow."""
    folder = {"watch": f"{folders}/inbox", "results": f"{folders}/results", "profile": "plain"}
    return {
        "state_dir": state,
        "workers": 1,
        "folders": [folder | {"settle_s": 0.3, "scan_s": 0.5}],
        "profiles": {"plain": {"preprocess": [], "outputs": ["matte"]}},
        **more,
    }
