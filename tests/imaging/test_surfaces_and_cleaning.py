"""Surfaces between voxels, resampling and cleaning."""

import numpy as np
import pytest

from pennes.imaging import LabelMap, clean, parts, resampled, segment_surface


def ball(grid, radius, centre=None):
    """Voxels whose centres lie in a ball; mm."""
    points = 1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T)
    centre = points.mean(axis=0) if centre is None else centre
    return (np.linalg.norm(points - centre, axis=1) <= radius).reshape(grid.shape), centre


@pytest.mark.parametrize("radius", [7.3, 10.0, 14.9, 18.2])
def test_surface_of_a_ball_is_known_better_than_its_voxels(grid, radius):
    where = grid((48, 48, 48), (1, 1, 1), (11, 25, -8))
    shift = 1e3 * where.points([[23.4, 23.7, 24.15]])[0]
    mask, centre = ball(where, radius, shift)
    points, triangles = segment_surface(mask, where)
    error = np.linalg.norm(1e3 * points - centre, axis=1) - radius
    assert np.abs(error).max() < 0.3 and error.std() < 0.06 and abs(error.mean()) < 0.03
    a, b, c = np.moveaxis(1e3 * points[triangles] - centre, 1, 0)
    assert np.einsum("ij,ij->", np.cross(a, b), c) / 6 == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)


def test_thick_slices_do_not_shrink_a_tumour(grid):
    """Balls of 20 mm in 3 mm voxels at random places between them: right on average, not 8 % too small."""
    where, volumes = grid((20, 20, 20), (3, 3, 3)), []
    middle = 1e3 * where.points([[9.5, 9.5, 9.5]])[0]
    for shift in np.random.default_rng(2).uniform(-1.5, 1.5, (12, 3)):
        points, triangles = segment_surface(ball(where, 10, middle + shift)[0], where)
        a, b, c = np.moveaxis(1e3 * points[triangles] - middle, 1, 0)
        volumes.append(np.einsum("ij,ij->", np.cross(a, b), c) / 6 / (4 / 3 * np.pi * 10**3))
    assert np.mean(volumes) == pytest.approx(1, abs=0.02) and np.abs(np.array(volumes) - 1).max() < 0.06


def test_no_voxel_is_on_the_wrong_side(grid):
    """Ragged random shapes too: the surface separates the centres of voxels inside and outside."""
    from scipy import ndimage

    from pennes.imaging.subvoxel import signed_field

    mask = np.zeros((30, 30, 30), dtype=bool)
    mask[4:26, 4:26, 4:26] = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(22, 22, 22)), 1.0) > 0.05
    field = signed_field(mask, np.array([1e-3, 1e-3, 3e-3]))
    assert ((field > 0) == mask).all()


def test_resampling_keeps_volumes_and_places(grid):
    where = grid((40, 40, 16), (1, 1, 2.5))
    mask, centre = ball(where, 12)
    fine = resampled(LabelMap(where, mask.astype(np.uint8)), where.resampled(0.8e-3))
    volume = fine.labels.sum() * fine.grid.voxel_volume
    assert volume == pytest.approx(mask.sum() * where.voxel_volume, rel=0.02)
    middle = 1e3 * fine.grid.points(np.argwhere(fine.labels)).mean(axis=0)
    np.testing.assert_allclose(middle, centre, atol=0.1)


def test_cleaning_is_told(grid):
    where = grid((40, 40, 40), (1, 1, 1))
    labels = np.zeros(where.shape, dtype=np.uint8)
    labels[5:30, 5:30, 5:30] = 1
    labels[10:20, 10:20, 10:20] = 2
    labels[14, 14, 14] = 0  # a hole in the tumour
    labels[24:26, 24:26, 24:26] = 2  # an island of tumour in the liver
    labels[35, 35, 35] = 1  # an island of liver in the air
    labels[6:28, 32, 32] = 3  # a thin vessel
    before = labels.copy()
    found = clean(LabelMap(where, labels, {1: "liver", 2: "tumour", 3: "vein"}), keep=["vein"])
    np.testing.assert_array_equal(labels, before)
    cleaned = found.labels.labels
    assert cleaned[14, 14, 14] == 2 and cleaned[24, 24, 24] == 1 and cleaned[35, 35, 35] == 0
    assert (cleaned[6:28, 32, 32] == 3).all()
    told = "; ".join(found.changes)
    for words in (
        "tumour: 1 islands (8 mm3",
        "liver: 1 islands",
        "tumour: holes of 1 voxels",
        "liver and tumour touch",
    ):
        assert words in told
    assert clean(found.labels).changes == tuple(c for c in found.changes if "touch" in c)


def test_a_label_of_islands_alone_stays(grid):
    labels = np.zeros(grid().shape, dtype=np.uint8)
    labels[5:7, 5:7, 5] = labels[20:22, 20:22, 20] = 1
    found = clean(LabelMap(grid(), labels))
    np.testing.assert_array_equal(found.labels.labels, labels)


def test_parts_are_the_largest_first(grid):
    mask = np.zeros(grid().shape, dtype=bool)
    mask[2:5, 2:5, 2:5] = mask[10:20, 10:20, 10:20] = mask[30, 30, 25] = True
    assert [int(part.sum()) for part in parts(mask, smallest=2)] == [1000, 27]
