"""One coupled step: the order of physics.

Coefficients are taken at the predicted middle of the step (temperature, damage, conductivities, potential, blood),
which keeps second order; the step is repeated with the middle that it found when prediction was too far off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.bioheat import Coefficients, HeatIntegrator, HeatStep
from pennes.bioheat.integrator import GAMMA
from pennes.death import DeathModel
from pennes.energy import EnergySource
from pennes.generator import Delivery, Drive
from pennes.treatment.circulation import Circulation
from pennes.treatment.state import State, through_stages
from pennes.treatment.tissues import TissueFields
from pennes.vessel import HeatSink

MAX_PASSES = 4
#: Tolerated mismatch between the predicted and the found middle, as a multiple of the time tolerance.
MIDDLE_TOLERANCE = 4.0
#: Tolerated share of the heat that a sink was expected to take, where that is not implicit.
SINK_TOLERANCE = 0.05
#: Temperature rise that counts as fully heated in the error norm, and the band in which weights fade towards boiling.
HEATED, FADE = 5.0, (90.0, 98.0)
LEAST_WEIGHT = 0.02
#: Indicator of death beyond which tissue is dead whatever comes (Arrhenius: twenty times the threshold).
LONG_DEAD = 3.0
SMALLEST_HEATED_VOLUME = 2e-7


@dataclass(frozen=True)
class CoupledStep:
    """A step that may be accepted: what it found, the enthalpies per volume of its stages, and what the generator
    delivered on average."""

    dt: float
    heat: HeatStep
    stages: tuple[np.ndarray, np.ndarray, np.ndarray]
    coefficients: Coefficients
    sink_heat: tuple[np.ndarray, ...]
    delivery: Delivery | None
    cell_power: np.ndarray | None
    error: float
    """Over what is tolerated: above 1 the step must be repeated shorter."""
    effort: float
    """The same for the step's length: a second pass costs as much as a step, so that the first should do."""


class Physics:
    """The parts of a treatment and how a step puts them together."""

    def __init__(
        self,
        tissues: TissueFields,
        integrator: HeatIntegrator,
        energy: EnergySource,
        sinks: list[HeatSink],
        death: dict[str, DeathModel],
        criterion: str,
        circulation: Circulation,
        *,
        time_tolerance: float,
        electric_update: float,
    ):
        self.tissues, self.integrator, self.energy = tissues, integrator, energy
        self.elements = integrator.elements
        self.sinks, self.death, self.criterion = sinks, death, criterion
        self.circulation, self.supply = circulation, 1.0
        self.time_tolerance, self.electric_update = time_tolerance, electric_update
        self.coolant: tuple[bool, float | None] = (False, None)
        self.run_coolant((True, None))
        self._stiffness = None
        self._flows: dict[str, float] = {}
        self.passes = 0
        self.follow_circulation(0.0)

    def run_coolant(self, coolant: tuple[bool, float | None]) -> bool:
        """Let the coolant of all applicators flow or not, at a temperature in C (None: the devices'); returns whether
        that was a change."""
        if coolant == self.coolant:
            return False
        self.coolant = coolant
        for sink in self.sinks:
            if sink.kind == "cooling":
                sink.switch(*coolant)
        return True

    def follow_circulation(self, time: float) -> bool:
        """Set the flow of vessels and the supply of the tissue from ``time`` on; returns whether that was a change."""
        flows, supply = self.circulation.at(time)
        if (flows, supply) == (self._flows, self.supply):
            return False
        self._flows, self.supply = flows, supply
        for sink in self.sinks:
            if sink.kind == "vessel":
                sink.set_flow(flows.get(sink.name, 1.0))
        return True

    def step(self, state: State, dt: float, drive: Drive) -> CoupledStep:
        """Try a step of ``dt`` seconds from ``state``, which is not changed.

        Raises SolverError when it does not converge.
        """
        enthalpy = self.tissues.enthalpy
        middle = state.predict(dt / 2, enthalpy)
        guesses = (state.predict(GAMMA * dt, enthalpy), state.predict(dt, enthalpy))
        start = enthalpy.value(state.temperature)
        last, first = np.inf, 0.0
        for attempt in range(MAX_PASSES):
            self.passes += 1
            at, sink_heat, delivery, cell_power, medium = self._coefficients(state, middle, dt, drive)
            heat = self.integrator.step(state.temperature, dt, at, guesses)
            stages = (start, enthalpy.value(heat.inner), enthalpy.value(heat.temperature))
            found = enthalpy.temperature(through_stages(0.5, *stages))
            mismatch = self._mismatch(state, middle, found, medium, cell_power)
            # Without a past the first pass only finds a middle to start from.
            unpredicted = attempt == 0 and state.past is None
            if (mismatch <= 1.0 and not unpredicted) or (mismatch > 0.5 * last):
                # Prediction errors fall with the square of the step, the error of the scheme with its cube.
                scheme = self.norm(heat.error, heat.temperature, state) / self.time_tolerance
                error = max(scheme, mismatch**1.5)
                effort = max(error, first**1.5)
                return CoupledStep(dt, heat, stages, at, sink_heat, delivery, cell_power, error, effort)
            if not unpredicted:
                last, first = mismatch, max(first, mismatch)
            middle, guesses = found, (heat.inner, heat.temperature)
        error = mismatch**1.5
        return CoupledStep(dt, heat, stages, at, sink_heat, delivery, cell_power, error, error)

    def _coefficients(self, state: State, middle: np.ndarray, dt: float, drive: Drive):
        viability = self.viability(state, middle, dt / 2)
        if self._stiffness is None or not self.tissues.constant_thermal_conductivity:
            self._stiffness = self.elements.stiffness(self.tissues.thermal_conductivity(middle))
        sink_heat = tuple(sink.update(middle) for sink in self.sinks)
        source = np.zeros(self.elements.n_local)
        delivery = cell_power = medium = None
        if drive.kind != "off":
            medium = self.energy.medium(middle)
            self.energy.update(medium)
            delivery, cell_power = self.energy.heat(drive, dt / 2, medium)
            source = self.elements.accumulate(self.elements.lump(cell_power))
        wall_heat = sum(sink_heat, np.zeros(self.elements.n_local))
        perfusion = self.supply * self.tissues.perfusion(middle, viability)
        conductance = sum((sink.conductance for sink in self.sinks), np.zeros(self.elements.n_local))
        at = Coefficients(self._stiffness, perfusion, source, conductance, wall_heat)
        return at, sink_heat, delivery, cell_power, medium

    def viability(self, state: State, temperature: np.ndarray, ahead: float) -> np.ndarray:
        """Viability (n_local,) after going to ``temperature`` within ``ahead`` seconds."""
        model = self.death[self.criterion]
        return model.viability(model.advance(state.death[self.criterion], state.temperature, temperature, ahead))

    def norm(self, values: np.ndarray, temperature: np.ndarray, state: State) -> float:
        """Root mean square over the heated tissue.

        Tissue that boils (its temperature is pinned) or is dead already counts little: an error there moves no border,
        and heat is conserved anyway.
        """
        rise = np.clip((temperature - self.integrator.equation.blood_temperature) / HEATED, 0.0, 1.0)
        fade = np.clip((FADE[1] - temperature) / (FADE[1] - FADE[0]), LEAST_WEIGHT, 1.0)
        indicator = self.death[self.criterion].indicator(state.death[self.criterion])
        fade = np.where(indicator > LONG_DEAD, LEAST_WEIGHT, fade)
        weights = self.elements.node_volumes * rise
        both = np.array(
            [
                float((weights * fade * values**2)[: self.elements.n_owned].sum()),
                float(weights[: self.elements.n_owned].sum()),
            ]
        )
        both = self.elements.comm.allreduce(both)
        return float(np.sqrt(both[0] / max(both[1], SMALLEST_HEATED_VOLUME)))

    def _mismatch(self, state, middle, found, medium, cell_power) -> float:
        """How much the coefficients would differ at the middle that was found; 1 is what is tolerated."""
        heat = self.norm(found - middle, found, state) / (MIDDLE_TOLERANCE * self.time_tolerance)
        heat = max(heat, *(sink.mismatch(found) / SINK_TOLERANCE for sink in self.sinks), 0.0)
        if cell_power is None:
            return heat
        there = self.energy.medium(found)
        change = 2.0 * np.abs((there - medium) / (there + medium))
        weighted, power = self.elements.comm.allreduce(np.array([float(cell_power @ change), float(cell_power.sum())]))
        return max(heat, weighted / (self.electric_update * power)) if power > 0.0 else heat
