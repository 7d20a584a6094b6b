"""The emulator on zones whose margins are known, its posterior beside scikit-learn's, its risk beside Monte Carlo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rayleigh, truncnorm

import analytic_zones
from pennes.errors import InputError
from pennes.risk.build import folds, predicted_unseen
from pennes.risk.fit import fit_posterior, train
from pennes.risk.query import Question


def test_margins_of_runs_not_seen(analytic_atlas):
    errors = analytic_atlas.header["errors"]
    assert errors["runs"] == 200
    assert errors["rmse_mm"] < 0.15
    assert abs(errors["bias_mm"]) < 0.05
    assert 0.8 <= errors["share_in_90"] <= 1.0
    spread = analytic_atlas.runs["margin"].std()
    assert errors["rmse_mm"] < 0.05 * spread


def test_new_margins_near_and_far_from_vessels(analytic_atlas):
    values = analytic_zones.draw(128, seed=77)
    error = analytic_atlas.emulator.margins(values).mean - analytic_zones.margins(values)
    assert np.sqrt(np.mean(error**2)) < 0.25
    near = (values["gap"] - values["x"] - values["target_radius"]) < 5.0
    assert abs(error[near].mean()) < 0.1
    assert abs(error[~near].mean()) < 0.1


def test_posterior_is_that_of_scikit_learn():
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    random = np.random.default_rng(3)
    points, wanted = random.uniform(size=(60, 3)), random.uniform(size=(20, 3))
    targets = np.column_stack([np.sin(4 * points[:, 0]) + points[:, 1], np.cos(3 * points[:, 1])])
    found = fit_posterior(points, targets, restarts=0, seed=1)
    kernel = ConstantKernel(found.amplitude**2) * Matern(found.lengths, nu=2.5) + WhiteKernel(found.noise**2)
    judge = GaussianProcessRegressor(kernel, optimizer=None, alpha=0.0)
    trend = found.trend[0] + points @ found.trend[1:]
    judge.fit(points, (targets - trend) / found.scales)
    mean, sd = judge.predict(wanted, return_std=True)
    ours, variance = found.predict(wanted)
    assert ours == pytest.approx(mean * found.scales + found.trend[0] + wanted @ found.trend[1:], abs=1e-8)
    # Theirs is of an observation, ours of the function.
    assert variance == pytest.approx((sd**2 - found.noise**2) * found.scales**2, abs=1e-8)
    assert found.mean(wanted) == pytest.approx(ours, abs=1e-12)


@pytest.mark.parametrize(
    "question",
    [Question(18.0, 5.0, 7.0, samples=1024), Question(25.0, 8.0, 2.0, samples=1024), Question(22.0, samples=1024)],
)
def test_risk_is_that_of_monte_carlo(analytic_atlas, question):
    random, count = np.random.default_rng(9), 4000
    side = 3.7 * np.sqrt(2 / np.pi)
    lateral, turn = rayleigh.rvs(scale=side, size=count, random_state=random), random.uniform(0, 2 * np.pi, count)
    ex, ey, ez = lateral * np.cos(turn), lateral * np.sin(turn), random.normal(0, side, count)
    factor = {
        "liver_perfusion": np.exp(truncnorm.rvs(-0.693 / 0.4, 0.916 / 0.4, scale=0.4, size=count, random_state=random)),
        "liver_electric_conductivity": random.uniform(0.7, 1.3, count),
        "blood_speed": np.exp(truncnorm.rvs(-3, 3, scale=0.3, size=count, random_state=random)),
    }
    vessel = 0.5 * (question.vessel_mm or 0.0)
    gap = 0.5 * question.tumour_mm + (question.distance_mm or 0.0) - ex if vessel else np.full(count, np.inf)
    exact = analytic_zones.margins(
        factor
        | {"x": -ex, "y": -ey, "z": -ez, "gap": gap, "vessel_radius": np.full(count, vessel)}
        | {"target_radius": np.full(count, 0.5 * question.tumour_mm)}
        | {"duration": np.full(count, 600.0), "power": np.full(count, 100.0)}
    )
    found = analytic_atlas.query(question)
    for wanted in (0.0, 3.0, 5.0):
        assert found.probability(wanted) == pytest.approx(np.mean(exact >= wanted), abs=0.03)
    assert found.expected_mm == pytest.approx(exact.mean(), abs=0.15)
    assert found.interval_mm == pytest.approx(np.quantile(exact, [0.05, 0.95]), abs=0.5)


def test_folds_are_the_same_again_and_even():
    keys = tuple(f"{number:016x}" for number in range(402))
    assert (folds(keys, 1) == folds(keys, 1)).all()
    assert (folds(keys, 1) != folds(keys, 2)).any()
    assert sorted(np.bincount(folds(keys, 1))) == [80, 80, 80, 81, 81]


def test_a_run_is_predicted_by_what_never_saw_it():
    runs = analytic_zones.cohort(80, seed=3).runs
    fold = folds(runs.keys, 1)
    mean, _ = predicted_unseen(runs, fold, 1)
    # A run that is grossly wrong changes what is predicted of others, not of its own fold.
    wrong = int(np.flatnonzero(fold == 2)[0])
    shapes = runs.shapes.copy()
    shapes[wrong, :, 0] += 0.5
    again, _ = predicted_unseen(replace(runs, shapes=shapes), fold, 1)
    assert again[fold == 2] == pytest.approx(mean[fold == 2], abs=1e-9)
    assert np.abs(again - mean)[fold != 2].max() > 0.1


def test_too_few_runs_are_refused():
    with pytest.raises(InputError, match="too few"):
        train(analytic_zones.cohort(20).runs)
