"""The displacement of contracting tissue against exact results, and the size of a zone after it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.elements import LinearElements
from pennes.elements.axisymmetric import AxisymmetricElements
from pennes.scene.axis import Axis
from pennes.treatment.contraction import contracted_volumes, displacement
from pennes.verification import meshes
from pennes.verification.arrays import to_dolfinx

STRAIN, RADIUS, OUTER = 0.2, 0.015, 0.045


@pytest.fixture(scope="module")
def eighth():
    """Elements on an eighth of a ball, and its outer nodes. The planes of symmetry do not give way."""
    arrays = meshes.ball(RADIUS / 5, OUTER, 20)
    domain = to_dolfinx(arrays, MPI.COMM_WORLD)
    elements = LinearElements(domain.mesh)
    return elements, elements.nodes_of(2, domain.facets("outer"))


def radial(elements, moved):
    r = np.linalg.norm(elements.points, axis=1)
    inner = r > 1e-9
    return r[inner], np.sum(moved[inner] * elements.points[inner], axis=1) / r[inner]


def test_uniform_contraction_shrinks_a_free_ball_by_its_strain(eighth):
    elements, outer = eighth
    moved = displacement(elements, elements.points, np.full(elements.n_local, STRAIN), outer)
    r, u = radial(elements, moved)
    within = (r > RADIUS / 4) & (r < 0.9 * OUTER)
    assert np.abs(u[within] / (-STRAIN * r[within]) - 1.0).max() < 0.03
    assert np.mean(u[within] / (-STRAIN * r[within])) == pytest.approx(1.0, abs=0.005)
    # Away from the planes of symmetry, where nodes have cells on one side only.
    corners = elements.points[elements.cells]
    inside = (np.linalg.norm(corners, axis=2).max(axis=1) < 0.8 * OUTER) & (corners.min(axis=(1, 2)) > OUTER / 8)
    before, after = elements.volumes[inside].sum(), contracted_volumes(elements, elements.points, moved)[inside].sum()
    assert after / before == pytest.approx((1.0 - STRAIN) ** 3, rel=0.01)


def test_tissue_around_a_contracted_ball_moves_in_by_what_the_ball_lost(eighth):
    elements, outer = eighth
    r = np.linalg.norm(elements.points, axis=1)
    ramp = np.clip((1.15 * RADIUS - r) / (0.3 * RADIUS), 0.0, 1.0)
    moved = displacement(elements, elements.points, STRAIN * ramp, outer)
    distance, u = radial(elements, moved)
    far = (distance > 1.3 * RADIUS) & (distance < 0.85 * OUTER)
    # -3 / r^2 int s r^2 dr of the ramp.
    s = np.linspace(0.0, 1.2 * RADIUS, 4001)
    profile = STRAIN * np.clip((1.15 * RADIUS - s) / (0.3 * RADIUS), 0.0, 1.0) * s**2
    lost = 3.0 * np.sum(0.5 * (profile[1:] + profile[:-1]) * np.diff(s))
    assert np.mean(u[far] * distance[far] ** 2) == pytest.approx(-lost, rel=0.02)
    assert np.abs(u[far] * distance[far] ** 2 / -lost - 1.0).max() < 0.08


def test_the_half_plane_of_a_body_of_revolution_moves_as_the_body_does():
    inner = RADIUS / 5
    domain = to_dolfinx(meshes.quarter_annulus(inner, OUTER, 40), MPI.COMM_WORLD)
    # Radius along x, height along y.
    axis = Axis(np.zeros(3), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]))
    elements = AxisymmetricElements(domain.mesh, axis)
    places = axis.coordinates(elements.points)
    r = np.linalg.norm(places, axis=1)
    strain = STRAIN * np.clip((1.15 * RADIUS - r) / (0.3 * RADIUS), 0.0, 1.0)
    moved = displacement(elements, places, strain, elements.nodes_of(1, domain.facets("outer")))
    u = np.sum(moved * places, axis=1) / r
    far = (r > 1.3 * RADIUS) & (r < 0.85 * OUTER)
    # Nothing crosses the inner sphere, as nothing crosses the surface of a needle.
    distance = np.linspace(inner, 1.2 * RADIUS, 4001)
    profile = STRAIN * np.clip((1.15 * RADIUS - distance) / (0.3 * RADIUS), 0.0, 1.0) * distance**2
    lost = 3.0 * np.sum(0.5 * (profile[1:] + profile[:-1]) * np.diff(distance))
    assert np.mean(u[far] * r[far] ** 2) == pytest.approx(-lost, rel=0.02)
    assert np.abs(u[far] * r[far] ** 2 / -lost - 1.0).max() < 0.05
    ratio = contracted_volumes(elements, places, np.zeros_like(places)) / elements.volumes
    assert ratio == pytest.approx(np.ones(elements.n_cells), rel=1e-12)
