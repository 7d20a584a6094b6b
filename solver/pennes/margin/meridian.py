"""Zones of bodies of revolution, from a piecewise linear level in their half-plane.

Coordinates (n, 2) are the distance from the axis and the height, in m. The nearest point of a surface of revolution
lies in the half-plane of the point that asks, so that distances in the half-plane are distances in space.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.integer]
PAIRS = 2_000_000
"""Pairs of points and segments looked at together: bounds the memory."""


def share_inside(radius: Array, triangles: Index, level: Array) -> Array:
    """Share (t,) of the volume that each triangle (t, 3) sweeps out where the linear ``level`` (n,) is positive; exact.

    ``radius`` (n,) is the distance of the vertices from the axis.
    """
    count = (level[triangles] > 0.0).sum(axis=1)
    share = (count == 3).astype(float)
    cut = np.flatnonzero((count > 0) & (count < 3))
    corners = _odd_first(triangles[cut], level)
    own, others = level[corners[:, :1]], level[corners[:, 1:]]
    along = own / (own - others)
    r = radius[corners]
    middle = r[:, 0] + (along * (r[:, 1:] - r[:, :1])).sum(axis=1) / 3.0
    part = along.prod(axis=1) * middle / r.mean(axis=1)
    share[cut] = np.where(count[cut] == 1, part, 1.0 - part)
    return share


def marching_triangles(coordinates: Array, triangles: Index, level: Array) -> Array:
    """The lines (m, 2, 2) on which ``level`` (n,) is 0, with the positive side on their left.

    A vertex at exactly 0 counts as negative. Points depend on the coordinates and levels of their edge alone, so that
    they are the same on every rank that shares the edge.
    """
    count = (level[triangles] > 0.0).sum(axis=1)
    cut = (count > 0) & (count < 3)
    corners, alone = _odd_first(triangles[cut], level), count[cut] == 1
    first, second = (_zeros(coordinates, level, corners[:, 0], corners[:, k]) for k in (1, 2))
    edges = coordinates[corners[:, 1:]] - coordinates[corners[:, :1]]
    left = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0] > 0.0
    turned = (left != alone)[:, None]
    segments = np.stack([np.where(turned, second, first), np.where(turned, first, second)], axis=1)
    return segments[(segments[:, 0] != segments[:, 1]).any(axis=1)]


def clip_segments(coordinates: Array, segments: Index, level: Array) -> Array:
    """The parts (m, 2, 2) of ``segments`` (k, 2), such as a mesh's boundary, where ``level`` (n,) is positive."""
    positive = level[segments] > 0.0
    whole, cut = positive.all(axis=1), positive[:, 0] != positive[:, 1]
    start, end = segments[cut].T
    zero = _zeros(coordinates, level, start, end)
    kept = coordinates[segments[cut]]
    parts = np.where(positive[cut][:, :, None], kept, zero[:, None, :])
    return np.concatenate([coordinates[segments[whole]], parts])


def distance_to_segments(coordinates: Array, segments: Array) -> Array:
    """Distance (n,) of ``coordinates`` (n, 2) from the nearest of ``segments`` (m, 2, 2); inf where there is none."""
    result = np.full(len(coordinates), np.inf)
    if len(segments) == 0:
        return result
    start, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    squared = np.maximum((along**2).sum(axis=1), 1e-300)
    block = max(PAIRS // len(segments), 1)
    for first in range(0, len(coordinates), block):
        offset = coordinates[first : first + block, None, :] - start
        share = np.clip((offset * along).sum(axis=2) / squared, 0.0, 1.0)
        gap = offset - share[:, :, None] * along
        result[first : first + block] = np.sqrt((gap**2).sum(axis=2).min(axis=1))
    return result


def _odd_first(triangles: Index, level: Array) -> Index:
    """Vertices of cut triangles (k, 3), turned until the one that differs in sign from both others comes first."""
    positive = level[triangles] > 0.0
    odd = np.argmax(positive == (positive.sum(axis=1) == 1)[:, None], axis=1)
    return np.take_along_axis(triangles, (odd[:, None] + np.arange(3)) % 3, axis=1)


def _zeros(coordinates: Array, level: Array, one: Index, other: Index) -> Array:
    """Where the level changes sign between vertices, counted from the positive one: (k, 2)."""
    swap = level[one] <= 0.0
    positive, negative = np.where(swap, other, one), np.where(swap, one, other)
    high, low = level[positive], level[negative]
    place = coordinates[positive] + (high / (high - low))[:, None] * (coordinates[negative] - coordinates[positive])
    return np.where((low == 0.0)[:, None], coordinates[negative], place)
