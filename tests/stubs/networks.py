"""ONNX networks, good and bad, that tests run."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
from laboratory import ROOT
from onnx import TensorProto as Type
from onnx import helper, numpy_helper

NCHW, NHWC, HWC = (1, 3, None, None), (1, None, None, 3), (None, None, 3)


def node(op, inputs, outputs, **attributes):
    """``outputs`` and ``inputs`` are names with blanks between."""
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def constant(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.array(values, dtype), name)


def network(nodes, shape=NCHW, kind=Type.FLOAT, constants=(), outputs=("y",), **more):
    """The bytes of a network with the input ``x``.

    Args:
        nodes: made by ``node``.
        shape: the input's.
        kind: the input's type.
        constants: made by ``constant``.
        outputs: names, or pairs of name and type.
        **more: ``input``, its other name; ``domains`` used beside ONNX's own; ``functions``;
            ``metadata``, a dict; ``others``, names of further inputs.
    """
    named = [(out, Type.FLOAT) if isinstance(out, str) else out for out in outputs]
    inputs = [(more.get("input", "x"), kind, shape)]
    inputs += [(other, Type.FLOAT, [1]) for other in more.get("others", ())]
    graph = helper.make_graph(
        list(nodes),
        "made-by-a-test",
        [helper.make_tensor_value_info(*port) for port in inputs],
        [helper.make_tensor_value_info(name, type_, None) for name, type_ in named],
        list(constants),
    )
    domains = [helper.make_opsetid(domain, 1) for domain in more.get("domains", ())]
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 17), *domains],
        functions=more.get("functions", ()),
        ir_version=9,
    )
    for key, value in more.get("metadata", {}).items():
        model.metadata_props.add(key=key, value=value)
    return model.SerializeToString()


def same(shape=NCHW, kind=Type.FLOAT):
    """Answers what it is fed."""
    return network([node("Identity", "x", "y")], shape, kind, outputs=[("y", kind)])


def bshm(sign=1, offset=0, **more):
    """Keeps BSHM's contract; alpha is red, or what is made of it."""
    nodes = [
        node("Slice", "input_image zero one two", "red"),
        node("Mul", "red sign", "signed"),
        node("Add", "signed offset", "alpha"),
        node("Concat", "input_image alpha", "rgba", axis=2),
        node("Cast", "rgba", "output_png", to=Type.UINT8),
    ]
    constants = [constant(*each, np.int64) for each in (("zero", [0]), ("one", [1]), ("two", [2]))]
    constants += [constant("sign", sign), constant("offset", offset)]
    outputs = [("output_png", Type.UINT8)]
    return network(nodes, HWC, constants=constants, outputs=outputs, input="input_image", **more)


def hungry():
    """Needs 70 TB for a picture that is 70 wide, and nothing otherwise."""
    nodes = [
        node("Shape", "x", "width", start=3, end=4),
        node("Equal", "width seventy", "is_hungry"),
        node("Cast", "is_hungry", "once", to=Type.INT64),
        node("Mul", "once much", "size"),
        node("ConstantOfShape", "size", "zeros"),
        node("ReduceSum", "zeros", "zero", keepdims=0),
        node("Add", "x zero", "y"),
    ]
    constants = [constant("seventy", [70], np.int64), constant("much", [1 << 44], np.int64)]
    return network(nodes, constants=constants)


def only_multiples_of(number):
    """Fails at other sizes, as networks do that halve and double again."""
    nodes = [
        node("SpaceToDepth", "x", "deep", blocksize=number),
        node("DepthToSpace", "deep", "y", blocksize=number),
    ]
    return network(nodes)


def outside(location="weights.bin", within=None):
    """Its weights are in another file; ``within`` hides them in a branch."""
    weights = constant("w", [1.0])
    weights.ClearField("raw_data")
    weights.data_location = Type.EXTERNAL
    weights.external_data.add(key="location", value=location)
    if within is None:
        return network([node("Add", "x w", "y")], constants=[weights])
    branch = [
        helper.make_graph(
            [node("Add", "x w", out)],
            out,
            [],
            [helper.make_tensor_value_info(out, Type.FLOAT, None)],
            [weights],
        )
        for out in ("then", "else")
    ]
    choice = node("If", "yes", "y", then_branch=branch[0], else_branch=branch[1])
    return network([choice], constants=[constant("yes", 1, np.bool_)])


def own_function(op="Identity", domain=""):
    """Calls a function that it brings along, as exporters write them."""
    function = helper.make_function(
        "its.own",
        "Innocent",
        ["a"],
        ["b"],
        [helper.make_node(op, ["a"], ["b"], domain=domain)],
        [helper.make_opsetid("", 17), helper.make_opsetid(domain or "ai.onnx.ml", 1)],
    )
    call = helper.make_node("Innocent", ["x"], ["y"], domain="its.own")
    return network([call], domains=["its.own"], functions=[function])


def foreign(op, domain):
    return network([helper.make_node(op, ["x"], ["y"], domain=domain)], domains=[domain])


def refining(planes, weights, sides=(None, None), multiple_of=1, **more):
    """A refiner's network: alpha is the sum of what it is fed, each plane by its weight.

    Args:
        planes: of its input: 4 with one plane for the trimap, 6 with a trimap of three.
        weights: as many.
        sides: height and width, where they are fixed.
        multiple_of: it fails at other sizes.
        **more: for ``network``.
    """
    nodes = [
        node("SpaceToDepth", "x", "deep", blocksize=multiple_of),
        node("DepthToSpace", "deep", "same", blocksize=multiple_of),
        node("Conv", "same weights", "y"),
    ]
    constants = [constant("weights", np.reshape(weights, (1, planes, 1, 1)))]
    return network(nodes, (1, planes, *sides), constants=constants, **more)


def picture(height, width, seed=1):
    """Noise, (height, width, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def in_a_process(code, **environ):
    """Run Python in a process of its own, which has the engine's ``load``."""
    start = "import numpy as np; from matting.engines.onnx import load\n"
    return subprocess.run(
        [sys.executable, "-c", start + code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ROOT} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
