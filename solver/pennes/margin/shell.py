"""How much of a target, and of the shell around it, is ablated (shell coverage, Laimer 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pennes.margin.volume import clip_tetrahedra, corner_volume


@dataclass(frozen=True)
class ShellCoverage:
    """Volumes in m3. The shell is what lies outside the target within ``width`` (m) of its surface."""

    width: float
    target_volume: float
    target_ablated: float
    shell_volume: float
    shell_ablated: float

    @property
    def covered_fraction(self) -> float:
        """Of the target, in [0, 1]."""
        return self.target_ablated / self.target_volume if self.target_volume > 0 else 0.0

    @property
    def coverage(self) -> float:
        """Of the shell, in [0, 1]."""
        return self.shell_ablated / self.shell_volume if self.shell_volume > 0 else 0.0

    @property
    def tissue_at_risk(self) -> float:
        """Volume of the shell left alive, m3."""
        return self.shell_volume - self.shell_ablated


def shell_coverage(
    points: ArrayLike, tets: ArrayLike, distance: ArrayLike, level: ArrayLike, width: float
) -> ShellCoverage:
    """Ablated volume of a target and of its shell, exact for fields that are linear in each tetrahedron.

    ``points`` (n, 3) in m, ``tets`` (t, 4); ``distance`` (n,) to the target's surface in m, negative inside it;
    ``level`` (n,) positive where ablated; ``width`` of the shell in m. What lies outside the mesh does not count.
    """
    tets, distance = np.asarray(tets), np.asarray(distance, np.float64)
    near = tets[(distance[tets] < width).any(axis=1)]
    # Columns: x, y, z, inside the target, within the shell's outer surface, ablated.
    fields = np.column_stack([points, -distance, width - distance, np.asarray(level, np.float64)])
    values = fields[near]
    target = clip_tetrahedra(values, 3)
    values[:, :, 3] *= -1
    shell = clip_tetrahedra(clip_tetrahedra(values, 3), 4)
    return ShellCoverage(
        width=float(width),
        target_volume=corner_volume(target),
        target_ablated=corner_volume(clip_tetrahedra(target, 5)),
        shell_volume=corner_volume(shell),
        shell_ablated=corner_volume(clip_tetrahedra(shell, 5)),
    )
