"""A hierarchy around triangles, walked for many points at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

BRANCHES = 8
"""Nodes in a node; a node of the last level holds at most as many triangles."""
BATCH = 1 << 16
"""(point, node) pairs handled at once: keeps memory small where a point is as near to one triangle as to the next."""
ROUNDING = 1e-13
"""Of a squared length: what bounds may be wrong by."""
RELATIVE_ROUNDING = 1e-15
"""Of the largest coordinate: what differences of coordinates may be wrong by."""

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Keep = Callable[[int, Index, Index], NDArray[np.bool_]]


class Slabs(NamedTuple):
    """Nodes of one level as short upright cylinders: much tighter than boxes around a patch that is nearly flat."""

    centre: Array
    """(k, 3); a point on one of the node's triangles."""
    normal: Array
    """(k, 3), unit."""
    low: Array
    """(k,) extent along the normal from the centre."""
    high: Array
    radius: Array
    """(k,) across the normal."""


class TriangleTree:
    """Triangles ordered so that the first half, quarter, ... are neighbours, in nodes of eight nodes of ...

    ``corners`` (p, 3, 3) in the tree's order, m; triangles that fill up the last level have shrunk to a point of the
    surface. ``sizes`` number of triangles in a node, level by level from single triangles to the whole.
    """

    def __init__(self, vertices: ArrayLike, triangles: ArrayLike):
        corners = np.asarray(vertices, dtype=np.float64)[np.asarray(triangles, dtype=np.int64)]
        count = len(corners)
        depth = 0
        while BRANCHES ** (depth + 1) <= count:
            depth += 1
        leaf = -(-count // BRANCHES**depth)
        filling = np.broadcast_to(corners[-1, 0], (leaf * BRANCHES**depth - count, 3, 3))
        corners = np.concatenate([corners, filling])
        centroids = ((corners[:, 0] + corners[:, 1] + corners[:, 2]) / 3).T.copy()
        order = _halved_into_neighbours(centroids, BRANCHES**depth)
        self.corners, self._centroids = corners[order], centroids.take(order, axis=1)
        self.sizes = [1] + [leaf * BRANCHES**level for level in range(depth + 1)]

    @cached_property
    def boxes(self) -> list[tuple[Array, Array]]:
        """Level by level the low and the high corners (k, 3) of boxes around the nodes."""
        low, high = _fold(np.minimum, self._coordinates), _fold(np.maximum, self._coordinates)
        levels = [(low, high)]
        for smaller, larger in pairwise(self.sizes):
            low = _fold(np.minimum, low.reshape(3, -1, larger // smaller))
            high = _fold(np.maximum, high.reshape(3, -1, larger // smaller))
            levels.append((low, high))
        return [(low.T.copy(), high.T.copy()) for low, high in levels]

    @cached_property
    def slabs(self) -> list[Slabs]:
        """Level by level the cylinders around the nodes."""
        doubled = np.cross(self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0])
        return [self._slabs_of(size, doubled.T) for size in self.sizes]

    @cached_property
    def _coordinates(self) -> Array:
        """(3 coordinates, p, 3 corners): sums over a short last axis are what NumPy is slowest at."""
        return np.ascontiguousarray(self.corners.transpose(2, 0, 1))

    def _slabs_of(self, size: int, doubled: Array) -> Slabs:
        grouped = self._centroids.reshape(3, -1, size)
        middle = _fold(np.add, grouped) / size
        nearest = np.argmin(_dot(grouped - middle[:, :, None], grouped - middle[:, :, None]), axis=1)
        centre = np.take_along_axis(grouped, nearest[None, :, None], axis=2)
        normal = _fold(np.add, doubled.reshape(3, -1, size))
        length = np.sqrt(_dot(normal, normal))
        normal = np.where(length > 0, normal / np.where(length > 0, length, 1.0), [[0.0], [0.0], [1.0]])
        offset = self._coordinates.reshape(3, -1, size * 3) - centre
        height = _dot(offset, normal[:, :, None])
        square = _dot(offset, offset)
        across = _fold(np.maximum, square - height * height) + ROUNDING * _fold(np.maximum, square)
        return Slabs(
            centre[:, :, 0].T.copy(),
            normal.T.copy(),
            np.minimum(_fold(np.minimum, height), 0.0),
            np.maximum(_fold(np.maximum, height), 0.0),
            np.sqrt(np.maximum(across, 0.0)),
        )

    def candidates(self, count: int, keep: Keep) -> Iterator[tuple[Index, Index]]:
        """Batches of (point, triangle) index pairs such that ``keep`` holds for all nodes that hold the triangle.

        ``count`` points are meant; ``keep(level, point indices, node indices)`` says which of the nodes may matter.
        It is asked anew for every batch, so that it can use what earlier ones brought; in each the pairs of one
        point stand together.
        """
        top = len(self.sizes) - 1
        for first in range(0, count, BATCH):
            points = np.arange(first, min(first + BATCH, count))
            stack = [(top, points, np.zeros(len(points), dtype=np.int64))]
            while stack:
                level, point, node = stack.pop()
                if len(point) > BATCH:
                    stack.append((level, point[BATCH:], node[BATCH:]))
                    point, node = point[:BATCH], node[:BATCH]
                kept = keep(level, point, node)
                point, node = point[kept], node[kept]
                if not len(point):
                    continue
                if level == 0:
                    yield point, node
                    continue
                branches = self.sizes[level] // self.sizes[level - 1]
                child = node[:, None] * branches + np.arange(branches)
                stack.append((level - 1, np.repeat(point, branches), child.ravel()))


def _dot(first: Array, second: Array) -> Array:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]


def _fold(function: np.ufunc, values: Array) -> Array:
    """``function.reduce`` over the last axis, fast for short ones too."""
    if values.shape[-1] > 3 * BRANCHES:
        return function.reduce(values, axis=-1)
    return reduce(function, np.moveaxis(values, -1, 0))


def _halved_into_neighbours(centroids: Array, groups: int) -> Index:
    """An order of centroids (3, p) in which halves, quarters, ... down to ``groups`` are split along their widest
    axis at the median."""
    order = np.arange(centroids.shape[1])[None, :]
    while len(order) < groups:
        places = centroids.take(order, axis=1)
        widest = np.argmax(_fold(np.maximum, places) - _fold(np.minimum, places), axis=0)
        along = np.take_along_axis(places, widest[None, :, None], axis=0)[0]
        half = order.shape[1] // 2
        order = np.take_along_axis(order, np.argpartition(along, half, axis=1), axis=1).reshape(-1, half)
    return order.ravel()
