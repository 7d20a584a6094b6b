"""Trees grown by constrained constructive optimisation.

After Schreiner and Buxbaum (1993) and Karch et al. (1999): ends are added one by one; each is joined to the branch
where the tree's volume grows least, and the point where it joins is moved to where that volume is smallest. Radii
follow Murray's law: the cube of a branch's radius is proportional to the flow of the ends that it feeds. (Pressures at
the ends then differ a little; constrained trees correct for it by factors near one.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.vessels import Growth

CANDIDATES = 10
"""Branches near a new end that are tried."""
STEPS = 12
"""Iterations for the point of joining."""
SAMPLES = 13
"""Points of a branch that are tested against needles."""
FORBIDDEN = 1e6
"""Volume that a joint too near to a needle is charged: it is taken where there is no other."""
DRAWN = 16
"""Places drawn for a new end before the distance that it must keep is shortened."""


@dataclass(frozen=True, eq=False)
class Grown:
    """Nodes ``points`` (n, 3) m; ``start`` and ``end`` (m,) of the branches away from the root, ``radii`` (m,) m and
    the ``share`` (m,) of the trunk's flow that each carries."""

    points: np.ndarray
    start: np.ndarray
    end: np.ndarray
    radii: np.ndarray
    share: np.ndarray


class _Growing:
    """The tree so far: places, parents and flows of its nodes; the branch of a node is the one that leads to it."""

    def __init__(self, ends: int, root: tuple[float, ...], keep_clear: tuple[np.ndarray, float] | None):
        self.keep_clear = keep_clear
        self.points, self.parent, self.flow = np.zeros((2 * ends, 3)), np.full(2 * ends, -1), np.zeros(2 * ends)
        self.points[0], self.used = root, 1

    @property
    def branches(self) -> tuple[np.ndarray, np.ndarray]:
        """Where they begin and end: (m, 3) each."""
        return self.points[self.parent[1 : self.used]], self.points[1 : self.used]

    def add(self, place: np.ndarray, flow: float) -> None:
        """Join a new end that takes ``flow``."""
        if self.used == 1:
            self.points[1], self.parent[1], self.flow[1], self.used = place, 0, flow, 2
            return
        branch, joint = self._best_joint(place, flow)
        new = self.used
        self.points[new : new + 2] = joint, place
        self.parent[new : new + 2] = self.parent[branch], new
        self.flow[new : new + 2] = self.flow[branch], flow
        self.parent[branch], self.used = new, new + 2
        node = new
        while node > 0:
            self.flow[node] += flow
            node = self.parent[node]

    def _best_joint(self, place: np.ndarray, added: float) -> tuple[int, np.ndarray]:
        """The branch to join, and where, for the least volume: r^2 x length with r^3 as the flow."""
        first, last = self.branches
        near = 1 + np.argsort(segment_distances(place[None], first, last)[0], kind="stable")[:CANDIDATES]
        begin, end, flow = first[near - 1], last[near - 1], self.flow[near]
        weights = np.stack([(flow + added) ** (2 / 3), flow ** (2 / 3), np.full_like(flow, added ** (2 / 3))], axis=1)
        corners = np.stack([begin, end, np.broadcast_to(place, begin.shape)], axis=1)
        middle = corners.mean(axis=1)
        joint = (weights[:, :, None] * corners).sum(axis=1) / weights.sum(axis=1, keepdims=True)
        for _ in range(STEPS):  # Weiszfeld: towards the weighted geometric median
            distance = np.maximum(np.linalg.norm(corners - joint[:, None], axis=2), 1e-6)
            pull = weights / distance
            joint = (pull[:, :, None] * corners).sum(axis=1) / pull.sum(axis=1, keepdims=True)
        # A joint at a corner would leave a branch of no length.
        spread = np.linalg.norm(corners - middle[:, None], axis=2).min(axis=1)
        close = np.linalg.norm(corners - joint[:, None], axis=2).min(axis=1) < 0.05 * spread
        joint[close] += 0.2 * (middle - joint)[close]
        volume = (weights * np.linalg.norm(corners - joint[:, None], axis=2)).sum(axis=1)
        volume -= flow ** (2 / 3) * np.linalg.norm(end - begin, axis=1)
        volume += self._upstream(near, added)
        best = int(np.argmin(np.where(self._clear(corners, joint), volume, volume + FORBIDDEN)))
        return int(near[best]), joint[best]

    def _clear(self, corners: np.ndarray, joint: np.ndarray) -> np.ndarray:
        """Whether the three branches of each joint (k, 3) to its ``corners`` (k, 3, 3) keep clear of the needles."""
        if self.keep_clear is None:
            return np.ones(len(joint), dtype=bool)
        shafts, clearance = self.keep_clear
        shares = np.linspace(0.0, 1.0, SAMPLES)[:, None]
        points = joint[:, None, None] + shares * (corners - joint[:, None])[:, :, None]
        distance = segment_distances(points.reshape(-1, 3), shafts[:, 0], shafts[:, 1]).min(axis=1)
        return distance.reshape(len(joint), -1).min(axis=1) >= clearance

    def _upstream(self, nodes: np.ndarray, added: float) -> np.ndarray:
        """Volume that the added flow costs in the branches above those of ``nodes``."""
        first, last = self.branches
        flow = self.flow[1 : self.used]
        cost = np.linalg.norm(last - first, axis=1) * ((flow + added) ** (2 / 3) - flow ** (2 / 3))
        costs, parents, found = [0.0, *cost.tolist()], self.parent[: self.used].tolist(), []
        for node in nodes.tolist():
            total, above = 0.0, parents[node]
            while above > 0:
                total, above = total + costs[above], parents[above]
            found.append(total)
        return np.array(found)


def grow(recipe: Growth, diameter: float, shafts: np.ndarray | None = None) -> Grown:
    """The tree of ``recipe`` with a trunk of ``diameter`` m; equal recipes give equal trees.

    ``shafts`` (k, 2, 3) are axes of applicators that ends keep clear of.
    """
    random = np.random.default_rng(recipe.seed)
    focus = recipe.focus
    fine = 0 if focus is None else focus.ends
    keep_clear = None if shafts is None or recipe.clearance == 0.0 else (shafts, recipe.clearance)
    tree = _Growing(recipe.ends + fine, recipe.root, keep_clear)
    small = 0.0 if focus is None else (focus.end_diameter / diameter) ** 3
    territories = [(recipe.centre, np.array(recipe.diameters) / 2.0, recipe.ends, (1.0 - fine * small) / recipe.ends)]
    if focus is not None:
        territories.append((focus.centre, np.full(3, focus.diameter / 2.0), fine, small))
    for centre, axes, ends, flow in territories:
        size = (4.0 / 3.0 * np.pi * axes.prod()) ** (1.0 / 3.0)
        for count in range(ends):
            place = _new_end(random, np.array(centre), axes, tree, size / (count + 1) ** (1 / 3), keep_clear)
            tree.add(place, flow)
    used = tree.used
    share = tree.flow[1:used]
    return Grown(tree.points[:used], tree.parent[1:used], np.arange(1, used), diameter / 2 * share ** (1 / 3), share)


def _new_end(random, centre, axes, tree: _Growing, spacing: float, keep_clear) -> np.ndarray:
    """A random place in the ellipsoid, far enough from the tree; the distance shrinks with every failure."""
    while True:
        direction = random.normal(size=(DRAWN, 3))
        reach = random.random((DRAWN, 1)) ** (1 / 3)
        places = centre + axes * direction / np.linalg.norm(direction, axis=1, keepdims=True) * reach
        good = np.ones(DRAWN, dtype=bool)
        if keep_clear is not None:
            shafts, clearance = keep_clear
            good &= segment_distances(places, shafts[:, 0], shafts[:, 1]).min(axis=1) >= clearance
        if tree.used > 1:
            good &= segment_distances(places, *tree.branches).min(axis=1) >= spacing
        if good.any():
            return places[np.argmax(good)]
        spacing *= 0.8


def segment_distances(points: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Distances (k, n) of points (k, 3) from segments (n, 3) to (n, 3)."""
    along = last - first
    square = np.maximum((along**2).sum(axis=1), 1e-30)
    share = np.clip((points @ along.T - (first * along).sum(axis=1)) / square, 0.0, 1.0)
    nearest = first + share[:, :, None] * along
    return np.linalg.norm(points[:, None] - nearest, axis=2)
