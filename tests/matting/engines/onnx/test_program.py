"""Our reading of an ONNX file beside that of the package `onnx`, whatever is hidden in it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import networks
import onnx
import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import constant, network, node
from onnx import TensorProto as Type

from matting.engines.onnx import program
from matting.engines.onnx.protobuf import BYTES, FIXED32, FIXED64, VARINT, Malformed, fields

MESSAGES = {
    "model": onnx.ModelProto,
    "training": onnx.TrainingInfoProto,
    "graph": onnx.GraphProto,
    "function": onnx.FunctionProto,
    "node": onnx.NodeProto,
    "attribute": onnx.AttributeProto,
    "sparse": onnx.SparseTensorProto,
    "tensor": onnx.TensorProto,
}


def varint(value: int, padding: int = 0) -> bytes:
    """With more bytes than it needs, if wished: each reader takes those as well."""
    parts = []
    while value > 127 or padding:
        padding -= value <= 127
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes((*parts, value))


def piece(number: int, wire: int, value: int | bytes) -> bytes:
    """A field, as it stands in a message."""
    key = varint(number << 3 | wire)
    if isinstance(value, int):
        width = {FIXED64: 8, FIXED32: 4}.get(wire)
        return key + (varint(value) if width is None else value.to_bytes(width, "little"))
    return key + varint(len(value)) + bytes(value)


def all_within(kind: str, message: Message) -> Iterator[tuple[str, Message]]:
    """Every message of the kinds above, as `onnx` has it."""
    yield kind, message
    for field, value in message.ListFields():
        inner = field.message_type and _kind_of(field.message_type.name)
        if inner:
            for each in value if hasattr(value, "__len__") else (value,):
                yield from all_within(inner, each)


def _kind_of(name: str) -> str | None:
    return {made.DESCRIPTOR.name: kind for kind, made in MESSAGES.items()}.get(name)


def read_by_onnx(model: onnx.ModelProto) -> program.Contents:
    found = program.Contents()
    for kind, one in all_within("model", model):
        match kind:
            case "node":
                names = (one.domain, one.op_type, one.overload)
                found.used.add(tuple(map(_bytes, names)))
            case "function":
                names = (one.domain, one.name, one.overload)
                found.own.add(tuple(map(_bytes, names)))
            case "tensor" if one.external_data or one.data_location:
                found.outside.append(_bytes(one.name))
    return found


def _bytes(name: str | bytes) -> bytes:
    """What is no UTF-8 comes as bytes."""
    return name if isinstance(name, bytes) else name.encode()


def test_all_that_can_hold_a_node_or_a_tensor_is_looked_into() -> None:
    """A newer onnx.proto may have more places; then this says which."""
    assert {
        kind: {
            field.number: inner
            for field in made.DESCRIPTOR.fields
            if field.message_type and (inner := _kind_of(field.message_type.name))
        }
        for kind, made in MESSAGES.items()
    } == program.WITHIN
    reachable = {
        field.message_type.name
        for made in MESSAGES.values()
        for field in made.DESCRIPTOR.fields
        if field.message_type
    }
    # What else there is holds text, numbers and types.
    assert reachable - {made.DESCRIPTOR.name for made in MESSAGES.values()} == {
        *("StringStringEntryProto", "OperatorSetIdProto", "ValueInfoProto", "TensorAnnotation"),
        *("TypeProto", "Segment", "DeviceConfigurationProto", "NodeDeviceConfigurationProto"),
    }


def samples() -> list[bytes]:
    whole = onnx.ModelProto.FromString(networks.own_function())
    graph = whole.training_info.add().algorithm
    graph.node.append(node("Neg", "a", "b"))
    held = whole.functions[0].attribute_proto.add(name="given", type=onnx.AttributeProto.TENSOR)
    held.t.CopyFrom(constant("default", [1.0]))
    whole.graph.sparse_initializer.add().values.CopyFrom(constant("few", [1.0]))
    return [
        whole.SerializeToString(),
        networks.bshm(),
        networks.outside(within="a branch"),
        networks.foreign("EPContext", "com.microsoft"),
    ]


SAMPLES = samples()
WIRES = (VARINT, FIXED64, FIXED32, BYTES)
TEMPTING = (b"", b"EPContext", b"com.microsoft", b"Add", b"\xff", b"\x08\x01", b"\x0a\x00")


def disguised(random: Random, kind: str, message: bytes) -> bytes:
    """The same message with fields doubled, split, written otherwise, and others among them."""
    return b"".join(_disguised(random, kind, message))


def _disguised(random: Random, kind: str, message: bytes) -> list[bytes]:
    parts = []
    for field in fields(memoryview(message)):
        inner = program.WITHIN[kind].get(field.number)
        if inner and isinstance(field.value, memoryview):
            within = _disguised(random, inner, bytes(field.value))
            if random.random() < 0.1:  # one message as two, which are merged
                cut = random.randrange(len(within) + 1)
                parts.append(piece(field.number, BYTES, b"".join(within[:cut])))
                within = within[cut:]
            parts.append(piece(field.number, BYTES, b"".join(within)))
        else:
            value = field.value if isinstance(field.value, int) else bytes(field.value)
            parts.append(piece(field.number, field.wire, value))
        if random.random() < 0.1:
            parts.append(_noise(random, kind))
    return parts


def _noise(random: Random, kind: str) -> bytes:
    """A field that the message may have, in any writing."""
    number = random.choice([field.number for field in MESSAGES[kind].DESCRIPTOR.fields] + [99])
    wire = random.choice(WIRES)
    if wire == BYTES:
        return piece(number, wire, random.choice(TEMPTING))
    if wire != VARINT:
        return piece(number, wire, random.randrange(3))
    value = random.choice([0, 1, 2, 1 << 32, (1 << 32) + 1, (1 << 63) - 1])
    return varint(number << 3 | wire) + varint(value, padding=random.randrange(2))


def compare(data: bytes) -> bool:
    """See that we refuse a file, or read in it what `onnx` does; whether it was compared."""
    try:
        theirs = read_by_onnx(onnx.ModelProto.FromString(data))
    except DecodeError:
        return False
    try:
        ours = program.read(data)
    except Malformed:
        return False
    assert ours.used == theirs.used
    assert ours.own == theirs.own
    assert len(ours.outside) >= len(theirs.outside)
    assert bool(ours.outside) >= bool(theirs.outside)
    return True


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(SAMPLES))
def test_what_is_disguised_is_read_as_onnx_reads_it(random: Random, sample: bytes) -> None:
    """Nothing that `onnx`, with Google's own protobuf, finds in a file is hidden from us."""
    compare(disguised(random, "model", sample))


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(SAMPLES), st.binary(min_size=1, max_size=6))
def test_what_is_damaged_is_read_as_onnx_reads_it_or_refused(
    data: st.DataObject, sample: bytes, noise: bytes
) -> None:
    where = data.draw(st.integers(0, len(sample) - 1))
    compare(sample[:where] + noise + sample[where + len(noise) :])
    compare(sample[:where] + noise + sample[where:])


def test_disguises_are_compared_at_all() -> None:
    random = Random(1)
    compared = [compare(disguised(random, "model", one)) for one in SAMPLES * 25]
    assert sum(compared) > len(compared) // 2


def refused(data: bytes) -> str:
    with pytest.raises(program._Fault) as caught:
        program.check(data)
    return str(caught.value)


def with_node(*parts: bytes) -> bytes:
    """A network with one more node, made of these fields."""
    graph = piece(1, BYTES, b"".join(parts))
    return networks.same() + piece(7, BYTES, graph)


def with_weights(*parts: bytes) -> bytes:
    tensor = piece(8, BYTES, b"w") + b"".join(parts)
    return networks.same() + piece(7, BYTES, piece(5, BYTES, tensor))


NAMED = (piece(7, BYTES, b"com.microsoft"), piece(4, BYTES, b"EPContext"))


@pytest.mark.parametrize(
    "data",
    [
        with_node(*NAMED, piece(4, VARINT, 1)),
        with_node(*NAMED, piece(4, FIXED64, 1), piece(7, FIXED32, 1)),
        with_node(piece(4, BYTES, b"Add"), *NAMED),
        networks.own_function("EPContext", "com.microsoft"),
    ],
    ids=["a number after the name", "wide numbers after both", "two names", "in a function"],
)
def test_a_compiled_program_is_found_whatever_stands_beside_it(data: bytes) -> None:
    assert any(one.op_type == "EPContext" for one in _nodes(data))
    assert "com.microsoft:EPContext" in refused(data)


def _nodes(data: bytes) -> list[Message]:
    model = onnx.ModelProto.FromString(data)
    return [one for kind, one in all_within("model", model) if kind == "node"]


def test_a_function_of_ones_own_cannot_lend_its_name_to_a_compiled_program() -> None:
    model = onnx.ModelProto.FromString(networks.foreign("EPContext", "com.microsoft"))
    model.functions.append(
        onnx.helper.make_function(
            "com.microsoft", "EPContext", ["a"], ["b"], [node("Identity", "a", "b")], []
        )
    )
    assert "com.microsoft:EPContext" in refused(model.SerializeToString())


def test_a_function_lends_its_name_to_its_own_overload_alone() -> None:
    model = onnx.ModelProto.FromString(networks.own_function())
    model.graph.node[0].overload = "another"
    assert "its.own:Innocent" in refused(model.SerializeToString())


ENTRY = piece(13, BYTES, piece(1, BYTES, b"location") + piece(2, BYTES, b"/etc/passwd"))


@pytest.mark.parametrize(
    "data",
    [
        with_weights(ENTRY, piece(14, VARINT, 1), piece(14, VARINT, 0), piece(13, BYTES, b"")),
        with_weights(ENTRY, piece(14, VARINT, 1), piece(14, VARINT, 7), piece(13, BYTES, b"")),
        with_weights(ENTRY, piece(14, VARINT, (1 << 32) + 1), piece(13, BYTES, b"")),
        with_weights(piece(14, VARINT, 1), piece(14, BYTES, b"\x00"), piece(13, VARINT, 0)),
        with_weights(ENTRY, piece(13, VARINT, 0)),
    ],
    ids=["taken back", "then none known", "of 64 bits", "then text", "a number after the entry"],
)
def test_weights_elsewhere_are_found_however_it_is_written(data: bytes) -> None:
    assert "its weights (w) are in another file" in refused(data)


@pytest.mark.parametrize("place", ["a function's default", "training", "a sparse tensor's indices"])
def test_weights_elsewhere_are_found_wherever_they_hide(place: str) -> None:
    model = onnx.ModelProto.FromString(networks.own_function())
    weights = constant("w", [1.0])
    weights.ClearField("raw_data")
    weights.data_location = Type.EXTERNAL
    weights.external_data.add(key="location", value="/etc/passwd")
    if place == "a function's default":
        held = model.functions[0].attribute_proto.add(name="a", type=onnx.AttributeProto.TENSOR)
        held.t.CopyFrom(weights)
    elif place == "training":
        model.training_info.add().initialization.initializer.append(weights)
    else:
        model.graph.sparse_initializer.add().indices.CopyFrom(weights)
    assert "its weights (w) are in another file" in refused(model.SerializeToString())


def test_a_file_of_nothing_but_parts_is_refused_before_it_takes_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "MAX_PARTS", 1000)
    data = network([node("Identity", "x", "y")]) + piece(7, BYTES, piece(1, BYTES, b"") * 2000)
    assert "more than 1000 parts" in refused(data)


def test_a_file_in_onnx_runtimes_own_format_is_not_taken_for_that() -> None:
    """It would be read as such, unchecked, for four letters at its fifth byte."""
    data = piece(2, BYTES, b"xxORTM") + networks.same()
    assert data[4:8] == b"ORTM"
    program.check(data)
    session = program_runtime().open(data, gpu=False, tensorrt=False, changing=False)
    assert [one.name for one in session.get_outputs()] == ["y"]


def program_runtime():
    from matting.engines.onnx.runtime import Runtime  # noqa: PLC0415 - only this test needs it

    return Runtime.load()
