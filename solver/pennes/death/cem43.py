"""Thermal dose in cumulative equivalent minutes at 43 C (Sapareto and Dewey 1984)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.death import Cem43Death
from pennes.death.model import Array, blocks, hot_part, log_ratio

REFERENCE = 43.0
"""C."""
SLOPE_BELOW, SLOPE_ABOVE = np.log(4.0), np.log(2.0)
"""1/K; the dose rate R^(43 - T) has R = 0.25 below 43 C and 0.5 above."""

NARROW = 1e-6
"""K; change of temperature below which the rate at the middle replaces the closed form, which cancels."""


def _dose_rate(temperature: Array) -> Array:
    over = temperature - REFERENCE
    return np.exp(np.where(over > 0, SLOPE_ABOVE, SLOPE_BELOW) * over)


def _antiderivative(temperature: Array) -> Array:
    """Integral of the dose rate over temperature from 43 C (K); negative below."""
    over = temperature - REFERENCE
    slope = np.where(over > 0, SLOPE_ABOVE, SLOPE_BELOW)
    return np.expm1(slope * over) / slope


def _mean_dose_rate(start: Array, end: Array) -> Array:
    mean = _dose_rate(0.5 * (start + end))
    change = end - start
    np.divide(_antiderivative(end) - _antiderivative(start), change, out=mean, where=np.abs(change) > NARROW)
    return mean


@dataclass(frozen=True)
class Cem43:
    """CEM43 = int R^(43 - T) dt, nil below ``cut_off`` (C); ``threshold`` in seconds at 43 C."""

    threshold: float
    cut_off: float
    name: str = "cem43"
    state_names: tuple[str, ...] = ("cem43",)

    @classmethod
    def from_case(cls, block: Cem43Death) -> Cem43:
        """The model that a case asks for."""
        return cls(block.threshold, block.cut_off)

    def initial(self, n: int) -> Array:
        """State (1, n) of healthy tissue: no dose. The dose is kept in seconds."""
        return np.zeros((1, n))

    def advance(self, state: Array, start: Array, end: Array, dt: float) -> Array:
        """State after a linear ramp of temperature, by the closed form."""
        after = state.copy()
        for block in blocks(state.shape[1]):
            hot = hot_part(start[block], end[block], dt, self.cut_off)
            after[0, block][hot.points] += hot.duration * _mean_dose_rate(hot.start, hot.end)
        return after

    def viability(self, state: Array) -> Array:
        """exp(-CEM43 / threshold), so that the threshold means what Omega = 1 means to an Arrhenius model."""
        return np.exp(-state[0] / self.threshold)

    def indicator(self, state: Array, exposure: Array | None = None) -> Array:
        """ln(CEM43 / threshold), at least -8."""
        return log_ratio(state[0], self.threshold)

    def damage(self, state: Array) -> Array:
        """CEM43 in minutes."""
        return state[0] / 60.0

    def exposure(self, state: Array) -> None:
        """The level needs no neighbour."""
        return None
