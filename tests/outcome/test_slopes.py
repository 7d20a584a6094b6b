"""Slopes by margin as it is read."""

from pathlib import Path

import numpy as np
import pytest

from pennes.outcome.cohort import simulate
from pennes.outcome.description import read_all_series
from pennes.outcome.fit import Fit
from pennes.outcome.hazard import Onset
from pennes.outcome.models import TwoLengths
from pennes.outcome.slopes import cox, slopes

SERIES = read_all_series(Path(__file__).parents[2] / "validation/recurrence/series")


def test_cox_finds_the_ratio_that_was_put_in():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3000, 2))
    times = rng.exponential(size=3000) / np.exp(x @ np.array([-0.6, 0.2]))
    ends = rng.exponential(2.0, size=3000)
    found = cox(np.minimum(times, ends), times <= ends, x)
    assert found == pytest.approx([-0.6, 0.2], abs=0.08)


def test_errors_of_reading_flatten_the_slope():
    patients = simulate(SERIES["Wang"], 400, 1)
    prior = TwoLengths.prior
    fitted = Fit(TwoLengths(), prior.means, np.eye(6), np.tile(prior.means, (4, 1)), 4.0, ())
    read = {r: slopes(fitted, patients, r, 94, 10, 3, Onset(), 0.48) for r in ("2D", "3D")}
    true = type(patients)(**{**vars(patients), "read_3d": patients.margins.min(axis=1)})
    exact = slopes(fitted, true, "3D", 94, 10, 3, Onset(), 0.48)
    assert exact.pooled_margin < read["3D"].pooled_margin < 1.0
    assert exact.pooled_margin < read["2D"].pooled_margin < 1.0
    assert read["2D"].events == pytest.approx(0.48, abs=0.05)
    assert (read["2D"].margin > 0).all() and len(read["2D"].margin) == 10
