"""Heat transfer from a vessel's wall to its blood."""

from __future__ import annotations

import numpy as np
import pytest

from pennes.verification.exact.vessels import Graetz
from pennes.vessel.correlations import (
    LAMINAR_LIMIT,
    TURBULENT_LIMIT,
    gnielinski,
    hausen,
    nusselt,
    wall_coefficient,
)

BLOOD = {"conductivity": 0.52, "density": 1050.0, "heat_capacity": 3617.0, "kinematic_viscosity": 3.3e-6}
LENGTH = 30e-3


@pytest.mark.parametrize(
    ("diameter", "speed", "expected"),
    [(20, 0.20, 1228), (12, 0.18, 1409), (10, 0.20, 1549), (5, 0.12, 1582), (3, 0.08, 1541), (1, 0.03, 2126)],
)
def test_developing_laminar_flow(diameter, speed, expected):
    """Vena cava, portal trunk, hepatic vein, segmental portal vein, branch, small vein; Hausen over 30 mm."""
    found = wall_coefficient(1e-3 * diameter, speed, LENGTH, correlation="hausen", **BLOOD)
    assert found == pytest.approx(expected, rel=0.005)


def test_limits_of_laminar_flow():
    assert wall_coefficient(6e-3, 0.0, LENGTH, **BLOOD) == pytest.approx(3.66 * 0.52 / 6e-3)
    long = wall_coefficient(6e-3, 0.2, 1e3, **BLOOD)
    assert long == pytest.approx(3.66 * 0.52 / 6e-3, rel=0.01)
    assert wall_coefficient(6e-3, 0.2, LENGTH, **BLOOD) > 3.0 * long
    assert hausen(1000.0) == pytest.approx(3.66 + 66.8 / 5.0, rel=1e-12)


def test_laminar_correlations_against_graetz():
    """Mean Nusselt numbers of the exact solution: x+ = 2 / Gz."""
    numbers = np.array([5.0, 20.0, 100.0, 1000.0, 10000.0])
    exact = Graetz(240).mean_nusselt(2.0 / numbers)
    assert np.array([gnielinski(gz) for gz in numbers]) == pytest.approx(exact, rel=0.012)
    excess = np.array([hausen(gz) for gz in numbers]) / exact - 1.0
    assert 0.10 < excess[-2] < 0.13 and 0.10 < excess[-1] < 0.13


def test_no_speed_makes_it_jump():
    reynolds = np.linspace(100.0, 8000.0, 4001)
    values = np.array([nusselt(r, 24.0, 20e-3, LENGTH) for r in reynolds])
    assert np.all(np.diff(values) > 0.0)
    assert np.diff(values).max() < 0.01 * values.max()
    for limit in (LAMINAR_LIMIT, TURBULENT_LIMIT):
        below, above = (nusselt(limit * (1.0 + s), 24.0, 20e-3, LENGTH) for s in (-1e-9, 1e-9))
        assert below == pytest.approx(above, rel=1e-6)


def test_turbulent_flow():
    """Gnielinski at Re 1e4, Pr 10, far from the inlet: f = 0.03148, Nu = 354.15 / 3.9011 by hand."""
    assert nusselt(1e4, 10.0, 1e-6, 1.0) == pytest.approx(354.15 / 3.9011, rel=1e-3)
    assert nusselt(1e4, 10.0, 0.02, 0.03) == pytest.approx(354.15 / 3.9011 * (1.0 + (2 / 3) ** (2 / 3)), rel=1e-3)
