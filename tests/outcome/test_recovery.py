"""Synthetic series for the study of recovery; the study itself makes a hundred of them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import logit

from pennes.outcome.confront import prepare
from pennes.outcome.description import read_all_series
from pennes.outcome.hazard import Onset
from pennes.outcome.models import TwoLengths
from pennes.outcome.published import read_strata
from pennes.outcome.recovery import synthetic, truths

FOLDER = Path(__file__).parents[2] / "validation/recurrence"
SERIES = read_all_series(FOLDER / "series")
MODEL = TwoLengths()


@pytest.fixture(scope="module")
def groups():
    strata = [s for s in read_strata(FOLDER / "data", SERIES) if s.use == "calibrate" and s.by == "size"]
    return prepare({n: SERIES[n] for n in ("Hamada", "Solbiati", "Wang")}, strata, 200, 3, Onset()).groups


def test_truths_follow_the_prior_and_the_tie(groups):
    found = truths(MODEL, groups, 60, np.random.default_rng(1))
    shares = logit([MODEL.contiguous_share(groups, values) for values in found])
    assert shares.mean() == pytest.approx(logit(0.7), abs=0.25) and shares.std() < 0.7
    assert np.abs((found - MODEL.prior.means) / MODEL.prior.deviations).max() < 4.5


def test_rows_are_made_by_the_hazard_and_by_the_seed(groups):
    truth = np.array([*MODEL.prior.means[:5], np.log(1e-6)])
    many = [synthetic(MODEL, groups, truth, np.random.default_rng(seed)) for seed in range(150)]
    again = synthetic(MODEL, groups, truth, np.random.default_rng(0))
    assert [g.stratum for g in again] == [g.stratum for g in many[0]]
    for place, group in enumerate(groups):
        assert all(made[place].stratum.n == group.stratum.n for made in many)
        probability = float(MODEL.probability(group, truth, np.zeros(1))[0])
        mean = np.mean([made[place].stratum.rate for made in many])
        assert mean == pytest.approx(probability, abs=0.06)
