"""Frames arrive as they were sent, and nothing else is taken for one."""

import json
import socket
import struct
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from matting.errors import PeerClosed, WireError, WireTimeout
from matting.process import wire

PREFIX = struct.Struct(">4sI")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
headers = st.dictionaries(st.text(max_size=20).filter(lambda key: key != "array"), json_values)
pictures = arrays.arrays(
    dtype=st.sampled_from(["uint8", "uint16", "float32", ">u2", ">f4"]),
    shape=arrays.array_shapes(max_dims=4, max_side=6),
)


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def receive_bytes(data, **limits):
    """What ``receive`` makes of a stream of just these bytes."""
    left, right = socket.socketpair()
    with left, right:
        left.sendall(data)
        left.shutdown(socket.SHUT_WR)
        return wire.receive(right, **limits)


def framed(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return PREFIX.pack(wire.MAGIC, len(text)) + text + body


def announcing(**array):
    described = {"dtype": "uint8", "shape": [2, 3], "bytes": 6, **array}
    return framed({"array": described}, b"abcdef")


@given(header=headers, array=st.none() | pictures)
@settings(max_examples=60, deadline=None)
def test_a_frame_arrives_as_it_was_sent(header, array):
    left, right = socket.socketpair()
    with left, right:
        wire.send(left, header, array)
        frame = wire.receive(right)
    assert frame.header == header
    if array is None:
        assert frame.array is None
    else:
        assert frame.array.dtype == array.dtype.newbyteorder("=")
        assert np.array_equal(frame.array, array, equal_nan=array.dtype.kind == "f")


def test_an_array_need_not_be_contiguous(pair):
    array = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)[::2, ::-1]
    wire.send(pair[0], {}, array)
    assert np.array_equal(wire.receive(pair[1]).array, array)


def test_24_megapixels_travel_whole_and_fast(pair):
    """The bound is ten times what it takes, for busy machines; a copy per chunk takes minutes."""
    array = np.random.default_rng(1).integers(0, 256, (4000, 6000, 3), np.uint8)
    sender = threading.Thread(target=wire.send, args=(pair[0], {"id": "1"}, array))
    start_s = time.monotonic()
    sender.start()
    frame = wire.receive(pair[1])
    took_s = time.monotonic() - start_s
    sender.join()
    assert np.array_equal(frame.array, array)
    assert took_s < 4


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_garbage_is_never_more_than_a_wire_error(data):
    with pytest.raises(WireError):
        receive_bytes(data)


@given(text=st.binary(min_size=1, max_size=300) | json_values.map(lambda v: json.dumps(v).encode()))
@settings(max_examples=150, deadline=None)
def test_a_garbage_header_is_never_more_than_a_wire_error(text):
    try:
        frame = receive_bytes(framed(text))
    except WireError:
        return
    assert frame.header == json.loads(text)


@given(
    described=json_values
    | st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["uint8", "float32", "O"]) | json_values,
            "shape": st.lists(st.integers(-3, 5), max_size=5) | json_values,
            "bytes": st.integers(-3, 30) | json_values,
        }
    )
)
@settings(max_examples=150, deadline=None)
def test_a_garbage_array_is_never_more_than_a_wire_error(described):
    try:
        frame = receive_bytes(framed({"array": described}, b"0" * 40))
    except WireError:
        return
    assert frame.array is None or frame.array.nbytes == described["bytes"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HTTP/1.1 200 OK", "expected a frame, got the bytes b'HTTP'"),
        (PREFIX.pack(wire.MAGIC, wire.MAX_HEADER_BYTES + 1), "a header of 65537 bytes"),
        (PREFIX.pack(wire.MAGIC, 0), "a header of 0 bytes"),
        (framed(b"\xff\xfe"), "not JSON"),
        (framed(b"{'a': 1}"), "not JSON"),
        (framed(b'{"a": NaN}'), "NaN is not a JSON value"),
        (framed(b"[" * 60000), "not JSON"),
        (framed(b"[1]"), "a JSON list, not an object"),
        (announcing(dtype="object"), "dtype 'object'"),
        (announcing(dtype=["uint8"]), "dtype"),
        (announcing(shape=[2, -3]), "not made of sizes"),
        (announcing(shape=[0, 3], bytes=0), "not made of sizes"),
        (announcing(shape=[True, 6]), "not made of sizes"),
        (announcing(shape=[]), "1 to 4 sizes"),
        (announcing(shape="23"), "1 to 4 sizes"),
        (announcing(bytes=7), "has 6 bytes, not 7"),
        (announcing(bytes=6.0), "has 6 bytes, not 6.0"),
        (announcing(shape=[2**16, 2**16], bytes=2**32), "is over 2147483648"),
        (announcing()[:-1], "closed after 5 of 6 bytes"),
    ],
)
def test_what_is_no_frame_is_refused_with_a_clear_line(data, reason):
    with pytest.raises(WireError) as caught:
        receive_bytes(data)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_smaller_limit_refuses_before_allocation():
    with pytest.raises(WireError, match="6 bytes is over 5"):
        receive_bytes(announcing(shape=[6]), max_array_bytes=5)


def test_the_end_of_the_stream_is_told_apart():
    with pytest.raises(PeerClosed):
        receive_bytes(b"")


def test_a_deadline_counts_for_the_whole_frame(pair):
    """A byte now and then must not keep a frame alive."""
    stop = threading.Event()

    def dribble():
        for byte in framed({"a": "b" * 400}):
            if stop.wait(0.02):
                return
            pair[0].sendall(bytes([byte]))

    sender = threading.Thread(target=dribble)
    sender.start()
    start_s = time.monotonic()
    with pytest.raises(WireTimeout):
        wire.receive(pair[1], until_s=start_s + 0.2)
    assert time.monotonic() - start_s < 1
    stop.set()
    sender.join()


def test_sending_gives_up_when_nobody_reads(pair):
    array = np.zeros(10**7, np.uint8)
    with pytest.raises(WireTimeout):
        wire.send(pair[0], {}, array, until_s=time.monotonic() + 0.1)


def test_sending_to_a_closed_end_says_so(pair):
    pair[1].close()
    with pytest.raises(PeerClosed):
        wire.send(pair[0], {})


@pytest.mark.parametrize(
    ("header", "array"),
    [
        ({"a": float("nan")}, None),
        ({"a": object()}, None),
        ({"a": "b" * wire.MAX_HEADER_BYTES}, None),
        ({}, np.zeros((2, 0), np.uint8)),
        ({}, np.zeros(2, np.float64)),
        ({}, np.array([object()])),
    ],
)
def test_what_cannot_be_framed_is_not_sent_at_all(pair, header, array):
    with pytest.raises(ValueError, match=r"no frame for|not JSON|JSON compliant|is over"):
        wire.send(pair[0], header, array)
    wire.send(pair[0], {"next": 1})
    assert wire.receive(pair[1]).header == {"next": 1}
