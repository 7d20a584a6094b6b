"""Where a piecewise linear field changes sign: isosurfaces in tetrahedra and clipped triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pennes.margin.surface import Surface
from pennes.margin.volume import cut_codes, positive_first

# Corners of the triangles as (positive, negative) local vertices, by the number of positive ones, which come first.
# In a tetrahedron of positive orientation they face the negative side.
_TETRAHEDRON_CUTS = {
    1: (((0, 1), (0, 2), (0, 3)),),
    2: (((0, 2), (0, 3), (1, 3)), ((0, 2), (1, 3), (1, 2))),
    3: (((0, 3), (1, 3), (2, 3)),),
}
# The same for the positive part of a triangle; (i, i) is corner i itself.
_TRIANGLE_PARTS = {
    1: (((0, 0), (0, 1), (0, 2)),),
    2: (((0, 0), (1, 1), (1, 2)), ((0, 0), (1, 2), (0, 2))),
}


def marching_tetrahedra(points: ArrayLike, tets: ArrayLike, level: ArrayLike) -> Surface:
    """The surface level = 0 of a piecewise linear field, facing away from level > 0.

    ``points`` (n, 3) in m; ``tets`` (t, 4) indices, of either orientation; ``level`` (n,). Exact for the linear
    field; neighbouring triangles share their points, so that the surface is closed but for where it meets the
    mesh's boundary. A vertex at exactly 0 counts as negative. Points depend on the coordinates and levels of their
    edge alone, not on numbering, and are therefore the same on every rank that shares the edge.
    Raises ValueError where a level is not finite.
    """
    points, tets, level = np.asarray(points, np.float64), np.asarray(tets), _finite(level)
    code, cut = cut_codes(tets, level)
    chosen, positives = positive_first(tets[cut].astype(np.int64), code[cut])
    a, b, c, d = points[tets[cut].T]
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) < 0
    edges = []
    for count, triangles in _TETRAHEDRON_CUTS.items():
        rows = positives == count
        for triangle in triangles:
            local = np.array(triangle)
            edges.append(_faced(chosen[rows][:, local], inward[rows]))
    return _surface_of_edges(points, level, np.concatenate(edges))


def clip_triangles(points: ArrayLike, triangles: ArrayLike, level: ArrayLike) -> Surface:
    """The part of given triangles (m, 3), such as a mesh's boundary, where a piecewise linear level (n,) is positive.

    Orientation is kept. The points on cut edges are bitwise those of ``marching_tetrahedra``: ``join_surfaces``
    closes an isosurface with the clipped boundary. Raises ValueError where a level is not finite.
    """
    points, level = np.asarray(points, np.float64), _finite(level)
    triangles = np.asarray(triangles, np.int64).reshape(-1, 3)
    positive = level[triangles] > 0
    count = positive.sum(axis=1)
    pieces = [np.repeat(triangles[count == 3][:, :, None], 2, axis=2)]
    for positives, parts in _TRIANGLE_PARTS.items():
        rows = count == positives
        # Turned, not permuted, until the positive corners come first: that keeps the orientation.
        odd_one = positive[rows] if positives == 1 else ~positive[rows]
        first = np.argmax(odd_one, axis=1) + (positives == 2)
        turned = np.take_along_axis(triangles[rows], (first[:, None] + np.arange(3)) % 3, axis=1)
        pieces.extend(turned[:, np.array(part)] for part in parts)
    return _surface_of_edges(points, level, np.concatenate(pieces))


def _finite(level: ArrayLike) -> NDArray[np.float64]:
    level = np.asarray(level, np.float64)
    if not np.isfinite(level).all():
        raise ValueError("the level is not finite everywhere")
    return level


def _faced(edges: NDArray[np.int64], inward: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Triangles (k, 3 corners, 2 ends) turned over where ``inward``."""
    return np.where(inward[:, None, None], edges[:, ::-1], edges)


def _surface_of_edges(points: NDArray[np.float64], level: NDArray[np.float64], edges: NDArray[np.int64]) -> Surface:
    """Triangles (k, 3, 2) whose corners are the zeros on (positive, negative) edges, or vertices (i, i)."""
    positive, negative = edges[..., 0], edges[..., 1]
    # A zero that is a mesh vertex is one point, however many edges end there; triangles that shrink to a line go.
    positive = np.where(level[negative] == 0, negative, positive)
    key, corner = np.unique(positive * len(points) + negative, return_inverse=True)
    corner = corner.reshape(-1, 3)
    distinct = (corner != np.roll(corner, -1, axis=1)).all(axis=1)
    positive, negative = np.divmod(key, max(len(points), 1))
    high, low = level[positive], level[negative]
    along = np.where(positive == negative, 0.0, high / np.where(positive == negative, 1.0, high - low))
    places = points[positive] + along[:, None] * (points[negative] - points[positive])
    return Surface(places, corner[distinct])
