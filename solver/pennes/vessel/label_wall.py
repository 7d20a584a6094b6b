"""The wall of a vessel label: blood at a fixed temperature behind a wall coefficient.

Large vessels warm by less than a degree over the length of an ablation (see ``VascularSink``, which marches the blood
along a centreline; a label has none).
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from pennes.case.bodies import LabelVessel
from pennes.vessel.correlations import wall_coefficient


class LabelWall:
    """A heat sink on this rank's wall ``facets``; a vessel that does not reach into the box takes nothing."""

    kind = "vessel"
    warmest_outlet = None

    def __init__(self, elements, vessel: LabelVessel, facets: np.ndarray):
        self.elements, self.name, self.temperature = elements, vessel.label, vessel.temperature
        coefficient = vessel.coefficient
        if coefficient is None:
            blood = vessel.blood
            coefficient = wall_coefficient(
                vessel.diameter,
                vessel.speed,
                vessel.heated_length,
                conductivity=blood.thermal_conductivity.value,
                density=blood.density.value,
                heat_capacity=blood.heat_capacity.value,
                kinematic_viscosity=vessel.kinematic_viscosity,
            )
        self.coefficient = coefficient
        areas, nodes, shares, self._centres = elements.facet_shares(facets)
        weights = (coefficient * areas)[:, None] * shares
        conductance = np.bincount(nodes.ravel(), weights.ravel(), minlength=elements.n_local)
        self.conductance = elements.accumulate(conductance)

    def mismatch(self, temperature: np.ndarray) -> float:
        """0: the blood keeps its temperature."""
        return 0.0

    def update(self, temperature: np.ndarray) -> np.ndarray:
        """Heat flow at a tissue temperature of 0 C (n_local,) in W."""
        return self.conductance * self.temperature

    def nearest_wall_point(self, point: np.ndarray) -> np.ndarray:
        """The middle (3,) of the wall's facet nearest to ``point`` (3,), the same on all ranks (collective); far away
        where there is no wall."""
        comm, best, found = self.elements.comm, np.inf, np.full(3, 1e3)
        if len(self._centres):
            distance = np.linalg.norm(self._centres - point, axis=1)
            best, found = float(distance.min()), self._centres[int(distance.argmin())]
        _, rank = comm.allreduce((best, comm.rank), op=MPI.MINLOC)
        return np.asarray(comm.bcast(found, root=rank))

    def set_flow(self, fraction: float) -> None:
        """Occlusions name circulations, to which the vessels of a label map do not belong."""

    def accept(self, mean: np.ndarray, dead: np.ndarray, dt: float) -> None:
        """The blood does not warm, and the audit counts the heat: there is nothing to remember."""

    def branches(self) -> list[dict]:
        """None: the whole label is one vessel."""
        return []

    def to_dict(self) -> dict:
        """Nothing."""
        return {}

    def restore(self, saved: dict) -> None:
        """Nothing to take up."""
