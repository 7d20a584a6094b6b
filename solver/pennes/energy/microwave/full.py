"""One or several antennas as an energy source: Maxwell's equations in three dimensions around all of them together.

Antennas with oscillators of their own are incoherent: their powers add. With ``coherent: true`` in the protocol they
share one, and their fields add with the phases of their poles. The set power is that of each antenna; a pole's
``amplitude`` scales its wave, so that its power goes with the square.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from pennes.case.models import Case
from pennes.energy.microwave.antenna import LEAST_IN_TISSUE
from pennes.energy.microwave.array import ArrayField
from pennes.energy.microwave.budget import FLOWS, Losses
from pennes.energy.microwave.exchange import Exchange, in_vessels
from pennes.energy.microwave.mapping import cylindrical
from pennes.energy.source import Tissues
from pennes.errors import InputError
from pennes.generator import Delivery, Drive
from pennes.library.schedule import Pole
from pennes.tissue.dielectric import VACUUM_PERMITTIVITY, complex_permittivity, dielectric_at

UPDATE = 0.02
"""Power-weighted change of the permittivity at which the fields are solved anew, for ``electric_update`` 0.1."""


class FullField:
    """The ``EnergySource`` of all antennas of a case. The medium is the complex relative permittivity of each cell.

    Every method is collective. Raises InputError for antennas too close to each other or outside tissue.
    """

    def __init__(self, case: Case, domain, elements, tissues: Tissues):
        self.applicators, self.comm, self.elements, self.tissues = case.applicators, elements.comm, elements, tissues
        self.coherent = case.protocol.coherent
        self.names = tuple(f"{a.name}.antenna" for a in case.applicators)
        self.frequency = case.applicators[0].device.generator.frequency
        self.losses = [Losses.of(a.device.antenna) for a in case.applicators]
        self.threshold = UPDATE * case.accuracy.electric_update / 0.1
        entry = dielectric_at(case.body.tissue, self.frequency, "applicators.0.device.generator.frequency")
        background = complex(complex_permittivity(entry, self.frequency, case.body.temperature, 0.0))
        self.field = ArrayField(case.applicators, background, case.accuracy.mesh.field, self.comm)
        self.mesh, self.problem, self.places = self.field.mesh, self.field.problem, self.field.places
        self.exchange = Exchange(self.mesh, domain, elements)
        self._elsewhere = self._beyond_tissue(case, background)
        #: sigma / 2 per imaginary permittivity, times the volume.
        self._loss = math.pi * self.frequency * VACUUM_PERMITTIVITY * elements.volumes
        self._shaft_cells(domain)
        several = len(self.names) > 1
        self._s11 = tuple(f"s11_db:{a.name}" for a in case.applicators) if several else ()
        self.columns = (*(f"{name}_w" for name in FLOWS), "s11_db", *self._s11, "mapping_scale")
        self._solved_for: np.ndarray | None = None
        self.scale = math.nan

    def _beyond_tissue(self, case: Case, background: complex) -> np.ndarray:
        """Permittivity (tissue cells,) for cells of the field that the treatment has no tissue for: blood in vessels,
        the body's tissue elsewhere."""
        values = np.full(len(self.exchange.tissue), background)
        inside = in_vessels(case, self.exchange.samples[:, -1])
        for number, vessel in enumerate(case.vessels):
            entry = dielectric_at(vessel.blood, self.frequency, f"vessels.{number}.blood")
            values[inside == number] = complex_permittivity(entry, self.frequency, case.body.temperature, 0.0)
        return values

    def _shaft_cells(self, domain) -> None:
        """Shares of each shaft's heat that reach each cell at its surface, per W lost along the line and at its end."""
        elements, count = self.elements, len(self.names)
        self._line_heat, self._end_heat = np.zeros((count, elements.n_cells)), np.zeros((count, elements.n_cells))
        for number, applicator in enumerate(self.applicators):
            (tip, axes), losses = self.places[number], self.losses[number]
            around = math.pi * applicator.device.shafts[0].diameter
            for surface in domain.surfaces:
                if surface.applicator != applicator.name or surface.cooling is not None:
                    continue  # the coolant takes it
                facets = domain.facet_tags.find(surface.tag)
                areas, _, _, middles = elements.facet_shares(facets)
                _, cells = elements.facet_cells(facets)
                z = cylindrical(middles, tip, axes[:, 2])[:, 1]
                for target, heat in ((self._line_heat, losses.line_heat), (self._end_heat, losses.end_heat)):
                    shares = heat(applicator.device.antenna, z) * areas / around
                    target[number] += np.bincount(cells, shares, elements.n_cells)

    @property
    def solved(self) -> bool:
        return self._solved_for is not None

    @property
    def solves(self) -> int:
        return self.problem.solves

    @property
    def iterations(self) -> int:
        return self.problem.iterations

    def medium(self, temperature: np.ndarray) -> np.ndarray:
        return self.tissues.permittivity(temperature, self.frequency)

    def update(self, medium: np.ndarray) -> None:
        tissue = self.exchange.mean(medium, self._elsewhere)
        if self._solved_for is not None:
            change = np.abs(tissue - self._solved_for) / np.abs(self._solved_for)
            if float(self._weight @ change) < self.threshold * float(self._weight.sum()):
                return
        first, self._solved_for = self._solved_for is None, tissue
        self.field.solve(tissue, self.exchange.tissue)
        self._take_fields()
        if first:
            self._check_tissue()

    def _take_fields(self) -> None:
        """From the solution to what the treatment needs, for waves of 1 W forward at each port."""
        problem, count = self.problem, len(self.names)
        units = [1.0 / math.sqrt(port.power()) for port in problem.ports]
        fields = [unit * field for unit, field in zip(units, problem.fields, strict=True)]
        self.scattering = problem.scattering()
        reflected = self.scattering.conj().T @ self.scattering
        names = ("reflected", "absorbed", "elsewhere", "needle", "radiated")
        self._powers = {name: np.zeros((count, count), complex) for name in names}
        self._powers["reflected"][:] = reflected if self.coherent else np.diag(np.diag(reflected))
        loss, covered, tissue = problem.cell_loss(), np.zeros(len(self.mesh.cells)), self.exchange.tissue
        covered[tissue] = self.exchange.rings.coverage
        in_tissue = (self.mesh.needle < 0)[self.field.own]
        products = np.zeros((count, count, len(tissue)), complex)
        for i in range(count):
            for j in range(i, count) if self.coherent else (i,):
                product = problem.cell_products(fields[i], fields[j])
                power = loss * product
                shares = {
                    "absorbed": (power * covered[self.field.own])[in_tissue].sum(),
                    "elsewhere": (power * (1.0 - covered[self.field.own]))[in_tissue].sum(),
                    "needle": power[~in_tissue].sum(),
                }
                for name, share in shares.items():
                    self._set(name, i, j, self.comm.allreduce(complex(share)))
                self._set("radiated", i, j, problem.radiated_product(fields[i], fields[j]))
                products[i, j] = self.field.gathered(product)[tissue]
                products[j, i] = products[i, j].conj()
        self._weight = np.einsum("iic,c->c", products, -self._solved_for.imag).real
        self._squares = self.exchange.cell_squares(products)

    def _set(self, name: str, i: int, j: int, value: complex) -> None:
        self._powers[name][i, j] = value
        self._powers[name][j, i] = np.conj(value)

    def _check_tissue(self) -> None:
        for number, applicator in enumerate(self.applicators):
            there, gone = (self._powers[name][number, number].real for name in ("absorbed", "elsewhere"))
            if there < LEAST_IN_TISSUE * (there + gone):
                raise InputError(
                    f"the antenna '{applicator.name}' does not lie in tissue: only "
                    f"{100 * there / (there + gone):.0f} % of the power that it radiates would go into the tissue of "
                    "the mesh",
                    key=f"applicators.{number}.tip",
                    expected="an antenna whose radiating part is inside the body, or a larger body",
                )

    def _limit(self, drive: Drive) -> float:
        """Largest power (W) of the generator now."""
        generator = self.applicators[0].device.generator if drive.generator is None else drive.generator
        return generator.max_power

    def _waves(self, drive: Drive, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """Power (antennas,) in W at each generator, and the waves (antennas,) at the ports in sqrt(W)."""
        limit = self._limit(drive)
        asked = 0.0 if drive.kind == "off" else min(max(drive.value + drive.rate * seconds, 0.0), limit)
        poles = [drive.poles.get(name, Pole()) for name in self.names]
        active = np.array([pole.role == "active" for pole in poles])
        power = asked * active * np.array([pole.amplitude**2 for pole in poles])
        passed = np.array([(1.0 - losses.cable) * (1.0 - losses.line) for losses in self.losses])
        return power, np.sqrt(power * passed) * np.exp(1j * np.array([pole.phase for pole in poles]))

    def _flows(self, power: np.ndarray, waves: np.ndarray) -> dict[str, np.ndarray]:
        """The powers (antennas,) by name; what coherent antennas share is divided by who drives it."""
        cable = np.array([losses.cable for losses in self.losses])
        line = np.array([losses.line for losses in self.losses])
        efficiency = np.array([losses.efficiency for losses in self.losses])
        emitted = np.sqrt(efficiency) * waves
        forward = np.abs(waves) ** 2
        at_handle = power * (1.0 - cable)
        reflected = (waves.conj() * (self._powers["reflected"] @ waves)).real
        parts = {
            name: (emitted.conj() * (self._powers[name] @ emitted)).real
            for name in ("absorbed", "elsewhere", "needle", "radiated")
        }
        lost = at_handle * line + (forward - reflected) * (1.0 - efficiency)
        return {
            "set": power,
            "cable": power * cable,
            "shaft": lost,
            "forward": forward,
            "reflected": reflected,
            **parts,
        }

    def deliver(self, drive: Drive, seconds: float, medium: np.ndarray) -> Delivery:
        power, waves = self._waves(drive, seconds)
        flows = self._flows(power, waves)
        asked = drive.value + drive.rate * seconds
        limited = "power" if asked > self._limit(drive) * (1.0 + 1e-12) else None
        named = {name: float(flows[name].sum()) for name in FLOWS}
        if len(self.names) > 1:
            named |= {
                f"{applicator.name}:{name}": float(flows[name][number])
                for number, applicator in enumerate(self.applicators)
                for name in FLOWS
            }
        total = named["absorbed"] + self.comm.allreduce(float(self._shaft_heat(flows).sum()))
        return Delivery(total, 0.0, 0.0, math.nan, limited, named)

    def heat(self, drive: Drive, seconds: float, medium: np.ndarray) -> tuple[Delivery, np.ndarray]:
        delivery = self.deliver(drive, seconds, medium)
        power, waves = self._waves(drive, seconds)
        emitted = waves * np.sqrt([losses.efficiency for losses in self.losses])
        squares = np.einsum("i,ijc,j->c", emitted.conj(), self._squares, emitted).real
        raw = self._loss * (-medium.imag) * squares
        total, absorbed = self.comm.allreduce(float(raw.sum())), delivery.flows["absorbed"]
        #: Power of the field in the tissue of the mesh over what the mapping gave: near 1 where the meshes are fine.
        self.scale = absorbed / total if total > 0.0 else math.nan
        heat = raw * (absorbed / total if total > 0.0 else 0.0)
        return delivery, heat + self._shaft_heat(self._flows(power, waves))

    def _shaft_heat(self, flows: Mapping[str, np.ndarray]) -> np.ndarray:
        """Heat of the shafts in each cell (n_cells,) in W."""
        at_handle, accepted = flows["set"] - flows["cable"], flows["forward"] - flows["reflected"]
        return at_handle @ self._line_heat + accepted @ self._end_heat

    def row(self, delivery: Delivery | None, temperature: np.ndarray) -> dict[str, float]:
        if delivery is None:
            return dict.fromkeys(self.columns, math.nan) | {f"{name}_w": 0.0 for name in FLOWS}
        own = [20.0 * math.log10(max(abs(s), 1e-12)) for s in np.diag(self.scattering)]
        row = {f"{name}_w": delivery.flows[name] for name in FLOWS}
        row |= {"s11_db": max(own), "mapping_scale": self.scale}
        return row | dict(zip(self._s11, own, strict=False))

    def report(self, seen: Mapping[str, Mapping[str, float]], energies: Mapping[str, float]) -> list[dict]:
        if not seen or "set" not in energies:
            return []
        entries = []
        for applicator in self.applicators:
            several = len(self.names) > 1
            prefix, column = (f"{applicator.name}:", f"s11_db:{applicator.name}") if several else ("", "s11_db")
            budget = {name: energies[prefix + name] for name in FLOWS}
            gone = sum(value for name, value in budget.items() if name not in ("set", "forward"))
            entries.append(
                {
                    "name": applicator.name,
                    "frequency_mhz": self.frequency / 1e6,
                    "s11_start_db": seen[column]["first"],
                    "s11_worst_db": seen[column]["max"],
                    "s11_end_db": seen[column]["last"],
                    "budget_j": budget,
                    "budget_residual_fraction": abs(budget["set"] - gone) / budget["set"] if budget["set"] else 0.0,
                    "mapping_scale": (seen["mapping_scale"]["min"], seen["mapping_scale"]["max"]),
                    "field_solves": self.solves,
                    "field_unknowns": self.problem.unknowns,
                    "field_tetrahedra": len(self.mesh.cells),
                    "field_factorisations": self.problem.factorisations,
                    "field_iterations": self.iterations,
                }
            )
        return entries

    def fields(self) -> dict[str, np.ndarray]:
        return {}

    def restore(self, fields: Mapping[str, np.ndarray]) -> None:
        """Nothing is kept: the fields follow from the temperature."""
