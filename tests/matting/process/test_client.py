"""A client gets its matte, or an error that names the decision to take."""

import socket
import threading
import time

import numpy as np
import pytest

from matting.errors import (
    EngineFaulted,
    EngineLost,
    EngineOutOfMemory,
    EngineUnavailable,
    RequestRefused,
)
from matting.process import wire
from matting.process.client import connect
from matting.process.host import EngineHost

HELLO = {"protocol": wire.PROTOCOL, "engine": "fake", "pid": 4711}
PIXELS = np.zeros((3, 4, 3), np.uint8)


@pytest.fixture
def listening(tmp_path):
    """A socket at which ``converse(connection)`` answers one client."""
    threads = []

    def listening(converse):
        path = tmp_path / "fake.sock"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen()

        def serve():
            with listener, listener.accept()[0] as connection:
                converse(connection)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return path

    yield listening
    for thread in threads:
        thread.join()


def answering(*frames):
    """A conversation that greets, takes one request and sends these frames."""

    def converse(connection):
        wire.send(connection, HELLO)
        wire.receive(connection)
        for frame in frames:
            wire.send(connection, *frame)

    return converse


def matte(path, **changes):
    limits = {"timeout_s": 5, "queue_timeout_s": 5, **changes}
    with connect(path, wait_s=1) as engine:
        return engine.matte(PIXELS, photo="1", **limits)


def test_the_alpha_is_the_engines_and_red_comes_first(shared_host):
    pixels = np.random.default_rng(5).integers(0, 256, (40, 30, 3), np.uint8)
    with connect(shared_host.socket_path, wait_s=5) as engine:
        answer = engine.matte(pixels, photo="1", timeout_s=5, queue_timeout_s=5)
        assert engine.hello == shared_host.hello
    assert np.array_equal(answer.alpha, pixels[:, :, 0])
    assert answer.people == 1
    assert answer.facts["mean"] == pytest.approx(pixels.mean())
    assert answer.facts["took_s"] >= 0
    assert answer.facts["queued_s"] >= 0


def test_one_connection_may_ask_again_and_a_view_will_do(shared_host):
    with connect(shared_host.socket_path, wait_s=5) as engine:
        for step in (1, 2, 3):
            pixels = np.full((12, 12, 3), step, np.uint8)[::step, ::-step]
            answer = engine.matte(pixels, photo="1", timeout_s=5, queue_timeout_s=5)
            assert np.array_equal(answer.alpha, pixels[:, :, 0])


def test_connecting_waits_for_a_slow_engine(make_host, ask):
    host = make_host(load_s=0.5)
    host.start(wait=False)
    assert ask(host).alpha.shape == (6, 9)


def test_connecting_gives_up_in_time(tmp_path):
    start_s = time.monotonic()
    with pytest.raises(EngineUnavailable, match=r"no engine answers at .* after 0\.2 s"):
        connect(tmp_path / "nobody.sock", wait_s=0.2)
    assert 0.2 <= time.monotonic() - start_s < 1


FAILURES = {
    "10": "refuse",
    "11": "out_of_memory",
    "12": "raise",
    "13": "wrong_shape",
    "14": "wrong_dtype",
    "15": "wrong_people",
    "16": "wrong_facts",
    "17": "not_an_answer",
    "18": "wrong_doubts",
    "19": "wrong_faces",
    "20": "faces_of_words",
}


@pytest.fixture(scope="module")
def failing_host(tmp_path_factory, stub_spec):
    with EngineHost(stub_spec(when_red=FAILURES), tmp_path_factory.mktemp("e"), print) as host:
        host.start()
        yield host


@pytest.mark.parametrize(
    ("red", "error", "reason"),
    [
        (10, RequestRefused, "the stub does not like this picture"),
        (11, EngineOutOfMemory, "99 GiB"),
        (12, EngineFaulted, "the engine failed: RuntimeError: the stub stumbled"),
        (13, RequestRefused, r"its alpha is uint8 \(5, 9\) instead of uint8 \(6, 9\)"),
        (14, RequestRefused, r"its alpha is float32 \(6, 9\)"),
        (15, RequestRefused, "its number of people is 'many'"),
        (16, RequestRefused, "broke its contract"),
        (17, RequestRefused, "it answered a ndarray"),
        (18, RequestRefused, r"its doubt 'looks' is \[1, 2\], and no value with a place"),
        (19, RequestRefused, r"its face \[0\.9, 0\.1\] is no score with a place"),
        (20, RequestRefused, "its faces are a str"),
    ],
)
def test_a_picture_that_fails_leaves_the_engine_alive(failing_host, red, error, reason):
    with connect(failing_host.socket_path, wait_s=5) as engine:
        pixels = np.full((6, 9, 3), red, np.uint8)
        with pytest.raises(error, match=reason):
            engine.matte(pixels, photo="1", timeout_s=5, queue_timeout_s=5)
        answer = engine.matte(pixels + 100, photo="2", timeout_s=5, queue_timeout_s=5)
        assert answer.alpha.max() == red + 100
    assert failing_host.hello["pid"] == engine.pid


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.uint16)],
)
def test_what_is_no_picture_is_not_even_sent(shared_host, pixels):
    with connect(shared_host.socket_path, wait_s=5) as engine:
        with pytest.raises(ValueError, match="expected uint8"):
            engine.matte(pixels, photo="1", timeout_s=5, queue_timeout_s=5)
        assert engine.matte(PIXELS, photo="1", timeout_s=5, queue_timeout_s=5).people == 1


def test_a_photo_whose_turn_does_not_come_is_given_up(make_host, ask, in_background):
    host = make_host(when_red={"7": "nap"})
    pid = host.start()["pid"]
    busy = in_background(lambda: ask(host, 7, photo="busy"))
    time.sleep(0.1)
    with pytest.raises(EngineLost, match="missed the deadline while the photo was queued"):
        ask(host, photo="late", queue_timeout_s=0.1)
    assert not host.blames(pid, "late", wait_s=0.1)
    assert busy.result().people == 1


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\0" * 100, b"mat\x01\xff\xff\xff\xff"]
)
def test_another_program_at_the_socket_is_no_engine(listening, greeting):
    path = listening(lambda connection: connection.sendall(greeting))
    with pytest.raises(EngineUnavailable, match="another program"):
        connect(path, wait_s=5)


@pytest.mark.parametrize("change", [{"protocol": 99}, {"protocol": "1"}, {"pid": None}])
def test_another_protocol_is_refused_at_once(listening, change):
    path = listening(lambda connection: wire.send(connection, {**HELLO, **change}))
    with pytest.raises(EngineUnavailable, match=r"speaks protocol|does not tell its process"):
        connect(path, wait_s=5)


BEGUN = ({"id": "1", "begun": True},)
DONE = {"id": "1", "people": 1, "facts": {}, "took_s": 0.1}
ALPHA = np.zeros((3, 4), np.uint8)


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "ended while the photo was queued"),
        ([BEGUN], "ended while at work"),
        ([(DONE, ALPHA)], "answered before it began"),
        ([({"id": "2", "begun": True},)], "answered for another photo"),
        ([BEGUN, ({**DONE, "id": "2"}, ALPHA)], "answered for another photo"),
        ([BEGUN, (DONE,)], r"expected an alpha of uint8 \(3, 4\), got none"),
        ([BEGUN, (DONE, ALPHA.T)], r"got uint8 \(4, 3\)"),
        ([BEGUN, (DONE, ALPHA.astype(np.uint16))], "got uint16"),
        ([BEGUN, ({**DONE, "facts": None}, ALPHA)], "lacks its facts"),
        ([BEGUN, ({**DONE, "people": 1.5}, ALPHA)], "lacks its facts"),
    ],
)
def test_nonsense_from_the_engine_is_a_lost_engine(listening, frames, reason):
    path = listening(answering(*frames))
    with pytest.raises(EngineLost, match=reason) as caught:
        matte(path)
    assert caught.value.pid == 4711


def test_garbage_from_the_engine_is_a_lost_engine(listening):
    def converse(connection):
        answering(BEGUN)(connection)
        connection.sendall(b"Segmentation fault (core dumped)\n")

    with pytest.raises(EngineLost, match="talked nonsense while at work"):
        matte(listening(converse))


def test_an_engine_that_nobody_kills_is_given_up_after_a_grace(listening, monkeypatch):
    monkeypatch.setattr("matting.process.client.GRACE_S", 0.1)
    gone = threading.Event()

    def converse(connection):
        answering(BEGUN)(connection)
        gone.wait(10)

    with pytest.raises(EngineLost, match="missed the deadline while at work"):
        matte(listening(converse), timeout_s=0.1)
    gone.set()
