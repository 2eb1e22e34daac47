"""However an engine ends, nothing is left of it; and it inherits no more than it needs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import host_threads

from matting.errors import EngineLost


def test_stopping_a_hanging_engine_leaves_nothing(make_host, ask, in_background):
    host = make_host(when_red={"7": "hang"})
    pid = host.start()["pid"]
    at_work = in_background(lambda: ask(host, 7))
    time.sleep(0.2)
    host.stop()
    with pytest.raises(EngineLost):
        at_work.result()
    assert not Path(f"/proc/{pid}").exists()
    assert host_threads() == []


def test_what_the_engine_started_ends_with_it(make_host, ends):
    host = make_host(at_load="bear_child")
    child = host.start()["child"]
    host.stop()
    assert ends(child, 1)


HOST_SCRIPT = """
import sys, threading, time
from pathlib import Path
import numpy as np
from matting.process.client import connect
from matting.process.host import EngineHost, EngineSpec

runtime_dir, stubs, behaviour, python = sys.argv[1:]
spec = EngineSpec("stub_engine", {"when_red": {"7": behaviour}}, python, extra_path=(stubs,))
host = EngineHost(spec, Path(runtime_dir), lambda name, facts: None)
pid = host.start()["pid"]
engine = connect(host.socket_path, wait_s=5)
ask = {"photo": "1", "timeout_s": 60, "queue_timeout_s": 60}
pixels = np.full((2, 2, 3), 7, np.uint8)
threading.Thread(target=engine.matte, args=(pixels,), kwargs=ask, daemon=True).start()
time.sleep(0.2)
print(pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def wrapper(tmp_path):
    """An ``engine.python`` that stays in between, as some launchers do."""
    path = tmp_path / "wrapper"
    path.write_text(f'#!/bin/sh\n"{sys.executable}" "$@"\nexit $?\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("behaviour", ["hang", "hang_in_c", "hang_deaf"])
def test_a_busy_engine_ends_when_its_host_is_killed(tmp_path, stubs, ends, behaviour):
    command = [sys.executable, "-c", HOST_SCRIPT, str(tmp_path), stubs, behaviour, sys.executable]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as host:
        pid = int(host.stdout.readline())
        host.kill()
        assert ends(pid)


def test_an_engine_behind_a_wrapper_ends_when_its_host_is_killed(tmp_path, stubs, ends, wrapper):
    command = [sys.executable, "-c", HOST_SCRIPT, str(tmp_path), stubs, "hang", wrapper]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as host:
        pid = int(host.stdout.readline())
        host.kill()
        assert ends(pid)


def test_a_wrapper_around_the_interpreter_ends_with_the_engine(make_host, ask, wrapper, ends):
    host = make_host(python=wrapper, when_red={"7": "exit"})
    pid = host.start()["pid"]
    with pytest.raises(EngineLost):
        ask(host, 7, photo="bad")
    assert host.blames(pid, "bad")
    ask(host)
    pid = host.hello["pid"]
    host.stop()
    assert ends(pid, 1)


def test_a_runtime_directory_too_long_for_a_socket_is_replaced(make_host, ask, tmp_path):
    host = make_host(runtime_dir=tmp_path / ("long" * 30))
    host.start()
    assert ask(host).people == 1
    where = host.socket_path.parent
    assert where.stat().st_mode & 0o777 == 0o700
    host.stop()
    assert not where.exists()


def test_the_engine_gets_no_more_of_the_environment_than_it_needs(make_host, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("LC_TIME", "C")
    names = set(make_host().start()["environ"])
    assert not names & {"AWS_SECRET_ACCESS_KEY", "PYTHONHOME", "VIRTUAL_ENV"}
    assert {"CUDA_VISIBLE_DEVICES", "LC_TIME", "PATH", "PYTHONPATH"} <= names


def test_a_pending_sigterm_block_is_not_inherited(make_host, ends):
    """A daemon that waits for its signals with sigwait has them blocked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        pid = make_host().start()["pid"]
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    os.kill(pid, signal.SIGTERM)
    assert ends(pid, 1)
