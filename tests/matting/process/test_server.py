"""The engine process serves its clients one by one, and outlives what they do."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from matting.errors import EngineLost, PeerClosed, RequestRefused
from matting.process import wire
from matting.process.client import connect


def red(value, height=6, width=9):
    return np.full((height, width, 3), value, np.uint8)


def request(photo="1", **changes):
    return {"op": "matte", "id": photo, "timeout_s": 5, **changes}


def until_closed(client):
    with contextlib.suppress(PeerClosed):
        while True:
            yield wire.receive(client).header


@pytest.fixture
def raw():
    """A socket that has read the hello."""
    opened = []

    def raw(host):
        opened.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        opened[-1].connect(str(host.socket_path))
        assert wire.receive(opened[-1]).header["protocol"] == wire.PROTOCOL
        return opened[-1]

    yield raw
    for each in opened:
        each.close()


def test_the_socket_is_the_owners_alone(shared_host):
    assert stat.S_IMODE(shared_host.socket_path.stat().st_mode) == 0o600


def test_the_hello_tells_who_works_here(shared_host):
    hello = shared_host.hello
    assert hello["protocol"] == wire.PROTOCOL
    assert hello["engine"] == "stub_engine"
    assert hello["model"] == "stub"
    assert hello["framework"] == f"numpy {np.__version__}"
    assert hello["device"] == "cpu"
    assert Path(f"/proc/{hello['pid']}").exists()


def test_two_clients_are_served_in_turns(make_host, in_background):
    """A client that always has the next picture ready must not starve the other."""
    host = make_host(matte_s=0.03)
    host.start()
    finished = []
    together = threading.Barrier(2)

    def work(name):
        with connect(host.socket_path, wait_s=5) as engine:
            together.wait()
            for number in range(8):
                engine.matte(red(1), photo=f"{name}{number}", timeout_s=5, queue_timeout_s=5)
                finished.append(name)

    both = [in_background(lambda name=name: work(name)) for name in "ab"]
    for each in both:
        each.result()
    lead = np.cumsum([1 if name == "a" else -1 for name in finished])
    # Strictly in turns it is 1; a busy machine may hold one client up for a picture.
    assert np.abs(lead).max() <= 3, finished


def test_queueing_does_not_eat_the_deadline(make_host, ask, in_background, log):
    host = make_host(matte_s=0.25)
    pid = host.start()["pid"]
    tasks = [
        in_background(lambda name=str(name): ask(host, photo=name, timeout_s=0.7))
        for name in range(4)
    ]
    assert [each.result().people for each in tasks] == [1] * 4
    assert host.hello["pid"] == pid
    assert not log.named("engine.deadline_missed")


def test_a_client_that_leaves_while_at_work_harms_nobody(make_host, raw, ask):
    host = make_host(when_red={"7": "nap"})
    pid = host.start()["pid"]
    client = raw(host)
    wire.send(client, request(), red(7))
    wire.receive(client)
    client.close()
    assert ask(host).people == 1
    assert host.hello["pid"] == pid


@pytest.mark.parametrize(
    ("header", "pixels", "reason"),
    [
        ({"op": "eval", "id": "1", "timeout_s": 5}, red(1), "there is no op 'eval'"),
        (request(""), red(1), "the id is not"),
        (request(1), red(1), "the id is not"),
        (request("x" * 513), red(1), "the id is not"),
        (request(timeout_s=0), red(1), "timeout_s is not"),
        (request(timeout_s="5"), red(1), "timeout_s is not"),
        (request(timeout_s=True), red(1), "timeout_s is not"),
        (request(), None, "the picture is not uint8"),
        (request(), red(1)[:, :, 0], "the picture is not uint8"),
        (request(), red(1).astype(np.uint16), "the picture is not uint8"),
    ],
)
def test_what_is_no_request_gets_a_clear_line_and_is_hung_up_on(
    shared_host, raw, ask, header, pixels, reason
):
    client = raw(shared_host)
    wire.send(client, header, pixels)
    answer = wire.receive(client).header
    assert answer["error"] == "bad_request"
    assert reason in answer["reason"]
    with pytest.raises(PeerClosed):
        wire.receive(client)
    assert ask(shared_host).people == 1


@pytest.mark.parametrize("babble", [b"GET / HTTP/1.1\r\n\r\n", b"mat\x01\xff\xff\xff\xff", b"mat"])
def test_babble_harms_its_own_connection_alone(shared_host, raw, ask, babble):
    client = raw(shared_host)
    client.sendall(babble)
    client.shutdown(socket.SHUT_WR)
    assert all(header["error"] == "bad_request" for header in until_closed(client))
    assert ask(shared_host).people == 1


def test_a_second_request_before_the_answer_is_hung_up_on(make_host, raw):
    host = make_host(when_red={"7": "nap"})
    host.start()
    client = raw(host)
    wire.send(client, request("1"), red(7))
    wire.send(client, request("2"), red(1))
    seen = list(until_closed(client))
    assert seen[-1]["reason"] == "one request at a time"
    assert all(each.get("id") != "2" for each in seen)


def test_a_bad_request_reaches_a_client_as_refused(shared_host):
    with connect(shared_host.socket_path, wait_s=5) as engine:
        with pytest.raises(RequestRefused, match="timeout_s is not"):
            engine.matte(red(1), photo="1", timeout_s=-1, queue_timeout_s=5)
        with pytest.raises(EngineLost):
            engine.matte(red(1), photo="1", timeout_s=5, queue_timeout_s=5)


def test_fifty_clients_leave_neither_descriptors_nor_threads(make_host, ask):
    host = make_host()
    pid = host.start()["pid"]

    def holds():
        return len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))

    ask(host)
    time.sleep(0.1)
    before = holds()
    for _ in range(50):
        ask(host)
    until_s = time.monotonic() + 3
    while holds() != before and time.monotonic() < until_s:
        time.sleep(0.02)
    assert holds() == before


def test_a_hundred_pictures_leave_no_memory_behind(make_host):
    host = make_host()
    pid = host.start()["pid"]
    pixels = red(1, 700, 700)

    def resident_mib():
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    with connect(host.socket_path, wait_s=5) as engine:
        sizes = []
        for number in range(100):
            engine.matte(pixels, photo=str(number), timeout_s=5, queue_timeout_s=5)
            sizes.append(resident_mib())
    # One picture is 1.4 MiB: were they kept, 80 of them would be 112 MiB.
    assert sizes[-1] - sizes[19] < 12


def test_babble_on_stdout_goes_to_stderr_and_harms_nothing(make_host, ask, log):
    host = make_host(at_load="babble", when_red={"7": "babble"})
    host.start()
    assert ask(host, 7).people == 1
    log.await_("engine.said", 4)
    assert [facts["line"] for facts in log.named("engine.said")] == [
        "hello from a framework, on stdout",
        "and from its C code, on descriptor 1",
    ] * 2


@pytest.fixture
def by_hand(tmp_path, stubs):
    """The engine process as the host starts it, in this test's own hands."""
    read_fd, write_fd = os.pipe()
    command = [sys.executable, "-m", "matting", "--socket", str(tmp_path / "e.sock")]
    command += [
        "--engine",
        "stub_engine",
        "--options",
        '{"when_red": {"7": "segfault", "9": "nap"}}',
    ]
    command += ["--status-fd", str(write_fd)]
    env = {**os.environ, "PYTHONPATH": stubs}
    child = subprocess.Popen(command, env=env, pass_fds=[write_fd], stderr=subprocess.PIPE)
    os.close(write_fd)
    with os.fdopen(read_fd) as status:
        yield child, status, tmp_path / "e.sock"
    child.kill()
    child.communicate()


def test_the_status_pipe_tells_what_was_at_work_even_after_sigsegv(by_hand):
    child, status, path = by_hand
    assert json.loads(status.readline())["ready"]["pid"] == child.pid
    with connect(path, wait_s=5) as engine:
        engine.matte(red(1), photo="good", timeout_s=5, queue_timeout_s=5)
        with pytest.raises(EngineLost):
            engine.matte(red(7), photo="bad", timeout_s=5, queue_timeout_s=5)
    child.wait(5)
    told = [json.loads(line) for line in status]
    assert [next(iter(each.items())) for each in told] == [
        ("begin", "good"),
        ("end", "good"),
        ("answered", "good"),
        ("begin", "bad"),
    ]
    assert abs(told[3]["at_s"] - time.monotonic()) < 5
    assert b"stub_engine.py" in child.stderr.read(), "faulthandler's lines are its last words"


def test_a_request_whose_client_left_the_queue_is_not_even_begun(by_hand):
    child, status, path = by_hand
    first, second = (connect(path, wait_s=5) for _ in range(2))
    wire.send(first._sock, request("1"), red(9))
    assert wire.receive(first._sock).header["begun"]
    wire.send(second._sock, request("2"), red(7))
    time.sleep(0.1)
    second.close()
    assert wire.receive(first._sock).array is not None
    assert first.matte(red(1), photo="3", timeout_s=5, queue_timeout_s=5).people == 1
    first.close()
    child.kill()
    told = [json.loads(line) for line in status]
    assert [each["begin"] for each in told if "begin" in each] == ["1", "3"]


def test_sigint_is_the_hosts_and_sigterm_ends_it_at_once(by_hand):
    child, status, path = by_hand
    status.readline()
    child.send_signal(signal.SIGINT)
    with connect(path, wait_s=5) as engine:
        assert engine.matte(red(1), photo="1", timeout_s=5, queue_timeout_s=5).people == 1
    start_s = time.monotonic()
    child.terminate()
    assert child.wait(5) == -signal.SIGTERM
    assert time.monotonic() - start_s < 0.5


def test_it_ends_when_nobody_holds_the_status_pipe_any_more(by_hand):
    """The second net under the parent-death signal; this parent lives on."""
    child, status, _ = by_hand
    status.readline()
    status.close()
    assert child.wait(5) != 0


def test_a_socket_left_by_a_killed_engine_is_replaced(make_host, tmp_path, ask):
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stale.bind(str(tmp_path / "engine.sock"))
    stale.close()
    host = make_host()
    host.start()
    assert host.socket_path == tmp_path / "engine.sock"
    assert ask(host).people == 1
