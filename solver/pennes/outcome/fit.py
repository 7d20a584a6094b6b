"""Fit of a model to published strata: maximum a posteriori, draws from the posterior, log scores of what was left out.

The effect of each centre, N(0, tau) on the log hazard or log odds, is integrated out (Gauss-Hermite). Rows with counts
are binomial. Rows without enter as rates: logit of the rate, with the deviation ``RATE_DEVIATION`` that stands for the
count that was not published. Where one series is in two tables (by size and by margin) each counts half: the tumours
are the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats
from scipy.special import betaln, logit, logsumexp

from pennes.errors import InputError, SolverError
from pennes.outcome.models import Group, Model
from pennes.outcome.surface import Array

RATE_DEVIATION = 0.5
"""Of the logit of a rate without counts: as of 15 events in 60 tumours, for want of better."""
SMALLEST = 0.005
"""Rates are kept this far from 0 and 1 when their logit is taken."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(25)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())
STEP = 1e-3
"""Of the second differences, in prior deviations."""


@dataclass(frozen=True)
class Fit:
    """The posterior of a model."""

    model: Model
    best: Array
    """(parameters,) at the maximum of the posterior."""
    covariance: Array
    """(parameters, parameters) of the normal approximation there."""
    draws: Array
    """(draws, parameters), equally weighted."""
    effective: float
    """How many independent draws the weighted ones are worth."""
    used: tuple[str, ...]
    """Names of the strata that were fitted."""

    def interval(self, level: float = 0.95) -> Array:
        """(2, parameters) quantiles of the draws."""
        return np.quantile(self.draws, [0.5 - level / 2.0, 0.5 + level / 2.0], axis=0)


def log_likelihood(
    model: Model, groups: Sequence[Group], values: Array, rate_deviation: float = RATE_DEVIATION
) -> float:
    """Of all strata, centres integrated out."""
    tables = defaultdict(set)
    by_series = defaultdict(list)
    for group in groups:
        by_series[group.stratum.series].append(group)
        tables[group.stratum.series].add(group.stratum.by)
    centre = np.exp(values[-1]) * _NODES
    total = 0.0
    for name, members in by_series.items():
        at_nodes = np.zeros(len(_NODES))
        for group in members:
            probability = model.probability(group, values, centre)
            at_nodes += log_density(group, probability, rate_deviation) / len(tables[name])
        total += logsumexp(at_nodes + _LOG_WEIGHTS)
    return float(total)


def log_density(group: Group, probability: Array, rate_deviation: float) -> Array:
    """Of what a stratum published, where its probability is ``probability`` (k,)."""
    stratum = group.stratum
    probability = np.clip(probability, 1e-12, 1.0 - 1e-12)
    if stratum.n is not None:
        events, others = stratum.events, stratum.n - stratum.events
        ways = -np.log(stratum.n + 1.0) - betaln(events + 1.0, others + 1.0)
        return ways + events * np.log(probability) + others * np.log1p(-probability)
    seen = logit(np.clip(stratum.rate, SMALLEST, 1.0 - SMALLEST))
    away = (seen - logit(np.clip(probability, SMALLEST, 1.0 - SMALLEST))) / rate_deviation
    return -0.5 * away**2 - np.log(rate_deviation * np.sqrt(2.0 * np.pi))


def fit(
    model: Model, groups: Sequence[Group], seed: int, draws: int = 2000, rate_deviation: float = RATE_DEVIATION
) -> Fit:
    """Fit ``model`` to strata marked ``calibrate``.

    ``draws`` of a multivariate t about the maximum are weighted to the posterior and as many drawn from them again.
    Raises InputError where a stratum must not be fitted, SolverError where no maximum is found.
    """
    for group in groups:
        if group.stratum.use != "calibrate":
            raise InputError(
                f"is marked '{group.stratum.use}' and must not be fitted", key=group.stratum.name, expected="calibrate"
            )
    prior = model.prior

    def log_posterior(standard: Array) -> float:
        values = prior.means + prior.deviations * standard
        return (
            prior.log_density(values)
            + log_likelihood(model, groups, values, rate_deviation)
            + model.log_extra(groups, values)
        )

    found = optimize.minimize(lambda x: -log_posterior(x), np.zeros(len(prior.means)), method="BFGS")
    # BFGS stops with "precision loss" where differences no longer tell: at the maximum its gradient is small.
    if not np.isfinite(found.fun) or np.abs(found.jac).max() > 0.05:
        raise SolverError(f"{model.name}: no maximum of the posterior was found ({found.message})")
    covariance = np.linalg.inv(_curvature(lambda x: -log_posterior(x), found.x))
    proposal = stats.multivariate_t(found.x, covariance, df=6, seed=seed)
    standard = np.atleast_2d(proposal.rvs(draws))
    log_weights = np.array([log_posterior(x) for x in standard]) - proposal.logpdf(standard)
    weights = np.exp(log_weights - logsumexp(log_weights))
    # Systematic resampling (Kitagawa 1996).
    offset = np.random.default_rng(seed).random()
    picked = np.searchsorted(np.cumsum(weights), (offset + np.arange(draws)) / draws)
    return Fit(
        model=model,
        best=prior.means + prior.deviations * found.x,
        covariance=covariance * np.outer(prior.deviations, prior.deviations),
        draws=prior.means + prior.deviations * standard[np.minimum(picked, draws - 1)],
        effective=float(1.0 / np.sum(weights**2)),
        used=tuple(group.stratum.name for group in groups),
    )


def _curvature(function, at: Array) -> Array:
    """Second differences of ``function`` (parameters, parameters) at ``at``, made positive definite."""
    count = len(at)
    steps = np.eye(count) * STEP**0.5
    found = np.empty((count, count))
    for i in range(count):
        for j in range(i + 1):
            corners = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            total = sum(a * b * function(at + a * steps[i] + b * steps[j]) for a, b in corners)
            found[i, j] = found[j, i] = total / (4.0 * STEP)
    values, vectors = np.linalg.eigh(found)
    return (vectors * np.maximum(values, 0.1)) @ vectors.T


def log_score(fitted: Fit, groups: Sequence[Group], rate_deviation: float = RATE_DEVIATION, draws: int = 400) -> float:
    """Logarithm of the posterior predictive density of strata that were not fitted."""
    again = {group.stratum.name for group in groups} & set(fitted.used)
    if again:
        raise ValueError(f"was fitted and cannot be left out: {sorted(again)}")
    chosen = fitted.draws[:: max(1, len(fitted.draws) // draws)]
    found = [log_likelihood(fitted.model, groups, values, rate_deviation) for values in chosen]
    return float(logsumexp(found) - np.log(len(found)))


def predict(fitted: Fit, groups: Sequence[Group], seed: int, draws: int = 2000) -> Array:
    """Probabilities (draws, strata) of the strata of ONE series as of a new centre, which all its strata share."""
    rng = np.random.default_rng(seed)
    chosen = fitted.draws[rng.integers(len(fitted.draws), size=draws)]
    centre = np.exp(chosen[:, -1]) * rng.normal(size=draws)
    return np.array(
        [
            [float(fitted.model.probability(group, values, effect[None])[0]) for group in groups]
            for values, effect in zip(chosen, centre, strict=True)
        ]
    )
