"""Radiofrequency heating (E5, E6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from scipy.special import expi, expn


@dataclass(frozen=True)
class ConcentricSpheres:
    """E5: a sphere of radius ``inner`` a (m) at ``voltage`` V0 (V rms) within one of ``outer`` R (m) at 0 V.

    ``conductivity`` S/m, constant; ``outer`` may be infinite.
    """

    inner: float = 1.5e-3
    outer: float = 50e-3
    conductivity: float = 0.333
    voltage: float = 22.0

    @property
    def _gap(self) -> float:
        return 1.0 / self.inner - 1.0 / self.outer

    @property
    def power(self) -> float:
        """P = 4 pi sigma V0^2 / (1/a - 1/R), W."""
        return 4.0 * np.pi * self.conductivity * self.voltage**2 / self._gap

    @property
    def impedance(self) -> float:
        """Z = (1/a - 1/R) / (4 pi sigma), ohm."""
        return self._gap / (4.0 * np.pi * self.conductivity)

    def potential(self, radius: ArrayLike) -> np.ndarray:
        """V = V0 (1/r - 1/R) / (1/a - 1/R), V rms, at ``radius`` (m)."""
        return self.voltage * (1.0 / np.asarray(radius, float) - 1.0 / self.outer) / self._gap

    def power_density(self, radius: ArrayLike) -> np.ndarray:
        """q = sigma V0^2 / (r^4 (1/a - 1/R)^2), W/m3, at ``radius`` (m)."""
        return self.conductivity * self.voltage**2 / (np.asarray(radius, float) ** 4 * self._gap**2)

    def steady_rise(
        self,
        radius: ArrayLike,
        thermal_conductivity: float,
        perfusion: float,
        electrode: Literal["cooled", "adiabatic"] = "cooled",
    ) -> np.ndarray:
        """Steady temperature rise (K) at ``radius`` (m), perfusion W in W/m3/K; 0 on the outer sphere, or far away.

        ``electrode`` held at 0 (``cooled``) or without heat flow (``adiabatic``). u = r theta obeys
        u'' - m^2 u = -B / r^3, B = q r^4 / k; variation of parameters gives exponential integrals, and two
        exponentials meet the boundary conditions.
        """
        m = np.sqrt(perfusion / thermal_conductivity)
        strength = self.conductivity * self.voltage**2 / self._gap**2 / thermal_conductivity
        a, big = self.inner, self.outer

        def rising(r: ArrayLike) -> ArrayLike:  # antiderivative of e^{m s} / s^3
            r = np.asarray(r, float)
            return 0.5 * (m**2 * expi(m * r) - np.exp(m * r) * (1.0 / r**2 + m / r))

        def particular(r: ArrayLike) -> tuple[np.ndarray, np.ndarray]:  # u and u'
            r = np.asarray(r, float)
            low = np.exp(-m * r) * (rising(r) - rising(a))
            high = np.exp(m * r) * expn(3, m * r) / r**2
            return strength / (2.0 * m) * (low + high), strength / 2.0 * (high - low)

        value, slope = particular(a)
        across = np.exp(-m * (big - a))  # how much of each exponential reaches the other sphere
        if electrode == "cooled":
            at_inner, wanted = (1.0, across), -value
        else:  # theta' = 0 means a u' = u
            at_inner, wanted = (-m * a - 1.0, (m * a - 1.0) * across), value - a * slope
        at_outer = 0.0 if np.isinf(big) else -particular(big)[0]
        falling, growing = np.linalg.solve([at_inner, (across, 1.0)], [wanted, at_outer])
        r = np.asarray(radius, float)
        u = particular(r)[0] + falling * np.exp(-m * (r - a)) + growing * np.exp(m * (r - big))
        return u / r


@dataclass(frozen=True)
class Kohlrausch:
    """E6: steady Joule heating between two isothermal electrodes, everything else insulated and adiabatic.

    Whatever the shape of the electrodes, temperature is a function of potential alone:
    int_{T0}^{T} k / sigma dT = phi (V0 - phi) / 2, largest (V0^2 / 8) where phi = V0 / 2
    (Kohlrausch 1900; Holm, Electric Contacts). Conductivities are functions of the rise above T0 (K).
    """

    voltage: float
    electric_conductivity: Callable[[float], float]
    """S/m."""
    thermal_conductivity: Callable[[float], float]
    """W/m/K."""

    @cached_property
    def _rise(self) -> Callable[[ArrayLike], np.ndarray]:
        """Rise as a function of the integral x: dT/dx = sigma / k, T(0) = 0, up to x = V0^2 / 8."""

        def slope(_: float, rise: np.ndarray) -> list[float]:
            return [self.electric_conductivity(rise[0]) / self.thermal_conductivity(rise[0])]

        answer = solve_ivp(
            slope, (0.0, self.voltage**2 / 8.0), [0.0], "DOP853", dense_output=True, rtol=1e-12, atol=1e-12
        )
        if not answer.success:
            raise RuntimeError(f"the temperature could not be integrated over the potential: {answer.message}")
        return answer.sol

    def maximum_rise(self) -> float:
        """Largest temperature rise over the electrodes (K)."""
        return float(self._rise(self.voltage**2 / 8.0)[0])

    def rise(self, potential: ArrayLike) -> np.ndarray:
        """Temperature rise (K) at points whose potential (V rms, between 0 and ``voltage``) is given; same shape."""
        phi = np.asarray(potential, float)
        return self._rise(0.5 * (phi * (self.voltage - phi)).ravel())[0].reshape(phi.shape)
