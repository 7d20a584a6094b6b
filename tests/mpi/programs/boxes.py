"""A mesh whose input does not depend on the number of ranks, as the scene's cached meshes."""

from __future__ import annotations

from pennes.cli import world

world.connect()

import basix.ufl  # noqa: E402
import numpy as np  # noqa: E402
from dolfinx import mesh as dolfinx_mesh  # noqa: E402
from mpi4py import MPI  # noqa: E402


def box_mesh(comm: MPI.Intracomm, intervals: int = 5) -> dolfinx_mesh.Mesh:
    """Unit cube of 6 ``intervals``^3 tetrahedra; every rank hands in its share of the same rows.

    Cells are dealt out in turn, so that a cell's place in the input depends on the number of ranks.
    """
    nodes = intervals + 1
    points = np.indices((nodes,) * 3).reshape(3, -1).T / intervals
    corner = np.arange(nodes**3).reshape((nodes,) * 3)[:-1, :-1, :-1].ravel()
    step = np.array([nodes * nodes, nodes, 1])
    paths = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    cells = np.concatenate([corner[:, None] + np.cumsum([0, *step[list(path)]]) for path in paths])
    own_cells, own_points = cells[comm.rank :: comm.size], np.array_split(points, comm.size)[comm.rank]
    element = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
    return dolfinx_mesh.create_mesh(comm, own_cells.astype(np.int64), element, own_points)
