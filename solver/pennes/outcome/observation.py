"""What a reader measures of a margin map that is there: two ways, from the same true map. Lengths in mm.

Errors of an observed map: the zone has contracted, its image is shifted against that of the tumour (registration), and
both outlines are off by a common amount and by a smooth pattern over the surface (segmentation).
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
    whole_millimetres: bool = False
    """The margin is written down in whole mm and as 0 where none is seen."""

    def observe(self, margins: Array, radius: Array, directions: Array, rng: np.random.Generator) -> Array:
        """The map (n, points) that is seen of the true ``margins`` (n, points) around tumours of ``radius`` (n,)."""
        count = len(margins)
        shift = rng.normal(size=(count, 3)) * (self.registration / MAXWELL)
        deviation = self.segmentation / HALF_NORMAL_MEDIAN / np.sqrt(2.0)
        common = rng.normal(size=(count, 1)) * deviation
        pattern = (rng.normal(size=(count, 5)) * deviation) @ _second_harmonics(directions).T
        left = 1.0 - np.clip(self.contraction + self.contraction_spread * rng.normal(size=count), 0.0, 0.5)
        depth = (radius[:, None] + margins) * left[:, None] - radius[:, None]
        return depth + shift @ directions.T + common + pattern

    def smallest(self, seen: Array, directions: Array, rng: np.random.Generator) -> Array:
        """The smallest margin (n,) that is written down of the maps ``seen`` (n, points).

        Slices of a two-dimensional reading lie at random to the needle.
        """
        if self.slices is not None:
            normal = rng.normal(size=(len(seen), 3))
            height = np.abs(normal @ directions.T) / np.linalg.norm(normal, axis=1, keepdims=True)
            seen = np.where(height <= self.slices, seen, np.inf)
        smallest = seen.min(axis=1)
        return np.maximum(np.round(smallest), 0.0) if self.whole_millimetres else smallest


def _second_harmonics(directions: Array) -> Array:
    """Five smooth patterns (points, 5) over the sphere whose random sum has deviation 1 everywhere."""
    x, y, z = directions.T
    return np.column_stack([x * y, y * z, z * x, (x**2 - y**2) / 2.0, (3.0 * z**2 - 1.0) / np.sqrt(12.0)]) * np.sqrt(
        3.0
    )
