"""How steeply progression falls with a margin as it is read: Cox regressions on virtual series with times.

Needs statsmodels (the extra ``statistics``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pennes.outcome.cohort import VirtualSeries
from pennes.outcome.fit import Fit
from pennes.outcome.hazard import Onset, times_to_progression
from pennes.outcome.models import TwoLengths
from pennes.outcome.observation import written_down
from pennes.outcome.surface import Array

UNIT = 5.0
"""mm of margin and of size that the ratios are for."""


@dataclass(frozen=True)
class Slopes:
    """Hazard ratios per 5 mm of margin and per 5 mm of size, both in one regression."""

    margin: Array
    """(repeats,) of virtual series as large as the published one."""
    size: Array
    pooled_margin: float
    """Over all virtual patients at once: no error of sampling."""
    pooled_size: float
    events: float
    """Mean share that progressed."""

    def interval(self, which: Literal["margin", "size"], level: float = 0.95) -> tuple[float, float]:
        low, high = np.quantile(getattr(self, which), [0.5 - level / 2.0, 0.5 + level / 2.0])
        return float(low), float(high)


def slopes(
    fitted: Fit,
    patients: VirtualSeries,
    reading: Literal["2D", "3D"],
    tumours: int,
    repeats: int,
    seed: int,
    onset: Onset,
) -> Slopes:
    """Virtual series of ``tumours`` patients, each with a draw of the posterior and a centre of its own.

    Times are censored at the follow-up; margins are written down in whole mm, 0 where none is seen. Both readings meet
    the same patients and times.
    """
    rng = np.random.default_rng(seed)
    read = written_down(patients.read_2d if reading == "2D" else patients.read_3d)
    covariates = np.column_stack([read, 2.0 * patients.tumours.radius]) / UNIT
    found, shares = [], []
    while len(found) < repeats:
        values = fitted.draws[rng.integers(len(fitted.draws))]
        chosen = rng.integers(len(read), size=tumours)
        observed, event = _followed(values, patients.part(chosen), onset, rng)
        if event.sum() < 5:
            continue
        shares.append(event.mean())
        found.append(cox(observed, event, covariates[chosen]))
    everyone = np.tile(np.arange(len(read)), 4)
    observed, event = _followed(fitted.best, patients.part(everyone), onset, rng)
    pooled = cox(observed, event, covariates[everyone])
    margin, size = np.exp(np.array(found)).T
    return Slopes(margin, size, float(np.exp(pooled[0])), float(np.exp(pooled[1])), float(np.mean(shares)))


def _followed(
    values: Array, patients: VirtualSeries, onset: Onset, rng: np.random.Generator
) -> tuple[Array, np.ndarray]:
    """Times in months until progression or the end of follow-up, and which it was."""
    hazard = TwoLengths.hazard(values)
    burden = hazard.log_burden(patients.margins, patients.areas, patients.tumours.mutant)
    centre = np.exp(values[-1]) * rng.normal()
    times = times_to_progression(burden + centre, onset, rng)
    return np.minimum(times, patients.follow_up), times <= patients.follow_up


def cox(months: Array, event: np.ndarray, covariates: Array) -> Array:
    """Log hazard ratios (covariates,) of a proportional-hazards regression."""
    from statsmodels.duration.hazard_regression import PHReg

    return PHReg(months, covariates, status=event.astype(float), ties="efron").fit(disp=0).params
