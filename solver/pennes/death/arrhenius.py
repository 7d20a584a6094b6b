"""Arrhenius damage: Omega = int A exp(-Ea / (R T)) dt with T in kelvin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.death import ArrheniusDeath
from pennes.death.model import HOTTEST, Array, blocks, hot_part

GAS_CONSTANT = 8.314462618
"""J/mol/K (CODATA 2018)."""
KELVIN = 273.15

SETS: dict[str, tuple[float, float]] = {
    "liver_jacques": (7.39e39, 2.577e5),
    "hepg2": (5.51e41, 2.769e5),
    "bhk_borrelli": (2.984e80, 5.064e5),
    "cho_he": (2.84e99, 6.18e5),
    "flow_stasis": (1.98e106, 6.67e5),
}
"""Published pairs of frequency factor (1/s) and activation energy (J/mol)."""

NARROW = 0.05
"""Change of ln(rate) over a step below which Simpson's rule (error 2e-9) replaces the closed form, which cancels."""
FRACTION_TERMS = 5
JUST_ALIVE = 0.05
"""Level below zero of tissue that was hot enough to die, but not for long enough."""
LOWEST = -50.0
"""Logarithms are cut off here: tissue without damage would be at minus infinity."""


def _scaled_integral(x: Array) -> Array:
    """exp(x) E_2(x) by its continued fraction (Abramowitz and Stegun 5.1.22), within 1e-8 for x >= 10."""
    fraction = np.zeros_like(x)
    for term in range(FRACTION_TERMS, 0, -1):
        fraction = term * (term + 1) / (x + 2 + 2 * term - fraction)
    return 1.0 / (x + 2 - fraction)


@dataclass(frozen=True)
class Arrhenius:
    """First-order damage without any rate below ``cut_off``.

    ``frequency_factor`` 1/s, ``activation_energy`` J/mol, ``cut_off`` C, ``threshold`` the Omega of dead tissue.
    The cut-off closes a trap: most sets were fitted at ablation temperatures and damage healthy tissue at 37 C
    (``liver_jacques`` gives Omega 0.21 in 12 minutes of body temperature).
    """

    frequency_factor: float
    activation_energy: float
    cut_off: float
    threshold: float
    name: str = "arrhenius"
    state_names: tuple[str, ...] = ("omega", "max_temperature", "exposure")

    @classmethod
    def from_case(cls, block: ArrheniusDeath) -> Arrhenius:
        """The model that a case asks for."""
        own = (block.frequency_factor, block.activation_energy)
        factor, energy = own if block.set == "own" else SETS[block.set]
        return cls(factor, energy, block.cut_off, block.threshold)

    def initial(self, n: int) -> Array:
        """State (3, n) of healthy tissue: Omega 0; the highest temperature (C) and the exposure (s) so far, which the
        level function needs."""
        return np.zeros((3, n))

    def rate(self, temperature: Array) -> Array:
        """dOmega/dt (1/s) at a temperature (C), nil below the cut-off."""
        temperature = np.asarray(temperature, dtype=np.float64)
        return np.where(temperature < self.cut_off, 0.0, self._rate(self._exponent(temperature)))

    def _exponent(self, temperature: Array) -> Array:
        return self.activation_energy / (GAS_CONSTANT * (temperature + KELVIN))

    def _rate(self, exponent: Array) -> Array:
        return np.exp(np.log(self.frequency_factor) - exponent)

    def advance(self, state: Array, start: Array, end: Array, dt: float) -> Array:
        """State after a linear ramp of temperature, exact to about 1e-9 however large the step.

        The mean of the rate over a ramp from T1 to T2 is (T2 E_2(x2) - T1 E_2(x1)) A / (T2 - T1) with x = Ea / (R T)
        and T in kelvin; where T hardly changes, Simpson's rule.
        """
        after = state.copy()
        for block in blocks(state.shape[1]):
            hot = hot_part(start[block], end[block], dt, self.cut_off)
            after[0, block][hot.points] += hot.duration * self._mean_rate(hot.start, hot.end)
        np.maximum(after[1], np.maximum(start, end), out=after[1])
        after[2] += dt
        return after

    def _mean_rate(self, start: Array, end: Array) -> Array:
        first, last = self._exponent(start), self._exponent(end)
        rate_first, rate_last = self._rate(first), self._rate(last)
        is_wide = np.abs(first - last) > NARROW
        wide, narrow = np.flatnonzero(is_wide), np.flatnonzero(~is_wide)
        mean = np.empty_like(first)
        kelvin_first, kelvin_last = start[wide] + KELVIN, end[wide] + KELVIN
        integral = kelvin_last * rate_last[wide] * _scaled_integral(last[wide])
        integral -= kelvin_first * rate_first[wide] * _scaled_integral(first[wide])
        mean[wide] = integral / (kelvin_last - kelvin_first)
        middle = self._rate(self._exponent(0.5 * (start[narrow] + end[narrow])))
        mean[narrow] = (rate_first[narrow] + 4.0 * middle + rate_last[narrow]) / 6.0
        return mean

    def viability(self, state: Array) -> Array:
        """exp(-Omega)."""
        return np.exp(-state[0])

    def indicator(self, state: Array, exposure: Array | None = None) -> Array:
        """ln(Omega / threshold), carried on below the cut-off.

        ln Omega is nearly linear in temperature, hence in space, and that is what makes its interpolated zero
        accurate. Where the cut-off ends the damage it would fall to minus infinity within a fraction of a kelvin; there
        the level runs on with the slope Ea / (R T^2) of the logarithm, by how far the highest temperature stayed below
        that which would have killed within the ``exposure`` of dead neighbours (n,) where that is known (above 0),
        else within the time since the start.
        """
        omega, highest, since_start = state
        exposure = since_start if exposure is None else np.where(exposure > 0.0, exposure, since_start)
        lethal = np.log(np.maximum(self.frequency_factor * np.maximum(exposure, 1.0) / self.threshold, np.e))
        border = np.maximum(self.activation_energy / (GAS_CONSTANT * lethal) - KELVIN, self.cut_off)
        slope = self.activation_energy / (GAS_CONSTANT * (border + KELVIN) ** 2)
        least = -slope * np.maximum(border - highest, 0.0) - JUST_ALIVE
        level = np.log(np.maximum(omega / self.threshold, np.exp(LOWEST)))
        return np.where(omega >= self.threshold, level, np.maximum(level, least))

    def exposure(self, state: Array) -> Array:
        """Omega over the rate at the highest temperature (n,), s; 0 where tissue lives."""
        omega, highest, _ = state
        dead = np.flatnonzero(omega >= self.threshold)
        result = np.zeros_like(omega)
        result[dead] = omega[dead] / self._rate(self._exponent(np.clip(highest[dead], self.cut_off, HOTTEST)))
        return result

    def damage(self, state: Array) -> Array:
        """Omega."""
        return state[0].copy()
