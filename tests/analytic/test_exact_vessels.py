"""E4 and E11: reference numbers, wall condition, independent eigenvalues."""

import numpy as np
import pytest
from scipy.special import gamma, hyp1f1

from pennes.verification.exact import Graetz, vessel_in_heated_tissue

MM = 1e-3
RADII = np.array([2.5, 3.5, 5, 7.5, 10, 20]) * MM


@pytest.mark.parametrize(
    ("coefficient", "expected"),
    [
        (200.0, [5.60068, 7.32497, 8.8443, 10.09605, 10.66032, 11.17344]),
        (400.0, [3.73237, 6.03055, 8.05555, 9.72393, 10.476, 11.1599]),
        (1000.0, [1.86548, 4.73712, 7.26741, 9.35209, 10.29182, 11.14637]),
        (1e9, [0.0, 3.44466, 6.47987, 8.98054, 10.10778, 11.13285]),
    ],
)
def test_vessel_reference(coefficient, expected):
    assert vessel_in_heated_tissue(RADII, 2.5 * MM, coefficient, 3e5) == pytest.approx(expected, abs=1e-5)


def test_vessel_wall_and_equation():
    h, q, k, w, warm = 700.0, 3e5, 0.5, 20000.0, 3.0
    rise = lambda r: vessel_in_heated_tissue(r, 2.5 * MM, h, q, k, w, warm)  # noqa: E731
    d = 1e-6
    wall = 2.5 * MM
    gradient = (-3 * rise(wall) + 4 * rise(wall + d) - rise(wall + 2 * d)) / (2 * d)
    assert k * gradient == pytest.approx(h * (rise(wall) - warm), rel=1e-5)
    r, d = np.array([3, 5, 9]) * MM, 1e-5
    diffusion = (rise(r + d) - 2 * rise(r) + rise(r - d)) / d**2 + (rise(r + d) - rise(r - d)) / (2 * d * r)
    assert k * diffusion - w * rise(r) + q == pytest.approx(0.0, abs=1e-4 * q)
    assert rise(5.0) == pytest.approx(q / w, rel=1e-12)


def test_graetz_reference():
    graetz = Graetz()
    expected = [2.70436442, 6.67903145, 10.67337954, 14.67107846, 18.66987184]
    assert graetz.eigenvalues[:5] == pytest.approx(expected, rel=1e-6)
    assert graetz.coefficients[:3] == pytest.approx([0.74877456, 0.54382796, 0.46286094], rel=1e-6)
    distance = np.array([0.05, 0.1, 0.2, 0.5])
    assert graetz.mixing_cup(distance) == pytest.approx([0.578787, 0.395299, 0.189710, 0.0211439], rel=3e-6)
    assert graetz.local_nusselt(distance) == pytest.approx([4.0046, 3.7100, 3.6581, 3.6568], abs=5e-5)
    assert graetz.mean_nusselt(distance) == pytest.approx([5.4682, 4.640567, 4.155646, 3.856403], rel=1e-5)


def test_graetz_eigenvalues_are_zeros_of_kummers_function():
    first = Graetz().eigenvalues[:6]
    for below, above in zip(first * (1 - 1e-5), first * (1 + 1e-5), strict=True):
        wall = [hyp1f1(0.5 - e / 4, 1.0, e) for e in (below, above)]
        assert wall[0] * wall[1] < 0.0


def test_graetz_energy_and_entrance():
    """The mixing cup falls by what the wall takes; near the inlet Leveque's solution holds."""
    graetz, d = Graetz(), 1e-5
    for x in (0.02, 0.1):
        slope = (graetz.mixing_cup(x + d) - graetz.mixing_cup(x - d)) / (2 * d)
        assert -slope == pytest.approx(2 * graetz.local_nusselt(x) * graetz.mixing_cup(x), rel=1e-6)
    # Leveque: a linear velocity of slope 8 u / D at the wall; the defect falls with the cube root of distance.
    inlet, defects = Graetz(300), []
    for x in (8e-4, 1e-4):
        leveque = (16.0 / (9.0 * x)) ** (1 / 3) / gamma(4 / 3)
        defects.append(1.0 - float(inlet.local_nusselt(x) * inlet.mixing_cup(x)) / leveque)
    assert 0.0 < defects[1] < 0.06
    assert defects[0] / defects[1] == pytest.approx(2.0, rel=0.1)
