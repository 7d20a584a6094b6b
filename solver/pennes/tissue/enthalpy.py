"""Enthalpy of tissue whose water vaporises around 100 C: piecewise linear, hence exactly invertible.

Below the band [``BOIL_START``, ``BOIL_END``] tissue is wet, above it dry; inside it the latent heat is taken up and
the sensible capacity is the mean of both, because the water leaves linearly:

    H(T) = C T                                           T <= 99 C
    H(T) = 99 C + (T - 99) ((C + C_dry) / 2 + L / 2 K)   99 C <= T <= 101 C
    H(T) = H(101) + C_dry (T - 101)                      101 C <= T

The law is reversible: on cooling through the band the vapour condenses and gives the heat back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pennes.errors import InputError
from pennes.library.records import TissueRecord

BOIL_START, BOIL_END = 99.0, 101.0
"""C; the band over which tissue water vaporises."""
BAND = BOIL_END - BOIL_START
LATENT_HEAT = 2.26e6
"""J/kg of water."""
WATER_CAPACITY = 4186.0
"""J/kg/K of liquid water."""
LEAST_DRY_SHARE = 0.05
"""Least share of the wet capacity that dry tissue keeps, where a small difference of large numbers says little."""

FEW = 4096
"""Arrays up to this size are worked on as a whole: to pick out the hot nodes would cost more."""


@dataclass(frozen=True)
class Enthalpy:
    """Piecewise-linear enthalpy of n nodes (or of n regions, per volume), relative to 0 C.

    ``capacity`` (J/K or J/m3/K) of wet tissue, ``latent`` (J or J/m3) of its water, ``dry_capacity`` of what is left:
    arrays that broadcast with the temperatures given to the methods. Raises InputError unless capacities are positive
    and finite and the latent heat is finite and not negative.
    """

    capacity: NDArray[np.float64]
    latent: NDArray[np.float64]
    dry_capacity: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("capacity", "latent", "dry_capacity"):
            values = np.asarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, values)
            good = np.isfinite(values) & ((values >= 0) if name == "latent" else (values > 0))
            if not good.all():
                least = "at least 0" if name == "latent" else "greater than 0"
                raise InputError(f"{values[~good].flat[0]:g} cannot be used", key=name, expected=f"a number {least}")

    @classmethod
    def from_records(cls, tissues: Sequence[TissueRecord]) -> Enthalpy:
        """Enthalpy per volume (J/m3/K, J/m3), one entry a tissue.

        capacity = rho c; latent = rho x water fraction x 2.26e6 J/kg; dry capacity = capacity - rho x water fraction x
        4186 J/kg/K, at least 5 % of the capacity (vapour that stays in the pores is neglected).
        """
        density, capacity, water = np.array(
            [(t.density.value, t.density.value * t.heat_capacity.value, t.water_fraction.value) for t in tissues],
            dtype=np.float64,
        ).T
        dry = np.maximum(capacity - density * water * WATER_CAPACITY, LEAST_DRY_SHARE * capacity)
        return cls(capacity=capacity, latent=density * water * LATENT_HEAT, dry_capacity=dry)

    @cached_property
    def _band_slope(self) -> NDArray[np.float64]:
        return 0.5 * (self.capacity + self.dry_capacity) + self.latent / BAND

    def value(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Enthalpy at a temperature (C), relative to 0 C."""
        temperature = np.asarray(temperature, dtype=np.float64)
        result = self.capacity * temperature
        hot = temperature > BOIL_START
        if result.size <= FEW and hot.any():
            over = temperature - BOIL_START
            return (
                self.capacity * np.minimum(temperature, BOIL_START)
                + self._band_slope * np.clip(over, 0.0, BAND)
                + self.dry_capacity * np.maximum(over - BAND, 0.0)
            )
        if hot.any():
            part, over = self._part(hot, temperature, result.shape)
            result[_spread(hot, result.shape)] = (
                part.capacity * BOIL_START
                + part._band_slope * np.minimum(over, BAND)
                + part.dry_capacity * np.maximum(over - BAND, 0.0)
            )
        return result

    def slope(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """dH/dT at a temperature (C); at a kink that of the hotter side."""
        temperature = np.asarray(temperature, dtype=np.float64)
        result = self.capacity + np.zeros_like(temperature)
        hot = temperature >= BOIL_START
        if result.size <= FEW and hot.any():
            boiling = np.where(temperature - BOIL_START < BAND, self._band_slope, self.dry_capacity)
            return np.where(hot, boiling, result)
        if hot.any():
            part, over = self._part(hot, temperature, result.shape)
            result[_spread(hot, result.shape)] = np.where(over < BAND, part._band_slope, part.dry_capacity)
        return result

    def temperature(self, enthalpy: ArrayLike) -> NDArray[np.float64]:
        """The temperature (C) at which ``value`` is ``enthalpy``: the exact inverse."""
        enthalpy = np.asarray(enthalpy, dtype=np.float64)
        result = enthalpy / self.capacity
        hot = result > BOIL_START
        if result.size <= FEW and hot.any():
            over = enthalpy - self.capacity * BOIL_START
            over_end = over - BAND * self._band_slope
            boiling = BOIL_START + over / self._band_slope
            return np.where(hot, np.where(over_end <= 0, boiling, BOIL_END + over_end / self.dry_capacity), result)
        if hot.any():
            part = self.part(hot)
            over = _spread(enthalpy, result.shape)[hot] - part.capacity * BOIL_START
            over_end = over - BAND * part._band_slope
            result[hot] = np.where(
                over_end <= 0, BOIL_START + over / part._band_slope, BOIL_END + over_end / part.dry_capacity
            )
        return result

    def _part(
        self, hot: NDArray[np.bool_], temperature: NDArray[np.float64], shape: tuple[int, ...]
    ) -> tuple[Enthalpy, NDArray[np.float64]]:
        """The hot nodes, and how far each is above ``BOIL_START``: few of a mesh, so that the rest is cheap."""
        hot = _spread(hot, shape)
        return self.part(hot), _spread(temperature, shape)[hot] - BOIL_START

    def part(self, hot: NDArray[np.bool_]) -> Enthalpy:
        """The enthalpy of the nodes where ``hot``."""
        # Entries of a checked whole need no second check.
        part = object.__new__(Enthalpy)
        chosen = np.flatnonzero(hot)
        part.__dict__.update(
            (name, _spread(getattr(self, name), hot.shape).take(chosen))
            for name in ("capacity", "latent", "dry_capacity", "_band_slope")
        )
        return part

    def dryness(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Share of the water that has vaporised, in [0, 1]; 0 where there is no water (latent heat 0)."""
        temperature = np.asarray(temperature, dtype=np.float64)
        share = np.clip((temperature - BOIL_START) / BAND, 0.0, 1.0)
        return np.where(self.latent > 0, share, 0.0)


def _spread(values: NDArray, shape: tuple[int, ...]) -> NDArray:
    """``values`` broadcast to ``shape``; of that shape already, as they are on a mesh, they cost nothing."""
    return values if values.shape == shape else np.broadcast_to(values, shape)
