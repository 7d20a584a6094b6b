"""Planned overlapping applications: how many, and where, for a tumour of a given size.

The rule of the field: balls as wide as one application are placed so that together they hold the tumour and the margin
wanted. A tumour below 2 cm takes one ball of 3 cm, one of 2 to 3 cm six of them, which hold a ball of 3.7 cm (Dodd et
al., RadioGraphics 2000;20:9, figure 4); larger ones take more (Dodd et al., AJR 2001;177:777). Widths of the composites
follow from geometry (``reach``) and are not taken from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.outcome.surface import Array

_GOLDEN = (1.0 + np.sqrt(5.0)) / 2.0


def _even(vertices: list[tuple[float, float, float]]) -> Array:
    points = np.array(vertices)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@dataclass(frozen=True)
class Arrangement:
    """Balls of radius 1 at equal distances from the middle."""

    vertices: Array
    """(count, 3) unit vectors, in the order in which they are treated."""
    with_middle: bool
    """One more ball in the middle, treated first."""
    worst: float
    """Cosine between a direction that is farthest from all vertices and the nearest of them."""

    @property
    def count(self) -> int:
        return len(self.vertices) + self.with_middle

    @property
    def offset(self) -> float:
        """Distance of the balls from the middle at which together they hold the largest ball (without one in the
        middle at most 1: else the middle is left)."""
        if not len(self.vertices):
            return 0.0
        sine = 1.0 - self.worst**2
        best = 1.0 / np.sqrt(sine * (1.0 + sine / self.worst**2))
        return float(best if self.with_middle else min(best, 1.0))

    @property
    def reach(self) -> float:
        """Radius of the largest ball around the middle that they hold together."""
        if not len(self.vertices):
            return 1.0
        across = 1.0 - self.worst**2
        return float(self.worst * self.offset + np.sqrt(1.0 - across * self.offset**2))

    def places(self) -> Array:
        """(count, 3) middles of the balls."""
        shell = self.offset * self.vertices
        return np.vstack([np.zeros((1, 3)), shell]) if self.with_middle else shell


_TETRAHEDRON = _even([(1, 1, 1), (-1, -1, 1), (-1, 1, -1), (1, -1, -1)])
_OCTAHEDRON = _even([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])
_ICOSAHEDRON = _even(
    [
        point
        for one in (1, -1)
        for other in (_GOLDEN, -_GOLDEN)
        for point in ((0, one, other), (one, other, 0), (other, 0, one))
    ]
)
ARRANGEMENTS = (
    Arrangement(np.empty((0, 3)), True, 1.0),
    Arrangement(_TETRAHEDRON, False, 1.0 / 3.0),
    Arrangement(_OCTAHEDRON, False, 1.0 / np.sqrt(3.0)),
    Arrangement(_ICOSAHEDRON, False, float(np.sqrt((5.0 + 2.0 * np.sqrt(5.0)) / 15.0))),
    Arrangement(_ICOSAHEDRON, True, float(np.sqrt((5.0 + 2.0 * np.sqrt(5.0)) / 15.0))),
)
"""1, 4, 6, 12 and 13 applications."""


def plan(wanted: Array, counted_on: Array, applications: int) -> tuple[Array, Array]:
    """Places (n, most, 3) mm of the planned applications and their numbers (n,).

    The fewest that hold a ball of radius ``wanted`` (n,) mm with balls of radius ``counted_on`` (n,) mm; where no
    arrangement of at most ``applications`` does, the largest of them.
    """
    allowed = [one for one in ARRANGEMENTS if one.count <= applications]
    reach = np.array([one.reach for one in allowed])
    taken = np.minimum((reach < (wanted / counted_on)[:, None]).sum(axis=1), len(allowed) - 1)
    numbers = np.array([one.count for one in allowed])[taken]
    places = np.zeros((len(wanted), numbers.max(), 3))
    for number, one in enumerate(allowed):
        mask = taken == number
        if mask.any():
            places[mask, : one.count] = counted_on[mask, None, None] * one.places()
    return places, numbers
