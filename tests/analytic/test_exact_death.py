"""E9 and E10: reference numbers and independent integration."""

import numpy as np
import pytest
from scipy.integrate import quad

from pennes.verification.exact import arrhenius_time_to_damage, equivalent_minutes_time, three_state_viability


@pytest.mark.parametrize(
    ("factor", "energy", "expected"),
    [
        (7.39e39, 257700.0, {43: 510.5, 50: 61.05, 55: 14.16, 60: 3.431, 70: 0.228}),
        (5.51e41, 276900.0, {43: 10180.0, 55: 216.1, 80: 0.1639}),
        (2.984e80, 506400.0, {43: 1554.0, 50: 23.94, 60: 0.0836}),
        (2.84e99, 618000.0, {43: 448.0, 50: 2.751, 60: 0.002761}),
        (1.98e106, 667000.0, {43: 8010.0, 50: 32.85, 60: 0.01907}),
    ],
)
def test_arrhenius_reference(factor, energy, expected):
    times = arrhenius_time_to_damage(list(expected), factor, energy)
    assert times == pytest.approx(list(expected.values()), rel=1e-3)


def test_arrhenius_integral_reaches_the_damage():
    time = float(arrhenius_time_to_damage(55.0, damage=2.5))
    rate = 7.39e39 * np.exp(-257700.0 / (8.31446 * 328.15))
    assert quad(lambda _: rate, 0.0, time)[0] == pytest.approx(2.5, rel=1e-4)


def test_equivalent_minutes_reference():
    times = equivalent_minutes_time([43, 45, 47, 50, 52, 55, 60]) / 60.0
    assert times == pytest.approx([240.0, 60.0, 15.0, 1.875, 0.46875, 0.05859375, 0.0018310546875], rel=1e-12)
    assert equivalent_minutes_time(42.0) == pytest.approx(4.0 * 240.0 * 60.0, rel=1e-12)
    assert equivalent_minutes_time(50.0, 340.0) / 60.0 == pytest.approx(2.65625, rel=1e-12)


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (37.0, [0.999949, 0.999895, 0.999712, 0.999303, 0.998662]),
        (50.0, [0.999915, 0.999784, 0.99881, 0.988906, 0.918132]),
        (60.0, [0.999865, 0.999567, 0.994391, 0.842903, 0.283542]),
        (65.0, [0.999827, 0.999346, 0.985771, 0.581858, 0.07997]),
        (80.0, [0.999570, 0.996835, 0.748341, 0.028423, 0.000476]),
    ],
)
def test_three_state_reference(temperature, expected):
    viability = three_state_viability([60, 120, 300, 600, 900], lambda t: temperature)
    assert viability == pytest.approx(expected, abs=2e-6)


def test_three_state_times_reference():
    """Times to a viability of 0.8 and 0.2 at 60 and 80 C."""
    for temperature, pair in {60.0: (629.6967, 960.1039), 80.0: (285.4475, 448.2525)}.items():
        viability = three_state_viability(pair, lambda t, value=temperature: value)
        assert viability == pytest.approx([0.8, 0.2], abs=1e-5)
