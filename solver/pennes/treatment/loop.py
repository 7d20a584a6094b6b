"""The one time loop: steps that land on every switch and output, decisions of the generator, an audit of each step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pennes.case.models import Case
from pennes.errors import SolverError
from pennes.generator import Controller, Drive, Measurement
from pennes.treatment.audit import EnergyAudit
from pennes.treatment.monitor import Monitor
from pennes.treatment.state import Past, State
from pennes.treatment.step import CoupledStep, Physics
from pennes.treatment.stepping import StepControl

#: Repetitions of a step to end it on a crossing.
MAX_TRIES = 12
#: A crossing this close to the end of the step (s) is where the step ends.
CROSSING_TIME = 1e-3


@dataclass
class Counters:
    """Plain totals of a run that a checkpoint keeps."""

    energy_delivered: float = 0.0
    on_time: float = 0.0
    max_power: float = 0.0
    impedance_start: float = math.nan
    impedance_min: float = math.nan
    impedance_end: float = math.nan
    flows: dict[str, float] = field(default_factory=dict)
    """Energies in J of the flows that a source names on the way to the tissue."""


class Loop:
    """Advances ``state`` until the controller has finished.

    ``on_step(measurement, step)`` is called after every accepted step, ``output_times`` are landed on.
    """

    def __init__(
        self,
        case: Case,
        physics: Physics,
        controller: Controller,
        monitor: Monitor,
        state: State,
        audit: EnergyAudit,
        counters: Counters,
    ):
        self.case, self.physics, self.controller, self.monitor = case, physics, controller, monitor
        self.state, self.audit, self.counters = state, audit, counters
        self.control = StepControl(case.accuracy)
        self.control.next_dt = state.next_dt
        self.restored: dict | None = None
        self.warnings: list[str] = []

    def run(self, on_step: Callable[[Measurement, CoupledStep], None], next_output: Callable[[float], float]) -> None:
        """March to the end. Raises SolverError when a step cannot be taken at any length."""
        drive = self.controller.drive(self.state.time)
        self.physics.run_coolant(self.controller.coolant)
        self.physics.follow_circulation(self.state.time)
        self._begin(drive)
        if self.state.steps == 0:
            # A first sample decides what the first step delivers.
            self.controller.advance(self.before)
            drive = self.controller.drive(self.state.time)
            self._begin(drive)
        while not self.controller.finished:
            now = self.state.time
            stop = min(self.controller.next_switch(now), next_output(now), self.physics.circulation.next_change(now))
            step, after = self._step(drive, stop)
            self._accept(step, after)
            self.controller.advance(after)
            following = self.controller.drive(self.state.time)
            # The pump stops with the generator: what lies against the metal is cooked in the cool-down.
            pump = self.physics.run_coolant(self.controller.coolant)
            flow = self.physics.follow_circulation(self.state.time)
            if pump or flow or _jumps(drive, following, step.dt):
                self.state.past = None
                self.control.restart()
                self._begin(following)
            drive = following
            self.state.next_dt = self.control.next_dt
            on_step(after, step)

    def _begin(self, drive: Drive) -> None:
        """Measure with a drive that starts now."""
        energy = self.physics.energy
        if drive.kind != "off" and not energy.solved:
            energy.update(energy.medium(self.state.temperature))
        self.before = self._measure(self.state.time, drive, 0.0, self.state.temperature)

    def _step(self, drive: Drive, stop: float) -> tuple[CoupledStep, Measurement]:
        """One step that is accurate enough and ends where the generator must decide."""
        state, remaining = self.state, stop - self.state.time
        limit, tries = remaining, 0
        beyond: tuple[float, Measurement] | None = None
        while True:
            dt = self.control.propose(limit)
            try:
                step = self.physics.step(state, dt, drive)
            except SolverError as why:
                self.control.failed_step(dt, why)
                continue
            if not step.error <= 1.0:
                self.control.rejected_step(dt, step.error if np.isfinite(step.error) else 1e3)
                continue
            end = stop if dt == remaining else state.time + dt
            after = self._measure(end, drive, dt, step.heat.temperature)
            fraction = self.controller.crossing(self.before, after)
            if fraction is not None:
                beyond, crossing = (dt, after), fraction * dt
            elif beyond is not None and not self.controller.crossing_reached(after):
                # Short of it: it lies between here and the try that passed it.
                between = self.controller.crossing(after, beyond[1])
                crossing = dt if between is None else dt + between * (beyond[0] - dt)
            else:
                return step, after
            if fraction == 1.0 or abs(crossing - dt) <= CROSSING_TIME or tries == MAX_TRIES:
                return step, after
            tries += 1
            # The next try ends on the crossing; step control must not cut it in two.
            limit = max(crossing, CROSSING_TIME)
            self.control.next_dt = max(self.control.next_dt, limit)

    def _measure(self, time: float, drive: Drive, dt: float, temperature: np.ndarray) -> Measurement:
        power = voltage = current = 0.0
        impedance = math.nan
        if drive.kind != "off":
            delivery = self.physics.energy.deliver(drive, dt, self.physics.energy.medium(temperature))
            power, voltage, current = delivery.power, delivery.voltage, delivery.current
            impedance = delivery.impedance
        return Measurement(
            time=time,
            impedance=impedance,
            power=power,
            voltage=voltage,
            current=current,
            temperatures=self.monitor.sensors(temperature),
            max_temperature=self.monitor.hottest(temperature),
        )

    def _accept(self, step: CoupledStep, after: Measurement) -> None:
        state, physics, counters = self.state, self.physics, self.counters
        equation = physics.integrator.equation
        sinks = list(zip(physics.sinks, step.sink_heat, strict=True))
        self.audit.add(equation, step.coefficients, state.temperature, step.heat, step.dt, sinks)
        for name, model in physics.death.items():
            state.death[name] = model.advance(state.death[name], state.temperature, step.heat.temperature, step.dt)
        strain = np.zeros_like(state.temperature) if state.contraction is None else state.contraction
        state.contraction = physics.tissues.advance_contraction(
            strain, state.temperature, step.heat.temperature, step.dt
        )
        dead = physics.death[physics.criterion].indicator(state.death[physics.criterion]) > 0.0
        for sink in physics.sinks:
            if sink.kind == "vessel":
                sink.accept(step.heat.mean, dead, step.dt)
        state.past = Past(step.dt, step.stages[0], step.stages[1])
        state.temperature = step.heat.temperature
        state.time = after.time
        state.steps += 1
        self.control.accepted(step.dt, step.effort)
        if step.delivery is not None:
            counters.energy_delivered += step.delivery.power * step.dt
            for name, power in step.delivery.flows.items():
                counters.flows[name] = counters.flows.get(name, 0.0) + power * step.dt
            counters.on_time += step.dt
            counters.max_power = max(counters.max_power, step.delivery.power)
            counters.impedance_end = after.impedance
            counters.impedance_min = float(np.fmin(counters.impedance_min, after.impedance))
            if math.isnan(counters.impedance_start):
                counters.impedance_start = after.impedance
        self.before = after


def _jumps(before: Drive, after: Drive, elapsed: float) -> bool:
    """Whether the source changes abruptly between a drive that has acted for ``elapsed`` seconds and the next, so that
    the past does not predict the future."""
    return (
        before.kind != after.kind
        or before.generator != after.generator
        or before.poles != after.poles
        or not math.isclose(before.value + before.rate * elapsed, after.value, rel_tol=0.05, abs_tol=1e-9)
    )
