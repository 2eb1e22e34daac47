"""``python -m matting.networks.bshm.convert --from F.pb --out F.onnx``, where there is tf2onnx.

It needs TensorFlow 2, too. Whether the result answers as the graph does is not known here: tf2onnx
puts something else in place of what ONNX lacks (ResizeArea becomes ResizeBilinear, and alpha is off
by 160 of 255). Photos tell.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from typing import Any

from matting.errors import EngineUnavailable, one_line
from matting.framework import Framework
from matting.networks import graph
from matting.small_file import replace_file

OPSET = 16
"""The earliest that works, so that older runtimes read it, too: up to 15 ONNX Runtime refuses the
network, since it takes sizes that an early Where has chosen for empty."""
SOURCE = "matted_source_sha256"
"""The file's metadata: the graph that it was made of. graph.PROVENANCE is there, too."""
THRIFT = {
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
    "TF2ONNX_CATCH_ERRORS": "FALSE",
}
"""Read by protobuf and tf2onnx. The latter copies all messages, weights and all, in each of its 36
passes, and protobuf in C keeps every copy: 16 GB and 50 s for full BSHM in place of 4 GB and 15 s.
It also copies the network before each pass, to carry on without one that fails: 19 GB and 80 s."""
_SIZES = ("height", "width")


def main() -> int:
    """Convert one graph; say its size in one line."""
    prog = "python -m matting.networks.bshm.convert"
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("--from", dest="source", required=True, help="a frozen graph (.pb)")
    parser.add_argument("--out", required=True, help="the network's file (.onnx)")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # tf2onnx tells its own logger what it raises, too
    os.environ.update(THRIFT)
    try:
        data, by = convert(args.source)
        replace_file(args.out, data)
    except (EngineUnavailable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{args.out}: {len(data) / 1e6:.0f} MB, opset {OPSET}, by {by}\n")
    return 0


def convert(source: str) -> tuple[bytes, str]:
    """Turn a frozen graph of the published contract into an ONNX network of any height and width.

    Args:
        source: its file.

    Returns:
        The network, with ``input_image`` (height, width, 3) float32 and ``output_png`` (height,
        width, 4) uint8 as in the graph, and what made it.

    Raises:
        EngineUnavailable: the graph cannot be used, or has what cannot be converted; or there is
            no TensorFlow or no tf2onnx here.
    """
    framework = Framework.load()
    model = graph.load(source, framework.tf.GraphDef())
    converter = _load("tf2onnx")
    network = _translate(converter.convert, model)
    _check(network, model)
    _label(network, model)
    by = f"tf2onnx {converter.__version__} with TensorFlow {framework.version}"
    return network.SerializeToString(deterministic=True), by


def _load(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise EngineUnavailable(
            f"{sys.executable} has no {name} ({error}): `make converter` makes an environment that "
            "has one"
        ) from error


def _translate(converter: Any, model: graph.FrozenGraph) -> Any:
    tensors = {f"{name}:0": name for name in (graph.INPUT, graph.OUTPUT)}
    try:
        network, _ = converter.from_graph_def(
            model.graph_def,
            name="bshm",
            input_names=[f"{graph.INPUT}:0"],
            output_names=[f"{graph.OUTPUT}:0"],
            opset=OPSET,
            tensors_to_rename=tensors,
        )
    except Exception as error:  # it has no classes of its own
        reason = one_line(error)
        raise EngineUnavailable(f"tf2onnx cannot convert {model.name}: {reason}") from error
    return network


def _check(network: Any, model: graph.FrozenGraph) -> None:
    """Raise if something was left as it was, which tf2onnx only logs, or the output is wrong."""
    onnx = _load("onnx")
    foreign = sorted(
        {
            node.op_type
            for node in network.graph.node
            if node.domain not in {"", "ai.onnx"} or not onnx.defs.has(node.op_type)
        }
    )
    if foreign:
        raise EngineUnavailable(
            f"tf2onnx cannot convert {model.name}: ONNX has no {', '.join(foreign)}"
        )
    kind = network.graph.output[0].type.tensor_type
    dtype = onnx.TensorProto.DataType.Name(kind.elem_type).lower()
    sizes = [dim.dim_value or None for dim in kind.shape.dim]
    fault = graph.output_fault(dtype, sizes)
    if fault:
        raise EngineUnavailable(f"the model {model.name} cannot be used: {fault}")


def _label(network: Any, model: graph.FrozenGraph) -> None:
    """Name the free sizes, and tell where it comes from: untrained stays untrained."""
    for tensor in (*network.graph.input, *network.graph.output):
        for dim, name in zip(tensor.type.tensor_type.shape.dim, _SIZES, strict=False):
            dim.dim_param = name
    network.doc_string = f"converted from {model.name}"
    facts = {SOURCE: model.sha256, graph.PROVENANCE: "; ".join(model.labels)}
    for key, value in facts.items():
        if value:
            network.metadata_props.add(key=key, value=value)


if __name__ == "__main__":
    sys.exit(main())
