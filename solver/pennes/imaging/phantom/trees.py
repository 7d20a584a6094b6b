"""Vascular trees that fill a territory, and tubes in voxels. Lengths in mm.

A tree is grown from its root by halving: the places that a vessel has to supply are cut across their widest spread at
the median, a branch goes towards the middle of each half, and its diameter follows from the number of places that it
supplies by Murray's law (flow as the cube of the diameter). Branches keep clear of other trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
TURN = 0.45
"""Of the way to the middle of its places that a branch goes."""
TRIES = 10


@dataclass
class Tree:
    """Segments ``start`` (n, 3) to ``end`` (n, 3) with ``radius`` (n,), parents before children; ``parent`` (n,), -1:
    the root."""

    start: list[Array] = field(default_factory=list)
    end: list[Array] = field(default_factory=list)
    radius: list[float] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)

    def add(self, start: Array, end: Array, radius: float, parent: int) -> int:
        self.start.append(np.asarray(start, float))
        self.end.append(np.asarray(end, float))
        self.radius.append(float(radius))
        self.parent.append(parent)
        return len(self.radius) - 1

    def samples(self, smallest: float = 0.0, step: float = 1.0) -> tuple[Array, Array]:
        """Points (k, 3) along all segments with at least the radius ``smallest``, and the radius (k,) there."""
        points, radii = [np.zeros((0, 3))], [np.zeros(0)]
        for start, end, radius in zip(self.start, self.end, self.radius, strict=True):
            if radius >= smallest:
                count = max(2, int(np.ceil(np.linalg.norm(end - start) / step)) + 1)
                points.append(start + np.linspace(0, 1, count)[:, None] * (end - start))
                radii.append(np.full(count, radius))
        return np.concatenate(points), np.concatenate(radii)


class Obstacles:
    """Trees that a new one keeps clear of."""

    def __init__(self, trees: list[Tree]):
        samples = [tree.samples(smallest=0.75) for tree in trees]
        self.radii = np.concatenate([np.zeros(0), *(radii for _, radii in samples)])
        points = np.concatenate([np.zeros((0, 3)), *(points for points, _ in samples)])
        self._tree = cKDTree(points) if len(points) else None

    def clearance(self, start: Array, end: Array, radius: float) -> float:
        """Smallest gap between a segment and the obstacles; inf where there are none."""
        if self._tree is None:
            return np.inf
        count = max(2, int(np.linalg.norm(end - start)) + 1)
        points = start + np.linspace(0, 1, count)[:, None] * (end - start)
        distance, index = self._tree.query(points, k=min(8, len(self.radii)))
        distance, index = distance.reshape(count, -1), index.reshape(count, -1)
        return float((distance - self.radii[index]).min() - radius)


def grow(
    root: Array, direction: Array, radius: float, places: Array, smallest: float, avoid: list[Tree],
    rng: np.random.Generator,
) -> Tree:  # fmt: skip
    """A tree from ``root`` (3,) along ``direction``, with ``radius``, that supplies ``places`` (n, 3) down to the
    radius ``smallest``."""
    tree, obstacles = Tree(), Obstacles(avoid)
    middle = places.mean(axis=0)
    first = root + direction / np.linalg.norm(direction) * 0.35 * np.linalg.norm(middle - root)
    trunk = tree.add(root, first, radius, -1)
    waiting = [(trunk, places)]
    total = len(places)
    while waiting:
        parent, own = waiting.pop()
        if len(own) < 2:
            continue
        centred = own - own.mean(axis=0)
        axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
        order = np.argsort(centred @ axis)
        cut = int(np.clip(len(own) * rng.uniform(0.35, 0.65), 1, len(own) - 1))
        for half in (own[order[:cut]], own[order[cut:]]):
            size = radius * (len(half) / total) ** (1 / 3)
            if size < smallest:
                continue
            start = tree.end[parent]
            end = _clear_end(start, half, size, obstacles, rng)
            waiting.append((tree.add(start, end, size, parent), half))
    return tree


def _clear_end(start: Array, places: Array, radius: float, obstacles: Obstacles, rng: np.random.Generator) -> Array:
    """The best of some ends near the way to the middle of the places: the first clear one, else the clearest."""
    way = places.mean(axis=0) - start
    length = np.linalg.norm(way)
    best, clearest = start + TURN * way, -np.inf
    for number in range(TRIES):
        jitter = rng.normal(size=3) * length * (0.06 + 0.05 * number)
        end = start + TURN * way + jitter
        gap = obstacles.clearance(start, end, radius)
        if gap > 1.5:
            return end
        if gap > clearest:
            best, clearest = end, gap
    return best


def companion(tree: Tree, side: Array, share: float, gap: float, smallest: float) -> Tree:
    """A tree beside another one: its segments moved by both radii and a gap towards ``side``, ``share`` as wide."""
    found, new = Tree(), {}
    for number, (start, end, radius) in enumerate(zip(tree.start, tree.end, tree.radius, strict=True)):
        own = share * radius
        if own < smallest:
            continue
        along = (end - start) / max(np.linalg.norm(end - start), 1e-9)
        away = side - (side @ along) * along
        away = away / max(np.linalg.norm(away), 1e-9) * (radius + own + gap)
        above = new.get(tree.parent[number], -1)
        first = found.end[above] if above >= 0 else start + away
        new[number] = found.add(first, end + away, own, above)
    return found


def draw(tree: Tree, origin: Array, spacing: float, shape: tuple[int, ...], turn: Array) -> NDArray[np.bool_]:
    """Voxels (i, j, k) whose centres lie in the tree's tubes; ``origin`` (3,) of voxel 0, ``turn`` (3, 3) of axes."""
    mask = np.zeros(shape, dtype=bool)
    starts = (np.array(tree.start).reshape(-1, 3) - origin) @ turn / spacing
    ends = (np.array(tree.end).reshape(-1, 3) - origin) @ turn / spacing
    for start, end, radius in zip(starts, ends, np.array(tree.radius) / spacing, strict=True):
        # A vessel thinner than a voxel still marks the voxels that it runs through.
        radius = max(radius, 0.5)
        low = np.maximum(np.floor(np.minimum(start, end) - radius).astype(int), 0)
        high = np.minimum(np.ceil(np.maximum(start, end) + radius).astype(int) + 1, shape)
        if (high <= low).any():
            continue
        x, y, z = np.ogrid[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
        step = end - start
        square = max(step @ step, 1e-12)
        along = np.clip(((x - start[0]) * step[0] + (y - start[1]) * step[1] + (z - start[2]) * step[2]) / square, 0, 1)
        apart = sum((c - s - along * t) ** 2 for c, s, t in zip((x, y, z), start, step, strict=True))
        mask[low[0] : high[0], low[1] : high[1], low[2] : high[2]] |= apart <= radius * radius
    return mask
