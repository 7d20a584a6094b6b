"""Tubes of few voxels between the voxels: their volume and wall."""

import numpy as np
import pytest

from pennes.imaging import Grid
from pennes.imaging.subvoxel import halved_field, level_surface, signed_field

VOXELS = 40


def tube(radius, seed):
    """A tube of ``radius`` voxels in a random direction: its mask, direction and offset."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    offset = rng.uniform(-0.5, 0.5, 3)
    points = np.indices((VOXELS,) * 3).reshape(3, -1).T - (VOXELS - 1) / 2 - offset
    apart = np.linalg.norm(points - np.outer(points @ direction, direction), axis=1)
    return (apart < radius).reshape((VOXELS,) * 3), direction, (VOXELS - 1) / 2 + offset


def measured(field, step, direction, origin, half=10.0):
    """Volume and area of the field's surface within ``half`` voxels of the middle, along the tube."""
    affine = np.diag([step, step, step, 1.0])
    affine[:3, :3] *= 1e-3
    points, triangles = level_surface(field, Grid(field.shape, affine))
    corners = 1e3 * points[triangles] - origin
    middle = corners.mean(axis=1)
    chosen = np.abs(middle @ direction) < half
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[chosen] / 2
    radial = middle[chosen] - np.outer(middle[chosen] @ direction, direction)
    return abs(float((normal * radial).sum())) / 2, float(np.linalg.norm(normal, axis=1).sum())


@pytest.mark.parametrize("radius", [1.5, 2.0, 3.0])
def test_thin_tubes_keep_volume_and_wall(radius):
    found, blurred = [], []
    for seed in range(4):
        mask, direction, origin = tube(radius, seed)
        found.append(measured(halved_field(mask, np.ones(3), 1.2), 0.5, direction, origin))
        blurred.append(measured(signed_field(mask, np.ones(3), 1.2), 1.0, direction, origin))
    volume, area = np.mean(found, axis=0) / np.array([np.pi * radius**2, 2 * np.pi * radius]) / 20.0
    assert volume == pytest.approx(1, abs=0.02)
    assert area == pytest.approx(1, abs=0.025)
    if radius < 2:
        assert np.mean(blurred, axis=0)[0] / (np.pi * radius**2 * 20.0) < 0.93
