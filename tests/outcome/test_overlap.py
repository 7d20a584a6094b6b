"""Planned overlapping balls: published composites, and coverage by counting."""

import numpy as np
import pytest

from pennes.outcome.overlap import ARRANGEMENTS, plan
from pennes.outcome.surface import directions


def test_six_balls_of_3_cm_hold_one_of_3_7():
    """Dodd et al., RadioGraphics 2000;20:9, figure 4b."""
    six = next(one for one in ARRANGEMENTS if one.count == 6)
    assert 3.0 * six.reach == pytest.approx(3.7, abs=0.05)


@pytest.mark.parametrize("one", ARRANGEMENTS, ids=lambda one: str(one.count))
def test_the_balls_hold_what_they_are_said_to_and_no_more(one):
    inside = np.random.default_rng(3).random(4000)[:, None] ** (1 / 3) * directions(4000)
    outside = directions(20000)

    def held(points):
        return (np.linalg.norm(points[:, None] - one.places(), axis=-1) <= 1.0 + 1e-9).any(axis=1)

    assert held(one.reach * inside).all()
    assert not held(1.02 * one.reach * outside).all()


def test_the_fewest_that_do_are_planned():
    wanted = np.array([14.0, 15.5, 18.0, 22.0, 40.0])
    places, numbers = plan(wanted, np.full(5, 15.0), 12)
    assert numbers.tolist() == [1, 4, 6, 12, 12] and places.shape == (5, 12, 3)
    assert np.linalg.norm(places[2, :6], axis=1) == pytest.approx(15.0 / np.sqrt(2.0))
    assert plan(wanted, np.full(5, 15.0), 5)[1].tolist() == [1, 4, 4, 4, 4]
