"""Step lengths: they land where something changes, follow the error, and end in words where nothing helps."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("dolfinx")

from pennes.case.accuracy import Accuracy
from pennes.errors import SolverError
from pennes.treatment.stepping import GROW, RESTART, SERIES, SHRINK, StepControl

ACCURACY = Accuracy.model_validate({"max_step": "20 s", "min_step": "1e-4 s"})


@pytest.fixture
def control():
    return StepControl(ACCURACY)


@pytest.mark.parametrize("wanted", [0.25, 3.7, 5.9, 6.1, 9.99, 10.0, 50.0])
def test_steps_end_exactly_where_they_must_without_a_sliver(control, wanted):
    control.next_dt = wanted
    left, steps = 10.0, []
    while left > 0.0:
        steps.append(control.propose(left))
        left -= steps[-1]
    assert sum(steps) == pytest.approx(10.0, abs=1e-12)
    assert min(steps) >= 0.39 * min(wanted, 10.0)
    assert max(steps) <= wanted * (1.0 + 1e-9)


def test_no_step_is_longer_than_allowed(control):
    control.next_dt = 1e6
    assert control.propose(1e9) == ACCURACY.max_step


def test_a_step_with_a_small_error_is_followed_by_a_longer_one_and_the_other_way_round(control):
    control.next_dt = 1.0
    control.accepted(1.0, 1e-9)
    assert GROW / SERIES <= control.next_dt <= GROW
    control.next_dt = 1.0
    control.accepted(1.0, 0.99)
    assert 0.8 < control.next_dt < 1.0
    control.rejected_step(1.0, 8.0)
    assert control.next_dt == pytest.approx(0.45, rel=0.1)
    control.rejected_step(1.0, 1e9)
    assert control.next_dt == pytest.approx(SHRINK, rel=0.1)
    assert control.rejected == 2


def test_the_next_step_has_the_error_that_is_tolerated_for_a_third_order_estimate(control):
    """error = (dt / 2 s)^3: control settles just below 2 s."""
    for _ in range(20):
        control.accepted(control.next_dt, (control.next_dt / 2.0) ** 3)
    assert 2.0 * 0.9 / SERIES <= control.next_dt <= 2.0 * 0.9


def test_a_step_cut_short_by_an_event_does_not_shorten_the_next(control):
    control.next_dt = 4.0
    control.accepted(0.01, 1e-9)
    assert control.next_dt == pytest.approx(4.0)


@pytest.mark.parametrize("relative", [-1e-9, 1e-9])
def test_rounding_errors_do_not_change_the_steps(relative):
    found = []
    for error in (0.3001, 0.3001 * (1.0 + relative)):
        control = StepControl(ACCURACY)
        control.next_dt = 1.0
        control.accepted(1.0, error)
        found.append(control.next_dt)
    assert found[0] == found[1]
    number = math.log(found[0], SERIES)
    assert number == pytest.approx(round(number))


def test_a_switch_begins_with_a_short_step(control):
    control.next_dt = 7.0
    control.restart()
    assert control.next_dt == RESTART
    control.next_dt = 0.01
    control.restart()
    assert control.next_dt == 0.01


def test_a_step_that_cannot_be_taken_at_any_length_ends_in_words(control):
    control.next_dt = dt = 1.0
    for _ in range(13):
        control.failed_step(dt, SolverError("the matrix is singular"))
        dt = control.next_dt
    with pytest.raises(SolverError, match=r"0\.0001 s could not be taken: the matrix is singular"):
        control.failed_step(dt, SolverError("the matrix is singular"))
    assert control.failed == 14
    with pytest.raises(SolverError, match="its error stayed too large"):
        control.rejected_step(1.1e-4, 100.0)
