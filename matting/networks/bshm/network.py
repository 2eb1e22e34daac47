"""BSHM: a coarse network finds the person, a second evens out its mask, a third draws the hair.

After Liu et al., CVPR 2020 (arXiv 2004.04955): three encoder-decoders with skip connections; the
mask prediction network (MPN) and the quality unification network (QUN) see the picture at 192x160,
the matting refinement network (MRN) at 768x640, and the mask joins it where it has come down to
192x160, too. Number and widths of the layers are this project's own choice, made so that the full
network has about the 78 M parameters of the published one.

Only operations that TensorFlow 1.15 and 2.x have, and no layer classes: the weights come from a
function, so that one may freeze them as constants or train them as variables.
"""

from __future__ import annotations

from typing import Any, Callable, List, NamedTuple, Sequence, Tuple

from matting.networks import graph

FULL_WIDTH = 64

Weights = Callable[[str, Tuple[int, ...]], Any]
"""Name and shape to a float32 tensor. Kernels are (height, width, in, out), biases (out,)."""


class Architecture(NamedTuple):
    """How large a network is."""

    width: int = FULL_WIDTH
    """Channels of MPN's first stage, even; 64 makes 77.5 M parameters, in its square."""
    coarse: Tuple[int, int] = (192, 160)
    """Longer and shorter side at which MPN and QUN look; multiples of 16."""

    def check(self) -> None:
        """Raise a ValueError if the stages' sizes would not come out even."""
        if self.width < 2 or self.width % 2 or any(side % 16 for side in self.coarse):
            raise ValueError(f"width has to be even, and sides multiples of 16: {self}")

    @property
    def fine(self) -> Tuple[int, int]:
        """Longer and shorter side at which MRN looks: two stages above the coarse mask."""
        return 4 * self.coarse[0], 4 * self.coarse[1]

    @property
    def mpn(self) -> List[int]:
        """Channels of MPN's five stages."""
        return [self.width * times for times in (1, 2, 4, 8, 16)]

    @property
    def qun(self) -> List[int]:
        """Channels of QUN's five stages: half of MPN's, since it only has to even out."""
        return [self.width * times // 2 for times in (1, 2, 4, 8, 16)]

    @property
    def mrn(self) -> List[int]:
        """Channels of MRN's seven stages; two more, so that its last one sees as far as MPN's."""
        return [self.width * times // 2 for times in (1, 2, 4, 8, 16, 16, 26)]


class BshmNetwork:
    """Builds the three networks into the default graph.

    (h, w) is the coarse size and (H, W) the fine one, each with its longer side along the
    picture's longer side: the published sizes name no orientation, and a landscape squeezed into
    a portrait would show the network people three times too slim.
    """

    def __init__(self, tf: Any, plan: Architecture, weights: Weights) -> None:
        """Prepare.

        Args:
            tf: TensorFlow's v1 interface.
            plan: how large.
            weights: where kernels and biases come from.
        """
        plan.check()
        self._tf = tf
        self._plan = plan
        self._weights = weights

    def build(self) -> Any:
        """The whole network, by the published contract.

        ``input_image``: (height, width, 3) float32, RGB, 0..255. ``output_png``: (height, width,
        4) uint8, the picture and its alpha, of the same size.

        Returns:
            The output tensor.
        """
        tf = self._tf
        picture = tf.placeholder(tf.float32, [None, None, 3], graph.INPUT)
        size = tf.shape(picture)[:2]
        batch = tf.expand_dims(picture / 127.5 - 1.0, 0)
        coarse = self._resize(batch, self._turned(size, self._plan.coarse))
        fine = self._resize(batch, self._turned(size, self._plan.fine))
        mask = self.predict_mask(coarse)
        unified = self.unify_quality(coarse, mask)
        alpha = self.refine(fine, unified)[..., 3:]
        return self._assemble(picture, self._resize(alpha, size)[0])

    def predict_mask(self, coarse: Any) -> Any:
        """MPN: (1, h, w, 3) in -1..1 to the person's mask, (1, h, w, 1) in 0..1.

        It has a channel for the background and one for the person.
        """
        with self._tf.name_scope("mpn"):
            logits = self._encoder_decoder(coarse, self._plan.mpn, 2, "mpn")
            return self._tf.identity(self._tf.nn.softmax(logits)[..., 1:], "mask")

    def unify_quality(self, coarse: Any, mask: Any) -> Any:
        """QUN: picture (1, h, w, 3) and mask (1, h, w, 1) to a mask of even quality, same shape.

        Masks learned from coarse and from fine annotations differ in kind; MRN shall see one kind.
        """
        with self._tf.name_scope("qun"):
            both = self._tf.concat([coarse, mask], 3)
            logits = self._encoder_decoder(both, self._plan.qun, 1, "qun")
            return self._tf.sigmoid(logits, "mask")

    def refine(self, fine: Any, mask: Any) -> Any:
        """MRN: picture (1, H, W, 3) and mask (1, h, w, 1) to colours and alpha, (1, H, W, 4).

        All in 0..1. The foreground's colours are what training compares compositions by; the
        published output has the picture's own instead.
        """
        with self._tf.name_scope("mrn"):
            logits = self._encoder_decoder(fine, self._plan.mrn, 4, "mrn", at_stage_2=[mask])
            return self._tf.sigmoid(logits, "foreground_and_alpha")

    def _turned(self, size: Any, sides: Tuple[int, int]) -> Any:
        portrait, landscape = list(sides), list(reversed(sides))
        return self._tf.where(size[0] >= size[1], portrait, landscape)

    def _assemble(self, picture: Any, alpha: Any) -> Any:
        """Both as bytes. Cut off rather than rounded, as the published outputs show: 254 is opaque.

        A sigmoid never reaches 1, so 255 only ever comes from the rounding of floats.
        """
        tf = self._tf
        whole = tf.concat([picture, alpha * 255.0], 2)
        return tf.cast(tf.clip_by_value(whole, 0.0, 255.0), tf.uint8, name=graph.OUTPUT)

    def _encoder_decoder(
        self, x: Any, widths: Sequence[int], out: int, name: str, at_stage_2: Sequence[Any] = ()
    ) -> Any:
        """A U-shaped network: (1, H, W, any) to logits (1, H, W, out).

        Stage k has widths[k] channels at H / 2**k x W / 2**k; ``at_stage_2`` joins the third one.
        """
        tf, skips = self._tf, []
        for stage, width in enumerate(widths):
            if stage > 0:
                skips.append(x)
                x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
            if stage == 2:
                x = tf.concat([x, *at_stage_2], 3)
            x = self._stage(x, width, f"{name}/down{stage}")
        for stage in reversed(range(len(widths) - 1)):
            x = self._resize(x, tf.shape(skips[stage])[1:3])
            x = tf.concat([skips[stage], x], 3)
            x = self._stage(x, widths[stage], f"{name}/up{stage}")
        return self._convolve(x, out, 1, f"{name}/logits")

    def _stage(self, x: Any, width: int, name: str) -> Any:
        for index in range(2):
            x = self._tf.nn.relu(self._convolve(x, width, 3, f"{name}/{index}"))
        return x

    def _convolve(self, x: Any, out: int, side: int, name: str) -> Any:
        kernel = self._weights(f"{name}/kernel", (side, side, x.shape.as_list()[3], out))
        convolved = self._tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME")
        return self._tf.nn.bias_add(convolved, self._weights(f"{name}/bias", (out,)))

    def _resize(self, x: Any, size: Any) -> Any:
        # The raw operation, since the functions around it mean other pixels in 1.15 and in 2.x.
        return self._tf.raw_ops.ResizeBilinear(
            images=x, size=size, align_corners=False, half_pixel_centers=True
        )
