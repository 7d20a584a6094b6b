"""Surfaces as VTP (with point data) and STL, in millimetres, for ParaView and 3D Slicer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

MILLIMETRE = 1e-3
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def vtp_bytes(vertices: np.ndarray, triangles: np.ndarray, point_data: Mapping[str, np.ndarray]) -> bytes:
    """A VTP file of a surface: vertices (n, 3) m, triangles (m, 3), data (n,) or (n, 3) by name as they are."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
    from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

    vertices = np.asarray(vertices, dtype=np.float64).reshape(-1, 3) / MILLIMETRE
    triangles = np.asarray(triangles, dtype=np.int64).reshape(-1, 3)
    surface, points, cells = vtkPolyData(), vtkPoints(), vtkCellArray()
    points.SetData(numpy_to_vtk(vertices, deep=True))
    offsets = np.arange(0, 3 * len(triangles) + 1, 3, dtype=np.int64)
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True),
        numpy_to_vtkIdTypeArray(np.ascontiguousarray(triangles.ravel()), deep=True),
    )
    surface.SetPoints(points)
    surface.SetPolys(cells)
    for name, values in point_data.items():
        values = np.asarray(values)
        if len(values) != len(vertices):
            raise ValueError(f"{name} has {len(values)} values for {len(vertices)} vertices")
        kept = values.astype(np.uint8 if values.dtype == bool else np.float64)
        array = numpy_to_vtk(np.ascontiguousarray(kept), deep=True)
        array.SetName(name)
        surface.GetPointData().AddArray(array)
    writer = vtkXMLPolyDataWriter()
    writer.SetInputData(surface)
    writer.SetDataModeToBinary()
    writer.WriteToOutputStringOn()
    writer.Write()
    return writer.GetOutputString().encode()


def stl_bytes(vertices: np.ndarray, triangles: np.ndarray) -> bytes:
    """A binary STL file of a surface: vertices (n, 3) m, triangles (m, 3)."""
    corners = np.asarray(vertices, dtype=np.float64).reshape(-1, 3)[np.asarray(triangles).reshape(-1, 3)] / MILLIMETRE
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    records = np.zeros(len(corners), dtype=_STL_TRIANGLE)
    records["normal"] = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0)
    records["corners"] = corners
    header = b"pennes surface in mm".ljust(80)
    return header + np.uint32(len(corners)).astype("<u4").tobytes() + records.tobytes()
