"""Arrays of a mesh on rank 0 -> a distributed DOLFINx mesh with tags."""

from __future__ import annotations

import basix.ufl
import numpy as np
import ufl
from dolfinx import mesh as dmesh
from dolfinx.graph import adjacencylist
from mpi4py import MPI

from pennes.scene.arrays import MeshArrays, facet_keys

SHAPES = {2: "triangle", 3: "tetrahedron"}


def distribute(arrays: MeshArrays | None, comm: MPI.Intracomm) -> tuple[dmesh.Mesh, dmesh.MeshTags, dmesh.MeshTags]:
    """Mesh, cell tags and facet tags on all ranks of ``comm`` from arrays on rank 0 (collective).

    Cells go to ranks by recursive bisection of their centres, which costs milliseconds; ranks share no ghost cells.
    """
    cells, cell_tags = _scatter_cells(arrays, comm)
    points = _scatter(None if arrays is None else np.array_split(arrays.points, comm.size), comm)
    dimension = cells.shape[1] - 1
    element = ufl.Mesh(basix.ufl.element("Lagrange", SHAPES[dimension], 1, shape=(3,)))
    mesh = dmesh.create_mesh(
        comm, cells.astype(np.int64), element, points, _stay(dimension + 1) if comm.size > 1 else None
    )
    first = comm.scan(len(cells)) - len(cells)
    own = mesh.topology.original_cell_index - first
    indices = np.arange(len(own), dtype=np.int32)
    tags = dmesh.meshtags(mesh, dimension, indices, cell_tags[own].astype(np.int32))
    facets = comm.bcast(None if arrays is None else (arrays.facets, arrays.facet_tags))
    return mesh, tags, _facet_tags(mesh, *facets)


def _stay(corners: int):
    """A partitioner that leaves every cell, which has so many corners, where it is."""

    def partition(comm, parts, cell_types, cells):
        count = len(cells[0]) // corners
        starts = np.arange(count + 1, dtype=np.int32)
        return adjacencylist(np.full(count, comm.rank, dtype=np.int32), starts)._cpp_object

    return partition


def _scatter(blocks: list[np.ndarray] | None, comm: MPI.Intracomm) -> np.ndarray:
    """Block number ``rank`` of those that rank 0 has."""
    if comm.size == 1:
        return blocks[0]
    if comm.rank > 0:
        shape, kind = comm.scatter(None)
        block = np.empty(shape, kind)
        comm.Recv(block, source=0)
        return block
    comm.scatter([(block.shape, block.dtype) for block in blocks])
    for rank in range(1, comm.size):
        comm.Send(np.ascontiguousarray(blocks[rank]), dest=rank)
    return blocks[0]


def _scatter_cells(arrays: MeshArrays | None, comm: MPI.Intracomm) -> tuple[np.ndarray, np.ndarray]:
    """This rank's cells (n, 4) or (n, 3), by vertex numbers of the whole mesh, and their tags (n,)."""
    blocks = tags = None
    if arrays is not None:
        owners = bisection(arrays.points[arrays.cells].mean(axis=1), comm.size)
        chosen = [np.flatnonzero(owners == rank) for rank in range(comm.size)]
        blocks, tags = [arrays.cells[cells] for cells in chosen], [arrays.cell_tags[cells] for cells in chosen]
    return _scatter(blocks, comm), _scatter(tags, comm)


def bisection(points: np.ndarray, parts: int) -> np.ndarray:
    """Part (n,) of each of ``points`` (n, 3): equal parts, cut again and again across the widest spread."""
    result = np.zeros(len(points), dtype=np.int32)
    open_parts = [(np.arange(len(points)), 0, parts)]
    while open_parts:
        members, first, count = open_parts.pop()
        if count == 1:
            result[members] = first
            continue
        centred = points[members] - points[members].mean(axis=0)
        direction = np.linalg.eigh(centred.T @ centred)[1][:, -1]
        low = count // 2
        split = len(members) * low // count
        order = np.argpartition(centred @ direction, split)
        open_parts += [(members[order[:split]], first, low), (members[order[split:]], first + low, count - low)]
    return result


def _facet_tags(mesh: dmesh.Mesh, facets: np.ndarray, tags: np.ndarray) -> dmesh.MeshTags:
    """Tags of the facets that have the given vertices (k, d) of the whole mesh; each rank finds its own."""
    topology = mesh.topology
    below = topology.dim - 1
    topology.create_entities(below)
    topology.create_connectivity(below, topology.dim)
    indices, values = _look_up(mesh, dmesh.exterior_facet_indices(topology), facets, tags)
    if mesh.comm.allreduce(len(indices)) < len(facets):
        index_map = topology.index_map(below)
        every = np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
        indices, values = _look_up(mesh, every, facets, tags)
    return dmesh.meshtags(mesh, below, indices, values)


def _look_up(
    mesh: dmesh.Mesh, candidates: np.ndarray, facets: np.ndarray, tags: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Those of the ``candidates`` that are among ``facets``, sorted, and their tags."""
    candidates = np.sort(candidates).astype(np.int32)
    nodes = dmesh.entities_to_geometry(mesh, mesh.topology.dim - 1, candidates)
    corners = mesh.geometry.input_global_indices[nodes].reshape(-1, mesh.topology.dim)
    if len(facets) == 0 or len(candidates) == 0:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    keys = facet_keys(np.concatenate([facets, corners]))
    known, asked = keys[: len(facets)], keys[len(facets) :]
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known, asked, sorter=order), len(order) - 1)
    found = known[order[place]] == asked
    return candidates[found], tags[order[place[found]]].astype(np.int32)
