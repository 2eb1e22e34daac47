"""Selfie Segmentation as a graph that can be trained, read from the published TensorFlow Lite file.

Tkachenka, Bazarevsky and others (Google, 2021), Apache-2.0. Every operation of the file becomes
its counterpart in PyTorch; the constants of convolutions become parameters. Fed with sides other
than 256 it is the same network at another scale: only its means over the whole picture and its
enlargements depend on size.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import tflite
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_NAMES: Final = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
_TYPES: Final = {0: np.float32, 1: np.float16, 2: np.int32}
_CONVOLUTIONS: Final = ("CONV_2D", "DEPTHWISE_CONV_2D", "CUSTOM")
"""The custom one is MediaPipe's transposed convolution: 2 x 2, stride 2."""


@dataclass(frozen=True, slots=True)
class _Step:
    kind: str
    inputs: tuple[int, ...]
    output: int
    stride: int = 1


class Selfie(nn.Module):
    """(batch, 3, side, side) RGB, 0..1, to the logit of a person, (batch, 1, side, side).

    Sides are multiples of 16.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ValueError: it has an operation that this network has not.
        """
        super().__init__()
        model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
        self.weights = nn.ParameterDict()
        self._steps = tuple(self._read(model))
        graph = model.Subgraphs(0)
        self._input = int(graph.InputsAsNumpy()[0])

    def forward(self, picture: Tensor) -> Tensor:
        """The logit: the published network's last operation, the sigmoid, is left out."""
        values: dict[int, Tensor] = {self._input: picture}
        for step in self._steps:
            values[step.output] = self._do(step, values)
        return values[self._steps[-1].output]

    def _do(self, step: _Step, values: dict[int, Tensor]) -> Tensor:  # noqa: PLR0911 - one line each
        first = values[step.inputs[0]]
        match step.kind:
            case "HARD_SWISH":
                return functional.hardswish(first)
            case "RELU":
                return functional.relu(first)
            case "LOGISTIC":
                return torch.sigmoid(first)
            case "AVERAGE_POOL_2D":
                return first.mean((2, 3), keepdim=True)
            case "RESIZE_BILINEAR":
                return functional.interpolate(first, scale_factor=2.0, mode="bilinear")
            case "ADD":
                return first + values[step.inputs[1]]
            case "MUL":
                return first * values[step.inputs[1]]
        weight, bias = (self.weights[str(at)] for at in step.inputs[1:])
        if step.kind == "CUSTOM":
            return functional.conv_transpose2d(first, weight, bias, stride=2)
        return _convolved(first, weight, bias, step)

    def _read(self, model: Any) -> list[_Step]:
        graph, steps, origin = model.Subgraphs(0), [], {}
        for at in range(graph.OperatorsLength()):
            operator = graph.Operators(at)
            code = model.OperatorCodes(operator.OpcodeIndex())
            kind = _NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            inputs = tuple(int(one) for one in operator.InputsAsNumpy())
            output = int(operator.OutputsAsNumpy()[0])
            if kind == "DEQUANTIZE":
                origin[output] = _constant(model, inputs[0])
                continue
            if kind in _CONVOLUTIONS:
                self._keep(kind, origin[inputs[1]], inputs[1])
                self._keep("bias", origin[inputs[2]], inputs[2])
            steps.append(_Step(kind, inputs, output, _stride(operator, kind)))
        if steps[-1].kind != "LOGISTIC":
            raise ValueError("this file is not the network that it should be")
        return steps[:-1]

    def _keep(self, kind: str, constant: NDArray[np.float32], at: int) -> None:
        axes = {"CONV_2D": (0, 3, 1, 2), "DEPTHWISE_CONV_2D": (3, 0, 1, 2), "bias": (0,)}
        turned = constant.transpose(axes.get(kind, (3, 0, 1, 2)))
        self.weights[str(at)] = nn.Parameter(torch.from_numpy(turned.copy()))


def _convolved(first: Tensor, weight: Tensor, bias: Tensor, step: _Step) -> Tensor:
    """TensorFlow's SAME: what the sides lack is added below and at the right first."""
    lacks = max(0, int(weight.shape[-1]) - step.stride)
    padded = functional.pad(first, (lacks // 2, lacks - lacks // 2) * 2)
    groups = int(first.shape[1]) if step.kind == "DEPTHWISE_CONV_2D" else 1
    return functional.conv2d(padded, weight, bias, stride=step.stride, groups=groups)


def _stride(operator: Any, kind: str) -> int:
    table = operator.BuiltinOptions()
    if kind not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        return 1
    options = tflite.Conv2DOptions() if kind == "CONV_2D" else tflite.DepthwiseConv2DOptions()
    options.Init(table.Bytes, table.Pos)
    if options.FusedActivationFunction():
        raise ValueError("a convolution of this file is of another kind than the network's")
    return int(options.StrideH())


def _constant(model: Any, at: int) -> NDArray[np.float32]:
    tensor = model.Subgraphs(0).Tensors(at)
    raw = model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes()
    values = np.frombuffer(raw, _TYPES[tensor.Type()])
    return values.reshape(tensor.ShapeAsNumpy()).astype(np.float32)
