"""Synthetic series with known hazards, in the strata of the published ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import expit, logit, logsumexp

from pennes.outcome.fit import RATE_DEVIATION, SMALLEST
from pennes.outcome.models import Group, Model
from pennes.outcome.surface import Array


def truths(model: Model, groups: Sequence[Group], count: int, rng: np.random.Generator) -> Array:
    """Parameters (count, parameters) from what is known before any rate: the prior, weighted by ``log_extra``."""
    prior = model.prior
    candidates = prior.means + prior.deviations * rng.normal(size=(20 * count, len(prior.means)))
    weights = np.array([model.log_extra(groups, values) for values in candidates])
    return candidates[rng.choice(len(candidates), size=count, replace=False, p=np.exp(weights - logsumexp(weights)))]


def synthetic(model: Model, groups: Sequence[Group], truth: Array, rng: np.random.Generator) -> list[Group]:
    """The groups with rows as a hazard ``truth`` makes them: one centre a series, counts where counts are published,
    elsewhere rates with the deviation that the fit takes them to have."""
    centres = {name: np.exp(truth[-1]) * rng.normal() for name in dict.fromkeys(g.stratum.series for g in groups)}
    found = []
    for group in groups:
        stratum = group.stratum
        probability = model.probability(group, truth, np.array([centres[stratum.series]]))[0]
        if stratum.n is not None:
            events = int(rng.binomial(stratum.n, min(probability, 1.0)))
            row = replace(stratum, events=events, rate=events / stratum.n)
        else:
            odds = logit(np.clip(probability, SMALLEST, 1.0 - SMALLEST)) + RATE_DEVIATION * rng.normal()
            row = replace(stratum, rate=float(expit(odds)))
        found.append(group.with_row(row))
    return found
