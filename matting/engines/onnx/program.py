"""An ONNX file is a downloaded program: what does it ask for, beyond arithmetic?

Read here, before ONNX Runtime reads it: that opens the files which a model names for its weights,
and says of many a fault only that parsing failed. The weights are skipped, not copied.

What is looked for counts wherever it stands, were it only once and overwritten by a later field:
which of two is the last one depends on the reader, and no writer makes two.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from matting.engines.onnx.protobuf import BYTES, VARINT, Field, Malformed, fields
from matting.errors import EngineUnavailable
from matting.networks import modelfile

KNOWN_DOMAINS = frozenset(("", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"))
"""Sets of operations that ONNX Runtime itself has; quantised networks need com.microsoft."""
FORBIDDEN = frozenset(("EPContext", "Snpe", "PythonOp", "PythonOpGrad", "TritonOp", "ATen"))
"""Of those: what loads a compiled program, from a file if it likes, or runs another language's.
Refused under any domain, and if the file says that it is a function of its own."""
MAX_DEPTH = 100
"""Protobuf's own limit."""
MAX_PARTS = 2_000_000
"""Of those that are looked at. U2NetP has 7,338; to read so many takes half a minute."""

# The messages of onnx.proto that can hold what is looked for, and their fields' numbers there; a
# test compares this with the package `onnx`.
WITHIN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_IR_VERSION, _GRAPH = 1, 7  # of a model
_OP_TYPE, _DOMAIN, _OVERLOAD = 4, 7, 8  # of a node
_NAME, _FUNCTION_DOMAIN, _FUNCTION_OVERLOAD = 1, 10, 13  # of a function
_TENSOR_NAME, _EXTERNAL_DATA, _DATA_LOCATION = 8, 13, 14  # of a tensor

_TELLING: dict[str, tuple[int, ...]] = {
    "node": (_DOMAIN, _OP_TYPE, _OVERLOAD),
    "function": (_FUNCTION_DOMAIN, _NAME, _FUNCTION_OVERLOAD),
    "tensor": (_TENSOR_NAME, _EXTERNAL_DATA, _DATA_LOCATION),
}
"""What a message says itself. All else is passed over: weights may be a million fields."""

Operation = tuple[bytes, ...]
"""Domain, name, and which of several functions of that name."""


@dataclass(frozen=True, slots=True)
class Program:
    """An ONNX file that may be given to ONNX Runtime."""

    data: bytes
    name: str
    """The file's."""
    sha256: str


def load(path: str) -> Program:
    """Read an ONNX file and check what it does.

    Raises:
        EngineUnavailable: the file cannot be read, is no ONNX network, or asks for operations or
            files that are not its own.
    """
    data = modelfile.read(path)
    try:
        check(data)
    except _Fault as fault:
        raise EngineUnavailable(f"the model {path} cannot be used: {fault}") from fault
    return Program(data, os.path.basename(path), hashlib.sha256(data).hexdigest())


class _Fault(Exception):
    """Why a file cannot be used."""


@dataclass(slots=True)
class Contents:
    """What a file asks for."""

    used: set[Operation] = field(default_factory=set)
    """By its nodes, wherever they stand."""
    own: set[Operation] = field(default_factory=set)
    """Functions that it brings."""
    outside: list[bytes] = field(default_factory=list)
    """Tensors whose values are in other files."""


def check(data: bytes) -> None:
    """Refuse foreign operations and weights in other files.

    Raises:
        _Fault: with the reason.
    """
    mistaken = modelfile.mistaken(data)
    try:
        _check_kind(data)
        contents = read(data)
    except Malformed as error:
        raise _Fault(mistaken or "it is no ONNX network, or ends early") from error
    _check_operations(contents)
    if contents.outside:
        name = _shown(contents.outside[0]) or "without a name"
        raise _Fault(f"its weights ({name}) are in another file; it has to be a single one")


def read(data: bytes) -> Contents:
    """Find all that a file asks for.

    Raises:
        Malformed: it is no protobuf.
        _Fault: it has more parts than any network.
    """
    found = Contents()
    count = 0
    for kind, parts in _walk("model", memoryview(data)):
        count += len(parts) + 1
        if count > MAX_PARTS:
            raise _Fault(f"it has more than {MAX_PARTS} parts, which no network has")
        if kind == "node":
            # Unlike the rest, the last one counts, since the name has to be one.
            found.used.add(_last(parts, *_TELLING[kind]))
        elif kind == "function":
            found.own.add(_last(parts, *_TELLING[kind]))
        elif kind == "tensor" and any(map(_is_outside, parts)):
            found.outside.append(_last(parts, _TENSOR_NAME)[0])
    return found


def _check_kind(data: bytes) -> None:
    kinds = {(one.number, one.wire) for one in fields(memoryview(data))}
    if (_GRAPH, BYTES) not in kinds and (1, BYTES) in kinds:
        raise _Fault(
            "it is no ONNX network, but seems to be a TensorFlow graph, which is for the engine "
            "bshm; `matted model convert bshm` makes an ONNX network of it"
        )
    if not {(_IR_VERSION, VARINT), (_GRAPH, BYTES)} <= kinds:
        raise Malformed


def _check_operations(contents: Contents) -> None:
    if not contents.used:
        raise _Fault("it is no ONNX network: it has no nodes")
    forbidden = {one for one in contents.used | contents.own if _shown(one[1]) in FORBIDDEN}
    unknown = {one for one in contents.used - contents.own if _shown(one[0]) not in KNOWN_DOMAINS}
    foreign = sorted(
        {
            f"{_shown(domain)}:{_shown(name)}" if domain else _shown(name)
            for domain, name, _ in forbidden | unknown
        }
    )
    if foreign:
        more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        raise _Fault(
            f"it has operations that no matting network needs: {', '.join(foreign[:5])}{more}"
        )


def _is_outside(part: Field) -> bool:
    """Whether it says that a tensor's values are elsewhere."""
    if part.number == _EXTERNAL_DATA:
        return part.wire == BYTES
    return part.number == _DATA_LOCATION and part.enum() not in {None, 0}


def _walk(kind: str, message: memoryview, depth: int = 0) -> Iterator[tuple[str, list[Field]]]:
    """Every message within, the outermost first, with all its fields as they stand.

    A message that is there twice, where there should be one, is merged by protobuf: both count.
    """
    if depth > MAX_DEPTH:
        raise Malformed
    wanted = {*WITHIN[kind], *_TELLING.get(kind, ())}
    found = (one for one in fields(message) if one.number in wanted)
    parts = list(itertools.islice(found, MAX_PARTS + 1))
    yield kind, parts
    for part in parts:
        inner = WITHIN[kind].get(part.number)
        if inner is not None and isinstance(part.value, memoryview):
            yield from _walk(inner, part.value, depth + 1)


def _last(parts: list[Field], *numbers: int) -> tuple[bytes, ...]:
    """The last text of each number that is written as a text; empty if there is none."""
    texts = dict.fromkeys(numbers, b"")
    for part in parts:
        if part.number in texts and (text := part.text()) is not None:
            texts[part.number] = text
    return tuple(texts[number] for number in numbers)


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace")
