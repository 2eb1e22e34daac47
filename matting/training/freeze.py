"""Our two networks as one frozen graph of BSHM's published contract, for the engine ``bshm``.

    python -m matting.training.freeze --out matting/weights/bshm-aged.pb    # where TensorFlow 2 is

The coarse network looks at the whole picture squeezed to 256 x 256; its alpha is enlarged along the
picture's edges by a grey guided filter (He 2010), and the fine network draws the soft edge at the
picture's own size. The weights are read out of the ONNX files that are shipped, and stored in half
precision as there. The same bytes run in TensorFlow 1.15.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

from matting.framework import Framework
from matting.networks import graph
from matting.networks.bshm.freeze import portable
from matting.small_file import replace_file
from matting.training.transcribe import Transcript, read

WEIGHTS = Path(__file__).parents[1] / "weights"
SIDE = 256
"""At which the coarse network is asked, as the engine ``people`` asks it."""
_FINER = 4
"""Times finer, the picture is sampled before it is averaged: ONNX knows no averaging resize."""
_MULTIPLE = 16
_STEEP = 2.0
"""What the coarse alpha is stretched by about one half: what it half sees is haze else."""
_REACH = 6
"""Of the guided filter, in pixels of the picture."""
_SOFT = 0.1
"""Alpha from this to 1 less this is soft, and so is what lies near it..."""
_NEAR = 9
"""...within a square of so many pixels of the coarse alpha."""
_OPAQUE = 254.0
"""As the published graph has it."""


def build(tf: Any, coarse: Path, fine: Path) -> Any:
    """Build the whole graph into the default one; returns the output tensor.

    Args:
        tf: TensorFlow's v1 interface.
        coarse: an ONNX file.
        fine: likewise, of any size.
    """
    picture = tf.placeholder(tf.float32, [None, None, 3], graph.INPUT)
    size = tf.shape(picture)[:2]
    batch = tf.expand_dims(picture / 255.0, 0)
    small = _pooled(tf, _resized(tf, batch, [SIDE * _FINER] * 2), _FINER)
    small.set_shape([1, SIDE, SIDE, 3])
    said = Transcript(tf, read(coarse, (1, 3, SIDE, SIDE)), "coarse").build(small)
    found = tf.clip_by_value((said - 0.5) * _STEEP + 0.5, 0.0, 1.0)
    whole = _filled(tf, batch, size)
    alpha = _filled(tf, _resized(tf, found, size), size)
    alpha = _guided(tf, alpha, whole)
    seen = tf.concat([whole, alpha], 3)
    seen.set_shape([1, None, None, 4])
    drawn = Transcript(tf, read(fine, None), "fine").build(seen)
    soft = tf.cast(tf.logical_and(found > _SOFT, found < 1 - _SOFT), tf.float32)
    near = tf.nn.max_pool(soft, [1, _NEAR, _NEAR, 1], [1, 1, 1, 1], "SAME")
    share = _filled(tf, _resized(tf, near, size), size)
    sure = tf.cast(alpha > 0.5, tf.float32)
    mixed = sure + (drawn - sure) * share
    cut = tf.slice(mixed[0], [0, 0, 0], tf.concat([size, [1]], 0))
    shown = tf.concat([picture, tf.clip_by_value(cut, 0.0, 1.0) * _OPAQUE + 0.5], 2)
    return tf.cast(tf.clip_by_value(shown, 0.0, 255.0), tf.uint8, name=graph.OUTPUT)


def _resized(tf: Any, x: Any, size: Any) -> Any:
    # The raw operation, since the functions around it mean other pixels in 1.15 and in 2.x.
    return tf.raw_ops.ResizeBilinear(
        images=x, size=size, align_corners=False, half_pixel_centers=True
    )


def _pooled(tf: Any, x: Any, side: int) -> Any:
    return tf.nn.avg_pool(x, [1, side, side, 1], [1, side, side, 1], "VALID")


def _filled(tf: Any, x: Any, size: Any) -> Any:
    """Up to a multiple of 16, the last row and column repeated."""
    for axis in (0, 1):
        whole = (size[axis] + _MULTIPLE - 1) // _MULTIPLE * _MULTIPLE
        at = tf.minimum(tf.range(whole), size[axis] - 1)
        x = tf.gather(x, at, axis=axis + 1)
    return x


def _guided(tf: Any, alpha: Any, picture: Any) -> Any:
    grey = tf.reduce_mean(picture, 3, keepdims=True)
    side = 2 * _REACH + 1

    def mean(one: Any) -> Any:
        return tf.nn.avg_pool(one, [1, side, side, 1], [1, 1, 1, 1], "SAME")

    centre, level = mean(grey), mean(alpha)
    slope = (mean(grey * alpha) - centre * level) / (mean(grey * grey) - centre * centre + 1e-3)
    return tf.clip_by_value(mean(slope) * grey + mean(level - slope * centre), 0.0, 1.0)


def frozen(tf: Any, coarse: Path, fine: Path) -> bytes:
    """The serialised graph; the same bytes for the same files and TensorFlow."""
    with tf.Graph().as_default() as built:
        build(tf, coarse, fine)
        digests = (hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in (coarse, fine))
        label = "matted's own aged-alone.onnx {} and aged-fine.onnx {}".format(*digests)
        tf.constant(label, name=graph.PROVENANCE)
    data: bytes = portable(built.as_graph_def()).SerializeToString(deterministic=True)
    return data


def main() -> int:
    """Freeze the pair that is shipped; say its size in one line."""
    parser = argparse.ArgumentParser(prog="matting.training.freeze", description=__doc__)
    parser.add_argument("--coarse", type=Path, default=WEIGHTS / "aged-alone.onnx")
    parser.add_argument("--fine", type=Path, default=WEIGHTS / "aged-fine.onnx")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    framework = Framework.load()
    data = frozen(framework.tf, options.coarse, options.fine)
    replace_file(str(options.out), data)
    sys.stdout.write(f"{options.out}: {len(data) / 1e6:.1f} MB, by {framework.version}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
