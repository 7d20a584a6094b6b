"""Small unstructured meshes whose vertices do not depend on the number of ranks."""

from __future__ import annotations

import numpy as np
from dolfinx import mesh as dolfinx_mesh
from mpi4py import MPI

JITTER = 0.22
"""Displacement of inner vertices, as a share of a cell's edge."""


def jittered_block(
    comm: MPI.Intracomm, dimension: int, intervals: int, size: float = 1.0, *, ghosts: bool = False
) -> dolfinx_mesh.Mesh:
    """A square (dimension 2) or cube of edge ``size`` with irregular triangles or tetrahedra.

    ``ghosts``: ranks also hold the cells across their borders.
    """
    mode = dolfinx_mesh.GhostMode.shared_facet if ghosts else dolfinx_mesh.GhostMode.none
    counts = [intervals] * dimension
    if dimension == 2:
        made = dolfinx_mesh.create_unit_square(comm, *counts, ghost_mode=mode)
    else:
        made = dolfinx_mesh.create_unit_cube(comm, *counts, ghost_mode=mode)
    x = made.geometry.x[:, :dimension]
    phase = x @ np.array([[41.0, 67.0, 29.0], [73.0, 31.0, 59.0], [37.0, 53.0, 83.0]])[:dimension, :dimension]
    inner = np.all((x > 1e-9) & (x < 1.0 - 1e-9), axis=1)
    x += np.where(inner[:, None], JITTER / intervals * np.sin(phase), 0.0)
    made.geometry.x[:, :dimension] = size * x
    return made


def facets_where(domain_mesh: dolfinx_mesh.Mesh, where) -> np.ndarray:
    """This rank's exterior facets, ghosts included, all of whose vertices satisfy ``where(points (3, n))``."""
    return dolfinx_mesh.locate_entities_boundary(domain_mesh, domain_mesh.topology.dim - 1, where)


def varied(elements, low: float = 0.5, high: float = 3.0) -> np.ndarray:
    """A coefficient of each cell (n_cells,) that jumps from cell to cell but depends on its place alone."""
    x = elements.points[elements.cells].mean(axis=1)
    return low + (high - low) * np.sin(x @ np.array([171.0, 233.0, 119.0]) / np.abs(elements.points).max()) ** 2


def half_tube(
    comm: MPI.Intracomm,
    inner: float,
    outer: float,
    length: float,
    counts: tuple[int, int, int],
    *,
    ghosts: bool = False,
) -> dolfinx_mesh.Mesh:
    """Half of the tissue around a straight vessel: ``inner`` to ``outer`` radius, 0 to pi, 0 to ``length`` along x.

    ``counts``: cells across, around, along.
    """
    mode = dolfinx_mesh.GhostMode.shared_facet if ghosts else dolfinx_mesh.GhostMode.none
    made = dolfinx_mesh.create_unit_cube(comm, *counts, ghost_mode=mode)
    across, around, along = made.geometry.x.T.copy()
    radius = inner + (outer - inner) * across
    made.geometry.x[:] = np.column_stack(
        [length * along, radius * np.cos(np.pi * around), radius * np.sin(np.pi * around)]
    )
    return made


def wall_of(domain_mesh: dolfinx_mesh.Mesh, inner: float) -> np.ndarray:
    """This rank's facets of the wall of a ``half_tube``."""
    return facets_where(domain_mesh, lambda x: np.isclose(np.hypot(x[1], x[2]), inner))
