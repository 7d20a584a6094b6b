"""Exact distances from points to triangles, and which points a closed surface encloses."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pennes.margin.surface import Surface
from pennes.margin.tree import RELATIVE_ROUNDING, ROUNDING, Array, Index, TriangleTree

SLIVER = 1e-12
"""Twice the area over the longest edge squared below which a triangle is taken as its edges."""


def closest_on_triangles(points: Array, corners: Array) -> Array:
    """Closest point of one triangle each. ``points`` (k, 3), ``corners`` (k, 3, 3); returns (k, 3).

    The projection onto the plane where that lies in the triangle, else the best of the three edges; a triangle
    without area is its edges.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    best, best_square = None, None
    for start, end in ((a, b), (b, c), (c, a)):
        edge, to_point = end - start, points - start
        square = np.einsum("ij,ij->i", edge, edge)
        along = np.einsum("ij,ij->i", to_point, edge) / np.where(square > 0, square, 1.0)
        along = np.clip(along, 0.0, 1.0)[:, None]
        # From the nearer end, so that along = 1 gives the end point itself without rounding.
        candidate = np.where(along < 0.5, start + along * edge, end - (1.0 - along) * edge)
        offset = np.einsum("ij,ij->i", points - candidate, points - candidate)
        if best is None:
            best, best_square, longest = candidate, offset, square
        else:
            best = np.where((offset < best_square)[:, None], candidate, best)
            best_square, longest = np.minimum(best_square, offset), np.maximum(longest, square)
    normal = np.cross(b - a, c - a)
    square = np.einsum("ij,ij->i", normal, normal)
    inside = square > (SLIVER * longest) ** 2
    for start, end in ((a, b), (b, c), (c, a)):
        inside &= np.einsum("ij,ij->i", np.cross(end - start, points - start), normal) >= 0
    height = np.einsum("ij,ij->i", points - a, normal) / np.where(square > 0, square, 1.0)
    return np.where(inside[:, None], points - height[:, None] * normal, best)


class DistanceField:
    """Distances to a fixed set of triangles (m, 3) of ``vertices`` (v, 3), m, asked for as often as wanted."""

    def __init__(self, vertices: ArrayLike, triangles: ArrayLike):
        triangles = np.asarray(triangles, dtype=np.int64).reshape(-1, 3)
        self._tree = TriangleTree(vertices, triangles) if len(triangles) else None

    def __call__(self, points: ArrayLike) -> tuple[Array, Array]:
        """Distance (n,) and nearest point (n, 3) of ``points`` (n, 3); inf and nan where there are no triangles."""
        points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        nearest = np.full(points.shape, np.nan)
        square = np.full(len(points), np.inf)
        if self._tree is None:
            return square, nearest
        bound = square.copy()
        largest = max(np.abs(points).max(initial=0.0), np.abs(self._tree.corners).max())
        slack = np.square(RELATIVE_ROUNDING * largest)

        def keep(level: int, point: Index, node: Index) -> NDArray[np.bool_]:
            slabs = self._tree.slabs[level]
            offset = points[point] - slabs.centre[node]
            height = np.einsum("ij,ij->i", offset, slabs.normal[node])
            to_centre = _square(offset)
            # The centre lies on the surface: it bounds the distance from above, the cylinder from below.
            _lower_to(bound, point, to_centre)
            across = np.sqrt(np.maximum(to_centre - height * height, 0.0)) - slabs.radius[node]
            beyond = np.maximum(slabs.low[node] - height, height - slabs.high[node])
            least = np.square(np.maximum(across, 0.0)) + np.square(np.maximum(beyond, 0.0))
            return least <= bound[point] + ROUNDING * to_centre + slack

        for point, triangle in self._tree.candidates(len(points), keep):
            found = closest_on_triangles(points[point], self._tree.corners[triangle])
            found_square = _square(points[point] - found)
            _lower_to(square, point, found_square)
            winner = np.flatnonzero(found_square == square[point])
            nearest[point[winner]] = found[winner]
            np.minimum(bound, square, out=bound)
        return np.sqrt(square), nearest


def _lower_to(values: Array, point: Index, candidates: Array) -> None:
    """values[point] = min(values[point], candidates) in place, where equal ``point`` indices stand together."""
    starts = np.flatnonzero(np.diff(point, prepend=-1))
    values[point[starts]] = np.minimum(values[point[starts]], np.minimum.reduceat(candidates, starts))


def distance_to_triangles(points: ArrayLike, vertices: ArrayLike, triangles: ArrayLike) -> tuple[Array, Array]:
    """Exact distance (n,) from points (n, 3) to triangles (m, 3) of vertices (v, 3), and nearest points (n, 3); m.

    Without triangles the distance is inf and the nearest point nan.
    """
    return DistanceField(vertices, triangles)(points)


class Enclosure:
    """Which points a closed, outward oriented surface encloses (winding number above zero).

    Rays towards +z count the triangles they leave by minus those they enter by, after an idea as old as Shimrat's
    point-in-polygon test (1962). Ties on shared edges go to one triangle only: an edge that two triangles share is
    always evaluated from its lexicographically smaller end. Overlapping closed parts count as their union.
    """

    def __init__(self, surface: Surface):
        self._tree = None if surface.is_empty else TriangleTree(surface.points, surface.triangles)

    def __call__(self, points: ArrayLike) -> NDArray[np.bool_]:
        """(n,) for ``points`` (n, 3). Points on the surface itself may fall on either side."""
        points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        winding = np.zeros(len(points))
        if self._tree is None:
            return winding > 0

        def keep(level: int, point: Index, node: Index) -> NDArray[np.bool_]:
            low, high = self._tree.boxes[level]
            place, low, high = points[point], low[node], high[node]
            return (place <= high).all(axis=1) & (low[:, :2] <= place[:, :2]).all(axis=1)

        for point, triangle in self._tree.candidates(len(points), keep):
            crossing = _upward_crossings(points[point], self._tree.corners[triangle])
            winding += np.bincount(point, crossing, minlength=len(points))
        return winding > 0


def _upward_crossings(points: Array, corners: Array) -> Array:
    """+1 or -1 where the ray from a point (k, 3) towards +z leaves or enters by its triangle (k, 3, 3), else 0."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    inside = np.zeros(len(points), dtype=bool)
    for start, end in ((a, b), (b, c), (c, a)):
        swap = (start[:, 1] > end[:, 1]) | ((start[:, 1] == end[:, 1]) & (start[:, 0] > end[:, 0]))
        low, high = np.where(swap[:, None], end, start), np.where(swap[:, None], start, end)
        spans = (low[:, 1] <= points[:, 1]) & (points[:, 1] < high[:, 1])
        rise = np.where(spans, high[:, 1] - low[:, 1], 1.0)
        x = low[:, 0] + (points[:, 1] - low[:, 1]) / rise * (high[:, 0] - low[:, 0])
        inside ^= spans & (points[:, 0] < x)
    normal = np.cross(b - a, c - a)
    # Height of the triangle's plane over the point, times the normal's z: no division by a nearly upright plane.
    above = np.einsum("ij,ij->i", a - points, normal) * np.sign(normal[:, 2]) > 0
    return np.where(inside & above, np.sign(normal[:, 2]), 0.0)


def enclosed(points: ArrayLike, surface: Surface) -> NDArray[np.bool_]:
    """(n,) where ``points`` (n, 3) lie inside a closed, outward oriented surface; see ``Enclosure``."""
    return Enclosure(surface)(points)


def _square(vectors: Array) -> Array:
    x, y, z = vectors.T
    return x * x + y * y + z * z
