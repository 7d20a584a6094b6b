"""Shapes whose margins are known."""

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Delaunay

from pennes.margin import Surface


def _ellipsoid(count, semi_axes, centre=(0.0, 0.0, 0.0)):
    """A triangulated ellipsoid with ``count`` vertices on it, outward."""
    k = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * k / count), np.pi * (1 + 5**0.5) * k
    unit = np.stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1)
    # The poles and the ends of the axes are vertices, so that extreme margins are not cut off by facets.
    unit = np.concatenate([unit, np.eye(3), -np.eye(3)])
    triangles = ConvexHull(unit).simplices
    a, b, c = unit[triangles.T]
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), a) < 0
    triangles = np.where(inward[:, None], triangles[:, ::-1], triangles)
    return Surface(unit * semi_axes + np.asarray(centre), triangles)


@pytest.fixture(scope="session")
def ellipsoid():
    return _ellipsoid


@pytest.fixture(scope="session")
def ball():
    return lambda count, radius, centre=(0.0, 0.0, 0.0): _ellipsoid(count, radius, centre)


@pytest.fixture(scope="session")
def cube():
    """Axis-parallel cube from ``low`` to ``high``, twelve triangles, outward."""

    def make(low, high):
        corners = np.array([[x, y, z] for x in (low, high) for y in (low, high) for z in (low, high)], float)
        quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        return Surface(corners, [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])

    return make


@pytest.fixture(scope="session")
def unstructured():
    """Delaunay mesh of the cube [-1, 1]^3 with shaken points, of both orientations, and its boundary."""

    def make(intervals, seed=0):
        rng = np.random.default_rng(seed)
        axis = np.linspace(-1, 1, intervals + 1)
        points = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
        # Points slide along the faces and edges that they lie on.
        points += np.where(np.abs(points) < 1, rng.uniform(-0.3, 0.3, points.shape) * 2 / intervals, 0.0)
        tets = Delaunay(points).simplices.astype(np.int64)
        a, b, c, d = points[tets.T]
        volumes = np.abs(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a)) / 6
        tets = tets[volumes > 1e-9 / intervals**3]  # Delaunay's flat ones on the faces of the cube
        turned = rng.random(len(tets)) < 0.5
        tets[turned] = tets[turned][:, [1, 0, 2, 3]]
        return points, tets, _boundary(points, tets)

    return make


def _boundary(points, tets):
    faces = np.concatenate([tets[:, [1, 2, 3]], tets[:, [0, 2, 3]], tets[:, [0, 1, 3]], tets[:, [0, 1, 2]]])
    opposite = np.concatenate([tets[:, 0], tets[:, 1], tets[:, 2], tets[:, 3]])
    _, first, count = np.unique(np.sort(faces, axis=1), axis=0, return_index=True, return_counts=True)
    faces, opposite = faces[first[count == 1]], opposite[first[count == 1]]
    a, b, c = points[faces.T]
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), points[opposite] - a) > 0
    return np.where(inward[:, None], faces[:, ::-1], faces)
