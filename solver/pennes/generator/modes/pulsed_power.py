"""Pulsed power: on for a share of every period, off for the rest (the duty cycle of a microwave generator)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pennes.generator.modes.mode import Demand, Mode
from pennes.generator.signals import TIME_TOLERANCE, Measurement


@dataclass
class PulsesState:
    """When the first period began, in s."""

    began: float


class PulsedPower(Mode):
    """See the module's text. A period begins with power on; when the schedule switches the generator on again, or
    changes the pulses, a new period begins."""

    State = PulsesState

    def start(self, time: float) -> PulsesState:
        return PulsesState(began=time)

    def demand(self, state: PulsesState, time: float) -> Demand:
        return Demand("power", self.settings.set_power if self._on(state, time) else 0.0)

    def switches(self, state: PulsesState, time: float) -> tuple[float, ...]:
        start = state.began + self._period(state, time) * self.settings.period
        return (start + self.settings.duty_cycle * self.settings.period, start + self.settings.period)

    def resume(self, state: PulsesState, measurement: Measurement) -> None:
        state.began = measurement.time

    def adopt(self, state: PulsesState, previous: PulsedPower, measurement: Measurement) -> None:
        old, new = previous.settings, self.settings
        if (old.period, old.duty_cycle) != (new.period, new.duty_cycle):
            state.began = measurement.time

    def status(self, state: PulsesState, time: float) -> str:
        return "pulse" if self._on(state, time) else "pause"

    def _period(self, state: PulsesState, time: float) -> int:
        """Number of the period at ``time``; one that ends now is over."""
        return math.floor((time - state.began + TIME_TOLERANCE) / self.settings.period)

    def _on(self, state: PulsesState, time: float) -> bool:
        within = time - state.began - self._period(state, time) * self.settings.period
        return within + TIME_TOLERANCE < self.settings.duty_cycle * self.settings.period
