"""Trained weights as ONNX files that OpenCV runs, their constants in half precision.

OpenCV's reader expands half precision at loading; the file is half as large.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

OPSET = 13
"""Read by OpenCV 4.10 and later."""


def write(
    network: nn.Module, shape: tuple[int, ...], path: Path, *, any_size: bool = False
) -> None:
    """Export a network of one input and one output.

    Args:
        network: takes and gives tensors of float32.
        shape: of the input.
        path: of the file.
        any_size: rows and columns may differ from ``shape``'s.
    """
    axes = {2: "rows", 3: "columns"}
    memory = io.BytesIO()
    torch.onnx.export(
        network.eval().cpu(),
        (torch.zeros(shape),),
        memory,
        input_names=["picture"],
        output_names=["alpha"],
        opset_version=OPSET,
        dynamic_axes={"picture": axes, "alpha": axes} if any_size else None,
        dynamo=False,
    )
    model = onnx.load_from_string(memory.getvalue())
    halve(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def halve(model: onnx.ModelProto) -> None:
    """Store weights in half precision, with a Cast where each is used."""
    graph, casts = model.graph, []
    for at, constant in enumerate(graph.initializer):
        values = numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size < 16:
            continue
        name = constant.name
        half = numpy_helper.from_array(values.astype(np.float16), f"{name}_half")
        graph.initializer[at].CopyFrom(half)
        casts.append(
            onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
