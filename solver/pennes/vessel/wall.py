"""A vessel with a meshed wall: Robin condition to blood whose temperature is marched along the centreline.

-k dT/dn = h (T - T_blood(s)), h from developing flow; each segment of the centreline warms its blood by the exact
exponential of a channel whose wall has the segment's mean temperature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.models import Branch, Vessel
from pennes.errors import InputError
from pennes.vessel.correlations import wall_coefficient

SEGMENT_LENGTH = 2e-3
#: Branches may take this share more than what arrives: speeds are stated in round numbers.
FLOW_EXCESS = 0.01


@dataclass(frozen=True)
class Reach:
    """A stretch of vessel of one diameter: its centreline points (n, 3), flow and coefficient (SI)."""

    points: np.ndarray
    diameter: float
    speed: float
    coefficient: float
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
    blood = vessel.blood
    found: list[Reach] = []

    def add(path, diameter: float, speed: float, parent: int | None, branches: tuple[Branch, ...]) -> None:
        coefficient = vessel.coefficient
        if coefficient is None:
            coefficient = wall_coefficient(
                diameter,
                speed,
                vessel.heated_length,
                conductivity=blood.thermal_conductivity.value,
                density=blood.density.value,
                heat_capacity=blood.heat_capacity.value,
                kinematic_viscosity=vessel.kinematic_viscosity,
            )
        points = np.asarray(path, dtype=float)
        found.append(Reach(points, diameter, speed, coefficient, parent))
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


class WallVessel:
    """One vessel as a heat sink.

    ``elements`` gives areas and node shares of the wall's ``facets`` (this rank's); ``conductance`` (n_local,) is h x
    wall area of each node in W/K, accumulated over ranks, ``segment_conductance`` (segments,) that of each segment;
    ``blood_temperature`` (segments,) and ``outlet_temperature`` (reaches,) in C are those of the last update. Raises
    InputError where the mesh holds no wall.
    """

    kind = "vessel"

    def __init__(self, elements, vessel: Vessel, facets: np.ndarray):
        self.elements, self.vessel, self.name = elements, vessel, vessel.name
        self.reaches = reaches(vessel)
        areas, nodes, shares, centres = elements.facet_shares(facets)
        reach_of, segment_of = self._segments(centres)
        coefficients = np.array([r.coefficient for r in self.reaches])
        self._nodes, self._segment = nodes, segment_of
        self._weights = areas[:, None] * shares * coefficients[reach_of][:, None]
        self.conductance = elements.accumulate(
            np.bincount(nodes.ravel(), self._weights.ravel(), minlength=elements.n_local)
        )
        self.segment_conductance = elements.comm.allreduce(
            np.bincount(segment_of, self._weights.sum(axis=1), minlength=self.n_segments)
        )
        if not self.segment_conductance.any():
            raise InputError(
                f"the vessel '{vessel.name}' has no wall in the mesh", key="vessels", expected="a meshed vessel"
            )
        self.blood_temperature = np.full(self.n_segments, vessel.inlet_temperature)
        self.outlet_temperature = np.full(len(self.reaches), vessel.inlet_temperature)

    def _segments(self, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Reach (m,) and segment (m,) of facet centres (m, 3): the nearest point of the centrelines, by radii."""
        self._first, counts, best = [], [], np.full(len(centres), np.inf)
        reach_of, segment_of = np.zeros(len(centres), np.int64), np.zeros(len(centres), np.int64)
        start = 0
        for number, reach in enumerate(self.reaches):
            steps = np.diff(reach.points, axis=0)
            lengths = np.linalg.norm(steps, axis=1)
            offsets = np.concatenate([[0.0], np.cumsum(lengths)])
            count = max(1, round(offsets[-1] / SEGMENT_LENGTH))
            for point, step, length, offset in zip(reach.points[:-1], steps, lengths, offsets[:-1], strict=True):
                along = np.clip((centres - point) @ step / length**2, 0.0, 1.0)
                distance = np.linalg.norm(centres - point - along[:, None] * step, axis=1) - reach.diameter / 2
                nearer = distance < best
                best[nearer] = distance[nearer]
                reach_of[nearer] = number
                arc = offset + along[nearer] * length
                segment_of[nearer] = start + np.minimum((arc / offsets[-1] * count).astype(np.int64), count - 1)
            self._first.append(start)
            counts.append(count)
            start += count
        self._counts, self.n_segments = counts, start
        return reach_of, segment_of

    def wall_temperature(self, temperature: np.ndarray) -> np.ndarray:
        """Mean wall temperature of each segment (n_segments,) in C; the inlet's where a segment has no wall."""
        heat = (self._weights * temperature[self._nodes]).sum(axis=1)
        total = self.elements.comm.allreduce(np.bincount(self._segment, heat, minlength=self.n_segments))
        walled = self.segment_conductance > 0
        inlet = np.full(self.n_segments, self.vessel.inlet_temperature)
        return np.divide(total, self.segment_conductance, out=inlet, where=walled)

    def update(self, temperature: np.ndarray) -> np.ndarray:
        """March the blood for tissue at ``temperature`` (n_local,): h x area x T_blood of each node (n_local,) in W.

        Blood that does not flow takes the temperature of the wall, as ever slower blood does.
        """
        blood = self.vessel.blood
        capacity = blood.density.value * blood.heat_capacity.value
        wall = self.wall_temperature(temperature)
        for number, reach in enumerate(self.reaches):
            inlet = self.vessel.inlet_temperature if reach.parent is None else self.outlet_temperature[reach.parent]
            for segment in range(self._first[number], self._first[number] + self._counts[number]):
                # Number of transfer units; a segment without wall has none, whatever flows.
                units = self.segment_conductance[segment]
                if units > 0.0:
                    units = units / (capacity * reach.flow) if reach.flow > 0.0 else np.inf
                mean_share = -np.expm1(-units) / units if units > 1e-9 else 1.0
                self.blood_temperature[segment] = wall[segment] + (inlet - wall[segment]) * mean_share
                inlet = wall[segment] + (inlet - wall[segment]) * np.exp(-units)
            self.outlet_temperature[number] = inlet
        heat = self._weights * self.blood_temperature[self._segment][:, None]
        return self.elements.accumulate(np.bincount(self._nodes.ravel(), heat.ravel(), minlength=self.elements.n_local))

    def nearest_wall_point(self, point: np.ndarray) -> np.ndarray:
        """The point (3,) of the wall nearest to ``point`` (3,), from centrelines and radii."""
        best, found = np.inf, self.reaches[0].points[0]
        for reach in self.reaches:
            for start, step in zip(reach.points[:-1], np.diff(reach.points, axis=0), strict=True):
                axis = start + np.clip((point - start) @ step / (step @ step), 0.0, 1.0) * step
                length = np.linalg.norm(point - axis)
                if abs(length - reach.diameter / 2) < best:
                    best = abs(length - reach.diameter / 2)
                    found = axis + (point - axis) / max(length, 1e-12) * reach.diameter / 2
        return found
