"""A line source that vaporises tissue water (E7): the test of latent heat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import exp1


@dataclass(frozen=True)
class VaporisingLineSource:
    """E7: a line source of ``power_per_length`` (W/m) from t = 0; both phases have the same properties.

    The vaporisation front is at s = 2 lambda sqrt(alpha t), with lambda the root of
    Q' e^{-l^2} / (4 pi) - k (Tv - Ti) e^{-l^2} / E1(l^2) = l^2 alpha Lv (Stefan condition with Paterson's solution;
    Carslaw and Jaeger, 11.6). Temperatures in C; heat_capacity_volumetric J/m3/K; latent_heat J/m3.
    """

    power_per_length: float
    initial: float = 37.0
    vaporisation: float = 100.0
    conductivity: float = 0.5
    heat_capacity_volumetric: float = 4e6
    latent_heat: float = 1000.0 * 2.26e6 * 0.74

    @property
    def diffusivity(self) -> float:
        """alpha = k / (rho c), m2/s."""
        return self.conductivity / self.heat_capacity_volumetric

    @cached_property
    def growth(self) -> float:
        """lambda, the root of the Stefan condition."""

        def balance(root: float) -> float:
            z = root**2
            supplied = self.power_per_length * np.exp(-z) / (4.0 * np.pi)
            conducted = self.conductivity * (self.vaporisation - self.initial) * np.exp(-z) / exp1(z)
            return float(supplied - conducted - z * self.diffusivity * self.latent_heat)

        return float(brentq(balance, 1e-8, 5.0, xtol=1e-15))

    def front(self, time: ArrayLike) -> np.ndarray:
        """Radius (m) of the vaporisation front at ``time`` (s)."""
        return 2.0 * self.growth * np.sqrt(self.diffusivity * np.asarray(time, float))

    def temperature(self, radius: ArrayLike, time: ArrayLike) -> np.ndarray:
        """Temperature (C) at ``radius`` (m, > 0) and ``time`` (s, > 0)."""
        z = np.asarray(radius, float) ** 2 / (4.0 * self.diffusivity * np.asarray(time, float))
        front = exp1(self.growth**2)
        wet = self.initial + (self.vaporisation - self.initial) * exp1(z) / front
        dry = self.vaporisation + self.power_per_length / (4.0 * np.pi * self.conductivity) * (exp1(z) - front)
        return np.where(z < self.growth**2, dry, wet)

    def heat_flow(self, radius: ArrayLike, time: ArrayLike) -> np.ndarray:
        """Heat (W/m) that leaves a circle of ``radius`` (m) inside the dry phase: Q' e^{-r^2/(4 alpha t)}."""
        z = np.asarray(radius, float) ** 2 / (4.0 * self.diffusivity * np.asarray(time, float))
        return self.power_per_length * np.exp(-z)

    def enthalpy(self, radius: ArrayLike, time: ArrayLike) -> np.ndarray:
        """Enthalpy (J/m3) above the initial temperature: sensible everywhere, latent inside the front."""
        sensible = self.heat_capacity_volumetric * (self.temperature(radius, time) - self.initial)
        return sensible + np.where(np.asarray(radius, float) < self.front(time), self.latent_heat, 0.0)
