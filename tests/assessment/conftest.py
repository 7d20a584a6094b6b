import numpy as np
import pytest

from pennes.imaging import Grid, LabelMap, write_image


@pytest.fixture
def grid():
    """1 mm cubes about the origin, LPS."""

    def make(counts=(60, 60, 60), spacing=(1, 1, 1)):
        affine = np.diag([*map(float, spacing), 1.0])
        affine[:3, 3] = -np.array(spacing) * (np.array(counts) - 1) / 2
        return Grid.from_lps_mm(counts, affine)

    return make


@pytest.fixture
def ball():
    """Voxels whose centres lie in a ball; mm."""

    def make(grid, radius, centre=(0, 0, 0)):
        points = 1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T)
        return (np.linalg.norm(points - np.array(centre), axis=1) <= radius).reshape(grid.shape)

    return make


@pytest.fixture
def save(tmp_path):
    """Write masks, numbered in order, as one label map; the path."""

    def write(name, grid, *masks, names=()):
        labels = np.zeros(grid.shape, dtype=np.uint8)
        for number, mask in enumerate(masks, start=1):
            labels[mask] = number
        write_image(tmp_path / name, LabelMap(grid, labels, dict(enumerate(names, start=1))))
        return tmp_path / name

    return write
