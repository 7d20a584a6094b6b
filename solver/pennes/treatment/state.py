"""What a treatment has reached: everything that a checkpoint keeps of the tissue."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pennes.bioheat.integrator import GAMMA

#: Prediction reaches at most this many times the last step ahead before it falls back to a straight line.
QUADRATIC_REACH = 1.5


@dataclass(frozen=True)
class Past:
    """The last step: its length in s, the temperatures (n_local,) at its start and at GAMMA of it."""

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
    steps: int = 0
    potentials: list[np.ndarray] = field(default_factory=list)

    def predict(self, ahead: float) -> np.ndarray:
        """Temperature ``ahead`` seconds from now, extrapolated through the stages of the last step."""
        if self.past is None:
            return self.temperature.copy()
        dt, start, inner, end = self.past.dt, self.past.start, self.past.inner, self.temperature
        if ahead > QUADRATIC_REACH * dt:
            return end + (ahead / ((1.0 - GAMMA) * dt)) * (end - inner)
        x = 1.0 + ahead / dt
        at_start = (x - GAMMA) * (x - 1.0) / GAMMA
        at_inner = x * (x - 1.0) / (GAMMA * (GAMMA - 1.0))
        at_end = x * (x - GAMMA) / (1.0 - GAMMA)
        return at_start * start + at_inner * inner + at_end * end
