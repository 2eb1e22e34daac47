"""A frozen graph is a downloaded program: read it, and check what it does before it runs.

Runs on Python 3.7 too, and imports no TensorFlow: the caller has one.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from matting.errors import EngineUnavailable
from matting.networks import modelfile

INPUT = "input_image"
"""(H, W, 3) float32, RGB, 0..255; no batch axis."""
OUTPUT = "output_png"
"""(H, W, 4) uint8, RGBA; the colours are the input's."""
PROVENANCE = "matted_provenance"
"""A constant in the graphs that this project makes: where their weights come from."""
UNTRAINED = "untrained"
"""What the provenance begins with if the weights are random."""

DT_FLOAT, DT_UINT8, DT_STRING = 1, 4, 7
"""Values of TensorFlow's DataType, which never change: files depend on them."""

# What a matting network is made of: arithmetic, layers, resizing, control flow. Listed rather than
# the forbidden ones, because every release of TensorFlow adds ops that open files or sockets.
_ARITHMETIC = """
Abs Add AddN AddV2 BiasAdd BiasAddV1 Ceil ClipByValue Cumsum Div DivNoNan Einsum Elu Erf Erfc Exp
Expm1 Floor FloorDiv FloorMod Inv LeakyRelu Log Log1p LogSoftmax Maximum Minimum Mod Mul MulNoNan
Neg Pow RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Selu Sigmoid Sign Softmax Softplus Softsign
Sqrt Square SquaredDifference Sub Tanh TruncateDiv TruncateMod
"""
_LOGIC = """
All Any ApproximateEqual Equal Greater GreaterEqual IsFinite IsInf IsNan Less LessEqual LogicalAnd
LogicalNot LogicalOr NotEqual Select SelectV2 Where
"""
_LAYERS = """
AvgPool BatchMatMul BatchMatMulV2 BatchNormWithGlobalNormalization BatchToSpace BatchToSpaceND
Conv2D Conv2DBackpropInput DepthToSpace DepthwiseConv2dNative Dilation2D FusedBatchNorm
FusedBatchNormV2 FusedBatchNormV3 FusedPadConv2D FusedResizeAndPadConv2D LRN MatMul MaxPool
MaxPoolV2 MaxPoolWithArgmax SpaceToBatch SpaceToBatchND SpaceToDepth
"""
_REDUCTIONS = """
ArgMax ArgMin Max Mean Min Prod Sum TopK TopKV2
"""
_ARRAYS = """
BroadcastArgs BroadcastTo Cast Concat ConcatOffset ConcatV2 Const DynamicPartition DynamicStitch
EnsureShape ExpandDims Fill Gather GatherNd GatherV2 GuaranteeConst Identity IdentityN
InvertPermutation LinSpace MirrorPad NoOp OneHot OnesLike Pack Pad PadV2 Placeholder
PlaceholderWithDefault PreventGradient Range Rank Reshape Reverse ReverseV2 Roll ScatterNd Shape
ShapeN Size Slice Snapshot Split SplitV Squeeze StopGradient StridedSlice Tile Transpose Unpack
ZerosLike
"""
_PICTURES = """
AdjustContrastv2 AdjustHue AdjustSaturation CropAndResize ExtractImagePatches HSVToRGB ResizeArea
ResizeBicubic ResizeBilinear ResizeNearestNeighbor RGBToHSV ScaleAndTranslate
"""
_CONTROL = """
Assert CheckNumerics ControlTrigger Enter Exit If LoopCond Merge NextIteration PartitionedCall
StatefulPartitionedCall StatelessIf StatelessWhile Switch TensorArrayGatherV3 TensorArrayReadV3
TensorArrayScatterV3 TensorArraySizeV3 TensorArrayV3 TensorArrayWriteV3 While
"""
_GROUPS = (_ARITHMETIC, _LOGIC, _LAYERS, _REDUCTIONS, _ARRAYS, _PICTURES, _CONTROL)
ALLOWED = frozenset(op for group in _GROUPS for op in group.split())
_VARIABLES = {"Variable", "VariableV2", "VarHandleOp", "ReadVariableOp"}


class FrozenGraph(NamedTuple):
    """A graph that may be run."""

    graph_def: Any
    """tensorflow.GraphDef; no node is tied to a device."""
    name: str
    """What it is called, how the file's SHA-256 begins, and if the weights are untrained."""
    sha256: str
    labels: Tuple[str, ...]
    """What it says of itself, by PROVENANCE."""
    warnings: Tuple[str, ...]
    """Lines that whoever sees its mattes has to know."""


def load(path: str, graph_def: Any, called: Optional[str] = None) -> FrozenGraph:
    """Read a frozen graph and check it.

    Args:
        path: the file.
        graph_def: an empty tensorflow.GraphDef; it is filled and returned.
        called: what to call it; None: as its file.

    Raises:
        EngineUnavailable: the file cannot be read, is no frozen graph, lacks one of the two
            tensors, or does what no matting network needs to do.
    """
    data = modelfile.read(path)
    try:
        _parse(data, graph_def)
        check(graph_def)
    except _Fault as fault:
        raise EngineUnavailable(f"the model {path} cannot be used: {fault}") from fault
    for node in graph_def.node:
        # Somebody else's machine; a graph frozen on a GPU server must run on a CPU, and the other
        # way round. Which device it is stands in our settings.
        node.device = ""
    sha256 = hashlib.sha256(data).hexdigest()
    labels = tuple(sorted(_labels(graph_def)))
    called = called or os.path.basename(path)
    name = " ".join([called, sha256[:12], *(f"({label})" for label in labels)])
    warnings = tuple(
        f"the model is not trained, its mattes mean nothing ({label})"
        for label in labels
        if label.startswith(UNTRAINED)
    )
    return FrozenGraph(graph_def, name, sha256, labels, warnings)


class _Fault(Exception):
    """Why a graph cannot be used."""


def _parse(data: bytes, graph_def: Any) -> None:
    mistaken = modelfile.mistaken(data)
    if not data:
        raise _Fault(mistaken)
    try:
        graph_def.ParseFromString(data)
    except Exception as error:  # DecodeError, by an import path that changes with protobuf
        raise _Fault(mistaken or "it is no TensorFlow graph, or ends early") from error
    if not graph_def.node:
        raise _Fault(mistaken or "it is no TensorFlow graph: it has no nodes")


def check(graph_def: Any) -> None:
    """Check the operations and the input of a graph; the output's type needs TensorFlow.

    Raises:
        _Fault: with the reason.
    """
    _check_ops(graph_def)
    nodes = {node.name: node for node in graph_def.node}
    for name in (INPUT, OUTPUT):
        if name not in nodes:
            raise _Fault(f"it has no tensor {name}:0")
    _check_input(nodes[INPUT])


def _check_ops(graph_def: Any) -> None:
    functions = {function.signature.name for function in graph_def.library.function}
    foreign: Dict[str, str] = {}
    for op, name in _ops(graph_def):
        if op not in ALLOWED and op not in functions:
            foreign.setdefault(op, name)
    if foreign.keys() & _VARIABLES:
        raise _Fault("it is not frozen: it has variables")
    if foreign:
        some = ", ".join(f"{op} ({name})" for op, name in sorted(foreign.items())[:5])
        more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        raise _Fault(f"it has operations that no matting network needs: {some}{more}")


def _ops(graph_def: Any) -> Iterator[Tuple[str, str]]:
    """Every operation, in functions too, and the node where it stands."""
    for node in graph_def.node:
        yield node.op, node.name
    for function in graph_def.library.function:
        for node in function.node_def:
            yield node.op, f"{function.signature.name}/{node.name}"


def _check_input(node: Any) -> None:
    if node.op != "Placeholder":
        raise _Fault(f"{INPUT} is a {node.op}, not a Placeholder")
    if node.attr["dtype"].type != DT_FLOAT:
        raise _Fault(f"{INPUT}:0 is not float32")
    shape = node.attr["shape"].shape
    if "shape" not in node.attr or shape.unknown_rank:
        return
    sizes = [dim.size for dim in shape.dim]
    if sizes and (len(sizes) != 3 or sizes[:2] != [-1, -1] or sizes[2] not in (-1, 3)):
        raise _Fault(f"{INPUT}:0 is {_shown(sizes)}, not (any, any, 3)")


def output_fault(dtype: str, shape: List[Any]) -> str:
    """What is wrong with the output's type as TensorFlow infers it; empty if nothing is.

    Args:
        dtype: name of the type.
        shape: sizes, None where unknown; empty if even their number is.
    """
    if dtype != "uint8":
        return f"{OUTPUT}:0 is {dtype}, not uint8"
    if shape and (len(shape) != 3 or shape[2] not in (None, 4)):
        return f"{OUTPUT}:0 is {_shown(shape)}, not (height, width, 4)"
    return ""


def _shown(sizes: List[Any]) -> str:
    return "(" + ", ".join("any" if size in (None, -1) else str(size) for size in sizes) + ")"


def _labels(graph_def: Any) -> Set[str]:
    return {
        label.decode("utf-8", "replace")
        for node in graph_def.node
        if node.name == PROVENANCE and node.op == "Const"
        for label in node.attr["value"].tensor.string_val
    }
