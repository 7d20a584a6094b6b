"""Triangulated surfaces: measures, closedness and sampling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles in space. ``points`` (n, 3) in m; ``triangles`` (m, 3) indices, outward by the right-hand rule.

    Raises ValueError for arrays of another shape and for indices without a point.
    """

    points: NDArray[np.float64]
    triangles: NDArray[np.int64]

    def __post_init__(self) -> None:
        points = np.asarray(self.points, dtype=np.float64).reshape(-1, 3)
        triangles = np.asarray(self.triangles, dtype=np.int64).reshape(-1, 3)
        if triangles.size and (triangles.min() < 0 or triangles.max() >= len(points)):
            raise ValueError("a triangle refers to a point that does not exist")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "triangles", triangles)

    @property
    def is_empty(self) -> bool:
        return len(self.triangles) == 0

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """Corners of the triangles, (m, 3, 3), m."""
        return self.points[self.triangles]

    @cached_property
    def area_vectors(self) -> NDArray[np.float64]:
        """Normals whose length is the triangle's area, (m, 3), m2."""
        a, b, c = np.moveaxis(self.corners, 1, 0)
        return 0.5 * np.cross(b - a, c - a)

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Areas of the triangles, (m,), m2."""
        return np.linalg.norm(self.area_vectors, axis=1)

    @cached_property
    def vertex_areas(self) -> NDArray[np.float64]:
        """A third of the area of the triangles around each point, (n,), m2: weights of values given at points."""
        return np.bincount(self.triangles.ravel(), np.repeat(self.areas / 3, 3), minlength=len(self.points))

    @property
    def area(self) -> float:
        """m2."""
        return float(self.areas.sum())

    @property
    def volume(self) -> float:
        """Enclosed volume of a closed surface, m3 (divergence theorem); negative where the triangles face inward."""
        if self.is_empty:
            return 0.0
        # Measured from a point on the surface: far from the origin the terms would cancel badly.
        centroids = self.corners.mean(axis=1) - self.points[self.triangles[0, 0]]
        return float(np.einsum("ij,ij->", centroids, self.area_vectors) / 3)

    @cached_property
    def open_edges(self) -> int:
        """Number of directed edges that are not matched by their reverse: 0 for a closed, consistently oriented
        surface (edges where four triangles meet are allowed)."""
        start = self.triangles.ravel()
        end = np.roll(self.triangles, -1, axis=1).ravel()
        key = np.minimum(start, end) * len(self.points) + np.maximum(start, end)
        _, edge = np.unique(key[start != end], return_inverse=True)
        balance = np.bincount(edge, np.sign(end - start)[start != end])
        return int(np.abs(balance).sum())

    @property
    def is_closed(self) -> bool:
        return not self.is_empty and self.open_edges == 0

    def flipped(self) -> Surface:
        """The same surface facing the other way."""
        return Surface(self.points, self.triangles[:, ::-1])

    def subdivided(self, spacing: float) -> NDArray[np.float64]:
        """Corners (k, 3, 3) of triangles whose edges are at most ``spacing`` (m) long and that cover the surface.

        Each triangle is cut into n^2 equal ones; the originals come in no particular order. Triangles of area zero
        are left out. Raises ValueError for a spacing that is not positive.
        """
        if not spacing > 0:
            raise ValueError("the spacing must be positive")
        corners = self.corners[self.areas > 0]
        longest = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2).max(axis=1)
        parts = np.maximum(np.ceil(longest / spacing), 1).astype(int)
        pieces = [np.zeros((0, 3, 3))]
        for n in np.unique(parts):
            weights = _subdivision_weights(int(n))
            pieces.append(np.einsum("kij,mjd->mkid", weights, corners[parts == n]).reshape(-1, 3, 3))
        return np.concatenate(pieces)

    def samples(self, spacing: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points (k, 3) spread over the surface and the area (k,) that each stands for; see ``subdivided``."""
        corners = self.subdivided(spacing)
        return corners.mean(axis=1), corner_areas(corners)


def corner_areas(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas (m,) of triangles given by their corners (m, 3, 3)."""
    return 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)


def _subdivision_weights(n: int) -> NDArray[np.float64]:
    """Barycentric coordinates (n^2, 3 corners, 3) of the n^2 equal triangles in a triangle, same orientation."""
    i, j = np.divmod(np.arange(n * n), n)
    upright, inverted = i + j < n, (i + j < n - 1)
    i_up, j_up, i_in, j_in = i[upright], j[upright], i[inverted], j[inverted]
    first = np.concatenate([np.stack([i_up, i_up + 1, i_up], axis=1), np.stack([i_in + 1, i_in + 1, i_in], axis=1)])
    second = np.concatenate([np.stack([j_up, j_up, j_up + 1], axis=1), np.stack([j_in, j_in + 1, j_in + 1], axis=1)])
    return np.stack([n - first - second, first, second], axis=2) / n


def join_surfaces(*surfaces: Surface) -> Surface:
    """One surface of all triangles; points with bitwise equal coordinates become one.

    An isosurface and the clipped boundary of the same mesh join without a gap, because both place their points on
    mesh edges by the same arithmetic.
    """
    if not surfaces:
        return Surface(np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64))
    offsets = np.cumsum([0] + [len(s.points) for s in surfaces[:-1]])
    points = np.concatenate([s.points for s in surfaces])
    triangles = np.concatenate([s.triangles + o for s, o in zip(surfaces, offsets, strict=True)])
    return merge_points(points, triangles)


def merge_points(points: ArrayLike, triangles: ArrayLike) -> Surface:
    """Make points with equal coordinates one and drop triangles that lose a corner and points without a triangle."""
    points = np.asarray(points, dtype=np.float64).reshape(-1, 3) + 0.0  # -0.0 and 0.0 are the same place
    triangles = np.asarray(triangles, dtype=np.int64).reshape(-1, 3)
    first, merged = distinct_points(points)
    points = points[first]
    triangles = merged[triangles]
    distinct = (triangles != np.roll(triangles, -1, axis=1)).all(axis=1)
    used, triangles = np.unique(triangles[distinct], return_inverse=True)
    return Surface(points[used], triangles.reshape(-1, 3))


def distinct_points(points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices (k,) of one of each different point of (n, 3), and for every point which of them it is (n,)."""
    order = np.lexsort(points.T)
    is_new = np.ones(len(points), dtype=bool)
    is_new[1:] = np.any(np.diff(points[order], axis=0) != 0, axis=1)
    which = np.empty(len(points), dtype=np.int64)
    which[order] = np.cumsum(is_new) - 1
    return order[is_new], which
