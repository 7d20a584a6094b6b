"""The acceptance list on predictions whose verdict is known."""

import numpy as np
import pytest

from pennes.outcome.acceptance import Predicted, contrasts, gates, predicted
from pennes.outcome.published import Stratum

RNG = np.random.default_rng(1)
HARD = ((0.0, 0.04), (20.0, 0.15), (30.0, 0.5))


def stratum(series, low, rate, n):
    events = None if n is None else round(rate * n)
    return Stratum(
        series, f">{low:g}", "size", low, low + 10, None, rate if n is None else events / n, n, events, None, "test"
    )


def rows(predict, scatter=0.4):
    """Four series; ``predict`` turns the true rate into the predicted one."""
    found = []
    for number in range(4):
        strata = [stratum(f"series {number}", low, rate, 100 if number % 2 else None) for low, rate in HARD]
        centre = RNG.normal(size=(2000, 1)) * scatter
        odds = np.log([predict(rate) / (1 - predict(rate)) for _, rate in HARD])
        found += predicted(strata, 1 / (1 + np.exp(-odds - centre)), RNG)
    return found


def verdict(found, scores=None):
    lines = gates(found, {"left out": scores or {"ours": -10.0, "theirs": -12.0}}, "ours")
    return {line.name.split(" (")[0]: line.passed for line in lines}


def test_a_good_model_passes_every_line():
    assert all(verdict(rows(lambda rate: rate)).values())


def test_a_model_of_one_rate_fails_size_rank_and_slope():
    found = verdict(rows(lambda rate: 0.2))
    assert not found["1 within series: large against small has the right sign"]
    assert not found["3 calibration slope"] and not found["4 Spearman's rank correlation"]


def test_a_model_three_times_too_high_fails_the_level():
    found = verdict(rows(lambda rate: min(0.95, 3 * rate)))
    assert not found["3 observed / expected"]
    assert found["1 within series: large against small has the right sign"]


def test_an_interval_that_says_nothing_is_a_failure():
    wide = rows(lambda rate: rate, scatter=6.0)
    assert not verdict(wide)["2 levels: inside the 95 % prediction interval"]


def test_a_better_rival_is_a_failure_and_is_named():
    lines = gates(rows(lambda rate: rate), {"left out": {"ours": -10.0, "flat": -9.0, "worse": -20.0}}, "ours")
    by_name = {line.name: line for line in lines if line.name.startswith("5")}
    assert [line.passed for line in by_name.values()] == [False, True]
    assert any("flat (best of the others)" in name for name in by_name)


def test_counts_widen_the_interval_and_contrasts_need_them():
    few, none = stratum("a", 0.0, 0.2, 10), stratum("a", 0.0, 0.2, None)
    draws = np.full((4000, 1), 0.2)
    widths = [predicted([one], draws, np.random.default_rng(2))[0].width for one in (few, none)]
    assert widths[0] > 0.3 and widths[1] == pytest.approx(0.0)
    by_series = {contrast.series: contrast for contrast in contrasts(rows(lambda rate: rate))}
    assert by_series["series 0"].interval is None and by_series["series 1"].inside


def test_observed_interval_of_the_odds_ratio_is_the_exact_one():
    """Solbiati: 6 of 123 against 5 of 11; Fisher's exact test rejects no difference, so that 0 is outside."""
    small = Stratum("s", "<2", "size", 0, 20, None, 6 / 123, 123, 6, None, "test")
    large = Stratum("s", ">3", "size", 30, 99, None, 5 / 11, 11, 5, None, "test")
    found = contrasts([Predicted(s, np.full(9, s.rate), np.full(9, s.rate)) for s in (small, large)])[0]
    assert found.interval[0] > 0.0 and found.interval[0] < found.observed < found.interval[1]
