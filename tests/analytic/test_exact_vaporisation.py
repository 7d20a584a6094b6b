"""E7: reference numbers, both phases' equations, the Stefan condition and the energy balance."""

import numpy as np
import pytest
from scipy.integrate import quad

from pennes.verification.exact import VaporisingLineSource

MM = 1e-3


@pytest.mark.parametrize(
    ("power", "growth", "early", "late"),
    [
        (500.0, 0.3134459899696727, 1.716814392659278, 5.4290438005619785),
        (1000.0, 0.45492537864441945, 2.491728918651275, 7.87953869464644),
        (2000.0, 0.616839090326838, 3.378566841229759, 10.683966445406513),
    ],
)
def test_reference(power, growth, early, late):
    line = VaporisingLineSource(power)
    assert line.growth == pytest.approx(growth, rel=1e-9)
    assert line.front([60.0, 600.0]) / MM == pytest.approx([early, late], rel=1e-9)


def test_temperature_reference():
    assert VaporisingLineSource(500.0).temperature(10 * MM, 600.0) == pytest.approx(65.3969445984036, rel=1e-9)
    assert VaporisingLineSource(1000.0).temperature(10 * MM, 600.0) == pytest.approx(80.707779339112, rel=1e-9)


@pytest.mark.parametrize("power", [500.0, 1000.0, 2000.0])
def test_conduction_in_both_phases(power):
    line, t, dr, dt = VaporisingLineSource(power), 300.0, 2e-6, 0.05
    front = float(line.front(t))
    r = front * np.array([0.5, 0.8, 1.3, 2.0])
    above, here, below = (line.temperature(r + shift, t) for shift in (dr, 0.0, -dr))
    change = (line.temperature(r, t + dt) - line.temperature(r, t - dt)) / (2 * dt)
    diffusion = line.diffusivity * ((above - 2 * here + below) / dr**2 + (above - below) / (2 * dr * r))
    assert change == pytest.approx(diffusion, abs=1e-4 * np.abs(change).max())


@pytest.mark.parametrize("power", [500.0, 1000.0, 2000.0])
def test_stefan_condition(power):
    line, t, d = VaporisingLineSource(power), 300.0, 1e-7
    front = float(line.front(t))
    inside = (3 * 100.0 - 4 * line.temperature(front - d, t) + line.temperature(front - 2 * d, t)) / (2 * d)
    outside = (-3 * 100.0 + 4 * line.temperature(front + d, t) - line.temperature(front + 2 * d, t)) / (2 * d)
    speed = front / (2 * t)
    assert line.conductivity * (outside - inside) == pytest.approx(line.latent_heat * speed, rel=1e-4)


@pytest.mark.parametrize("power", [500.0, 2000.0])
def test_all_heat_is_found(power):
    line, t = VaporisingLineSource(power), 600.0
    front, ring = float(line.front(t)), lambda r: 2 * np.pi * r * float(line.enthalpy(r, t))
    found = quad(ring, 0.0, front, limit=200)[0] + quad(ring, front, 0.3, limit=400)[0]
    assert found == pytest.approx(power * t, rel=1e-6)
    radius = 0.5 * front
    assert float(line.heat_flow(radius, t)) == pytest.approx(
        -2
        * np.pi
        * radius
        * line.conductivity
        * (line.temperature(radius + 1e-7, t) - line.temperature(radius - 1e-7, t))
        / 2e-7,
        rel=1e-6,
    )
