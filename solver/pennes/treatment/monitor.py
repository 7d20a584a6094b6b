"""What a run watches: probes, thermocouples, organs at risk, extremes."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from pennes.case.models import Case
from pennes.death import DeathModel
from pennes.errors import InputError
from pennes.scene import Domain
from pennes.scene.placement import sensor_points

PROBE_BEYOND = 1e-6
"""m; a probe on the outermost surface is inside."""


class Monitor:
    """Point values and extremes of the temperature on a domain.

    Raises InputError, on every rank, for a target or an organ that the mesh has nothing of.
    """

    def __init__(self, case: Case, domain: Domain, elements):
        self.elements = elements
        self.probe_names = tuple(probe.name for probe in case.output.probes)
        self._probes = domain.locate(np.array([p.point for p in case.output.probes]).reshape(-1, 3))
        sensors = sensor_points(case)
        self.sensor_names = tuple(sensors)
        self._sensors = domain.locate(np.array(list(sensors.values())).reshape(-1, 3))
        self._organs = {
            organ.name: np.flatnonzero(domain.contains(organ.geometry, elements.points)) for organ in case.organs
        }
        self.max_temperature = case.body.temperature
        self._refuse_empty(case, domain)
        self._refuse_outside(case)

    def probes(self, temperature: np.ndarray) -> dict[str, float]:
        """Temperature in C of each probe."""
        return dict(zip(self.probe_names, self._probes.evaluate(temperature, nearest=True), strict=True))

    def sensors(self, temperature: np.ndarray) -> dict[str, float]:
        """Temperature in C of each thermocouple of the applicators."""
        return dict(zip(self.sensor_names, self._sensors.evaluate(temperature, nearest=True), strict=True))

    def hottest(self, temperature: np.ndarray) -> float:
        """Highest temperature anywhere, in C; the highest of all times is kept."""
        now = self.elements.comm.allreduce(float(temperature.max(initial=-np.inf)), op=MPI.MAX)
        self.max_temperature = max(self.max_temperature, now)
        return now

    def organs(self, models: dict[str, DeathModel], states: dict[str, np.ndarray]) -> list[dict]:
        """Largest temperature and dose in each organ, for the summary, from the states (k, n_local) of the criteria."""
        hottest = models["isotherm"].damage(states["isotherm"])
        dose = models["cem43"].damage(states["cem43"])
        damage = models["arrhenius"].damage(states["arrhenius"])
        return [
            {
                "name": name,
                "max_c": self._largest(hottest[nodes]),
                "max_cem43_min": max(self._largest(dose[nodes]), 0.0),
                "max_arrhenius": max(self._largest(damage[nodes]), 0.0),
            }
            for name, nodes in self._organs.items()
        ]

    def _largest(self, values: np.ndarray) -> float:
        return self.elements.comm.allreduce(float(values.max(initial=-np.inf)), op=MPI.MAX)

    def _refuse_outside(self, case: Case) -> None:
        """A probe may lie in metal or a vessel, where the nearest tissue answers, but not beyond all of the mesh."""
        points, comm = self.elements.points, self.elements.comm
        low, high = points.min(axis=0, initial=np.inf), points.max(axis=0, initial=-np.inf)
        comm.Allreduce(MPI.IN_PLACE, low, op=MPI.MIN)
        comm.Allreduce(MPI.IN_PLACE, high, op=MPI.MAX)
        for number, (probe, place) in enumerate(zip(case.output.probes, self._probes.points, strict=True)):
            beyond = float(np.maximum(low - place, place - high).max())
            if beyond > PROBE_BEYOND:
                raise InputError(
                    f"the probe '{probe.name}' lies {1e3 * beyond:.3g} mm outside the mesh",
                    key=f"output.probes.{number}.point",
                    expected="a point inside the body",
                )

    def _refuse_empty(self, case: Case, domain: Domain) -> None:
        comm, tags = self.elements.comm, self.elements.cell_values(domain.cell_tags)
        for region in domain.regions:
            if region.target is not None and not comm.allreduce(int(np.count_nonzero(tags == region.tag))):
                number = [target.name for target in case.targets].index(region.target)
                raise InputError(
                    f"the target '{region.target}' has no cell of the mesh: too small, or hidden in another",
                    key=f"targets.{number}",
                    expected="targets beside each other, wider than an edge (accuracy.mesh.lesion)",
                )
        for number, (name, nodes) in enumerate(self._organs.items()):
            if not comm.allreduce(len(nodes)):
                raise InputError(
                    f"the organ '{name}' has no point of the mesh: outside the body, or smaller than its edges",
                    key=f"organs.{number}",
                    expected="an organ inside the body; one with a tissue of its own is meshed",
                )
