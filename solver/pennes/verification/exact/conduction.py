"""Linear perfused conduction in infinite and half-infinite media (E1-E3).

All solve rho c dtheta/dt = k laplacian(theta) - W theta + q from theta = 0, and follow from the Laplace transform:
in the transformed plane perfusion only shifts s to s + beta, so each solution is the known one of pure conduction
(Carslaw and Jaeger, Conduction of Heat in Solids, ch. 2, 9, 10) with a pair of complementary error functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfc, erfcx


@dataclass(frozen=True)
class Medium:
    """A uniform perfused medium. The defaults are those of the reference values.

    density kg/m3, heat_capacity J/kg/K, conductivity W/m/K, perfusion W/m3/K (blood's rho c times its rate in 1/s).
    Raises ValueError where a value is not positive.
    """

    density: float = 1060.0
    heat_capacity: float = 3600.0
    conductivity: float = 0.512
    perfusion: float = 26752.0

    def __post_init__(self) -> None:
        for name in ("density", "heat_capacity", "conductivity", "perfusion"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive")

    @property
    def diffusivity(self) -> float:
        """alpha = k / (rho c), m2/s."""
        return self.conductivity / (self.density * self.heat_capacity)

    @property
    def relaxation_rate(self) -> float:
        """beta = W / (rho c), 1/s."""
        return self.perfusion / (self.density * self.heat_capacity)

    @property
    def decay(self) -> float:
        """m = sqrt(W / k), 1/m: temperature falls by e over 1/m."""
        return float(np.sqrt(self.perfusion / self.conductivity))


def _inward_and_outward(distance: ArrayLike, time: ArrayLike, medium: Medium) -> tuple[np.ndarray, np.ndarray]:
    """e^{-m x} erfc(s - sqrt(beta t)) and e^{m x} erfc(s + sqrt(beta t)) with s = x / (2 sqrt(alpha t)).

    The second is written with the scaled function, or e^{m x} would overflow far away. ``time`` may be infinite.
    """
    x, t = np.broadcast_arrays(np.asarray(distance, float), np.asarray(time, float))
    if np.any(t <= 0.0):
        raise ValueError("time must be positive")
    s, b = x / (2.0 * np.sqrt(medium.diffusivity * t)), np.sqrt(medium.relaxation_rate * t)
    outward = np.exp(-medium.decay * x) * erfc(s - b)
    inward = np.exp(-(s**2) - b**2) * np.where(np.isinf(b), 0.0, erfcx(s + b))
    return outward, inward


def sphere_surface_held(
    radius: ArrayLike, time: ArrayLike, sphere_radius: float, surface_rise: float, medium: Medium
) -> np.ndarray:
    """E1: temperature rise (K) outside a sphere whose surface is held at ``surface_rise`` (K) from t = 0.

    ``radius`` (m, >= ``sphere_radius``) and ``time`` (s, > 0, may be infinite: the steady state
    theta_s (a/r) e^{-m (r - a)}) broadcast. Raises ValueError for a time <= 0.
    """
    outward, inward = _inward_and_outward(np.asarray(radius, float) - sphere_radius, time, medium)
    return sphere_radius * surface_rise / (2.0 * np.asarray(radius, float)) * (outward + inward)


def sphere_heat_flow(time: ArrayLike, sphere_radius: float, surface_rise: float, medium: Medium) -> np.ndarray:
    """E1: heat (W) that leaves the held sphere at ``time`` (s, may be infinite).

    4 pi a^2 k theta_s [1/a + m erf(sqrt(beta t)) + e^{-beta t} / sqrt(pi alpha t)], the derivative of
    ``sphere_surface_held`` at r = a.
    """
    t = np.asarray(time, float)
    b = np.sqrt(medium.relaxation_rate * t)
    gradient = (
        1.0 / sphere_radius + medium.decay * (1.0 - erfc(b)) + np.exp(-(b**2)) / np.sqrt(np.pi * medium.diffusivity * t)
    )
    return 4.0 * np.pi * sphere_radius**2 * medium.conductivity * surface_rise * gradient


def point_source(radius: ArrayLike, time: ArrayLike, power: float, medium: Medium) -> np.ndarray:
    """E2: temperature rise (K) at ``radius`` (m, > 0) from a point source of ``power`` (W) switched on at t = 0."""
    outward, inward = _inward_and_outward(radius, time, medium)
    return power / (8.0 * np.pi * medium.conductivity * np.asarray(radius, float)) * (outward + inward)


def stored_energy(time: ArrayLike, power: float, medium: Medium) -> np.ndarray:
    """E2: energy (J) stored in an infinite medium at ``time`` (s) by a source of any shape of constant ``power`` (W).

    (P / beta) (1 - e^{-beta t}): the integral of the Pennes equation over all space.
    """
    beta = medium.relaxation_rate
    return -power / beta * np.expm1(-beta * np.asarray(time, float))


def halfspace_flux(depth: ArrayLike, time: ArrayLike, flux: float, medium: Medium) -> np.ndarray:
    """E3: temperature rise (K) at ``depth`` (m, >= 0) below a surface that takes up ``flux`` (W/m2) from t = 0."""
    outward, inward = _inward_and_outward(depth, time, medium)
    return flux / (2.0 * medium.conductivity * medium.decay) * (outward - inward)
