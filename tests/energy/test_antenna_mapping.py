"""Ring means and cell means between an antenna's section and a treatment's mesh."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from mpi4py import MPI

from pennes.elements import LinearElements
from pennes.energy.microwave.antenna import axes_of
from pennes.energy.microwave.mapping import AROUND, Rings, cell_weights, cylindrical, ring_points
from pennes.energy.microwave.section import Extent
from pennes.verification.runs.microwave import rectangle
from small_meshes import jittered_block

SIZE = 0.02
TIP, AXES = np.array([0.01, 0.009, 0.004]), axes_of((0.1, 0.0, -1.0))


@pytest.fixture(scope="module")
def elements():
    return LinearElements(jittered_block(MPI.COMM_SELF, 3, 8, SIZE))


@pytest.fixture(scope="module")
def section():
    """A section of tissue alone, 6 mm wide, 12 mm long, around a line through the block."""
    points, triangles = rectangle((0.0, -8e-3), (6e-3, 4e-3), (12, 24))
    return SimpleNamespace(points=points, triangles=triangles, extent=Extent(6e-3, 4e-3, 8e-3), centre=-2e-3)


def rings_of(section, elements):
    from pennes.scene.locate import PointLocator, Spaces

    cells = np.arange(len(section.triangles))
    points, held = PointLocator(Spaces(elements.mesh), ring_points(section, cells, TIP, AXES)).held
    return Rings(MPI.COMM_SELF, points, held, len(cells), AROUND, elements.n_cells)


def test_frame_is_right_handed_along_the_insertion():
    product = AXES.T @ AXES
    assert product == pytest.approx(np.eye(3)) and np.linalg.det(AXES) == pytest.approx(1.0)
    points = TIP + np.array([[3e-3, 4e-3, -5e-3]]) @ AXES.T
    assert cylindrical(points, TIP, AXES[:, 2])[0] == pytest.approx([5e-3, -5e-3])


def test_ring_means_of_a_linear_field_are_its_value_on_the_axis(section, elements):
    rings = rings_of(section, elements)
    slope = np.array([300.0, -200.0, 500.0])
    values = elements.points[elements.cells].mean(axis=1) @ slope
    whole = rings.coverage == 1.0
    assert whole.sum() > 200
    z = section.points[section.triangles].mean(axis=1)[:, 1]
    expected = (TIP + z[:, None] * AXES[:, 2]) @ slope
    error = (rings.mean(values, np.nan) - expected)[whole]
    # Values are constant on cells of 2.5 mm: each is off by up to half of what the field changes across one.
    half = 0.5 * np.linalg.norm(slope) * SIZE / 8
    assert np.abs(error).max() < half and np.abs(error).mean() < half / 4
    # The standard deviation of the same field around the axis: its slope across times r / sqrt(2).
    r = section.points[section.triangles].mean(axis=1)[:, 0]
    across = np.linalg.norm(slope - (slope @ AXES[:, 2]) * AXES[:, 2])
    far = whole & (r > 3e-3)
    ratio = rings.spread(values)[far] / (across * r[far] / np.sqrt(2))
    assert ratio.mean() == pytest.approx(1.0, abs=0.1) and ratio.std() < 0.1


def test_rings_outside_the_mesh_take_the_value_given(section, elements):
    rings = rings_of(section, elements)
    outside = rings.coverage == 0.0
    assert not outside.all()
    found = rings.mean(np.ones(elements.n_cells), 7.0)
    assert (found[outside] == 7.0).all() and found[~outside] == pytest.approx(1.0)


def test_cell_means_of_a_linear_field_are_exact_inside_the_section(section, elements):
    def to_section(points):
        return cylindrical(points, TIP, AXES[:, 2])

    weights = cell_weights(section, np.arange(len(section.triangles)), elements, to_section)
    field = 2.0 + 300.0 * section.points[:, 1]
    corners = elements.points[elements.cells]
    placed = to_section(corners.reshape(-1, 3)).reshape(*corners.shape[:2], 2)
    inside = ((placed[..., 0] < 6e-3) & (placed[..., 1] < 4e-3) & (placed[..., 1] > -8e-3)).all(axis=1)
    assert inside.sum() > 20
    expected = 2.0 + 300.0 * placed[..., 1].mean(axis=1)
    assert (weights @ field)[inside] == pytest.approx(expected[inside], rel=1e-9)
    assert np.asarray(weights.sum(axis=1)).ravel()[inside] == pytest.approx(1.0)
    beyond = (placed[..., 0] > 7e-3).all(axis=1)
    assert np.abs((weights @ field)[beyond]).max() == 0.0


def test_cell_means_in_a_section_of_the_treatment_are_weighted_with_the_radius(section):
    """Where the treatment itself is axisymmetric, its mesh lies in (r, z)."""
    from dolfinx import mesh

    corners = [np.array([1e-3, -6e-3]), np.array([5e-3, 3e-3])]
    plane = LinearElements(mesh.create_rectangle(MPI.COMM_SELF, corners, [5, 9]))
    weights = cell_weights(section, np.arange(len(section.triangles)), plane, lambda points: points[:, :2])
    r = plane.points[plane.cells][..., 0]
    found = weights @ section.points[:, 0]
    # The mean of r over a triangle of revolution: its second moment over its first.
    exact = (r.sum(axis=1) ** 2 + (r**2).sum(axis=1)) / (4 * r.sum(axis=1))
    assert found == pytest.approx(exact, rel=1e-6)
