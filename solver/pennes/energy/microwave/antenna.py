"""One microwave antenna as an energy source: its axisymmetric field, mapped onto the treatment's mesh."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pennes.case.models import Case
from pennes.energy.microwave.budget import FLOWS, Losses
from pennes.energy.microwave.field import AntennaField, FieldSolution
from pennes.energy.microwave.mapping import AROUND, Rings, cell_weights, cylindrical, ring_points
from pennes.energy.source import Tissues
from pennes.errors import InputError
from pennes.generator import Delivery, Drive
from pennes.tissue.dielectric import VACUUM_PERMITTIVITY, complex_permittivity, dielectric_at

LEAST_CHANGE = 1e-3
"""Power-weighted change of the permittivity below which the last field still holds."""
LEAST_IN_TISSUE = 0.5
"""Share of the power that has to go into tissue of the mesh."""


@dataclass(frozen=True)
class _Found:
    """What the ranks need of a field: at 1 W forward, |E|^2 (points,) of the section."""

    solution: FieldSolution
    squared: np.ndarray


class AxisymmetricAntenna:
    """The ``EnergySource`` of one antenna. The medium is the complex relative permittivity of each cell.

    ``locate`` is the domain's. Every method is collective; the field itself is solved on rank 0 and handed on.
    Raises InputError for an antenna that does not radiate into tissue.
    """

    iterations = 0
    """The field is solved for directly."""
    columns = (*(f"{name}_w" for name in FLOWS), "s11_db", "mapping_scale", "axis_spread_k")

    def __init__(self, case: Case, domain, elements, tissues: Tissues):
        applicator = case.applicators[0]
        self.name = applicator.name
        self.names = (f"{applicator.name}.antenna",)
        self.device, self.elements, self.tissues, self.comm = applicator.device, elements, tissues, elements.comm
        self.antenna = applicator.device.antenna
        self.frequency = applicator.device.generator.frequency
        self.losses = Losses.of(self.antenna)
        entry = dielectric_at(case.body.tissue, self.frequency, "applicators.0.device.generator.frequency")
        self.background = complex(complex_permittivity(entry, self.frequency, case.body.temperature, 0.0))
        self.field = AntennaField(
            self.antenna,
            applicator.device.shafts[0],
            self.frequency,
            self.background,
            largest=case.accuracy.mesh.field,
        )
        self._map(domain, np.array(applicator.tip), axes_of(applicator.direction))
        self._shaft_cells(domain, applicator.name)
        self.solution: FieldSolution | None = None
        self._squared = self._cell_field = self._solved_for = None
        self.scale = math.nan
        self.solves = 0

    def _map(self, domain, tip: np.ndarray, axes: np.ndarray) -> None:
        section, cells = self.field.section, self.field.tissue_cells
        self._to_section: Callable[[np.ndarray], np.ndarray] = lambda points: cylindrical(points, tip, axes[:, 2])
        points, held = domain.locate(ring_points(section, cells, tip, axes)).held
        self.rings = Rings(self.comm, points, held, len(cells), AROUND, self.elements.n_cells)
        self._weights = cell_weights(section, cells, self.elements, self._to_section)
        #: sigma / 2 per imaginary permittivity, times the volume.
        self._loss = 0.5 * 2.0 * math.pi * self.frequency * VACUUM_PERMITTIVITY * self.elements.volumes

    def _shaft_cells(self, domain, applicator: str) -> None:
        """Shares of the shaft's heat that reach each cell at its surface, per W lost along the line and at its end."""
        elements = self.elements
        self._line, self._end = np.zeros(elements.n_cells), np.zeros(elements.n_cells)
        around = math.pi * self.device.shafts[0].diameter
        for surface in domain.surfaces:
            if surface.applicator != applicator or surface.cooling is not None:
                continue  # the coolant takes it
            facets = domain.facet_tags.find(surface.tag)
            areas, _, _, middles = elements.facet_shares(facets)
            _, cells = elements.facet_cells(facets)
            z = self._to_section(middles)[:, 1]
            for target, heat in ((self._line, self.losses.line_heat), (self._end, self.losses.end_heat)):
                target += np.bincount(cells, heat(self.antenna, z) * areas / around, elements.n_cells)

    @property
    def solved(self) -> bool:
        return self.solution is not None

    def medium(self, temperature: np.ndarray) -> np.ndarray:
        return self.tissues.permittivity(temperature, self.frequency)

    def update(self, medium: np.ndarray) -> None:
        tissue = self.rings.mean(medium, self.background)
        found = self.comm.bcast(self._solve(tissue) if self.comm.rank == 0 else None)
        if found is None:
            return
        self.solution, self._squared = found.solution, found.squared
        self._cell_field = self._weights @ self._squared
        self.solves += 1
        if self.solves == 1:
            self._check_tissue()

    def _solve(self, tissue: np.ndarray) -> _Found | None:
        """The field for the ring means (tissue cells,); None where the last one still holds."""
        if self.solution is not None:
            change = np.abs(tissue - self._solved_for) / np.abs(self._solved_for)
            power = self.solution.tissue_power
            if float(power @ change) < LEAST_CHANGE * float(power.sum()):
                return None
        self._solved_for = tissue
        solution = self.field.solve(tissue)
        return _Found(solution, self.field.squared_field(solution, tissue))

    def _check_tissue(self) -> None:
        power = self.solution.tissue_power
        share = float(power @ self.rings.coverage) / float(power.sum())
        if share < LEAST_IN_TISSUE:
            raise InputError(
                f"the antenna '{self.name}' does not lie in tissue: only {100 * share:.0f} % of the power that it "
                "radiates would go into the tissue of the mesh",
                key="applicators.0.tip",
                expected="an antenna whose radiating part is inside the body, or a larger body",
            )

    def power(self, drive: Drive, seconds: float) -> float:
        """Power in W at the generator, ``seconds`` after a drive began."""
        if drive.kind == "off":
            return 0.0
        generator = self.device.generator if drive.generator is None else drive.generator
        return min(max(drive.value + drive.rate * seconds, 0.0), generator.max_power)

    def deliver(self, drive: Drive, seconds: float, medium: np.ndarray) -> Delivery:
        asked = drive.value + drive.rate * seconds
        power = self.power(drive, seconds)
        flows = self.losses.flows(power, self.solution, self.rings.coverage)
        limited = "power" if power < asked * (1.0 - 1e-12) else None
        total = flows["absorbed"] + self._shaft_total(flows)
        return Delivery(total, 0.0, 0.0, math.nan, limited, flows)

    def heat(self, drive: Drive, seconds: float, medium: np.ndarray) -> tuple[Delivery, np.ndarray]:
        delivery = self.deliver(drive, seconds, medium)
        flows = delivery.flows
        raw = self._loss * (-medium.imag) * self._cell_field
        total = self.comm.allreduce(float(raw.sum()))
        mapped = flows["forward"] * self.losses.efficiency * total
        #: Power of the field in the tissue of the mesh over what the mapping gave: near 1 where the mesh is fine.
        self.scale = flows["absorbed"] / mapped if mapped > 0.0 else math.nan
        return delivery, raw * (flows["absorbed"] / total if total > 0.0 else 0.0) + self._shaft_heat(flows)

    def _shaft_heat(self, flows: Mapping[str, float]) -> np.ndarray:
        """Heat of the shaft in each cell (n_cells,) in W."""
        at_handle = flows["set"] - flows["cable"]
        return at_handle * self._line + (flows["forward"] - flows["reflected"]) * self._end

    def _shaft_total(self, flows: Mapping[str, float]) -> float:
        return self.comm.allreduce(float(self._shaft_heat(flows).sum()))

    def axis_spread(self, temperature: np.ndarray) -> float:
        """How far the tissue is from axisymmetric, in K: the temperature's standard deviation around the axis, root
        mean square weighted with the power absorbed."""
        if self.solution is None:
            return math.nan
        spread = self.rings.spread(self.elements.cell_mean(temperature))
        weight = self.solution.tissue_power * self.rings.coverage
        return math.sqrt(float(weight @ spread**2) / float(weight.sum()))

    def row(self, delivery: Delivery | None, temperature: np.ndarray) -> dict[str, float]:
        spread = self.axis_spread(temperature)
        if delivery is None:
            return dict.fromkeys(self.columns, math.nan) | {f"{name}_w": 0.0 for name in FLOWS}
        flows = {f"{name}_w": delivery.flows[name] for name in FLOWS}
        return flows | {"s11_db": self.solution.s11_db, "mapping_scale": self.scale, "axis_spread_k": spread}

    def report(self, seen: Mapping[str, Mapping[str, float]], energies: Mapping[str, float]) -> list[dict]:
        if not seen or "set" not in energies:
            return []
        gone = sum(energies[name] for name in FLOWS if name not in ("set", "forward"))
        return [
            {
                "name": self.name,
                "frequency_mhz": self.frequency / 1e6,
                "s11_start_db": seen["s11_db"]["first"],
                "s11_worst_db": seen["s11_db"]["max"],
                "s11_end_db": seen["s11_db"]["last"],
                "budget_j": {name: energies[name] for name in FLOWS},
                "budget_residual_fraction": abs(energies["set"] - gone) / energies["set"] if energies["set"] else 0.0,
                "mapping_scale": (seen["mapping_scale"]["min"], seen["mapping_scale"]["max"]),
                "axis_spread_k": seen["axis_spread_k"]["last"],
                "axis_spread_max_k": seen["axis_spread_k"]["max"],
                "field_solves": self.solves,
                "section_triangles": len(self.field.section.triangles),
            }
        ]

    def fields(self) -> dict[str, np.ndarray]:
        return {}

    def restore(self, fields: Mapping[str, np.ndarray]) -> None:
        """Nothing is kept: the field follows from the temperature."""


def axes_of(direction: tuple[float, float, float]) -> np.ndarray:
    """Two directions across and the direction of insertion as columns (3, 3)."""
    third = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    start = np.eye(3)[int(np.argmin(np.abs(third)))]
    first = start - (start @ third) * third
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(third, first), third], axis=1)
