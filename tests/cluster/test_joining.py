"""Who may join: machines with certificates of this studio that are as its settings say."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from audit import Place, Sent, audit
from harness import wait_until
from machines import Machines, Program
from studio_certificates import Studio

from daemon.cluster import authority
from daemon.cluster.issuing import issue

psutil: Any = pytest.importorskip("psutil", reason="the extra `cluster` is not installed")
Make = Callable[..., Machines]
LOST = "scheduler.lost"


def demand_all_filed(studio: Machines, sent: list[Sent]) -> None:
    studio.daemon.await_("photo.filed", count=len(sent))
    assert studio.daemon.stop() == 0
    account = audit(Place.below(studio.root), sent)
    assert account.faults == ()
    assert (account.filed, account.quarantined) == (len(sent), 0)


def matted(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daemon", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def expired(machine: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=40)
    shutil.rmtree(machine)
    authority.establish(machine, ("studio2",), now=long_ago, days=30)


def foreign_key(machine: Path) -> None:
    other = Studio.made(machine.parent / "foreign", now=datetime.now(UTC))
    shutil.copy(other.own / "key.pem", machine / "key.pem")


@pytest.mark.parametrize(
    ("verb", "wrong", "told"),
    [
        ("scheduler", expired, "expired on "),
        ("worker", shutil.rmtree, "ca.pem is missing: `"),
        ("worker", foreign_key, "is not the key of"),
    ],
)
def test_with_wrong_certificates_nobody_starts(
    machines: Make, verb: str, wrong: Callable[[Path], object], told: str
) -> None:
    """One line, and the exit code that keeps systemd from trying again and again."""
    studio = machines()
    wrong(studio.certificates.own)
    done = matted(verb, "--config", studio.daemon.config)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("matted: ")
    assert told in line


def test_a_workers_settings_name_no_folders(tmp_path: Path) -> None:
    """It has none; what is missing here is its certificate alone."""
    config = tmp_path / "worker.yaml"
    config.write_text('state_dir: state\nexecutor: {address: "tls://127.0.0.1:8786"}\n')
    done = matted("worker", "--config", config)
    assert (done.returncode, "ca.pem is missing" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("join", "told"),
    [
        ("tcp://127.0.0.1:8786", "is not spoken between machines, only tls://"),
        ("studio", "needs a port from 1 to 65535"),
        ("0.0.0.0:8786", "is every network there is"),
    ],
)
def test_an_address_that_is_none_is_one_line(tmp_path: Path, join: str, told: str) -> None:
    (tmp_path / "worker.yaml").write_text("state_dir: state\n")
    done = matted("worker", "--join", join, "--config", tmp_path / "worker.yaml")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert told in line


@pytest.mark.cluster
def test_one_that_expires_while_it_works_is_told_when_it_has_to_join_again(
    machines: Make, tmp_path: Path
) -> None:
    """The line that is up stays up: no photo is lost over it."""
    studio = machines()
    studio.start_scheduler()
    until = datetime.now(UTC) + timedelta(seconds=25)
    known = authority.known(studio.certificates.own, now=datetime.now(UTC))
    short = issue(known, ("b",), now=until - timedelta(days=1), days=1)
    for name, content in short.files.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    worker = studio.start_worker(certificates=tmp_path)
    studio.daemon.start()
    studio.daemon.await_("worker.joined")
    wait_until(lambda: datetime.now(UTC) > until, 30)
    sent = studio.put(2)
    studio.daemon.await_("photo.filed", count=2)
    assert studio.scheduler is not None
    studio.scheduler.kill()
    studio.start_scheduler()
    wait_until(lambda: any("EXPIRED" in one.get("reason", "") for one in worker.said(LOST)), 60)
    studio.start_worker()
    demand_all_filed(studio, sent)


@pytest.mark.cluster
def test_another_studios_machine_stays_outside_and_harms_nobody(machines: Make) -> None:
    """Its certificate is in order, but of another authority; each says so in one line."""
    studio = machines()
    foreign = Studio.made(studio.root / "foreign", now=datetime.now(UTC))
    studio.start(workers=1)
    stranger = studio.start_worker(certificates=foreign.own)
    lost = stranger.await_("scheduler.lost", count=2)
    assert "one of both does not take the other's certificate" in lost["reason"]
    demand_all_filed(studio, studio.put(4))
    assert studio.scheduler is not None
    assert len(studio.scheduler.said("worker.joined")) == 1
    assert not stranger.said("worker.joined")
    assert studio.scheduler.await_("caller.refused")["reason"] == "TLSV1_ALERT_UNKNOWN_CA"
    assert not [*studio.scheduler.said("text"), *stranger.said("text")], "events, and no traceback"


@pytest.mark.cluster
def test_without_a_certificate_nobody_is_heard(machines: Make) -> None:
    """Neither in plain text nor with TLS that shows none: Dask would run whatever it was sent."""
    studio = machines()
    studio.start(workers=1)
    assert studio.scheduler is not None
    ports = [listening(one) for one in (studio.scheduler, *studio.workers)]
    assert [len(found) for found in ports] == [1, 1], "no other door, such as Dask's pages"
    for port in chain(*ports):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n" + b"\0" * 64)
            with contextlib.suppress(ConnectionResetError):
                assert plain.recv(64)[:1] in (b"", b"\x15"), "a TLS alert at most"
        careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        assert is_shut_out(careless, "127.0.0.1", port)
    demand_all_filed(studio, studio.put(2))


def listening(program: Program) -> list[int]:
    """The TCP ports at which it can be called."""
    found = psutil.Process(program.child.pid).net_connections(kind="tcp")
    return [one.laddr.port for one in found if one.status == psutil.CONN_LISTEN]


def is_shut_out(context: ssl.SSLContext, host: str, port: int) -> bool:
    """With TLS 1.3 the client has done its part of the handshake when it hears that it failed."""
    try:
        with (
            socket.create_connection((host, port), timeout=5) as bare,
            context.wrap_socket(bare) as at,
        ):
            at.sendall(b"\0" * 64)
            return at.recv(1) == b""
    except (ssl.SSLError, ConnectionError):
        return True


@pytest.mark.cluster
def test_a_worker_of_another_version_is_refused_and_shown(machines: Make) -> None:
    studio = machines()
    studio.start(workers=1)
    other = studio.start_worker(fault="differ")
    refused = studio.daemon.await_("worker.refused")
    assert "it is matted 0.0.1" in refused["reason"]
    assert "install the same on both" in refused["reason"]
    other.await_("worker.joined")  # by Dask's leave, not by ours
    demand_all_filed(studio, studio.put(4))


def doctor(studio: Machines) -> tuple[int, str]:
    done = matted("doctor", "--cluster", "--config", studio.daemon.config)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def test_the_doctor_tries_each_workers_view_of_every_folder(machines: Make) -> None:
    studio = machines()
    mounted = studio.root / "mounted"
    mounted.symlink_to(studio.root)
    studio.start(workers=1)
    studio.start_worker(sees={str(studio.root): str(mounted)})
    studio.daemon.await_("worker.joined", count=2)
    code, told = doctor(studio)
    assert code == 0, told
    assert told.count("the same share, at ") == 4, told
    for name in ("inbox", "results"):
        assert f"the same share, at {mounted}/{name}\n" in told
    assert "cert.pem expires on " in told, "a month ahead"
    assert studio.scheduler is not None
    assert "cert.pem expires on " in studio.scheduler.await_("certificate.expiring")["reason"]
    assert "workers that have joined: 2" in told
    assert not list(studio.root.rglob(".matted-probe-*"))


@pytest.mark.cluster
def test_the_doctor_says_what_is_amiss(machines: Make) -> None:
    studio = machines()
    bare = studio.root / "bare"
    bare.mkdir()
    studio.start(workers=1)
    studio.start_worker(fault="differ", sees={str(studio.root): str(bare)})
    studio.daemon.await_("worker.refused")
    code, told = doctor(studio)
    assert code == 1
    assert "is refused: it is matted 0.0.1" in told
    assert told.count("another folder is there, or none") == 2
    assert "photos travel over the network" in told
    assert "results travel over the network" in told
    assert told.count("the same share, at ") == 2


@pytest.mark.cluster
def test_the_doctor_says_that_nobody_is_there(machines: Make) -> None:
    studio = machines()
    (studio.root / "state").mkdir()
    code, told = doctor(studio)
    assert code == 1
    assert "the scheduler is not running" in told
    studio.start_scheduler()
    code, told = doctor(studio)
    assert code == 1
    assert "no worker has joined" in told


@pytest.mark.cluster
def test_a_worker_waits_for_a_scheduler_that_comes_late(machines: Make) -> None:
    studio = machines()
    worker: Program = studio.start_worker()
    assert worker.await_("scheduler.lost")["reason"] == "Connection refused"
    studio.start_scheduler()
    studio.daemon.start()
    demand_all_filed(studio, studio.put(2))
    wait_until(lambda: worker.child.poll() is None)


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can mount a share read-only")
@pytest.mark.cluster
def test_where_a_share_is_mounted_read_only_results_travel(machines: Make) -> None:
    """The staging directory is to be seen there; that it is closed costs no photo an attempt."""
    studio = machines(limits={"min_free_mb": 0, "attempts": 1})
    studio.start_scheduler()
    studio.daemon.results.mkdir(exist_ok=True)
    prefix = ("unshare", "--mount", "sh", "-c", READ_ONLY, str(studio.daemon.results))
    studio.start_worker(prefix=prefix)
    studio.daemon.start()
    demand_all_filed(studio, studio.put(3))
    assert not studio.daemon.said("worker.resting")
