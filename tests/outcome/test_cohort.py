"""Descriptions of series and the virtual patients made from them."""

from pathlib import Path

import numpy as np
import pytest

from pennes.errors import InputError
from pennes.outcome.cohort import draw_tumours, simulate, size_distribution
from pennes.outcome.description import SizeDescription, read_all_series, read_series

FOLDER = Path(__file__).parents[2] / "validation/recurrence/series"
SERIES = read_all_series(FOLDER)


@pytest.mark.parametrize("name", SERIES)
def test_sizes_have_the_published_mean_inside_the_range(name):
    size = SERIES[name].size
    found = size_distribution(size, SERIES[name].tumours).ppf((np.arange(20_000) + 0.5) / 20_000)
    assert found.mean() == pytest.approx(size.mean, rel=2e-3)
    assert found.min() >= size.low and found.max() <= size.high


def test_solbiati_sizes_fall_into_strata_as_published():
    """123, 68 and 11 of 202 tumours: numbers of tumours, not of recurrences."""
    found = size_distribution(SERIES["Solbiati"].size, 202).ppf((np.arange(20_000) + 0.5) / 20_000)
    shares = [(found < 20).mean(), ((found >= 20) & (found < 30)).mean(), (found >= 30).mean()]
    assert shares == pytest.approx([123 / 202, 68 / 202, 11 / 202], abs=0.05)


def test_shares_of_vessels_and_mutants():
    drawn = draw_tumours(SERIES["Wang"], 20_000, np.random.default_rng(2))
    assert (drawn.vessel_gap <= 5.0).mean() == pytest.approx(0.27, abs=0.01)
    assert drawn.mutant.mean() == pytest.approx(0.4, abs=0.01)


def test_the_same_seed_gives_the_same_patients_and_another_gives_others():
    first, again, other = (simulate(SERIES["Hamada"], 60, seed) for seed in (1, 1, 2))
    assert first.digest() == again.digest() != other.digest()


def test_only_covered_tumours_are_counted_where_the_series_says_so():
    assert SERIES["Wang"].covered_only
    assert simulate(SERIES["Wang"], 300, 1).read_2d.min() >= -0.5
    assert simulate(SERIES["Hamada"], 300, 1).read_2d.min() < -0.5


def test_large_tumours_need_more_applications_and_end_with_smaller_margins():
    found = simulate(SERIES["Hamada"], 600, 1)
    large = found.tumours.radius > 15.0
    assert found.applications[large].mean() > found.applications[~large].mean()
    assert found.margins[large].min(axis=1).mean() < found.margins[~large].min(axis=1).mean() - 2.0


def test_a_mean_that_the_range_excludes_is_refused():
    with pytest.raises(ValueError, match="not between"):
        SizeDescription(mean="60 mm", low="5 mm", high="50 mm")


BAD = {
    "a bare number": ("{mean: 24 mm", "{mean: 24", "size.mean: .*unit"),
    "an unknown key": ("rim_spread:", "rim_spred:", "rim_spred: unknown key.*did you mean 'rim_spread'"),
    "a use that is none": ("use: calibrate", "use: calibration", "use: .*calibrate"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_description_is_refused_with_its_place(case, tmp_path):
    old, new, said = BAD[case]
    file = tmp_path / "bad.yaml"
    text = (FOLDER / "hamada_2012.yaml").read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=said) as raised:
        read_series(file)
    assert "bad.yaml, line" in str(raised.value)


def test_two_series_of_one_name_are_refused(tmp_path):
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text((FOLDER / "hamada_2012.yaml").read_text())
    with pytest.raises(InputError, match="two series 'Hamada'"):
        read_all_series(tmp_path)
