"""An ONNX file is a downloaded program: what does it ask for, beyond arithmetic?

Read here, before ONNX Runtime reads it: that opens the files which a model names for its weights,
and says of many a fault only that parsing failed. A protobuf is a list of numbered fields, so
little is needed to walk one, and the weights are skipped, not copied.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from matting import modelfile
from matting.errors import EngineUnavailable

KNOWN_DOMAINS = frozenset(("", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"))
"""Sets of operations that ONNX Runtime itself has; quantised networks need com.microsoft."""
FORBIDDEN = frozenset(("EPContext",))
"""Of those: what loads a compiled program, from a file if it likes."""
MAX_DEPTH = 100
"""Protobuf's own limit."""

# The messages of onnx.proto that can hold what is looked for, and their fields' numbers there.
_WITHIN = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_OP_TYPE, _DOMAIN = 4, 7  # of a node
_NAME, _FUNCTION_DOMAIN = 1, 10  # of a function
_TENSOR_NAME, _EXTERNAL_DATA, _DATA_LOCATION = 8, 13, 14  # of a tensor
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Value = int | memoryview


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


class _Malformed(Exception):
    """These bytes are no protobuf."""


def check(data: bytes) -> None:
    """Refuse foreign operations and weights in other files.

    Raises:
        _Fault: with the reason.
    """
    mistaken = modelfile.mistaken(data)
    try:
        _check_kind(data)
        messages = list(_walk("model", memoryview(data)))
    except _Malformed as error:
        raise _Fault(mistaken or "it is no ONNX network, or ends early") from error
    _check_operations(messages)
    for kind, values in messages:
        if kind == "tensor" and (values.get(_EXTERNAL_DATA) or values.get(_DATA_LOCATION) == 1):
            name = _text(values.get(_TENSOR_NAME)) or "without a name"
            raise _Fault(f"its weights ({name}) are in another file; it has to be a single one")


def _check_kind(data: bytes) -> None:
    kinds = dict(_fields(memoryview(data)))
    if 7 not in kinds and isinstance(kinds.get(1), memoryview):
        raise _Fault(
            "it is no ONNX network, but seems to be a TensorFlow graph, which is for the engine "
            "bshm; `matted model convert bshm` makes an ONNX network of it"
        )
    if not isinstance(kinds.get(1), int) or not isinstance(kinds.get(7), memoryview):
        raise _Malformed


def _check_operations(messages: list[tuple[str, dict[int, Value]]]) -> None:
    own = {
        (_text(values.get(_FUNCTION_DOMAIN)), _text(values.get(_NAME)))
        for kind, values in messages
        if kind == "function"
    }
    nodes = [values for kind, values in messages if kind == "node"]
    if not nodes:
        raise _Fault("it is no ONNX network: it has no nodes")
    used = {(_text(node.get(_DOMAIN)), _text(node.get(_OP_TYPE))) for node in nodes}
    foreign = sorted(
        f"{domain}:{op}" if domain else op
        for domain, op in used - own
        if domain not in KNOWN_DOMAINS or op in FORBIDDEN
    )
    if foreign:
        more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        raise _Fault(
            f"it has operations that no matting network needs: {', '.join(foreign[:5])}{more}"
        )


def _walk(kind: str, message: memoryview, depth: int = 0) -> Iterator[tuple[str, dict[int, Value]]]:
    """Every message within, the outermost first, with its last value for each field."""
    if depth > MAX_DEPTH:
        raise _Malformed
    values: dict[int, Value] = {}
    within: list[tuple[str, memoryview]] = []
    for number, value in _fields(message):
        values[number] = value
        inner = _WITHIN[kind].get(number)
        if inner is not None:
            if not isinstance(value, memoryview):
                raise _Malformed
            within.append((inner, value))
    yield kind, values
    for inner, part in within:
        yield from _walk(inner, part, depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """A message's fields: number and value; bytes are a view."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == _BYTES:
            size, at = _varint(message, at)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise _Malformed
        if not number or at + size > len(message):
            raise _Malformed
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number in sevens of bits, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise _Malformed
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise _Malformed


def _text(value: Value | None) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview) else ""
