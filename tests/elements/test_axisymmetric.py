"""Axisymmetric elements: integrals over the whole body of revolution, against forms that DOLFINx assembles."""

from __future__ import annotations

import numpy as np
import pytest
import ufl
from dolfinx import fem
from mpi4py import MPI

from pennes.elements import AxisymmetricElements
from pennes.scene.axis import Axis
from small_meshes import facets_where, jittered_block, varied

SIZE = 0.02
AXIS = Axis(np.zeros(3), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]).T)
"""Of a mesh in x and y: distance from the axis, and height downwards."""


@pytest.fixture
def elements():
    return AxisymmetricElements(jittered_block(MPI.COMM_SELF, 2, 6, SIZE), AXIS)


@pytest.fixture
def circumference(elements):
    return 2.0 * np.pi * ufl.SpatialCoordinate(elements.mesh)[0]


def test_a_square_sweeps_out_a_cylinder(elements):
    assert elements.volumes.sum() == pytest.approx(np.pi * SIZE**3, rel=1e-12)
    assert elements.node_volumes.sum() == pytest.approx(np.pi * SIZE**3, rel=1e-12)
    assert elements.node_volumes.min() > 0.0, "vertices on the axis have a volume, too"


def test_stiffness_is_that_of_the_weighted_form(elements, circumference):
    u, v = ufl.TrialFunction(elements.space), ufl.TestFunction(elements.space)
    conductivity = varied(elements)
    k = fem.Function(fem.functionspace(elements.mesh, ("DG", 0)))
    k.x.array[:] = conductivity
    expected = fem.assemble_matrix(
        fem.form(k * circumference * ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx)
    ).to_dense()
    values = np.sin(elements.points @ np.array([110.0, 70.0, 0.0]))
    found = elements.apply(elements.stiffness(conductivity), values)
    assert found == pytest.approx(expected @ values, abs=1e-12 * np.abs(expected).max())
    dissipated = elements.cell_dissipation(elements.difference(values)) @ conductivity
    assert dissipated == pytest.approx(values @ expected @ values, rel=1e-12)


def test_lumped_mass_and_means_are_exact_for_linear_fields(elements, circumference):
    linear = 3.0 + elements.points @ np.array([40.0, -25.0, 0.0])
    f = fem.Function(elements.space)
    f.x.array[:] = linear
    expected = fem.assemble_scalar(fem.form(f * circumference * ufl.dx))
    assert elements.total(elements.mass(linear)) == pytest.approx(expected, rel=1e-12)
    assert elements.cell_mean(linear) @ elements.volumes == pytest.approx(expected, rel=1e-12)
    assert elements.lump(elements.volumes).sum() == pytest.approx(elements.volumes.sum(), rel=1e-12)


def test_facets_sweep_out_the_surface_of_the_cylinder(elements):
    """A linear field on the lid, on which the radius varies, and on the side."""
    for where, area, mean in (
        (lambda x: np.isclose(x[1], SIZE), np.pi * SIZE**2, 2.0 / 3.0 * SIZE),
        (lambda x: np.isclose(x[0], SIZE), 2.0 * np.pi * SIZE**2, SIZE),
    ):
        areas, unknowns, shares, _ = elements.facet_shares(facets_where(elements.mesh, where))
        assert areas.sum() == pytest.approx(area, rel=1e-12)
        radius = elements.points[unknowns][:, :, 0]
        assert (areas[:, None] * shares * radius).sum() == pytest.approx(area * mean, rel=1e-12)
