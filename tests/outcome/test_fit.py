"""Fits: what may enter, what comes back, and that integrals over centres are right."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from pennes.errors import InputError
from pennes.outcome.cohort import simulate
from pennes.outcome.description import read_all_series
from pennes.outcome.fit import fit, log_density, log_likelihood, log_score, predict
from pennes.outcome.hazard import Onset
from pennes.outcome.models import Group, PooledConstant, SizeLogistic, TwoLengths
from pennes.outcome.published import read_strata

FOLDER = Path(__file__).parents[2] / "validation/recurrence"
SERIES = read_all_series(FOLDER / "series")
STRATA = read_strata(FOLDER / "data", SERIES)
COUNT = 250


@pytest.fixture(scope="module")
def patients():
    return {name: simulate(SERIES[name], COUNT, 3) for name in {stratum.series for stratum in STRATA}}


@pytest.fixture(scope="module")
def groups(patients):
    """All strata that 250 patients fill."""
    filled = [s for s in STRATA if s.members(patients[s.series], SERIES[s.series]).sum() >= 5]
    return [Group(s, patients[s.series], SERIES[s.series], Onset()) for s in filled]


@pytest.fixture(scope="module")
def calibrating(groups):
    return [group for group in groups if group.stratum.use == "calibrate"]


def changed(group, **values):
    """The same virtual patients with another published row."""
    return group.with_row(replace(group.stratum, **values))


def test_rows_marked_test_are_refused(groups):
    assert any(group.stratum.use == "test" for group in groups)
    with pytest.raises(InputError, match="marked 'test' and must not be fitted"):
        fit(PooledConstant(), groups, seed=1, draws=10)


def test_rows_marked_test_never_change_a_fit(patients, tmp_path):
    """The chain from the tables on: the same draws, bit by bit, when every rate to be predicted is another one."""

    def fitted(folder):
        strata = [s for s in read_strata(folder, SERIES) if s.use == "calibrate" and s.by == "size"]
        found = [Group(s, patients[s.series], SERIES[s.series], Onset()) for s in strata]
        return fit(TwoLengths(), found, seed=1, draws=40)

    for file in (FOLDER / "data").glob("recurrence*.csv"):
        lines = file.read_text().splitlines()
        changed_lines = [
            ",".join([*cells[:6], "99", *cells[7:]]) if ",test," in line else line
            for line in lines
            for cells in [line.split(",")]
        ]
        assert ("size" not in file.name) or lines != changed_lines
        (tmp_path / file.name).write_text("\n".join(changed_lines) + "\n")
    assert [s.rate for s in read_strata(tmp_path, SERIES) if s.use == "test"] == [0.99] * 6
    first, second = fitted(FOLDER / "data"), fitted(tmp_path)
    assert (first.draws == second.draws).all() and (first.best == second.best).all()
    assert first.used == second.used and not any("Hammill" in n or "Nielsen" in n for n in first.used)


def test_virtual_patients_know_nothing_of_rates(patients):
    """Steps 1 to 5 are frozen: they take a description only."""
    again = simulate(SERIES["Wang"], COUNT, 3)
    assert again.digest() == patients["Wang"].digest()


def test_stratum_probability_is_the_hazard_on_its_members(groups, patients):
    """The interpolated integrals against the hazard itself."""
    model, values = TwoLengths(), TwoLengths.prior.means
    for group in groups:
        stratum = group.stratum
        part = patients[stratum.series].part(stratum.members(patients[stratum.series], SERIES[stratum.series]))
        burden = model.hazard(values).log_burden(part.margins, part.areas, group.mutant)
        months = part.follow_up if stratum.horizon is None else stratum.horizon
        exact = np.mean(1.0 - np.exp(-np.exp(burden + 0.3) * Onset().seen_by(months)))
        assert model.probability(group, values, np.array([0.3]))[0] == pytest.approx(exact, rel=1e-4)


def test_effects_of_centres_are_integrated_out(calibrating):
    solbiati = [g for g in calibrating if g.stratum.series == "Solbiati"]
    model, values = PooledConstant(), np.array([-1.5, np.log(0.5)])

    def integrand(effect):
        terms = [log_density(g, model.probability(g, values, np.array([effect])), 0.5) for g in solbiati]
        return float(np.exp(np.sum(terms)) * stats.norm.pdf(effect, scale=0.5))

    exact = integrate.quad(integrand, -4, 4, epsabs=0, epsrel=1e-8, points=[-1, 0, 1])[0]
    assert log_likelihood(model, solbiati, values) == pytest.approx(np.log(exact), abs=5e-3)


def test_posterior_draws_agree_with_a_grid(calibrating):
    model = PooledConstant()
    found = fit(model, calibrating, seed=1, draws=3000)
    a, t = np.meshgrid(np.linspace(-2.5, 1.0, 41), np.linspace(-1.8, 0.6, 41), indexing="ij")
    points = np.column_stack([a.ravel(), t.ravel()])
    log = np.array([model.prior.log_density(x) + log_likelihood(model, calibrating, x) for x in points])
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    mean = weight @ points
    deviation = np.sqrt(weight @ (points - mean) ** 2)
    assert found.effective > 1500
    assert found.draws.mean(axis=0) == pytest.approx(mean, abs=0.03)
    assert found.draws.std(axis=0) == pytest.approx(deviation, rel=0.06)


def test_binomial_density(calibrating):
    counted = next(group for group in calibrating if group.stratum.n is not None)
    probability = np.array([0.03, 0.4])
    exact = stats.binom.logpmf(counted.stratum.events, counted.stratum.n, probability)
    assert log_density(counted, probability, 0.5) == pytest.approx(exact, rel=1e-9)


def test_known_hazard_is_recovered(calibrating):
    """Counts drawn from known parameters; the study of recovery does it a hundred times."""
    model, rng = TwoLengths(), np.random.default_rng(4)
    truth = model.prior.means + model.prior.deviations * np.array([0.8, 0.6, 0.3, -0.3, 0.5, -0.5])
    rows = []
    for group in calibrating:
        probability = float(model.probability(group, truth, np.zeros(1))[0])
        rows.append(changed(group, n=300, events=int(rng.binomial(300, probability))))
    found = fit(model, rows, seed=2, draws=300)
    low, high = found.interval()
    assert ((low <= truth) & (truth <= high))[:5].all()
    width = found.draws.std(axis=0) / model.prior.deviations
    assert width[0] < 0.6 and width[1] < 0.6
    assert found.best[-1] < model.prior.means[-1], "no scatter was put in"


def test_the_share_of_contiguous_progressions_is_tied(calibrating):
    model = TwoLengths()
    shares = [model.contiguous_share(calibrating, model.prior.means + np.array([d, 0, 0, 0, 0, 0])) for d in (-2, 0, 2)]
    assert shares[0] < shares[1] < shares[2]
    found = fit(model, calibrating, seed=1, draws=40)
    assert model.contiguous_share(calibrating, found.best) == pytest.approx(0.7, abs=0.1)


def test_size_logistic_finds_a_slope_that_is_there(calibrating):
    found = fit(SizeLogistic(), calibrating, seed=1, draws=200)
    assert found.best[1] > 0.3


def test_scores_of_fitted_strata_are_refused(calibrating):
    found = fit(PooledConstant(), calibrating, seed=1, draws=50)
    with pytest.raises(ValueError, match="was fitted"):
        log_score(found, calibrating[:2])


def test_strata_of_a_series_share_the_centre(calibrating):
    left = [g for g in calibrating if g.stratum.series == "Solbiati"]
    found = fit(PooledConstant(), [g for g in calibrating if g not in left], seed=1, draws=50)
    draws = predict(found, left, seed=2, draws=60)
    assert (draws == draws[:, :1]).all() and draws[:, 0].std() > 0.02
    assert (predict(found, left, seed=2, draws=60) == draws).all()
