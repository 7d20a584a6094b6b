"""E12: the axisymmetric field against a cable, dielectric cylinders, plane waves and a dipole's wave."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pennes.energy.microwave.field import penetration_depth, wavelength
from pennes.verification.exact import TwoRegionCylinder
from pennes.verification.exact.microwave import DipoleWave, relative
from pennes.verification.runs import microwave


@pytest.mark.parametrize("conductivity", [0.0, 0.05])
def test_cable_carries_the_power_of_its_wave_and_reflects_nothing(conductivity):
    coarse, fine = (microwave.coaxial_line(count, conductivity) for count in (2, 4))
    assert fine.power == pytest.approx(fine.exact_power, rel=1e-6)
    assert fine.reflection < 1e-8 and fine.imbalance < 1e-8
    # Quadratic elements: third order in the field, the power superconverges.
    assert math.log2(coarse.error / fine.error) > 2.7
    assert math.log2(coarse.reflection / fine.reflection) > 3.5


def test_two_region_cylinder_has_the_exact_field():
    coarse, exact = microwave.two_region_cylinder(1)
    fine, _ = microwave.two_region_cylinder(2)
    # From the physics notes' own series.
    assert exact == pytest.approx([0.319208, 0.370232], rel=1e-5)
    assert fine == pytest.approx(exact, rel=1e-3)
    assert (np.log2(np.abs(coarse - exact) / np.abs(fine - exact)) > 1.7).all()


def test_exact_cylinder_is_continuous_at_its_interface():
    case = TwoRegionCylinder()
    inside, outside = case.electric_field(np.array([case.radius * (1 - 1e-9), case.radius * (1 + 1e-9)]))
    assert inside == pytest.approx(outside, rel=1e-6)
    assert case.electric_field(np.array([case.outside]))[0] == pytest.approx(1.0)


def test_plane_waves_in_liver_have_the_wavelength_and_depth_of_the_formula():
    liver = relative(43.03, 1.69, 2.45e9)
    assert wavelength(liver, 2.45e9) == pytest.approx(18.467e-3, rel=1e-4)
    assert penetration_depth(liver, 2.45e9) == pytest.approx(20.815e-3, rel=1e-4)


def test_gradient_of_the_dipole_wave_is_its_gradient():
    wave = DipoleWave(relative(*microwave.LIVER), 2.45e9)
    point, step = np.array([[7e-3, 4e-3]]), 1e-7
    for axis in range(2):
        shift = step * np.eye(2)[axis]
        slope = (wave.psi(point + shift) - wave.psi(point - shift)) / (2 * step)
        assert wave.gradient(point)[0, axis] == pytest.approx(slope[0], rel=1e-6)


def test_dipole_wave_converges_and_the_open_boundary_swallows_it():
    coarse, _ = microwave.dipole_wave(4, absorbing=False)
    fine, _ = microwave.dipole_wave(8, absorbing=False)
    assert math.log2(coarse / fine) > 2.8
    # -30 dB where tissue takes nothing, and far less where it does.
    assert 20 * math.log10(microwave.dipole_wave(8, conductivity=0.0)[0]) < -30
    assert 20 * math.log10(microwave.dipole_wave(8)[0]) < -45
