"""Constant power until a thermocouple is too hot; off until it has cooled, then on again.

The thermocouples watch what must not get hot: the shaft of an antenna, a structure at risk. The step ends where the
limit is crossed (temperature interpolated linearly).
"""

from __future__ import annotations

from dataclasses import dataclass

from pennes.generator.modes.mode import Demand, Mode
from pennes.generator.signals import Event, Measurement

TEMPERATURE_TOLERANCE = 0.02
"""K; a limit counts as reached this close to it."""
CROSSING_TIME = 1e-3
"""s; how closely a step has to end at a crossing."""
LARGEST_FRACTION = 0.95
"""Of a step that has to be repeated shorter."""


@dataclass
class LimitState:
    """Whether power flows, and how often the limit has been reached."""

    on: bool = True
    stops: int = 0


class TemperatureLimited(Mode):
    """See the module's text."""

    State = LimitState

    def demand(self, state: LimitState, time: float) -> Demand:
        return Demand("power", self.settings.set_power if state.on else 0.0)

    def crossing(self, state: LimitState, before: Measurement, after: Measurement) -> float | None:
        start, end, level = self._sensed(before), self._sensed(after), self._level(state)
        sign = 1.0 if state.on else -1.0
        if sign * (end - level) < 0.0:
            return None
        if sign * (start - level) >= 0.0 or abs(end - level) <= TEMPERATURE_TOLERANCE:
            return 1.0
        duration = after.time - before.time
        lies_at = max(duration * (level - start) / (end - start), CROSSING_TIME)
        return 1.0 if lies_at >= duration - CROSSING_TIME else min(lies_at / duration, LARGEST_FRACTION)

    def reached(self, state: LimitState, measurement: Measurement) -> bool:
        over = self._sensed(measurement) - self._level(state)
        return (over if state.on else -over) >= -TEMPERATURE_TOLERANCE

    def advance(self, state: LimitState, measurement: Measurement) -> list[Event]:
        if not self.reached(state, measurement):
            return []
        state.on = not state.on
        sensed = self._sensed(measurement)
        if state.on:
            return [Event(measurement.time, "pause_end", f"on again at {sensed:.4g} C")]
        state.stops += 1
        return [Event(measurement.time, "limit", f"temperature limit: off at {sensed:.4g} C")]

    def status(self, state: LimitState, time: float) -> str:
        return "on" if state.on else "pause"

    def _level(self, state: LimitState) -> float:
        limit = self.settings.limit_temperature
        return limit if state.on else limit - self.settings.resume_below

    def _sensed(self, measurement: Measurement) -> float:
        return measurement.sensed(self.sensors, self.settings.statistic)
