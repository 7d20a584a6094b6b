"""Cell death at constant temperature (E9) and the three-state model by ODE integration (E10)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import R as GAS_CONSTANT
from scipy.constants import zero_Celsius
from scipy.integrate import solve_ivp


def arrhenius_time_to_damage(
    temperature: ArrayLike, frequency_factor: float = 7.39e39, activation_energy: float = 2.577e5, damage: float = 1.0
) -> np.ndarray:
    """E9: time (s) at constant ``temperature`` (C) until Omega = ``damage``: damage e^{Ea/RT} / A.

    ``frequency_factor`` 1/s, ``activation_energy`` J/mol.
    """
    kelvin = np.asarray(temperature, float) + zero_Celsius
    return damage * np.exp(activation_energy / (GAS_CONSTANT * kelvin)) / frequency_factor


def equivalent_minutes_time(temperature: ArrayLike, minutes: float = 240.0) -> np.ndarray:
    """E9: time (s) at constant ``temperature`` (C) until the dose is ``minutes`` at 43 C (Sapareto and Dewey 1984).

    t R^(43 - T) = dose, R = 0.5 above 43 C and 0.25 below.
    """
    t = np.asarray(temperature, float)
    return 60.0 * minutes * np.where(t >= 43.0, 0.5, 0.25) ** (t - 43.0)


def three_state_viability(
    times: ArrayLike,
    temperature: Callable[[float], float],
    kf0: float = 3.33e-3,
    kb: float = 7.77e-3,
    tk: float = 40.5,
    alive: float = 0.99,
    vulnerable: float = 0.01,
) -> np.ndarray:
    """E10: share of living cells A + V = 1 - D at ``times`` (n,) (s, rising, >= 0) for ``temperature(t)`` in C.

    dA/dt = -kf A + kb V, dD/dt = kf V, kf = kf0 e^{T/Tk} (1 - A) (O'Neill et al. 2011, 10.1007/s10439-010-0177-1),
    rates in 1/s, Tk in C; integrated to 1e-11. Raises RuntimeError where the integration fails.
    """
    times = np.atleast_1d(np.asarray(times, float))

    def rates(t: float, y: np.ndarray) -> list[float]:
        a, d = y
        v = 1.0 - a - d
        kf = kf0 * np.exp(temperature(t) / tk) * (1.0 - a)
        return [-kf * a + kb * v, kf * v]

    start = [alive, 1.0 - alive - vulnerable]
    answer = solve_ivp(rates, (0.0, times[-1]), start, "LSODA", times, rtol=1e-11, atol=1e-14)
    if not answer.success:
        raise RuntimeError(f"the three-state equations could not be integrated: {answer.message}")
    return 1.0 - answer.y[1]
