"""Electrodes that are meshed volumes of metal: held at their potential, they must not spoil the solve in the tissue."""

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.energy import Radiofrequency
from pennes.verification import meshes
from pennes.verification.exact import ConcentricSpheres
from pennes.verification.runs.operators import Discretisation


def test_power_does_not_depend_on_the_conductivity_of_the_metal():
    exact = ConcentricSpheres(inner=1.5e-3, outer=20e-3)
    on = Discretisation.of(meshes.ball(exact.inner, exact.outer, 16), MPI.COMM_WORLD)
    elements = on.elements
    inside = np.linalg.norm(elements.points[elements.cells].mean(axis=1), axis=1) < exact.inner
    metal = elements.nodes_of(3, np.flatnonzero(inside).astype(np.int32))
    found = []
    for conductivity in (exact.conductivity, 1e8):
        source = Radiofrequency(elements, {"electrode": metal}, on.nodes("outer"), 1e-6)
        cells = np.where(inside, conductivity, exact.conductivity)
        source.update(cells)
        found.append(8.0 * exact.voltage**2 * source.pattern({}, cells).conductance)
    assert found[1] == pytest.approx(found[0], rel=1e-5)
    assert found[1] == pytest.approx(exact.power, rel=5e-3)
