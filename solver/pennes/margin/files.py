"""Surfaces from files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pennes.errors import InputError
from pennes.margin.surface import Surface, merge_points

MILLIMETRE = 1e-3
SURFACE_SUFFIXES = (".stl", ".ply", ".vtp", ".obj")
LABEL_MAP_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".img", ".hdr", ".mgz", ".dcm", ".vti")
SMALLEST_EXTENT = 1.0
"""mm; nothing that is ablated is smaller, but a surface written in metres is."""


def read_surface(path: str | Path) -> Surface:
    """A closed surface in mm from an STL, PLY, VTP or OBJ file, as a surface in m that faces outward.

    Raises InputError for a file that is missing, of another kind (label maps among them), unreadable, empty, not
    closed, not oriented consistently, or so small that it must be in metres.
    """
    path = Path(path)
    name = path.name.lower()
    if name.endswith(LABEL_MAP_SUFFIXES):
        raise InputError(
            "is an image or label map, and margins are measured between surfaces",
            file=path,
            expected="an STL, PLY, VTP or OBJ surface (export the segment as a closed surface from your viewer)",
        )
    if not name.endswith(SURFACE_SUFFIXES):
        raise InputError(
            f"'{path.suffix}' is no known kind of surface file", file=path, expected="STL, PLY, VTP or OBJ"
        )
    if not path.is_file():
        raise InputError("there is no such file", file=path, expected="a surface file")
    surface = _oriented(_read(path), path)
    extent = np.ptp(surface.points, axis=0).max() / MILLIMETRE
    if extent < SMALLEST_EXTENT:
        raise InputError(f"the surface is only {extent:.2g} mm wide", file=path, expected="coordinates in mm, not m")
    return surface


def _read(path: Path) -> Surface:
    try:
        points, triangles = _read_vtp(path) if path.suffix.lower() == ".vtp" else _read_plain(path)
        points = np.asarray(points, dtype=np.float64).reshape(len(points), -1)[:, :3]
    except Exception as problem:  # whatever kind a reader raises, the file is at fault
        first_line = next(iter(str(problem).splitlines()), "") or type(problem).__name__
        raise InputError(f"cannot be read as a surface ({first_line})", file=path) from None
    if len(triangles) == 0 or len(points) == 0:
        raise InputError("holds no triangles", file=path, expected="a closed surface of triangles")
    if not np.isfinite(points).all():
        raise InputError("a coordinate is not a finite number", file=path)
    if triangles.min() < 0 or triangles.max() >= len(points):
        raise InputError("a triangle refers to a point that does not exist", file=path)
    return merge_points(points * MILLIMETRE, triangles)


def _read_plain(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """STL, PLY and OBJ by meshio: VTK's readers take the whole program down with a damaged PLY file."""
    from meshio import obj, ply, stl

    if path.suffix.lower() == ".ply":
        # Both names are in use for the corners of a face; meshio knows one.
        content = path.read_bytes().replace(b" vertex_index\n", b" vertex_indices\n", 1)
        mesh = ply.read(BytesIO(content))
    else:
        # A text STL's letters, taken for a number of triangles, overflow harmlessly.
        with np.errstate(over="ignore"):
            mesh = {".stl": stl, ".obj": obj}[path.suffix.lower()].read(path)
    triangles = [np.zeros((0, 3), dtype=np.int64)]
    for block in mesh.cells:
        if block.type in ("triangle", "quad", "polygon"):
            corners = np.asarray(block.data, dtype=np.int64)
            # Polygons as fans.
            triangles.extend(corners[:, [0, k, k + 1]] for k in range(1, corners.shape[1] - 1))
    return mesh.points, np.concatenate(triangles)


def _read_vtp(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    import pyvista
    from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

    # VTK tells of damaged files on the terminal and through observers, not by raising.
    complaints: list[str] = []
    reader = vtkXMLPolyDataReader()
    reader.AddObserver("ErrorEvent", lambda _, event: complaints.append(event))
    reader.SetFileName(str(path))
    with pyvista.vtk_verbosity("off"):
        reader.Update()
    if complaints or reader.GetErrorCode():
        raise ValueError("the file is damaged or of another kind")
    mesh = pyvista.wrap(reader.GetOutput()).triangulate()
    return mesh.points, mesh.regular_faces


def _oriented(surface: Surface, path: Path) -> Surface:
    """The surface turned outward. Raises InputError where it has no inside."""
    if surface.is_empty:
        raise InputError("the surface has no area", file=path, expected="a closed surface of triangles")
    start, end = surface.triangles.ravel(), np.roll(surface.triangles, -1, axis=1).ravel()
    edge = np.minimum(start, end) * len(surface.points) + np.maximum(start, end)
    _, users = np.unique(edge, return_counts=True)
    holes = int((users % 2 == 1).sum())
    if holes:
        raise InputError(
            f"the surface is open: {holes} edges have a triangle on one side only",
            file=path,
            expected="a closed surface, which has an inside",
        )
    if not surface.is_closed:
        raise InputError(
            "neighbouring triangles face opposite ways", file=path, expected="triangles that all face outward"
        )
    return surface if surface.volume > 0 else surface.flipped()
