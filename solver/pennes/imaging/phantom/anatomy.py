"""Organs of the synthetic patient as level functions on points. Lengths in mm, LPS about the middle of the image.

Positive inside. Sizes are those of adults, rounded; nothing is taken from a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
HILUM = np.array([12.0, 6.0, -18.0])
CAVA = np.array([14.0, 50.0])
"""Where the inferior vena cava runs from feet to head: x, y."""
CAVA_RADIUS = 10.5
COLON = np.array([[-62, 30, -120], [-58, 8, -75], [-30, -22, -65], [30, -40, -77], [90, -36, -87]], dtype=float)
COLON_RADIUS = 17.0


@dataclass(frozen=True)
class Anatomy:
    """The individual: a random bend and size of everything, drawn from the seed."""

    scale: Array
    """(3,) of the liver."""
    waves: Array
    """(n, 3) wave vectors, 1/mm."""
    phases: Array
    heights: Array
    gap: float
    """Between liver and colon, mm."""

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Anatomy:
        directions = rng.normal(size=(12, 3))
        directions /= np.linalg.norm(directions, axis=1)[:, None]
        return cls(
            scale=rng.uniform(0.92, 1.06, 3),
            waves=directions / rng.uniform(9.0, 28.0, 12)[:, None],
            phases=rng.uniform(0, 2 * np.pi, 12),
            heights=rng.uniform(0.3, 1.2, 12),
            gap=rng.uniform(2.0, 9.0),
        )

    def liver(self, points: tuple[Array, Array, Array]) -> Array:
        """A right and a left lobe, hollowed from below by the viscera, with a wavy surface."""
        x, y, z = points
        right = _ellipsoid(points, (-38, 4, 2), np.array([68, 62, 68]) * self.scale)
        left = _ellipsoid(points, (34, -24, 16), np.array([58, 36, 32]) * self.scale)
        whole = _smooth_max(right, left, 14.0)
        below = _ellipsoid(points, (28, 26, -70), (88, 74, 62))
        level = -_smooth_max(-whole, below, 8.0)
        wave = sum(
            h * np.sin(w[0] * x + w[1] * y + w[2] * z + p).astype(np.float32)
            for w, p, h in zip(self.waves.astype(np.float32), self.phases, self.heights, strict=True)
        )
        return level + 0.5 * wave

    def gallbladder(self, points: tuple[Array, Array, Array]) -> Array:
        return _ellipsoid(points, (-10, -28, -36), (13, 22, 15))

    def stomach(self, points: tuple[Array, Array, Array]) -> Array:
        return _ellipsoid(points, (70, 8, -8), (34, 32, 58))

    def colon(self, points: tuple[Array, Array, Array], shift: float) -> Array:
        """The right flexure: a bent tube of 34 mm, moved up by ``shift``."""
        return _tube(points, np.add(COLON, [0.0, 0.0, shift]), COLON_RADIUS)

    def cava(self, points: tuple[Array, Array, Array]) -> Array:
        x, y, _ = points
        return CAVA_RADIUS - np.hypot(x - CAVA[0], y - CAVA[1])

    def body(self, points: tuple[Array, Array, Array], half: Array) -> Array:
        """The trunk, cut off above and below by the image."""
        x, y, _ = points
        return 1.0 - np.sqrt((x / (half[0] - 4)) ** 2 + (y / (half[1] - 4)) ** 2)


def _ellipsoid(points: tuple[Array, Array, Array], centre, semi_axes) -> Array:
    """About the signed distance in mm."""
    scaled = [((p - c) / a) ** 2 for p, c, a in zip(points, centre, semi_axes, strict=True)]
    radius = np.sqrt(scaled[0] + scaled[1] + scaled[2]).astype(np.float32)
    return np.float32(np.min(semi_axes)) * (1 - radius)


def _smooth_max(one: Array, other: Array, width: float) -> Array:
    """The larger of two, rounded where they meet (polynomial blend)."""
    share = np.clip(0.5 + 0.5 * (one - other) / width, 0, 1)
    return other + (one - other) * share + width * share * (1 - share)


def _tube(points: tuple[Array, Array, Array], path: Array, radius: float) -> Array:
    nearest = None
    for start, end in pairwise(path):
        step = end - start
        along = sum((p - s) * t for p, s, t in zip(points, start, step, strict=True)) / (step @ step)
        along = np.clip(along, 0, 1)
        apart = sum((p - s - along * t) ** 2 for p, s, t in zip(points, start, step, strict=True))
        nearest = apart if nearest is None else np.minimum(nearest, apart)
    return radius - np.sqrt(nearest)
