"""Surfaces in mm that other programs read back."""

from __future__ import annotations

import meshio
import numpy as np
import pytest
import pyvista

from pennes.result import ResultFolder

CORNERS = np.array([[0.0, 0, 0], [0.01, 0, 0], [0, 0.01, 0], [0, 0, 0.01]])
OUTWARD = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def test_a_surface_is_read_back_in_mm_with_its_data(tmp_path):
    folder = ResultFolder.create(tmp_path)
    data = {"margin_mm": np.array([1.0, -2.0, 3.5, 0.0]), "inside": np.array([True, False, True, True])}
    folder.write_surface("target", CORNERS, OUTWARD, data)
    vtp = pyvista.read(tmp_path / "target.vtp")
    assert vtp.volume == pytest.approx(1000 / 6)
    np.testing.assert_array_equal(vtp.point_data["margin_mm"], data["margin_mm"])
    np.testing.assert_array_equal(vtp.point_data["inside"], data["inside"])
    stl = meshio.read(tmp_path / "target.stl")
    np.testing.assert_allclose(np.sort(stl.points, axis=0), np.sort(1e3 * CORNERS, axis=0), atol=1e-6)


def test_stl_normals_point_outward(tmp_path):
    ResultFolder.create(tmp_path).write_surface("zone", CORNERS, OUTWARD)
    surface = pyvista.read(tmp_path / "zone.stl")
    centres = surface.cell_centers().points - surface.points.mean(axis=0)
    assert (np.einsum("ij,ij->i", surface.face_normals, centres) > 0).all()


def test_an_empty_surface_can_be_written(tmp_path):
    ResultFolder.create(tmp_path).write_surface("zone", np.empty((0, 3)), np.empty((0, 3), dtype=int))
    assert pyvista.read(tmp_path / "zone.vtp").n_points == 0
    assert (tmp_path / "zone.stl").stat().st_size == 84


def test_data_of_another_length_are_refused(tmp_path):
    with pytest.raises(ValueError, match="margin_mm"):
        ResultFolder.create(tmp_path).write_surface("zone", CORNERS, OUTWARD, {"margin_mm": np.zeros(3)})
