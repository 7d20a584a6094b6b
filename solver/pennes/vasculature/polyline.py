"""The vessels of a case that are drawn as polylines with branches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.vessels import Branch, Vessel
from pennes.errors import InputError

FLOW_EXCESS = 0.01
"""Branches may take this share more than what arrives: speeds are stated in round numbers."""


@dataclass(frozen=True)
class Reach:
    """A stretch of vessel of one diameter: its centreline points (n, 3), mean speed and the reach it leaves (SI)."""

    points: np.ndarray
    diameter: float
    speed: float
    parent: int | None

    @property
    def flow(self) -> float:
        """Volume flow in m3/s."""
        return self.speed * np.pi * self.diameter**2 / 4.0


def reaches(vessel: Vessel) -> tuple[Reach, ...]:
    """The vessel's stem and branches in the direction of flow.

    A branch without a speed gets its share, by diameter cubed (Murray), of the flow that the others leave. Raises
    InputError where branches take more than the flow that arrives.
    """
    found: list[Reach] = []

    def add(path, diameter: float, speed: float, parent: int | None, branches: tuple[Branch, ...]) -> None:
        points = np.asarray(path, dtype=float)
        found.append(Reach(points, diameter, speed, parent))
        number, flow = len(found) - 1, found[-1].flow
        cubes = sum(branch.diameter**3 for branch in branches if branch.speed is None)
        stated = sum(branch.speed * np.pi * branch.diameter**2 / 4 for branch in branches if branch.speed is not None)
        if stated > (1.0 + FLOW_EXCESS) * flow:
            raise InputError(
                f"the branches of '{vessel.name}' carry {1e6 * stated:.3g} ml/s where {1e6 * flow:.3g} ml/s arrive",
                key="vessels.branches.speed",
                expected="lower speeds, or none: then the flow is shared by diameter cubed",
            )
        for branch in branches:
            branch_speed = branch.speed
            if branch_speed is None:
                share = max(flow - stated, 0.0) * branch.diameter**3 / cubes
                branch_speed = share / (np.pi * branch.diameter**2 / 4)
            add([points[-1], *branch.path], branch.diameter, branch_speed, number, branch.branches)

    add(vessel.path, vessel.diameter, vessel.speed, None, vessel.branches)
    return tuple(found)
