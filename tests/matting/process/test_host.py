"""The host keeps one engine running and knows which photo to blame."""

import gc
import os
import time
from pathlib import Path

import pytest
from harness import host_threads

from matting.errors import EngineFaulted, EngineLost, EngineUnavailable
from matting.process.host import EngineHost, EngineSpec


def test_start_returns_the_hello_and_stop_leaves_nothing(make_host, log):
    gc.collect()  # what other tests left to it has files open
    before = len(os.listdir("/proc/self/fd"))
    host = make_host()
    hello = host.start()
    assert (host.state, host.hello, host.trouble) == ("ready", hello, None)
    host.stop()
    host.stop()
    assert host.state == "stopped"
    assert not Path(f"/proc/{hello['pid']}").exists(), "reaped, not a zombie"
    assert not host.socket_path.exists()
    assert host_threads() == []
    assert len(os.listdir("/proc/self/fd")) == before
    assert [name for name, _ in log.events] == ["engine.started", "engine.ready", "engine.stopped"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"at_load": "refuse"}, "^the stub demands a GPU and there is none$"),
        ({"at_load": "raise"}, "^RuntimeError: the stub stumbled$"),
        ({"at_load": "exit"}, "ended with status 7 before it was ready: these are my last words"),
        ({"at_load": "hang", "start_timeout_s": 0.6}, "was not ready within 0.6 s"),
        ({"python": "no-such-python"}, "engine.python: there is no program no-such-python"),
        ({"python": "/bin/false"}, "ended with status 1"),
    ],
)
def test_an_engine_that_cannot_start_says_why_and_leaves_nothing(make_host, log, options, reason):
    host = make_host(**options)
    with pytest.raises(EngineUnavailable, match=reason):
        host.start()
    assert host.state == "stopped"
    assert host_threads() == []
    assert not host.socket_path.exists()
    assert log.named("engine.unavailable")[0]["reason"] == host.trouble


def test_an_unknown_engine_is_unavailable(tmp_path, log):
    with pytest.raises(EngineUnavailable, match="No module named 'no_such_engine'"):
        EngineHost(EngineSpec("no_such_engine"), tmp_path, log).start()


@pytest.mark.parametrize(
    ("behaviour", "how"), [("exit", (7, None)), ("segfault", (-11, "SIGSEGV"))]
)
def test_only_the_photo_at_work_is_blamed_for_a_crash(
    make_host, ask, log, in_background, behaviour, how
):
    """Photo ``next`` was queued behind the bad one; it is lost with the engine, but for free."""
    host = make_host(when_red={"7": behaviour, "9": "nap"})
    pid = host.start()["pid"]
    earlier = in_background(lambda: ask(host, 9, photo="earlier"))
    time.sleep(0.1)
    bad = in_background(lambda: ask(host, 7, photo="bad"))
    time.sleep(0.1)
    queued = in_background(lambda: ask(host, 0, photo="next"))
    assert earlier.result().people == 1
    for lost in (bad, queued):
        with pytest.raises(EngineLost, match="the engine process ended") as caught:
            lost.result()
        assert caught.value.pid == pid
    assert host.blames(pid, "bad")
    assert not host.blames(pid, "next")
    assert not host.blames(pid, "earlier")
    assert ask(host, photo="next").people == 1
    assert host.hello["pid"] != pid
    crash = log.await_("engine.crashed")
    assert (crash["pid"], crash["photo"]) == (pid, "bad")
    assert (crash["returncode"], crash["signal"]) == how
    assert not host.blames(host.hello["pid"], "bad", wait_s=0)


def test_the_last_words_are_reported(make_host, ask, log):
    host = make_host(when_red={"7": "exit"})
    host.start()
    with pytest.raises(EngineLost):
        ask(host, 7)
    assert log.await_("engine.crashed")["last_words"] == ["these are my last words"]
    assert host.last_words() == ["these are my last words"]
    ask(host)
    assert host.last_words() == ["these are my last words"], "the next engine does not hide them"


def test_blame_waits_for_the_end_that_a_client_saw_first(make_host, ask):
    """Without the wait, a client that is quicker than the host would get a wrong verdict."""
    host = make_host(when_red={"7": "exit"})
    host.start()
    for _ in range(2):
        pid = ask(host, wait_s=10) and host.hello["pid"]
        with pytest.raises(EngineLost):
            ask(host, 7, photo="bad")
        assert host.blames(pid, "bad")


@pytest.mark.parametrize(
    ("behaviour", "signal_name", "least_s"),
    [("hang", "SIGTERM", 0.3), ("hang_in_c", "SIGTERM", 0.3), ("hang_deaf", "SIGKILL", 1.1)],
)
def test_a_hanging_engine_is_ended_at_the_deadline_and_replaced(
    make_host, ask, log, monkeypatch, behaviour, signal_name, least_s
):
    monkeypatch.setattr("matting.process.child.GRACE_S", 0.8)
    host = make_host(when_red={"7": behaviour})
    pid = host.start()["pid"]
    start_s = time.monotonic()
    with pytest.raises(EngineLost, match="ended while at work"):
        ask(host, 7, photo="slow", timeout_s=0.3)
    assert least_s <= time.monotonic() - start_s < least_s + 2
    assert host.blames(pid, "slow")
    missed = log.await_("engine.deadline_missed")
    assert missed == {"pid": pid, "photo": "slow", "timeout_s": 0.3}
    stopped = log.await_("engine.stopped")
    assert (stopped["signal"], stopped["photo"]) == (signal_name, "slow")
    assert stopped["reason"] == "photo slow took more than 0.3 s"
    assert ask(host).people == 1


def test_a_request_cannot_ask_for_more_time_than_the_settings_give(make_host, ask):
    host = make_host(timeout_s=0.3, when_red={"7": "hang"})
    host.start()
    start_s = time.monotonic()
    with pytest.raises(EngineLost, match="ended while at work"):
        ask(host, 7, timeout_s=60)
    assert time.monotonic() - start_s < 2


def test_an_engine_that_keeps_dying_is_not_restarted_in_a_spin(make_host, log):
    """Starts at 0, 0.5, 1.5 and 3.5 s, plus what each takes."""
    host = make_host(at_load="exit")
    host.start(wait=False)
    log.await_("engine.unavailable", 2)
    time.sleep(0.6)
    assert len(log.named("engine.started")) == 2
    assert [each["retry_in_s"] for each in log.named("engine.unavailable")] == [0.5, 1.0]
    assert host.state == "waiting"
    assert "these are my last words" in host.trouble
    start_s = time.monotonic()
    host.stop()
    assert time.monotonic() - start_s < 0.5, "the delay does not hold up the end"


def test_two_unexpected_failures_in_a_row_get_a_fresh_process(make_host, ask, log):
    """A CUDA error sticks to its process: it would fail every photo that follows."""
    host = make_host(when_red={"7": "raise"})
    pid = host.start()["pid"]
    for red in (7, 0, 7):
        if red:
            with pytest.raises(EngineFaulted):
                ask(host, red)
        else:
            ask(host, red)
    assert host.hello["pid"] == pid
    with pytest.raises(EngineFaulted):
        ask(host, 7)
    assert log.await_("engine.stopped")["reason"] == "2 unexpected failures in a row"
    log.await_("engine.ready", 2)
    assert ask(host).people == 1
    assert host.hello["pid"] != pid


def test_a_restart_on_demand_blames_nobody(make_host, ask, log, in_background):
    host = make_host(when_red={"7": "hang"})
    pid = host.start()["pid"]
    at_work = in_background(lambda: ask(host, 7, photo="innocent"))
    time.sleep(0.2)
    start_s = time.monotonic()
    host.restart("the settings changed")
    with pytest.raises(EngineLost):
        at_work.result()
    assert not host.blames(pid, "innocent")
    assert log.await_("engine.stopped")["reason"] == "the settings changed"
    assert log.await_("engine.ready", 2)["pid"] != pid
    assert time.monotonic() - start_s < 2
