"""What a reader measures of a margin map that is there: two ways, from the same true map. Lengths in mm.

Errors of an observed map: the zone has contracted, its image is shifted against that of the tumour (registration), and
the outlines are off by a common amount (segmentation). Half of the variance between outlines is taken for such an
amount; the other half is texture that a reader smooths and that would make every smallest margin too small. With these
errors two readings of one map on the whole surface differ by the published 2 (1 to 3) mm (Laimer 2025), which a test
holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.outcome.surface import Array

MAXWELL = 2.0 * np.sqrt(2.0 / np.pi)
"""Mean length of a vector of three independent normal numbers of deviation 1."""
HALF_NORMAL_MEDIAN = 0.674489750196
"""Median of |N(0, 1)|."""


@dataclass(frozen=True)
class Reader:
    """How margins are read."""

    segmentation: float
    """Median distance between outlines, mm (1.75; Anderson 2022)."""
    registration: float
    """Mean shift between the images, mm."""
    contraction: float = 0.0
    """Mean fraction by which the zone's radius has shrunk when it is read."""
    contraction_spread: float = 0.0
    """Standard deviation of that fraction."""
    slices: float | None = None
    """Two-dimensional reading: only surface within this fraction of the radius of the middle slice is looked at;
    None: all of it."""

    def observe(self, margins: Array, radius: Array, directions: Array, rng: np.random.Generator) -> Array:
        """The map (n, points) that is seen of the true ``margins`` (n, points) around tumours of ``radius`` (n,)."""
        count = len(margins)
        shift = rng.normal(size=(count, 3)) * (self.registration / MAXWELL)
        common = rng.normal(size=(count, 1)) * (self.segmentation / HALF_NORMAL_MEDIAN / np.sqrt(2.0))
        left = 1.0 - np.clip(self.contraction + self.contraction_spread * rng.normal(size=count), 0.0, 0.5)
        depth = (radius[:, None] + margins) * left[:, None] - radius[:, None]
        return depth + shift @ directions.T + common

    def smallest(self, seen: Array, directions: Array, rng: np.random.Generator) -> Array:
        """The smallest margin (n,) of the maps ``seen`` (n, points).

        Slices of a two-dimensional reading lie at random to the needle.
        """
        if self.slices is not None:
            normal = rng.normal(size=(len(seen), 3))
            height = np.abs(normal @ directions.T) / np.linalg.norm(normal, axis=1, keepdims=True)
            seen = np.where(height <= self.slices, seen, np.inf)
        return seen.min(axis=1)


WEEKS_2D = Reader(1.75, 4.0, contraction=0.05, contraction_spread=0.05, slices=0.5)
"""Slices of CT 4 to 8 weeks later: outlines 1.75 mm apart (Anderson 2022), images 4 mm (registration 2 to 4 mm), and a
zone that has contracted by 5 +- 5 % of its radius (assumed: involution in the first weeks)."""
DURING_2D = Reader(1.75, 3.0, slices=0.5)
"""Slices during the intervention, by eye: no contraction yet."""
DURING_3D = Reader(1.75, 2.0)
"""Whole surface, minutes later, under anaesthesia: images 2 mm apart, no contraction yet."""


def written_down(smallest: Array) -> Array:
    """Margins in whole mm, 0 where none is seen: as they stand in a reader's table."""
    return np.maximum(np.round(smallest), 0.0)
