"""The fair acceptance of predicted against published recurrence (clinical note): every line with its number.

A binomial interval alone would be unfair to a perfect model, since centres differ; so levels are judged by prediction
intervals that hold the scatter between centres, and size by contrasts within a series, in which it cancels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import logit

from pennes.outcome.fit import SMALLEST
from pennes.outcome.published import Stratum
from pennes.outcome.surface import Array

SAYS_NOTHING = 0.9
"""A prediction interval of a rate that is wider says nothing, and counts as missed."""


@dataclass(frozen=True)
class Predicted:
    """A stratum and what was predicted of it without its series in the fit."""

    stratum: Stratum
    draws: Array
    """(draws,) probabilities, of a new centre; one draw is the same centre in all strata of a series."""
    rates: Array
    """(draws,) rates as they would be seen: binomial where the count is published, else the probabilities."""

    @property
    def mean(self) -> float:
        return float(self.draws.mean())

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Of the rate that would be seen."""
        low, high = np.quantile(self.rates, [0.5 - level / 2.0, 0.5 + level / 2.0])
        return float(low), float(high)

    @property
    def width(self) -> float:
        low, high = self.interval()
        return high - low

    @property
    def covered(self) -> bool:
        low, high = self.interval()
        rate = self.stratum.rate if self.stratum.n is None else self.stratum.events / self.stratum.n
        return low - 1e-12 <= rate <= high + 1e-12 and self.width <= SAYS_NOTHING


def predicted(strata: Sequence[Stratum], draws: Array, rng: np.random.Generator) -> list[Predicted]:
    """From probabilities ``draws`` (draws, strata) of one series."""
    found = []
    for stratum, column in zip(strata, draws.T, strict=True):
        rates = column if stratum.n is None else rng.binomial(stratum.n, np.clip(column, 0.0, 1.0)) / stratum.n
        found.append(Predicted(stratum, column, rates))
    return found


@dataclass(frozen=True)
class Contrast:
    """Largest against smallest tumours of one series."""

    series: str
    small: str
    large: str
    predicted: float
    """Log odds ratio, mean over draws."""
    observed: float
    interval: tuple[float, float] | None
    """95 % of the observed log odds ratio; None where no counts are published, so that only its sign is known."""

    @property
    def right_sign(self) -> bool:
        return self.predicted * self.observed > 0.0

    @property
    def inside(self) -> bool | None:
        return None if self.interval is None else self.interval[0] <= self.predicted <= self.interval[1]


def contrasts(rows: Sequence[Predicted]) -> list[Contrast]:
    """One of each series that has strata by size."""
    found = []
    for series in dict.fromkeys(row.stratum.series for row in rows if row.stratum.by == "size"):
        sizes = sorted((r for r in rows if (r.stratum.series, r.stratum.by) == (series, "size")), key=_low)
        if len(sizes) < 2:
            continue
        small, large = sizes[0], sizes[-1]
        ratio = np.mean(_logit(large.draws) - _logit(small.draws))
        observed = float(_logit(large.stratum.rate) - _logit(small.stratum.rate))
        interval = None
        if small.stratum.n is not None and large.stratum.n is not None:
            interval = odds_ratio_interval(small.stratum, large.stratum)
        found.append(Contrast(series, small.stratum.label, large.stratum.label, float(ratio), observed, interval))
    return found


def odds_ratio_interval(small: Stratum, large: Stratum) -> tuple[float, float]:
    """95 % interval of the log odds ratio of progression, conditional on the margins of the table (exact)."""
    table = [[large.events, large.n - large.events], [small.events, small.n - small.events]]
    low, high = stats.contingency.odds_ratio(table).confidence_interval(0.95)
    with np.errstate(divide="ignore"):
        return float(np.log(low)), float(np.log(high))


def _low(row: Predicted) -> float:
    return row.stratum.low


def _logit(rate: Array | float) -> Array:
    return logit(np.clip(rate, SMALLEST, 1.0 - SMALLEST))


@dataclass(frozen=True)
class Gate:
    """One line of the acceptance list."""

    name: str
    value: float
    wanted: str
    passed: bool
    unit: str = ""


def gates(rows: Sequence[Predicted], scores: Mapping[str, Mapping[str, float]], model: str) -> list[Gate]:
    """The acceptance list over strata that were not fitted when they were predicted.

    ``scores``: log scores by what was held out and by model, of which ``model`` is the one judged. Slope and
    observed / expected are over strata with equal weight, since most counts are not published.
    """
    found = contrasts(rows)
    signs = [contrast.right_sign for contrast in found]
    inside = [contrast.inside for contrast in found if contrast.inside is not None]
    observed = np.array([row.stratum.rate for row in rows])
    expected = np.array([row.mean for row in rows])
    slope = stats.linregress(_logit(expected), _logit(observed)).slope
    ratio = observed.sum() / expected.sum()
    rank = stats.spearmanr(expected, observed).statistic
    covered = np.mean([row.covered for row in rows])
    lines = [
        Gate("1 within series: large against small has the right sign", float(np.mean(signs)), "all", all(signs)),
        Gate(
            f"1 within series: inside the observed 95 % interval ({len(inside)} with counts)",
            float(np.mean(inside)),
            ">= 0.8",
            bool(np.mean(inside) >= 0.8),
        ),
        Gate(f"2 levels: inside the 95 % prediction interval ({len(rows)})", covered, ">= 0.8", bool(covered >= 0.8)),
        Gate("3 calibration slope", slope, "0.7 to 1.4", bool(0.7 <= slope <= 1.4)),
        Gate("3 observed / expected", ratio, "0.67 to 1.5", bool(0.67 <= ratio <= 1.5)),
        Gate("4 Spearman's rank correlation", rank, ">= 0.6", bool(rank >= 0.6)),
    ]
    for held_out, by_model in scores.items():
        others = {name: score for name, score in by_model.items() if name != model}
        best = max(others, key=others.__getitem__)
        for name, score in others.items():
            said = f"5 log score, {held_out}, above: {name}" + (" (best of the others)" if name == best else "")
            lines.append(Gate(said, by_model[model] - score, "> 0", bool(by_model[model] > score)))
    return lines
