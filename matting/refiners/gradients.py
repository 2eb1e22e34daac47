"""Conjugate gradients on the matting Laplacian, with the diagonal for a preconditioner."""

from __future__ import annotations

import numpy as np

from matting.compiled import compiled, types
from matting.refiners.laplacian import Floats, Indices, System, multiply

_STEPS = 60
_ENOUGH = 1e-3
"""By what share the residual has to become smaller."""


def solve(equations: System, coarse: Floats, pull: float) -> Floats:
    """Solve for alpha, pulled towards the coarse one, and from that on.

    Args:
        equations: the matting Laplacian's.
        coarse: (n,) 0..1.
        pull: its weight.

    Returns:
        (n,), not quite within 0..1.
    """
    alpha = np.array(coarse, np.float32)
    grid = np.zeros(equations.size, np.float32)
    right = equations.known + np.float32(pull) * alpha
    system = equations.entries, equations.diagonal, equations.runs, equations.stride
    _descend(*system, grid, right, np.float32(pull), alpha)
    return alpha


@compiled(types.void(types.int32[:, ::1], types.float32[::1], types.float32[::1]))
def _lay_out(runs: Indices, values: Floats, grid: Floats) -> None:
    """Write the unknown pixels' values where they lie in the grid."""
    for run in range(runs.shape[0]):
        first, count, place = runs[run, 0], runs[run, 1], runs[run, 2]
        grid[place : place + count] = values[first : first + count]


@compiled(
    types.void(
        *(types.float32[:, ::1], types.float32[::1], types.int32[:, ::1], types.int64),
        *(types.float32[::1], types.float32[::1], types.float32, types.float32[::1]),
    )
)
def _descend(  # noqa: PLR0913, PLR0917 - kernels take arrays, no values of ours
    entries: Floats,
    diagonal: Floats,
    runs: Indices,
    stride: int,
    grid: Floats,
    right: Floats,
    pull: np.float32,
    alpha: Floats,
) -> None:
    """See ``solve``.

    Args:
        entries: see ``System``.
        diagonal: likewise.
        runs: likewise.
        stride: likewise.
        grid: zeros; is written to.
        right: (n,) the right side.
        pull: the coarse alpha's weight.
        alpha: (n,) where to begin; is changed.
    """
    one, zero = np.float32(1), np.float32(0)
    weight, ahead = one / (diagonal + pull), np.empty_like(alpha)
    _lay_out(runs, alpha, grid)
    multiply(entries, runs, stride, grid, ahead)
    rest = right - ahead - pull * alpha
    way = weight * rest
    now, whole = zero, zero
    for i in range(rest.size):
        now += rest[i] * way[i]
        whole += right[i] * weight[i] * right[i]
    enough = np.float32(_ENOUGH * _ENOUGH) * whole
    for _ in range(_STEPS):
        if now <= enough:
            break
        _lay_out(runs, way, grid)
        multiply(entries, runs, stride, grid, ahead)
        along = zero
        for i in range(way.size):
            ahead[i] += pull * way[i]
            along += way[i] * ahead[i]
        step, before, now = now / along, now, zero
        for i in range(way.size):
            alpha[i] += step * way[i]
            rest[i] -= step * ahead[i]
            now += weight[i] * rest[i] * rest[i]
        share = now / before
        for i in range(way.size):
            way[i] = weight[i] * rest[i] + share * way[i]
