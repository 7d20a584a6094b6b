"""Evenly triangulated unit spheres."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from pennes.margin import Surface

_GOLDEN = (1.0 + math.sqrt(5.0)) / 2.0
_CORNERS = np.array(
    [(0, a, b * _GOLDEN) for a in (-1, 1) for b in (-1, 1)]
    + [(a, b * _GOLDEN, 0) for a in (-1, 1) for b in (-1, 1)]
    + [(b * _GOLDEN, 0, a) for a in (-1, 1) for b in (-1, 1)],
    dtype=float,
) / math.hypot(1.0, _GOLDEN)


def geodesic_sphere(radius: float, edge_length: float) -> Surface:
    """The unit sphere in triangles whose edges, on a sphere of ``radius``, are about ``edge_length`` or shorter."""
    return _sphere(min(max(1, math.ceil(1.2 * radius / edge_length)), 400))


@lru_cache(maxsize=8)
def _sphere(parts: int) -> Surface:
    """Each face of an icosahedron in ``parts``^2 triangles, projected onto the sphere."""
    near = np.linalg.norm(_CORNERS[:, None] - _CORNERS[None], axis=-1) < 1.1
    faces = [
        (i, j, k)
        for i in range(12)
        for j in range(i + 1, 12)
        for k in range(j + 1, 12)
        if near[i, j] and near[j, k] and near[i, k]
    ]
    i, j = (index.ravel() for index in np.meshgrid(np.arange(parts + 1), np.arange(parts + 1), indexing="ij"))
    kept = i + j <= parts
    i, j = i[kept], j[kept]
    number = np.full((parts + 2, parts + 2), -1)
    number[i, j] = np.arange(len(i))
    up = np.stack([number[i, j], number[i + 1, j], number[i, j + 1]], -1)
    down = np.stack([number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]], -1)
    local = np.concatenate([up[(up >= 0).all(axis=1)], down[(down >= 0).all(axis=1)]])
    points, triangles = [], []
    for count, (a, b, c) in enumerate(faces):
        outward = np.linalg.det(_CORNERS[[a, b, c]]) > 0
        weights = np.stack([parts - i - j, i, j], -1) / parts
        points.append(weights @ _CORNERS[[a, b, c]])
        triangles.append(count * len(i) + (local if outward else local[:, ::-1]))
    stacked = np.concatenate(points)
    stacked /= np.linalg.norm(stacked, axis=1)[:, None]
    _, first, inverse = np.unique(np.round(stacked, 9) + 0.0, axis=0, return_index=True, return_inverse=True)
    return Surface(stacked[first], inverse.ravel()[np.concatenate(triangles)])
