"""Depth in the union of several zones, from the union's own front.

The largest of the depths in the single zones is exact outside of all zones; inside it is too small wherever the nearest
front of one zone lies in another one. There the depth is the distance to the nearest piece of front that no other zone
covers. Frame of the tumour: origin at its centre, z along the needles, x towards the vessel; lengths in mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pennes.outcome.surface import Array

HIDDEN = 0.05
"""mm: a piece of front that lies deeper than this in another zone is no front of the union."""
CHUNK = 48
"""Tumours at a time, so that the distances stay in the cache."""


@dataclass(frozen=True)
class Front:
    """Where zones end, as small discs."""

    points: Array
    """(n, discs, 3) mm: their middles."""
    normals: Array
    """(n, discs, 3): unit vectors out of the dead tissue."""
    radii: Array
    """(n, discs) mm of the discs."""
    real: NDArray[np.bool_]
    """(n, discs): whether the zone ends there; others fill the array."""


class Zones(Protocol):
    """One zone for each of n tumours."""

    def depth(self, points: Array) -> Array:
        """Signed distances (n, p) mm, positive inside, of ``points`` (n, p, 3)."""

    def holds(self, points: Array, rows: NDArray[np.intp], deeper: float) -> NDArray[np.bool_]:
        """Whether (m, p) ``points`` (m, p, 3) lie deeper than about ``deeper`` mm in the zones ``rows`` (m,)."""

    def front(self) -> Front:
        """The zones' fronts."""


def nearest(points: Array, front: Front, open_: NDArray[np.bool_]) -> Array:
    """Signed distances (n, p), positive on the dead side, of ``points`` (n, p, 3) from the nearest discs of ``front``
    that are ``open_`` (n, discs); infinite where there are none.

    The disc whose middle is nearest is taken for the nearest disc.
    """
    found = np.empty(points.shape[:2])
    for first in range(0, len(points), CHUNK):
        part = slice(first, first + CHUNK)
        at = points[part].astype(np.float32)
        middles = front.points[part].astype(np.float32)
        squared = np.matmul(at, -2.0 * middles.transpose(0, 2, 1))
        with np.errstate(over="ignore"):  # where there is no vessel its disc is farther away than a square can say
            squared += np.where(open_[part], (middles**2).sum(axis=-1), np.inf)[:, None, :]
        best = np.argmin(squared, axis=-1)
        row = np.arange(len(at))[:, None]
        none = ~np.isfinite(np.take_along_axis(squared, best[..., None], axis=-1)[..., 0])
        way = front.points[part][row, best] - points[part]
        normal = front.normals[part][row, best]
        height = np.einsum("npk,npk->np", way, normal)
        aside = np.sqrt(np.maximum(np.einsum("npk,npk->np", way, way) - height**2, 0.0))
        beside = np.maximum(aside - front.radii[part][row, best], 0.0)
        found[part] = np.where(none, np.inf, np.copysign(np.hypot(height, beside), height))
    return found


class Union:
    """Zones that are added one after the other to the same tumours, or to some of them."""

    def __init__(self, surface: Array):
        """``surface`` (n, points, 3): where depths are asked for."""
        self._surface = surface
        self._largest = np.full(surface.shape[:2], -np.inf)
        self._rounds: list[tuple[NDArray[np.intp], Zones, Front, NDArray[np.bool_]]] = []

    def add(self, numbers: NDArray[np.intp], zones: Zones) -> None:
        """Add a zone to each of the tumours ``numbers`` (rising; all of them in every earlier call)."""
        self._largest[numbers] = np.maximum(self._largest[numbers], zones.depth(self._surface[numbers]))
        front = zones.front()
        open_, everyone = front.real.copy(), np.arange(len(numbers))
        for before, others, theirs, still_open in self._rounds:
            rows = np.searchsorted(before, numbers)
            open_ &= ~others.holds(front.points, rows, HIDDEN)
            still_open[rows] &= ~zones.holds(theirs.points[rows], everyone, HIDDEN)
        self._rounds.append((numbers, zones, front, open_))

    def depth(self, numbers: NDArray[np.intp]) -> Array:
        """Signed distances (m, points) from the union's surface, positive inside, of the tumours ``numbers``."""
        largest = self._largest[numbers]
        if len(self._rounds) == 1:
            return largest
        front_away = np.full(largest.shape, np.inf)
        for treated, _, front, open_ in self._rounds:
            _, here, rows = np.intersect1d(numbers, treated, return_indices=True)
            some = Front(front.points[rows], front.normals[rows], front.radii[rows], front.real[rows])
            away = np.abs(nearest(self._surface[numbers[here]], some, open_[rows]))
            front_away[here] = np.minimum(front_away[here], away)
        covered = (largest > 0.0) & np.isfinite(front_away)
        return np.where(covered, np.maximum(largest, front_away), largest)
