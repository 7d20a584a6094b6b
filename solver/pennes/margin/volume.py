"""Exact volumes where a piecewise linear field on tetrahedra is positive."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
_NONE, _ALL = np.uint32(0), np.uint32(0x01010101)
_BITS = np.array([1, 2, 4, 8])


def _even_orders() -> NDArray[np.int64]:
    """(16, 4): for each set of positive vertices an even permutation that puts them first (even: same orientation)."""
    orders = np.zeros((16, 4), dtype=np.int64)
    even = [p for p in permutations(range(4)) if np.linalg.det(np.eye(4)[list(p)]) > 0]
    for code in range(16):
        positive = [bool(code >> i & 1) for i in range(4)]
        count = sum(positive)
        orders[code] = next(p for p in even if all(positive[i] for i in p[:count]))
    return orders


_ORDERS = _even_orders()
_COUNTS = np.array([code.bit_count() for code in range(16)])


def cut_codes(tets: NDArray[np.integer], level: Array) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Signs of each tetrahedron's vertices, a byte (1: positive) a vertex, (t,); indices of those with both signs."""
    code = np.take(level > 0, tets).view(np.uint32).ravel()
    return code, np.flatnonzero((code != _NONE) & (code != _ALL))


def positive_first(tets: NDArray[np.integer], code: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vertices (k, 4) of cut tetrahedra with the positive ones first (orientation kept), number positive (k,)."""
    bits = code.view(np.uint8).reshape(-1, 4) @ _BITS
    return np.take_along_axis(tets, _ORDERS[bits], axis=1), _COUNTS[bits]


def tetrahedron_volumes(points: ArrayLike, tets: ArrayLike) -> Array:
    """Volumes (t,) of tetrahedra (t, 4) of points (n, 3), m3; positive for either orientation."""
    a, b, c, d = np.asarray(points, np.float64)[np.asarray(tets).T]
    return np.abs(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a)) / 6


def positive_fraction(levels: Array, positives: NDArray[np.integer]) -> Array:
    """Share (k,) of tetrahedra's volumes where the linear field is positive.

    ``levels`` (k, 4) at the vertices, the ``positives`` (k,) positive ones first. Products of the shares of edges
    that are positive; all terms are positive, so nothing cancels where two levels nearly agree.
    """
    share = np.empty(len(levels))
    one, two, three = (positives == n for n in (1, 2, 3))
    a, b, c, d = levels[one].T
    share[one] = a / (a - b) * (a / (a - c)) * (a / (a - d))
    a, b, c, d = levels[three].T
    share[three] = 1 - d / (d - a) * (d / (d - b)) * (d / (d - c))
    # Two and two: the wedge a, b, ac, ad, bc, bd as three tetrahedra.
    a, b, c, d = levels[two].T
    ac, ad, bc, bd = a / (a - c), a / (a - d), b / (b - c), b / (b - d)
    share[two] = ac * ad + bc * bd * (1 - ad) + bc * ad * (1 - ac)
    return share


def volume_inside(points: ArrayLike, tets: ArrayLike, level: ArrayLike, volumes: Array | None = None) -> Array:
    """Volume (t,) of each tetrahedron where the piecewise linear ``level`` (n,) is positive, m3; exact.

    ``points`` (n, 3) in m, ``tets`` (t, 4); ``volumes`` (t,) from ``tetrahedron_volumes`` where they are at hand.
    """
    tets, level = np.asarray(tets), np.asarray(level, np.float64)
    if volumes is None:
        volumes = tetrahedron_volumes(points, tets)
    code, cut = cut_codes(tets, level)
    inside = np.where(code == _ALL, volumes, 0.0)
    inside[cut] = volumes[cut] * _cut_shares(tets, level, code, cut)
    return inside


def total_volume_inside(tets: ArrayLike, volumes: Array, level: ArrayLike) -> float:
    """Sum of ``volume_inside`` over all tetrahedra, m3, from their ``volumes`` (t,): for every step of a run.

    Fastest with ``tets`` (t, 4) of dtype int64, C-contiguous.
    """
    tets, level = np.asarray(tets), np.asarray(level, np.float64)
    code, cut = cut_codes(tets, level)
    return float(volumes @ (code == _ALL) + volumes[cut] @ _cut_shares(tets, level, code, cut))


def _cut_shares(tets: NDArray[np.integer], level: Array, code: NDArray[np.uint32], cut: NDArray[np.int64]) -> Array:
    vertices, positives = positive_first(tets[cut], code[cut])
    return positive_fraction(level[vertices], positives)


# Parts of a tetrahedron whose positive vertices come first; (i, j) is the zero on edge i-j, (i, i) vertex i.
_PARTS = {
    1: (((0, 0), (0, 1), (0, 2), (0, 3)),),
    2: (
        ((0, 0), (0, 2), (0, 3), (1, 3)),
        ((0, 0), (0, 2), (1, 2), (1, 3)),
        ((0, 0), (1, 1), (1, 2), (1, 3)),
    ),
    3: (
        ((0, 0), (1, 1), (2, 2), (2, 3)),
        ((0, 0), (1, 1), (1, 3), (2, 3)),
        ((0, 0), (0, 3), (1, 3), (2, 3)),
    ),
}


def clip_tetrahedra(values: Array, column: int) -> Array:
    """Cut tetrahedra down to where one of their linear fields is positive; can be repeated for other fields.

    ``values`` (k, 4, f): fields at the four vertices; the first three columns are the coordinates. Returns
    (k', 4, f): the tetrahedra that fill the part where ``values[..., column]`` is positive.
    """
    bits = (values[:, :, column] > 0) @ _BITS
    counts = _COUNTS[bits]
    pieces = [values[counts == 4]]
    for count, parts in _PARTS.items():
        rows = counts == count
        chosen = np.take_along_axis(values[rows], _ORDERS[bits[rows]][:, :, None], axis=1)
        level = chosen[:, :, column]
        for part in parts:
            corners = []
            for i, j in part:
                along = 0.0 if i == j else (level[:, i] / (level[:, i] - level[:, j]))[:, None]
                corners.append(chosen[:, i] + along * (chosen[:, j] - chosen[:, i]))
            pieces.append(np.stack(corners, axis=1))
    return np.concatenate(pieces)


def corner_volume(values: Array) -> float:
    """Total volume of tetrahedra (k, 4, >= 3) given by the coordinates of their vertices."""
    a, b, c, d = np.moveaxis(values[:, :, :3], 1, 0)
    return float(np.abs(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a)).sum() / 6)
