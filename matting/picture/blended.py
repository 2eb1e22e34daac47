"""The kernel that puts colours over others, as alpha says.

Compiled by numba; see matting/compiled.py. With numpy and OpenCV, which have to find the soft
pixels first, it took three times as long.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matting.compiled import compiled, types


def _picture(of: Any, layout: Literal["A", "C"] = "C") -> Any:
    return types.Array(of, 3, layout, readonly=True)


@compiled(
    *(
        types.void(
            *(_picture(of), types.Array(types.uint16, 2, "A", readonly=True)),
            *(_picture(behind, "A"), types.Array(of, 3, "C")),
        )
        for of in (types.uint8, types.uint16)
        for behind in (of, types.float32)
    )
)
def blend(
    colours: NDArray[Any], alpha: NDArray[np.uint16], behind: NDArray[Any], blended: NDArray[Any]
) -> None:
    """Fill a picture with straight colours over what is behind them, rounded to nearest.

    Args:
        colours: (h, w, 3) uint8 or uint16.
        alpha: (h, w), 65535 is opaque.
        behind: (h, w, 3) of the same depth, or float32 in its range.
        blended: (h, w, 3) in the dtype of ``colours``.
    """
    height, width = alpha.shape
    scale = np.float32(1 / 65535)
    for y in range(height):
        for x in range(width):
            opacity = alpha[y, x]
            if opacity == 65535:
                for c in range(3):
                    blended[y, x, c] = colours[y, x, c]
            else:
                share = np.float32(opacity) * scale
                for c in range(3):
                    under = np.float32(behind[y, x, c])
                    blended[y, x, c] = np.rint(under + (colours[y, x, c] - under) * share)
