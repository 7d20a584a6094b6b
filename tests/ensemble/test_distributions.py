"""Quantiles of distributions against scipy's own, their bounds, and their units."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from pennes.ensemble.distributions import Spread, factor_quantile
from pennes.library.records import Distribution

SHARES = np.linspace(0.0, 1.0, 41)
ADAPTER = TypeAdapter(Spread)


def spread(**keys):
    return ADAPTER.validate_python(keys)


@pytest.mark.parametrize(
    ("keys", "exact"),
    [
        ({"kind": "uniform", "low": "2 mm", "high": "10 mm"}, stats.uniform(2, 8)),
        ({"kind": "log_uniform", "low": 1, "high": 100}, stats.loguniform(1, 100)),
        ({"kind": "triangular", "low": 0, "mode": 3, "high": 4}, stats.triang(0.75, 0, 4)),
        ({"kind": "normal", "mean": "5 mm", "sd": "2 mm"}, stats.truncnorm(-3, 3, 5, 2)),
        ({"kind": "normal", "mean": 5, "sd": 2, "low": 4}, stats.truncnorm(-0.5, 3, 5, 2)),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else "",
)
def test_quantiles_are_those_of_the_distribution(keys, exact):
    assert spread(**keys).quantile(SHARES) == pytest.approx(exact.ppf(SHARES), rel=1e-9, abs=1e-9)


def test_lognormal_has_its_median_and_spread():
    given = spread(kind="lognormal", median="20 cm/s", sd=0.3)
    assert given.quantile(np.array([0.5])) == pytest.approx([20.0])
    sample = np.log(given.quantile((np.arange(20_000) + 0.5) / 20_000))
    assert sample.std() == pytest.approx(0.3 * stats.truncnorm(-3, 3).std(), rel=1e-3)
    assert given.quantile(np.array([0.0, 1.0])) == pytest.approx([20 * np.exp(-0.9), 20 * np.exp(0.9)])


def test_all_quantities_of_a_distribution_take_the_unit_of_the_first():
    given = spread(kind="uniform", low="10 mm", high="4 cm")
    assert given.unit == "mm"
    assert given.quantile(np.array([0.0, 1.0])) == pytest.approx([10.0, 40.0])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kind": "uniform", "low": "10 mm", "high": "4 s"}, "wrong kind of unit"),
        ({"kind": "uniform", "low": "10 mm", "high": 40}, "no unit"),
        ({"kind": "uniform", "low": "10 mm", "high": "5 mm"}, "runs from 10 to 5 mm"),
        ({"kind": "normal", "mean": 1, "sd": 0}, "runs from"),
        ({"kind": "normal", "mean": 1, "sd": -1}, "runs from"),
        ({"kind": "triangular", "low": 1, "mode": 9, "high": 4}, "not between"),
        ({"kind": "log_uniform", "low": 0, "high": 4}, "no logarithm"),
        ({"kind": "uniform", "low": "nan", "high": 4}, "not a number"),
        ({"kind": "uniform", "low": True, "high": 4}, "not a quantity"),
    ],
)
def test_what_is_no_distribution_is_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        spread(**keys)


@pytest.mark.parametrize(
    ("distribution", "exact"),
    [
        (Distribution(kind="uniform", low=0.96, high=1.08), stats.uniform(0.96, 0.12)),
        (Distribution(kind="triangular", low=0.42, high=1.3), stats.triang(0.58 / 0.88, 0.42, 0.88)),
        (Distribution(kind="normal", sd=0.06, low=0.9, high=1.2), stats.truncnorm(-0.1 / 0.06, 3, 1, 0.06)),
    ],
    ids=lambda value: value.kind if isinstance(value, Distribution) else "",
)
def test_factors_follow_the_records_distribution(distribution, exact):
    assert factor_quantile(distribution, SHARES) == pytest.approx(exact.ppf(SHARES), rel=1e-9)


def test_lognormal_factors_are_cut_where_the_record_says():
    factors = factor_quantile(Distribution(kind="lognormal", sd=0.4, low=0.5, high=2.5), SHARES)
    assert (factors[0], factors[-1]) == pytest.approx((0.5, 2.5))
    below = stats.norm.cdf(0.0, scale=0.4) - stats.norm.cdf(np.log(0.5), scale=0.4)
    inside = stats.norm.cdf(np.log(2.5), scale=0.4) - stats.norm.cdf(np.log(0.5), scale=0.4)
    assert np.interp(1.0, factors, SHARES) == pytest.approx(below / inside, abs=0.003)
