"""Temperature control: a sampled proportional-integral law on thermocouples, as in multi-tine electrodes.

At every sample (each ``sample_interval``) the error e = set temperature - statistic of the thermocouples gives

    P = clip(K_p e + I, 0, P_max),     I <- I + K_i e dt,

with dt the time since the last sample and P held until the next one. I is kept from sample to sample: it is what
supplies the power that holds the temperature once the error has gone. It is kept in W, so that a new K_i in the
schedule makes no jump. Where P is clipped and the error would push I further out, I stays (no wind-up): during the
minutes of heating up at full power it would otherwise collect an overshoot. P_max is the smaller of the protocol's and
the generator's. The first sample is taken at t = 0 where ``advance`` is given a measurement then, else one interval
later; no power flows before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pennes.generator.modes.mode import Demand, Mode
from pennes.generator.signals import TIME_TOLERANCE, Event, Measurement, is_due


@dataclass
class RegulatorState:
    """What the regulator remembers; times in s, powers in W."""

    next_sample: float
    last_sample: float | None = None
    """None before the first sample, and after an interruption."""
    power: float = 0.0
    integral: float = 0.0
    """The integral term."""
    at_target: bool = False
    held: float = 0.0
    """Time at the target temperature."""


class TemperatureControlled(Mode):
    """See the module's text."""

    State = RegulatorState

    def start(self, time: float) -> RegulatorState:
        return RegulatorState(next_sample=time)

    def demand(self, state: RegulatorState, time: float) -> Demand:
        return Demand("power", state.power)

    def switches(self, state: RegulatorState, time: float) -> tuple[float]:
        return (self._sample_after(state, time),)

    def advance(self, state: RegulatorState, measurement: Measurement) -> list[Event]:
        interval, late = self.settings.sample_interval, measurement.time - TIME_TOLERANCE - state.next_sample
        if late > 0:  # no measurement was handed in at the start
            state.next_sample += interval * math.ceil(late / interval)
        if not is_due(state.next_sample, measurement.time):
            return []
        return self._sample(state, measurement)

    def suspend(self, state: RegulatorState, time: float) -> None:
        state.power, state.last_sample, state.at_target = 0.0, None, False

    def resume(self, state: RegulatorState, measurement: Measurement) -> None:
        state.next_sample = measurement.time
        self._sample(state, measurement)

    def adopt(self, state: RegulatorState, previous: TemperatureControlled, measurement: Measurement) -> None:
        if self.settings.set_temperature != previous.settings.set_temperature:
            state.held, state.at_target = 0.0, False
        state.integral = min(state.integral, self._most())
        state.power = self._clipped(self.settings.proportional * self._error(measurement) + state.integral)
        if state.last_sample is not None:
            state.next_sample = state.last_sample + self.settings.sample_interval

    def ending(self, state: RegulatorState) -> str | None:
        hold = self.settings.hold
        return f"held at target for {state.held:.4g} s" if hold is not None and is_due(hold, state.held) else None

    def status(self, state: RegulatorState, time: float) -> str:
        return "hold" if state.at_target else "heating"

    def _sample_after(self, state: RegulatorState, time: float) -> float:
        """The first moment of the sampling grid after ``time``."""
        if not is_due(state.next_sample, time):
            return state.next_sample
        interval = self.settings.sample_interval
        moment = state.next_sample + interval * (math.floor((time - state.next_sample) / interval) + 1)
        return moment + interval if is_due(moment, time) else moment

    def _sample(self, state: RegulatorState, measurement: Measurement) -> list[Event]:
        time, settings = measurement.time, self.settings
        error = self._error(measurement)
        elapsed = 0.0 if state.last_sample is None else time - state.last_sample
        integral = state.integral + settings.integral * error * elapsed
        wanted = settings.proportional * error + integral
        winding_up = (wanted > self._most() and error > 0) or (wanted < 0 and error < 0)
        if not winding_up:
            state.integral = integral
        state.power = self._clipped(settings.proportional * error + state.integral)
        at_target = error <= settings.hold_tolerance
        if at_target and state.at_target:
            state.held += elapsed
        arrived = at_target and not state.at_target and state.held == 0.0
        state.at_target, state.last_sample = at_target, time
        state.next_sample = self._sample_after(state, time)
        return [Event(time, "target", f"reached {settings.set_temperature:.4g} C")] if arrived else []

    def _error(self, measurement: Measurement) -> float:
        return self.settings.set_temperature - measurement.sensed(self.sensors, self.settings.statistic)

    def _most(self) -> float:
        return min(self.settings.max_power, self.generator.max_power)

    def _clipped(self, power: float) -> float:
        return min(max(power, 0.0), self._most())
