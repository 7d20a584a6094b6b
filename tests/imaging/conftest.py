"""Grids and files as clinics have them, made here."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import dicom_images
from pennes.imaging import Grid, LabelMap


def _grid(shape=(40, 36, 30), spacing=(0.7, 0.8, 3.0), angles=(20, -12, 33), origin=(-31.5, 44.25, -910.0)):
    """An oblique, anisotropic grid; lengths in mm, LPS."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * spacing
    affine[:3, 3] = origin
    return Grid.from_lps_mm(shape, affine)


@pytest.fixture
def grid():
    return _grid


@pytest.fixture
def two_labels():
    """Liver 1 and tumour 2, with a lone marker voxel 3 that no symmetry maps onto another."""

    def make(grid):
        labels = np.zeros(grid.shape, dtype=np.uint8)
        labels[3:30, 4:30, 3:25] = 1
        labels[10:18, 8:14, 9:13] = 2
        labels[33, 5, 27] = 3
        return LabelMap(grid, labels, {1: "liver", 2: "tumour", 3: "marker"})

    return make


@pytest.fixture
def write_series():
    return dicom_images.write_series
