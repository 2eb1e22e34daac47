"""A network of random weights as a frozen graph, by the published contract.

It mattes nothing. It is for timing the true workload and for testing what loads such graphs, and
says so itself: ``matted_provenance`` is in the graph, and every engine reports it.

Runs on Python 3.7 too.
"""

from __future__ import annotations

import importlib
from typing import Any, Tuple

import numpy as np

from matting.networks import graph
from matting.networks.bshm.network import Architecture, BshmNetwork

PRODUCER = 134
"""The graph version of TensorFlow 1.15."""
HEAD_GAIN = 200.0
"""Spreads the outputs of random weights over black and white, as trained ones are."""


class RandomWeights:
    """Weights by He et al., ICCV 2015 (arXiv 1502.01852), as constants; the same for a seed.

    From numpy's legacy generator, which is the one whose numbers never change with its version.
    """

    def __init__(self, tf: Any, seed: int) -> None:
        """Begin the sequence.

        Args:
            tf: TensorFlow's v1 interface.
            seed: 0 to 2**32 - 1.
        """
        self._tf = tf
        self._random = np.random.RandomState(seed)
        self.count = 0
        """Parameters made so far."""

    def __call__(self, name: str, shape: Tuple[int, ...]) -> Any:
        """One weight; see network.Weights."""
        self.count += int(np.prod(shape))
        if len(shape) == 1:
            return self._tf.constant(np.zeros(shape, np.float32), name=name)
        gain = HEAD_GAIN if name.endswith("logits/kernel") else 2.0
        spread = np.sqrt(gain / np.prod(shape[:3]))
        values = (spread * self._random.standard_normal(shape)).astype(np.float32)
        return self._tf.constant(values, name=name)


def provenance(plan: Architecture, seed: int) -> str:
    """What such a graph says of itself."""
    return f"{graph.UNTRAINED}: random weights, seed {seed}, width {plan.width}"


def freeze(tf: Any, plan: Architecture, seed: int) -> Tuple[bytes, int]:
    """Build a network of random weights.

    Args:
        tf: TensorFlow's v1 interface.
        plan: how large.
        seed: of the weights.

    Returns:
        The serialised GraphDef, the same bytes for the same arguments and TensorFlow, and the
        number of parameters.
    """
    with tf.Graph().as_default() as built:
        weights = RandomWeights(tf, seed)
        BshmNetwork(tf, plan, weights).build()
        tf.constant(provenance(plan, seed), name=graph.PROVENANCE)
    return portable(built.as_graph_def()).SerializeToString(deterministic=True), weights.count


def portable(frozen: Any) -> Any:
    """Without what tells the TensorFlows apart: 1.15 refuses attributes it has not heard of yet.

    So the same bytes come from all of them.
    """
    meta: Any = importlib.import_module("tensorflow.python.framework.meta_graph")
    holder: Any = importlib.import_module("tensorflow.core.protobuf.meta_graph_pb2").MetaGraphDef()
    holder.graph_def.CopyFrom(frozen)
    meta.strip_graph_default_valued_attrs(holder)
    holder.graph_def.versions.producer = PRODUCER
    for node in holder.graph_def.node:
        if hasattr(node, "experimental_type"):
            node.ClearField("experimental_type")
    return holder.graph_def
