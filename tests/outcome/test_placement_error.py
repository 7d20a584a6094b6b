"""Needles, and the operator who treats again."""

import numpy as np
import pytest

from pennes.outcome.observation import Reader
from pennes.outcome.placement import Guidance, Policy, treat
from pennes.outcome.surface import Tumours, directions
from pennes.outcome.zones import EllipsoidZone

POINTS = directions(150)
EXACT = Reader(0.0, 0.0)
ZONE = EllipsoidZone(18.0, 18.0)


def tumours(count, radius):
    return Tumours(np.full(count, radius), np.zeros(count), np.full(count, 50.0), np.zeros(count, bool))


def run(radius, guidance, policy, count=600, zone=ZONE):
    return treat(tumours(count, radius), zone, guidance, policy, POINTS, np.random.default_rng(5))


def test_errors_have_the_published_mean_and_ninetieth_percentile():
    """Rayleigh of mean 3.7 mm: 90 % within 6.3 mm (clinical note)."""
    lateral = np.hypot(*Guidance(3.7, 2.0).errors(200_000, np.random.default_rng(1))[:, :2].T)
    assert lateral.mean() == pytest.approx(3.7, rel=0.01)
    assert np.quantile(lateral, 0.9) == pytest.approx(6.3, rel=0.02)


def test_needles_are_placed_again_until_they_lie_well():
    free, led = Guidance(10.1, 2.0), Guidance(10.1, 2.0, tolerated=5.0)
    before, after = (np.hypot(*g.errors(20_000, np.random.default_rng(1))[:, :2].T) for g in (free, led))
    assert (after <= before).all() and after.mean() < 0.5 * before.mean()
    # P(R > 5) of Rayleigh with mean 10.1, eight times in a row.
    missed = np.exp(-np.pi / 4.0 * (5.0 / 10.1) ** 2) ** 8
    assert (after > 5.0).mean() == pytest.approx(missed, abs=0.01)


def test_one_perfect_needle_leaves_the_margin_of_its_zone():
    done = run(10.0, Guidance(0.0, 0.0), Policy(5.0, 4, EXACT))
    assert done.margins == pytest.approx(8.0)
    assert (done.applications == 1).all() and done.adequate.all()


def test_what_is_too_large_for_one_needle_is_treated_again():
    one, many = (run(17.0, Guidance(0.0, 0.0), Policy(5.0, n, EXACT)) for n in (1, 8))
    assert one.margins == pytest.approx(1.0) and not one.adequate.any()
    assert (many.applications > 1).all()
    assert many.margins.min(axis=1).mean() > one.margins.min(axis=1).mean() + 1.0


def test_more_applications_never_leave_less_and_the_patients_stay_the_same():
    guidance = Guidance(6.0, 3.0)
    reader = Reader(1.75, 3.0)
    few, more = (run(12.0, guidance, Policy(5.0, n, reader)) for n in (1, 3))
    assert (more.margins >= few.margins).all() and (more.margins > few.margins).any()


def test_error_makes_margins_smaller_on_average():
    worst = [run(10.0, Guidance(e, 0.0), Policy(5.0, 1, EXACT)).margins.min(axis=1).mean() for e in (0.0, 3.7, 8.0)]
    assert worst[0] > worst[1] > worst[2]
    # One ball-shaped zone: the worst margin is A - R - |error|.
    assert worst[1] == pytest.approx(18.0 - 10.0 - 3.7, abs=0.2)


def test_overlaps_are_planned_ahead_where_one_zone_would_not_do():
    """Six balls of radius 18 mm hold one of 22 mm; nobody looks before the last of them."""
    blind = Reader(0.0, 0.0)
    done = run(17.0, Guidance(0.0, 0.0), Policy(5.0, 6, blind))
    assert (done.applications == 6).all()
    assert done.margins.min(axis=1) == pytest.approx(5.0, abs=0.6)
    unplanned = run(17.0, Guidance(0.0, 0.0), Policy(5.0, 1, blind, planned=False))
    assert unplanned.margins == pytest.approx(1.0)


def test_what_is_planned_is_all_done_though_a_reader_is_content():
    four = run(18.1, Guidance(0.0, 0.0), Policy(0.0, 12, EXACT))
    assert (four.applications == 4).all() and four.adequate.all()
