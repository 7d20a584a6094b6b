"""What a treatment has reached: everything that a checkpoint keeps of the tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.bioheat.integrator import GAMMA
from pennes.tissue.enthalpy import Enthalpy

#: Prediction reaches at most this many times the last step ahead before it falls back to a straight line.
QUADRATIC_REACH = 1.5


@dataclass(frozen=True)
class Past:
    """The last step: its length in s, the enthalpies per volume (n_local,) at its start and at GAMMA of it."""

    dt: float
    start: np.ndarray
    inner: np.ndarray


@dataclass
class State:
    """Time in s, temperature (n_local,) in C, death states by criterion (k, n_local), the last step where prediction
    may use it (None after a switch), the next step's length in s."""

    time: float
    temperature: np.ndarray
    death: dict[str, np.ndarray]
    past: Past | None = None
    next_dt: float = 0.2
    contraction: np.ndarray | None = None
    """Share by which lengths have shrunk (n_local,); None: nowhere yet."""
    steps: int = 0

    def predict(self, ahead: float, enthalpy: Enthalpy) -> np.ndarray:
        """Temperature ``ahead`` seconds from now.

        The enthalpy is what is extrapolated, through the stages of the last step: it runs smoothly through boiling,
        where the temperature stops and the conductivity falls.
        """
        if self.past is None:
            return self.temperature.copy()
        dt, start, inner, end = self.past.dt, self.past.start, self.past.inner, enthalpy.value(self.temperature)
        if ahead > QUADRATIC_REACH * dt:
            return enthalpy.temperature(end + (ahead / ((1.0 - GAMMA) * dt)) * (end - inner))
        return enthalpy.temperature(through_stages(1.0 + ahead / dt, start, inner, end))


def through_stages(x: float, start: np.ndarray, inner: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The parabola through values at 0, GAMMA and 1 of a step, at ``x`` of it."""
    at_start = (x - GAMMA) * (x - 1.0) / GAMMA
    at_inner = x * (x - 1.0) / (GAMMA * (GAMMA - 1.0))
    at_end = x * (x - GAMMA) / (1.0 - GAMMA)
    return at_start * start + at_inner * inner + at_end * end
