import numpy as np

from pennes.case.death import IsothermDeath
from pennes.death import Isotherm

MODEL = Isotherm.from_case(IsothermDeath(threshold="55 degC"))


def test_the_hottest_moment_is_remembered():
    state = MODEL.initial(3)
    for start, end in (([37.0, 37.0, 37.0], [50.0, 60.0, 37.0]), ([50.0, 60.0, 37.0], [40.0, 70.0, 37.0])):
        state = MODEL.advance(state, np.array(start), np.array(end), 10.0)
    assert MODEL.damage(state).tolist() == [50.0, 70.0, 37.0]
    assert MODEL.indicator(state).tolist() == [-5.0, 15.0, -18.0]


def test_both_ends_of_a_step_count():
    state = MODEL.advance(MODEL.initial(2), np.array([61.0, 37.0]), np.array([37.0, 62.0]), 10.0)
    assert MODEL.damage(state).tolist() == [61.0, 62.0]


def test_a_step_of_no_time_takes_the_present_temperature():
    at = np.array([22.0, 37.0])
    assert MODEL.damage(MODEL.advance(MODEL.initial(2), at, at, 0.0)).tolist() == [22.0, 37.0]


def test_viability_falls_across_the_threshold():
    state = np.array([[53.9, 54.5, 55.0, 55.5, 56.1]])
    np.testing.assert_allclose(MODEL.viability(state), [1.0, 0.75, 0.5, 0.25, 0.0], atol=1e-12)
