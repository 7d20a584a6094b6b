"""The fit that is shipped is the one of the data and descriptions that are here, and was fitted to nothing else."""

from pathlib import Path

import numpy as np

from pennes.outcome.description import read_all_series
from pennes.outcome.published import read_strata
from pennes.outcome.saved import checksums, plan_progression, read_fit
from pennes.risk.atlas import DATA

FOLDER = Path(__file__).parents[2] / "validation/recurrence"
SAVED = read_fit()


def test_descriptions_and_data_are_those_that_were_fitted():
    """Steps 1 to 5 are frozen: whoever changes them has to fit again (validation/recurrence/README.md)."""
    assert SAVED.provenance["series_sha256"] == checksums((FOLDER / "series").glob("*.yaml"))
    assert SAVED.provenance["data_sha256"] == checksums((FOLDER / "data").glob("*.csv"))


def test_strata_are_all_that_may_be_fitted_and_none_else():
    strata = read_strata(FOLDER / "data", read_all_series(FOLDER / "series"))
    assert set(SAVED.strata) == {stratum.name for stratum in strata if stratum.use == "calibrate"}


def test_it_comes_from_the_atlases_that_ship():
    """Whoever ships other atlases has to fit again."""
    assert SAVED.provenance["zones"].startswith("simulated")
    used = {one.simulated.atlas for one in read_all_series(FOLDER / "series").values()}
    assert SAVED.provenance["atlas_sha256"] == checksums(DATA / f"{name}.npz" for name in used)


def test_a_plan_is_answered_with_intervals_in_order():
    areas = np.full(60, 4.0 * np.pi * 12.5**2 / 60)
    for plan in plan_progression(np.full((2, 60), 5.0), areas):
        assert 0.0 < plan.low < plan.probability < plan.high < 1.0
