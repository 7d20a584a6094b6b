"""The manufactured solution, through the program's own coupled step: damage, perfusion, k(T), sigma(T), Joule heat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from dolfinx.mesh import MeshTags

from pennes.bioheat import BioheatEquation, HeatIntegrator
from pennes.death import Arrhenius
from pennes.energy import Electrodes, Radiofrequency
from pennes.generator import Drive
from pennes.library.protocols import Generator
from pennes.library.records import TissueRecord
from pennes.scene import NamedRegion
from pennes.treatment.circulation import Circulation
from pennes.treatment.state import Past, State
from pennes.treatment.step import Physics
from pennes.treatment.tissues import TissueFields
from pennes.verification import meshes
from pennes.verification.manufactured import Laws, ManufacturedProblem
from pennes.verification.runs.operators import Discretisation

SIZE = 20e-3
SOLVER_TOLERANCE = 1e-10
CUT_OFF = 43.0
SOURCE = {"source": "manufactured"}


@dataclass
class Clock:
    """The middle of the step that is being tried (s): the manufactured sources depend on time."""

    middle: float = 0.0


@dataclass(frozen=True)
class OneTissue:
    """What ``TissueFields`` reads of a domain: one region that fills the mesh."""

    regions: tuple[NamedRegion, ...]
    cell_tags: MeshTags


@dataclass
class ManufacturedHeat:
    """The heat that the manufactured temperature needs, inside and through the boundary, in the place of a sink."""

    on: Discretisation
    problem: ManufacturedProblem
    clock: Clock
    conductance: np.ndarray
    name: str = "manufactured"
    kind: str = "surface"

    def update(self, temperature: np.ndarray) -> np.ndarray:
        """Heat (n_local,) in W into each node at the middle of the step, whatever the temperature."""
        problem, time, elements = self.problem, self.clock.middle, self.on.elements
        inside = elements.mass(problem.heat_source(elements.points, time))

        def through(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
            return -np.einsum("nd,nd->n", problem.heat_flux(points, time), normals[:, : problem.dimension])

        return inside + self.on.surface_load("boundary", through)

    def mismatch(self, temperature: np.ndarray) -> float:
        """0: this heat depends on the time alone."""
        return 0.0


class ManufacturedPotential(Radiofrequency):
    """The potential with the manufactured current source, held at its exact values on the boundary."""

    def __init__(self, on: Discretisation, problem: ManufacturedProblem, clock: Clock):
        boundary = on.nodes("boundary")
        one_side = on.elements.points[:, 0] > 0.5 * SIZE
        super().__init__(on.elements, {"pole": boundary & one_side}, boundary & ~one_side, SOLVER_TOLERANCE)
        self.problem, self.clock = problem, clock
        self.exact = problem.potential(on.elements.points)

    def update(self, conductivity: np.ndarray) -> None:
        elements = self.elements
        stiffness = elements.stiffness(conductivity)
        self.system.set(stiffness)
        current = elements.mass(self.problem.current_source(elements.points, self.clock.middle))
        guess = np.where(self.fixed, self.exact, self.unit_potentials[0])
        self.unit_potentials = [self.system.solve_fixed(stiffness, self.exact, guess, current)]
        self._differences = [elements.difference(self.unit_potentials[0])]
        self.conductivity, self._stiffness = conductivity, stiffness


@dataclass(frozen=True)
class Errors:
    """Relative errors in L2 of temperature (of its rise above blood), potential and damage at the end."""

    temperature: float
    potential: float
    damage: float
    result: np.ndarray
    on: Discretisation


def solve(comm, dimension: int, resolution: int, *, step: float, end: float = 20.0) -> Errors:
    """The manufactured problem from t = 0 to ``end`` (s) on a block of ``resolution`` cells along each edge."""
    problem, clock = ManufacturedProblem(dimension), Clock()
    laws = problem.laws
    on = Discretisation.of(meshes.block(dimension, SIZE, resolution), comm)
    elements = on.elements
    region = NamedRegion("body", 1, TissueRecord.model_validate(tissue_record(laws)))
    tissues = TissueFields(OneTissue((region,), on.domain.cell_tags), elements, region.tissue)
    equation = BioheatEquation(elements, tissues.enthalpy, laws.blood, on.nowhere(), np.zeros(elements.n_local))
    potential = ManufacturedPotential(on, problem, clock)
    physics = Physics(
        tissues,
        HeatIntegrator(equation, SOLVER_TOLERANCE),
        Electrodes(potential, tissues, Generator(max_power="10 kW")),
        [ManufacturedHeat(on, problem, clock, np.zeros(elements.n_local))],
        {"arrhenius": Arrhenius(laws.frequency_factor, laws.activation_energy, CUT_OFF, 1.0)},
        "arrhenius",
        Circulation(),
        time_tolerance=1e-5,
        electric_update=1e-6,
    )
    death = {name: model.initial(elements.n_local) for name, model in physics.death.items()}
    state = State(0.0, problem.temperature(elements.points, 0.0), death)
    drive = Drive("voltage", 1.0)
    for _ in range(round(end / step)):
        clock.middle = state.time + 0.5 * step
        taken = physics.step(state, step, drive)
        for name, model in physics.death.items():
            state.death[name] = model.advance(state.death[name], state.temperature, taken.heat.temperature, step)
        state.past = Past(step, taken.stages[0], taken.stages[1])
        state.temperature, state.time = taken.heat.temperature, state.time + step
    rise = on.error(state.temperature - laws.blood, lambda x: problem.temperature(x, end) - laws.blood)
    omega = on.error(state.death["arrhenius"][0], lambda x: problem.damage(x, end))
    volts = on.error(potential.unit_potentials[0], problem.potential)
    return Errors(rise, volts, omega, state.temperature, on)


def tissue_record(laws: Laws) -> Mapping[str, object]:
    """The record of a tissue with these laws, which is its own blood."""

    def linear(rate: float) -> dict:
        return {"kind": "linear", "rate": f"{rate!r} 1/K", "reference": f"{laws.reference!r} degC", "until": "98 degC"}

    peak = 1.0 + laws.perfusion_rate * (98.0 - laws.reference)
    return {
        "name": "manufactured",
        "title": "Tissue of the manufactured solution",
        "density": {"value": "1000 kg/m^3", **SOURCE},
        "heat_capacity": {"value": f"{laws.heat_capacity_volumetric / 1000.0!r} J/kg/K", **SOURCE},
        "thermal_conductivity": {
            "value": f"{laws.thermal_conductivity!r} W/m/K",
            "law": linear(laws.thermal_rate),
            **SOURCE,
        },
        "electric_conductivity": {
            "value": f"{laws.electric_conductivity!r} S/m",
            "law": linear(laws.electric_rate),
            **SOURCE,
        },
        "perfusion": {"value": f"{laws.perfusion / laws.heat_capacity_volumetric!r} 1/s", **SOURCE},
        "water_fraction": {"value": "0 %", **SOURCE},
        "hyperaemia": {"start": f"{laws.reference!r} degC", "to": "98 degC", "peak": peak, **SOURCE},
    }
