"""Observed margins: exact without errors, of the stated size with them."""

import numpy as np
import pytest

from pennes.outcome.observation import Reader
from pennes.outcome.surface import directions

POINTS = directions(200)
RADIUS = np.full(4000, 12.0)
EVEN = np.full((4000, 200), 6.0)


def rng():
    return np.random.default_rng(3)


def test_a_perfect_reader_sees_what_is_there():
    true = EVEN + 2.0 * POINTS[:, 2]
    seen = Reader(0.0, 0.0).observe(true, RADIUS, POINTS, rng())
    assert seen == pytest.approx(true)
    assert Reader(0.0, 0.0).smallest(seen, POINTS, rng()) == pytest.approx(6.0 - 2.0, abs=0.03)


def test_segmentation_error_has_the_published_median_everywhere():
    seen = Reader(1.75, 0.0).observe(EVEN, RADIUS, POINTS, rng())
    assert np.median(np.abs(seen - EVEN), axis=0) == pytest.approx(1.75, rel=0.08)


def test_registration_error_has_its_mean_length():
    error = Reader(0.0, 4.1).observe(EVEN, RADIUS, POINTS, rng()) - EVEN
    shift = 3.0 * error @ POINTS / len(POINTS)
    assert np.linalg.norm(shift, axis=1).mean() == pytest.approx(4.1, rel=0.03)


def test_contraction_pulls_the_zone_inwards():
    seen = Reader(0.0, 0.0, contraction=0.1).observe(EVEN, RADIUS, POINTS, rng())
    assert seen == pytest.approx(18.0 * 0.9 - 12.0)


def test_slices_miss_what_lies_off_them_and_never_see_less():
    true = EVEN.copy()
    true[:, 17] = -3.0
    flat, whole = Reader(0.0, 0.0, slices=0.3), Reader(0.0, 0.0)
    seen = flat.smallest(true, POINTS, rng())
    assert (whole.smallest(true, POINTS, rng()) == -3.0).all()
    assert (seen == -3.0).mean() == pytest.approx(0.3, abs=0.03)


def test_margins_are_written_in_whole_millimetres_from_zero():
    reader = Reader(0.0, 0.0, whole_millimetres=True)
    assert reader.smallest(np.array([[-4.0], [3.4], [5.6]]), POINTS[:1], rng()).tolist() == [0.0, 3.0, 6.0]


def test_the_same_seed_sees_the_same():
    reader = Reader(1.75, 3.0, 0.1, 0.05, 0.5)
    assert (reader.observe(EVEN, RADIUS, POINTS, rng()) == reader.observe(EVEN, RADIUS, POINTS, rng())).all()
