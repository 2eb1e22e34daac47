"""The coarse network, who is a person: Selfie Segmentation asked first, U2-Net's small form after.

Both start from their published weights and are trained on together. The second sees what the
first said as a fourth channel, and both have a say in the answer. 1.2 M parameters.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from matting.training.selfie import Selfie
from matting.training.u2netp import U2NetP

SIDE = 320
"""Rows and columns of the picture that it is fed, squeezed to a square."""
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of what U2-Net is fed."""
_START = 0.25
"""How much of the person logit the fourth channel has."""


class Coarse(nn.Module):
    """(batch, 3, side, side) RGB 0..1 to logits; the first is the answer, the rest only teach."""

    mean: Tensor
    spread: Tensor

    def __init__(self, selfie: Path, u2netp: Path) -> None:
        """Start from the two published files."""
        super().__init__()
        self.person = Selfie(selfie)
        published = U2NetP()
        published.read(u2netp)
        self.shape = U2NetP(inputs=4)
        weights = published.state_dict()
        first = self.shape.encode[0].first.weight.data.zero_()
        first[:, :3] = weights.pop("encode.0.first.weight")
        self.shape.load_state_dict(weights, strict=False)
        self.shares = nn.Parameter(torch.tensor([0.5, 0.5]))
        self.register_buffer("mean", torch.tensor(IMAGENET[0]).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor(IMAGENET[1]).view(1, 3, 1, 1))

    def read(self, path: Path) -> None:
        """Take the weights of a checkpoint's best (coarse.pt), or of what ``export`` wrote.

        Args:
            path: ends in .onnx where it is of ``export``, as the files that are shipped.

        Raises:
            ValueError: it is another network.
        """
        if path.suffix != ".onnx":
            self.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
            return
        graph = onnx.load(str(path)).graph
        constants = {
            one.name.removesuffix("_half"): torch.from_numpy(
                numpy_helper.to_array(one).astype(np.float32)
            )
            for one in graph.initializer
        }
        last = [node for node in graph.node if node.op_type == "Mul"][-2:]  # the exporter cut these
        shares = [constants[name] for node in last for name in node.input if name in constants]
        own = set(self.state_dict()) - {"shares"}
        lacking = {f"network.{name}" for name in own} - constants.keys()
        if lacking or len(shares) != len(self.shares):
            raise ValueError(f"{path} is another network")
        weights = {name: constants[f"network.{name}"] for name in own}
        self.load_state_dict({**weights, "shares": torch.stack(shares)})

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """The answer, then the logits that it is made of."""
        person = self.person(picture)
        seen = torch.cat([(picture - self.mean) / self.spread, person * _START], 1)
        fused, *scales = self.shape(seen)
        answer = fused * self.shares[0] + person * self.shares[1]
        return (answer, fused, person, *scales)


class Answering(nn.Module):
    """What is exported: the probability alone."""

    def __init__(self, network: nn.Module) -> None:
        """Keep the network."""
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        """(1, 3, side, side) RGB 0..1 to (1, 1, side, side) 0..1."""
        return torch.sigmoid(self.network(picture)[0])
