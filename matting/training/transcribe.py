"""An ONNX network's nodes written down again as TensorFlow's, rows and columns before channels.

Knows the operations that our own networks are made of, and no others. Needs TensorFlow and onnx.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

Array = NDArray[Any]
_HALVED = 16
"""Constants with as many values are stored in half precision, as the files have them."""


def read(path: Path, shape: tuple[int, ...] | None) -> onnx.ModelProto:
    """Read a network, with the size of its input if it is to have a fixed one."""
    model = onnx.load(str(path))
    if shape is not None:
        axes = model.graph.input[0].type.tensor_type.shape.dim
        for axis, size in zip(axes, shape, strict=True):
            axis.dim_value = size
        del model.graph.output[0].type.tensor_type.shape.dim[:]
        del model.graph.value_info[:]
    return shape_inference.infer_shapes(model)


class Transcript:
    """Builds one network into TensorFlow's default graph."""

    def __init__(self, tf: Any, model: onnx.ModelProto, name: str) -> None:
        """Work out what is constant.

        Args:
            tf: TensorFlow's v1 interface.
            model: what ``read`` gave.
            name: what its nodes' names begin with.
        """
        self._tf = tf
        self._name = name
        self._graph = model.graph
        self._known: dict[str, Array] = {
            one.name: numpy_helper.to_array(one) for one in model.graph.initializer
        }
        self._known[""] = np.zeros(0, np.float32)
        self._opset = model.opset_import
        self._made: dict[str, Any] = {}
        self._does: dict[str, Callable[..., Any]] = {
            "Conv": self._conv,
            "ConvTranspose": self._conv_transpose,
            "Pad": self._pad,
            "Resize": self._resize,
            "MaxPool": self._max_pool,
            "ReduceMean": self._mean,
            "Concat": lambda inputs, _: tf.concat(inputs, 3),
            "Relu": lambda inputs, _: tf.nn.relu(*inputs),
            "Sigmoid": lambda inputs, _: tf.sigmoid(*inputs),
            "HardSigmoid": self._hard_sigmoid,
            "Clip": lambda inputs, _: tf.clip_by_value(inputs[0], *map(float, inputs[1:3])),
            "Identity": lambda inputs, _: inputs[0],
            "Cast": lambda inputs, _: inputs[0],  # of a picture, to what it is already
            "Add": lambda inputs, _: self._each(inputs, tf.add),
            "Sub": lambda inputs, _: self._each(inputs, tf.subtract),
            "Mul": lambda inputs, _: self._each(inputs, tf.multiply),
            "Div": lambda inputs, _: self._each(inputs, tf.divide),
        }

    def build(self, seen: Any) -> Any:
        """The answer to ``seen``; both (1, height, width, channels)."""
        self._made[self._graph.input[0].name] = seen
        for number, node in enumerate(self._graph.node):
            if all(name in self._known for name in node.input):
                self._know(node)
                continue
            self._number = number
            inputs = [self._made.get(name, self._known.get(name)) for name in node.input]
            facts = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
            if node.op_type == "Slice" and self._is_channels(inputs):
                self._made[node.output[0]] = self._channels(inputs)
                continue
            if node.op_type in {"Shape", "Constant"}:
                raise ValueError(f"{node.name}: {node.op_type} of what is not known")
            with self._tf.name_scope(f"{self._name}/{node.op_type}_{number}"):
                self._made[node.output[0]] = self._does[node.op_type](inputs, facts)
        return self._made[self._graph.output[0].name]

    def _know(self, node: onnx.NodeProto) -> None:
        """Work out a node whose inputs are all constant."""
        fed = [name for name in node.input if name]
        values = [onnx.helper.make_tensor_value_info(name, 1, None) for name in fed]
        outputs = [onnx.helper.make_tensor_value_info(name, 1, None) for name in node.output]
        small = onnx.helper.make_graph([node], "one", values, outputs)
        model = onnx.helper.make_model(small, opset_imports=self._opset)
        answers = ReferenceEvaluator(model).run(None, {name: self._known[name] for name in fed})
        self._known.update(zip(node.output, map(np.asarray, answers), strict=True))

    def _constant(self, values: Array, name: str) -> Any:
        """A constant; large ones in half precision."""
        if values.size < _HALVED:
            return self._tf.constant(values.astype(np.float32), name=name)
        half = self._tf.constant(values.astype(np.float16), name=f"{name}_half")
        return self._tf.cast(half, self._tf.float32, name=name)

    def _conv(self, inputs: list[Any], facts: dict[str, Any]) -> Any:
        tf, (x, kernel) = self._tf, inputs[:2]
        groups, channels = facts.get("group", 1), x.shape.as_list()[3]
        strides = [1, *facts.get("strides", [1, 1]), 1]
        dilations = facts.get("dilations", [1, 1])
        above, left, below, right = facts.get("pads", [0, 0, 0, 0])
        if any((above, left, below, right)):
            x = tf.pad(x, [[0, 0], [above, below], [left, right], [0, 0]])
        if groups == 1:
            weights = self._constant(kernel.transpose(2, 3, 1, 0), "kernel")
            whole = [1, *dilations, 1]
            y = tf.nn.conv2d(x, weights, strides, "VALID", dilations=whole)
        elif groups == channels:
            many = len(kernel) // channels
            rows = kernel.transpose(2, 3, 0, 1).reshape(*kernel.shape[2:], channels, many)
            weights = self._constant(rows, "kernel")
            y = tf.nn.depthwise_conv2d(x, weights, strides, "VALID")
        else:
            raise ValueError(f"a convolution of {groups} groups and {channels} channels")
        if len(inputs) > 2:
            y = tf.nn.bias_add(y, self._constant(inputs[2], "bias"))
        return y

    def _conv_transpose(self, inputs: list[Any], facts: dict[str, Any]) -> Any:
        """Of 2 x 2 at every second pixel, as a convolution and pixels put in their places."""
        tf, (x, kernel, bias) = self._tf, inputs
        if facts["kernel_shape"] != [2, 2] or facts["strides"] != [2, 2] or kernel.shape[1] != 1:
            raise ValueError(f"a transposed convolution of {facts} and {kernel.shape}")
        weights = self._constant(kernel.reshape(1, 1, len(kernel), 4), "kernel")
        four = tf.nn.conv2d(x, weights, [1, 1, 1, 1], "VALID")
        return tf.depth_to_space(four, 2) + float(np.ravel(bias)[0])

    def _pad(self, inputs: list[Any], _: dict[str, Any]) -> Any:
        begin, end = np.split(inputs[1].astype(int), 2)
        order = (0, 2, 3, 1)
        return self._tf.pad(inputs[0], [[int(begin[at]), int(end[at])] for at in order])

    def _resize(self, inputs: list[Any], facts: dict[str, Any]) -> Any:
        if facts.get("mode") != b"linear" or facts.get(
            "coordinate_transformation_mode", b"half_pixel"
        ) not in {b"half_pixel", b"pytorch_half_pixel"}:
            raise ValueError(f"a resize of {facts}")
        tf, x = self._tf, inputs[0]
        if len(inputs) > 3 and inputs[3].size:
            size: Any = [int(side) for side in inputs[3][2:]]
        else:
            times = [round(float(one)) for one in inputs[2][2:]]
            size = tf.shape(x)[1:3] * times
            if None not in x.shape.as_list():
                size = [side * one for side, one in zip(x.shape.as_list()[1:3], times, strict=True)]
        return tf.raw_ops.ResizeBilinear(
            images=x, size=size, align_corners=False, half_pixel_centers=True
        )

    def _max_pool(self, inputs: list[Any], facts: dict[str, Any]) -> Any:
        if any(facts.get("pads", [])) or facts.get("ceil_mode"):
            raise ValueError(f"a pool of {facts}")
        kernel, strides = ([1, *facts[name], 1] for name in ("kernel_shape", "strides"))
        return self._tf.nn.max_pool(inputs[0], kernel, strides, "VALID")

    def _mean(self, inputs: list[Any], facts: dict[str, Any]) -> Any:
        if sorted(facts["axes"]) != [2, 3]:
            raise ValueError(f"a mean of {facts}")
        return self._tf.reduce_mean(inputs[0], [1, 2], keepdims=True)

    def _hard_sigmoid(self, inputs: list[Any], facts: dict[str, Any]) -> Any:
        steep, shift = facts.get("alpha", 0.2), facts.get("beta", 0.5)
        return self._tf.clip_by_value(inputs[0] * steep + shift, 0.0, 1.0)

    def _each(self, inputs: list[Any], does: Callable[[Any, Any], Any]) -> Any:
        """Pixel by pixel; a constant's channels stand first in the file."""
        turned = [self._turned(one) if isinstance(one, np.ndarray) else one for one in inputs]
        return does(*turned)

    def _turned(self, values: Array) -> Any:
        if values.ndim < 3:
            if values.size > 1:
                raise ValueError(f"a constant of {values.shape} beside a picture")
            return float(values.ravel()[0])
        return self._constant(np.moveaxis(values, -3, -1), "value")

    def _is_channels(self, inputs: list[Any]) -> bool:
        axes = inputs[3] if len(inputs) > 3 else np.arange(len(inputs[1]))
        return list(np.ravel(axes)) == [1]

    def _channels(self, inputs: list[Any]) -> Any:
        first, last = int(np.ravel(inputs[1])[0]), int(np.ravel(inputs[2])[0])
        return inputs[0][..., first : min(last, inputs[0].shape.as_list()[3])]
