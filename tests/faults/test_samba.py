"""A share as studios have it: smbd exports the watched folder, others write into it slowly.

All of it on the loopback interface, with settings, state and port of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from disks import unmount
from harness import Daemon, wait_until
from sending import Sending, tool
from summary import Tally

Make = Callable[..., Daemon]

SETTINGS = """
[global]
    server role = standalone server
    map to guest = Bad User
    guest account = {user}
    bind interfaces only = yes
    interfaces = lo
    smb ports = {port}
    private dir = {own}
    lock directory = {own}
    state directory = {own}
    cache directory = {own}
    pid directory = {own}
    ncalrpc dir = {own}/ncalrpc
    log file = {own}/log
    load printers = no
    disable spoolss = yes
"""
_PAGE = Path(__file__).parents[2] / "docs" / "shares.md"
_MODULES = ("catia", "fruit", "streams_xattr")


def documented(share: Path, user: str) -> str:
    """The section that docs/shares.md tells studios to use, for this folder and user."""
    section = _PAGE.read_text().partition("```ini\n")[2].partition("```")[0]
    assert section.startswith("[scans]")
    lines = [line for line in section.splitlines() if "force group" not in line]
    there = {path.stem for path in Path("/usr/lib").glob("*/samba/vfs/*.so")}
    if not there.issuperset(_MODULES):
        print("NOT TESTED: Samba's modules for Macs (samba-vfs-modules)")  # noqa: T201 - seen if it fails
        lines = [line for line in lines if "vfs objects" not in line and "fruit:" not in line]
    text = "\n".join(lines).replace("/srv/scans", str(share))
    return f"{text}\n    guest ok = yes\n    force user = {user}\n"


class Share:
    """A folder on the network, as its clients see it."""

    def __init__(self, port: int, settings: Path) -> None:
        self.port = port
        base = [tool("smbclient", "smbclient"), "//127.0.0.1/scans", "-p", str(port), "-N"]
        self._client = [*base, "-s", str(settings)]

    def do(self, *commands: str) -> None:
        """Run commands of smbclient."""
        told = "; ".join(commands)
        subprocess.run([*self._client, "-c", told], check=True, capture_output=True, timeout=60)

    def write(self, name: str, content: bytes, *, chunks: int, pause_s: float) -> None:
        """Write a file as a slow scanner would; the client sends 64 KiB at a time."""
        command = [*self._client, "-c", f'iosize 65536; put - "{name}"']
        size = len(content) // chunks + 1
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as client:
            assert client.stdin is not None
            for start in range(0, len(content), size):
                client.stdin.write(content[start : start + size])
                client.stdin.flush()
                time.sleep(pause_s)
            client.stdin.close()
            assert client.wait(60) == 0


@contextmanager
def sharing(folder: Path) -> Iterator[Share]:
    """Export a folder."""
    smbd = tool("smbd", "samba")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as own:  # pytest's own are too long for a socket's name
        settings = Path(own) / "smb.conf"
        known = SETTINGS.format(own=own, port=port, user=user)
        settings.write_text(known + documented(folder, user))
        command = [smbd, "--foreground", "--no-process-group", "--configfile", str(settings)]
        server = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            wait_until(lambda: server.poll() is not None or _listens(port))
            if server.poll() is not None:
                pytest.skip("NOT TESTED: smbd does not run here")
            yield Share(port, settings)
        finally:
            server.terminate()
            server.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.faults
def test_photos_written_slowly_over_samba_are_filed_once_each(daemon: Make, tally: Tally) -> None:
    """One writer is slow all along, one pauses for longer than a photo takes to settle."""
    one = daemon(folder={"settle_s": 1})
    sending = Sending(one, tally)
    with sharing(one.inbox) as share:
        one.start()
        slow = sending.content("Großmutter Löwe.bmp", size=(800, 600))
        share.write("Großmutter Löwe.bmp", slow, chunks=12, pause_s=0.3)
        pausing = sending.content("祖母的照片.bmp", size=(800, 600))
        share.write("祖母的照片.bmp", pausing, chunks=2, pause_s=3)
        share.do("mkdir Köln")
        share.write("Köln\\ñandú.png", sending.content("Köln/ñandú.png"), chunks=1, pause_s=0)
        sending.arrive()
        assert sending.audit().quarantined == 0


@pytest.mark.faults
def test_overwriting_renaming_and_deleting_over_samba(daemon: Make, tally: Tally) -> None:
    one = daemon(folder={"settle_s": 1}, engine={"matte_s": 0.5})
    sending = Sending(one, tally)
    with sharing(one.inbox) as share:
        one.start()
        for final in (False, True):
            content = sending.content("a.bmp", size=(200, 150), final=final)
            share.write("a.bmp", content, chunks=3, pause_s=0.2)
            sending.arrive()
        content = sending.content("b.png")
        share.write("b.tmp", content, chunks=1, pause_s=0)
        share.do("rename b.tmp b.png")
        sending.arrive()
        share.write("short lived.png", b"not for long", chunks=1, pause_s=0)
        share.do('del "short lived.png"')
        time.sleep(3)
        assert len(one.mattes()) == 3
        sending.audit()


@pytest.mark.faults
def test_a_mounted_share_is_scanned_since_it_sends_no_events(daemon: Make, tally: Tally) -> None:
    if "cifs" not in Path("/proc/filesystems").read_text():
        pytest.skip("NOT TESTED: this kernel cannot mount SMB shares")
    tool("mount.cifs", "cifs-utils")
    one = daemon(folder={"settle_s": 1, "scan_s": 1})
    sending = Sending(one, tally)
    (one.root / "exported").mkdir()
    with sharing(one.root / "exported") as share:
        options = f"port={share.port},guest,uid={os.getuid()},vers=3.1.1"
        command = ["mount", "-t", "cifs", "-o", options, "//127.0.0.1/scans", str(one.inbox)]
        if (done := subprocess.run(command, check=False, capture_output=True)).returncode:
            pytest.skip(f"NOT TESTED: SMB shares cannot be mounted here: {done.stderr.decode()}")
        try:
            one.start()
            watched = one.await_("folder.watched")
            assert not watched["events"]
            content = sending.content("a.bmp", size=(400, 300))
            share.write("a.bmp", content, chunks=6, pause_s=0.3)
            share.write("ä.png", sending.content("ä.png"), chunks=1, pause_s=0)
            sending.arrive()
            sending.audit()
        finally:
            unmount(one.inbox)
