"""Observed margins: exact without errors, of the stated size with them."""

import numpy as np
import pytest

from pennes.outcome.observation import DURING_3D, Reader, written_down
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


def test_half_of_the_variance_between_outlines_moves_the_whole_map():
    error = Reader(1.75, 0.0).observe(EVEN, RADIUS, POINTS, rng()) - EVEN
    assert np.ptp(error, axis=1).max() < 1e-9
    assert np.median(np.abs(error[:, 0])) == pytest.approx(1.75 / np.sqrt(2.0), rel=0.06)


def test_two_readings_of_one_map_differ_by_what_two_programs_did():
    """Median 2 mm, quartiles 1 and 3 mm (Laimer 2025)."""
    true = EVEN + 2.5 * POINTS[:, 2]
    generator = rng()
    first, second = (
        DURING_3D.smallest(DURING_3D.observe(true, RADIUS, POINTS, generator), POINTS, generator) for _ in range(2)
    )
    assert np.quantile(np.abs(first - second), [0.25, 0.5, 0.75]) == pytest.approx([1.0, 2.0, 3.0], abs=0.6)


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
    assert written_down(np.array([-4.0, 3.4, 5.6])).tolist() == [0.0, 3.0, 6.0]


def test_the_same_seed_sees_the_same():
    reader = Reader(1.75, 3.0, 0.1, 0.05, 0.5)
    assert (reader.observe(EVEN, RADIUS, POINTS, rng()) == reader.observe(EVEN, RADIUS, POINTS, rng())).all()
