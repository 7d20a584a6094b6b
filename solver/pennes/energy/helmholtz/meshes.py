"""From arrays that every rank holds to a distributed mesh of tetrahedra, and facets found by their vertices."""

from __future__ import annotations

from collections.abc import Sequence

import basix.ufl
import numpy as np
import ufl
from dolfinx import mesh as dmesh
from mpi4py import MPI


def distributed(points: np.ndarray, cells: np.ndarray, comm: MPI.Intracomm) -> dmesh.Mesh:
    """The mesh of ``points`` (n, 3) and ``cells`` (m, 4), the same on all ranks, over ``comm``.

    ``topology.original_cell_index`` gives a rank's cells in the order of ``cells``.
    """
    element = ufl.Mesh(basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,)))
    if comm.rank > 0:
        points, cells = points[:0], cells[:0]
    made = dmesh.create_mesh(comm, np.ascontiguousarray(cells, np.int64), element, np.ascontiguousarray(points))
    made.topology.create_entities(2)
    made.topology.create_connectivity(2, 3)
    return made


def find_facets(mesh: dmesh.Mesh, groups: Sequence[np.ndarray]) -> list[np.ndarray]:
    """For each group of vertex triples (k, 3) of the whole mesh, this rank's facets at the boundary among them."""
    facets = np.sort(dmesh.exterior_facet_indices(mesh.topology)).astype(np.int32)
    corners = mesh.geometry.input_global_indices[dmesh.entities_to_geometry(mesh, 2, facets)].reshape(-1, 3)
    corners = np.sort(corners, axis=1).astype(np.int64)
    size = 1 + max([int(corners.max(initial=0)), *(int(group.max(initial=0)) for group in groups)])

    def keys(triples: np.ndarray) -> np.ndarray:
        low, middle, high = np.sort(np.asarray(triples, dtype=np.int64), axis=1).T
        return (low * size + middle) * size + high

    own = keys(corners)
    return [facets[np.isin(own, keys(group))] for group in groups]
