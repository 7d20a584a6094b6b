"""Points on a tumour's surface at which the margin is known, and the tumours themselves; lengths in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def directions(count: int) -> Array:
    """Unit vectors (count, 3), spread evenly over the sphere (Fibonacci lattice, Gonzalez 2010): equal areas."""
    number = np.arange(count) + 0.5
    height = 1.0 - 2.0 * number / count
    turn = np.pi * (1.0 + np.sqrt(5.0)) * number
    across = np.sqrt(1.0 - height**2)
    return np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=-1)


@dataclass(frozen=True)
class Tumours:
    """Balls beside one vessel each, which runs along y; x points from the tumour's centre to the vessel."""

    radius: Array
    """(n,) mm."""
    vessel_radius: Array
    """(n,) mm; 0 where there is no large vessel."""
    vessel_gap: Array
    """(n,) mm from the tumour's surface to the vessel's wall."""
    mutant: NDArray[np.bool_]
    """(n,) RAS status."""

    def __len__(self) -> int:
        return len(self.radius)

    def areas(self, points: int) -> Array:
        """(n, points) mm2 that each of ``points`` even directions stands for."""
        return np.repeat(4.0 * np.pi * self.radius[:, None] ** 2 / points, points, axis=1)

    def part(self, chosen: NDArray) -> Tumours:
        """The tumours at the numbers, or of the mask, ``chosen``."""
        return Tumours(self.radius[chosen], self.vessel_radius[chosen], self.vessel_gap[chosen], self.mutant[chosen])
