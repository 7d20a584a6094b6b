"""E4-E7 solved by the program's operators on coarse meshes; the studies show the figures that are required."""

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.verification.exact import VaporisingLineSource
from pennes.verification.runs import boiling, steady_states

COMM = MPI.COMM_WORLD


@pytest.mark.parametrize("coefficient", [200.0, 400.0, 1000.0])
def test_vessel(coefficient):
    computed, exact = steady_states.vessel(COMM, 16, coefficient)
    assert computed == pytest.approx(exact, rel=5e-3)


def test_spheres():
    found = steady_states.spheres(COMM, 16)
    assert found.power == pytest.approx(found.exact.power, rel=5e-3)
    assert found.impedance == pytest.approx(found.exact.impedance, rel=5e-3)
    assert found.power > found.exact.power, "the discrete potential cannot dissipate less than the true one"
    assert found.rise == pytest.approx(found.exact_rise, rel=1e-2)


def test_needle():
    """No sigma law: 39.5 K would be 2 % too hot."""
    found = steady_states.kohlrausch_needle(COMM, 0.0, size=0.5e-3)
    assert found.largest == pytest.approx(found.exact, rel=0.02)
    assert found.iterations == 2, "without a law the second iteration must change nothing"


@pytest.mark.parametrize("power", [500.0, 2000.0])
def test_vaporising_line_source(power):
    radius = boiling.front_radius(COMM, power, 16, step=6.0)
    assert radius == pytest.approx(float(VaporisingLineSource(power).front(600.0)), rel=0.02)
    assert np.isfinite(radius)
