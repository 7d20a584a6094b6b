"""A fit as a file, and what it says of a plan."""

import json
import subprocess
import sys

import numpy as np
import pytest

from pennes.errors import InputError
from pennes.outcome.fit import Fit
from pennes.outcome.hazard import Hazard, Onset, progression
from pennes.outcome.models import TwoLengths
from pennes.outcome.saved import plan_progression, read_fit, write_fit

AREAS = np.full(60, 4.0 * np.pi * 12.5**2 / 60)


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(1)
    prior = TwoLengths.prior
    draws = prior.means + 0.3 * prior.deviations * rng.normal(size=(500, len(prior.means)))
    fitted = Fit(TwoLengths(), prior.means, np.eye(6), draws, 400.0, ("a, <2",))
    write_fit(tmp_path / "fit.json", fitted, Onset(), {"seed": 1})
    return tmp_path / "fit.json"


def test_a_fit_comes_back(file):
    found = read_fit(file)
    assert found.draws.shape == (500, 6) and found.strata == ("a, <2",) and found.provenance["seed"] == 1
    assert found.onset == Onset()


def test_a_plan_by_ras_status_and_time(file):
    margins = np.full((3, 60), 5.0)
    found = {(p.ras, p.months): p for p in plan_progression(margins, AREAS, read_fit(file))}
    assert len(found) == 6
    for months in (12.0, 24.0):
        wild, mutant, unknown = (found[status, months] for status in ("wild type", "mutant", "unknown"))
        assert wild.probability < unknown.probability < mutant.probability
        assert unknown.probability == pytest.approx(0.6 * wild.probability + 0.4 * mutant.probability)
        assert 0.0 < wild.low < wild.probability < wild.high < 1.0
    assert found["wild type", 12.0].probability < found["wild type", 24.0].probability


def test_without_uncertainty_a_plan_is_the_hazard(file):
    fitted = read_fit(file)
    values = TwoLengths.prior.means.copy()
    values[-1] = -30.0
    fixed = type(fitted)(np.array([values]), fitted.onset, (), {})
    margins = np.linspace(-3, 9, 60)[None]
    near, far, l1, l2 = np.exp(values[:4])
    burden = Hazard(near, far, l1, l2, values[4]).log_burden(margins, AREAS, 0.0)
    expected = progression(burden, Onset().seen_by(24.0))[0]
    found = next(p for p in plan_progression(margins, AREAS, fixed) if p.ras == "wild type" and p.months == 24.0)
    assert found.probability == pytest.approx(expected) and found.low == pytest.approx(found.high)


def test_burdens_of_all_draws_are_those_of_the_hazard(file):
    fitted = read_fit(file)
    margins = np.random.default_rng(3).normal(4.0, 4.0, size=(5, 60))
    still = type(fitted)(fitted.draws * [1, 1, 1, 1, 1, 0] + [0, 0, 0, 0, 0, -30.0], fitted.onset, (), {})
    burden = np.array([Hazard.of_parameters(values).log_burden(margins, AREAS, 0.0) for values in still.draws])
    expected = progression(burden, Onset().seen_by(12.0)).mean(axis=1)
    found = plan_progression(margins, AREAS, still)[0]
    assert found.probability == pytest.approx(expected.mean(), rel=1e-3)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(expected, [0.05, 0.95])), rel=3e-3)


def test_larger_margins_are_safer_and_the_same_seed_says_the_same(file):
    fitted = read_fit(file)
    risks = [plan_progression(np.full((1, 60), m), AREAS, fitted)[0].probability for m in (-2.0, 2.0, 6.0, 30.0)]
    assert risks[0] > risks[1] > risks[2] > risks[3] and risks[3] < 0.01
    assert plan_progression(np.zeros((1, 60)), AREAS, fitted) == plan_progression(np.zeros((1, 60)), AREAS, fitted)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"schema": 9}, "another model or version"), ({"draws": [["x"]]}, "not a fit"), (None, "not a fit")],
)
def test_a_bad_file_is_refused(file, change, said):
    text = "{" if change is None else json.dumps(json.loads(file.read_text()) | change)
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        read_fit(file)


def test_the_room_needs_neither_dolfinx_nor_statsmodels_nor_rooms_above():
    code = (
        "import sys, pkgutil, importlib, pennes.outcome as room\n"
        "for m in pkgutil.iter_modules(room.__path__): importlib.import_module('pennes.outcome.' + m.name)\n"
        "bad = {'dolfinx', 'mpi4py', 'statsmodels', 'pyvista', 'matplotlib'} & set(sys.modules)\n"
        "rooms = {m.split('.')[1] for m in sys.modules if m.startswith('pennes.')}\n"
        "assert not bad, bad\n"
        "assert rooms <= {'outcome', 'library', 'errors', 'units'}, rooms\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
