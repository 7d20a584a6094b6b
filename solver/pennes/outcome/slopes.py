"""How steeply progression falls with a margin as it is read: Cox regressions on virtual series with times.

Needs statsmodels (the extra ``statistics``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize

from pennes.outcome.cohort import VirtualSeries
from pennes.outcome.fit import Fit
from pennes.outcome.hazard import Onset, progression, times_to_progression
from pennes.outcome.models import TwoLengths
from pennes.outcome.observation import written_down
from pennes.outcome.published import Stratum
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
    share: float,
) -> Slopes:
    """Virtual series of ``tumours`` patients, each with a draw of the posterior.

    The centre's factor, which cancels in a hazard ratio, is set so that the published ``share`` of all tumours
    progresses: a regression on fewer events would be less certain than the published one.

    Times are censored at the follow-up; margins are written down in whole mm, 0 where none is seen. Both readings meet
    the same patients and times.
    """
    rng = np.random.default_rng(seed)
    read = written_down(patients.read_2d if reading == "2D" else patients.read_3d)
    covariates = np.column_stack([read, 2.0 * patients.tumours.radius]) / UNIT
    found, shares = [], []
    for _ in range(repeats):
        values = fitted.draws[rng.integers(len(fitted.draws))]
        chosen = rng.integers(len(read), size=tumours)
        observed, event = _followed(values, patients.part(chosen), onset, share, rng)
        shares.append(event.mean())
        found.append(cox(observed, event, covariates[chosen]))
    everyone = np.tile(np.arange(len(read)), 4)
    observed, event = _followed(fitted.best, patients.part(everyone), onset, share, rng)
    pooled = cox(observed, event, covariates[everyone])
    margin, size = np.exp(np.array(found)).T
    return Slopes(margin, size, float(np.exp(pooled[0])), float(np.exp(pooled[1])), float(np.mean(shares)))


def _followed(
    values: Array, patients: VirtualSeries, onset: Onset, share: float, rng: np.random.Generator
) -> tuple[Array, np.ndarray]:
    """Times in months until progression or the end of follow-up, and which it was."""
    hazard = TwoLengths.hazard(values)
    burden = hazard.log_burden(patients.margins, patients.areas, patients.tumours.mutant)
    seen = onset.seen_by(patients.follow_up)
    centre = optimize.brentq(lambda shift: progression(burden + shift, seen).mean() - share, -30.0, 60.0)
    times = times_to_progression(burden + centre, onset, rng)
    return np.minimum(times, patients.follow_up), times <= patients.follow_up


def published_share(strata: Sequence[Stratum], series: str) -> float:
    """Share of all tumours of a series that progressed, from its strata by size with counts."""
    counted = [s for s in strata if s.series == series and s.by == "size" and s.n is not None and s.events is not None]
    return sum(s.events or 0 for s in counted) / sum(s.n or 0 for s in counted)


def cox(months: Array, event: np.ndarray, covariates: Array) -> Array:
    """Log hazard ratios (covariates,) of a proportional-hazards regression."""
    from statsmodels.duration.hazard_regression import PHReg

    return PHReg(months, covariates, status=event.astype(float), ties="efron").fit(disp=0).params
