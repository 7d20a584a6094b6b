"""Nodes and surfaces of regions of a distributed mesh."""

from __future__ import annotations

import numpy as np
from dolfinx import la
from dolfinx.mesh import MeshTags

from pennes.margin import Surface, merge_points
from pennes.scene.arrays import FACETS
from pennes.scene.locate import Spaces


def region_nodes(spaces: Spaces, cell_tags: MeshTags, tag: int, count: int) -> np.ndarray:
    """Which of this rank's ``count`` nodes (linear or quadratic) belong to a cell of the region on any rank
    (collective): (count,) bool."""
    space, _ = spaces.space_of(count)
    marks = la.vector(space.dofmap.index_map)
    marks.array[:] = 0.0
    marks.array[space.dofmap.list[_own_cells(spaces, cell_tags, tag)].ravel()] = 1.0
    marks.scatter_reverse(la.InsertMode.add)
    marks.scatter_forward()
    return marks.array > 0.0


def region_surface(spaces: Spaces, cell_tags: MeshTags, tag: int) -> Surface:
    """The closed surface of a region, outward, the same on all ranks (collective). Only surfaces are gathered."""
    mesh = spaces.mesh
    cells = mesh.geometry.dofmaps[0][_own_cells(spaces, cell_tags, tag)]
    facets = cells[:, FACETS].reshape(-1, 3)
    opposite = mesh.geometry.x[np.repeat(cells, 1, axis=0)].reshape(-1, 3) if len(cells) else np.empty((0, 3))
    corners = mesh.geometry.x[facets]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = np.einsum("ij,ij->i", normal, corners[:, 0] - opposite) < 0
    corners[inward] = corners[inward][:, ::-1]
    names = mesh.geometry.input_global_indices[facets].reshape(-1, 3)
    once = _once(names)
    gathered = mesh.comm.allgather((corners[once], names[once]))
    corners, names = (np.concatenate(parts) for parts in zip(*gathered, strict=True))
    outer = corners[_once(names)]
    return merge_points(outer.reshape(-1, 3), np.arange(3 * len(outer)).reshape(-1, 3))


def _own_cells(spaces: Spaces, cell_tags: MeshTags, tag: int) -> np.ndarray:
    cells = cell_tags.find(tag)
    return cells[cells < spaces.n_cells]


def _once(names: np.ndarray) -> np.ndarray:
    """Numbers of the triangles (n, 3) whose three vertices occur once."""
    _, first, count = np.unique(np.sort(names, axis=1), axis=0, return_index=True, return_counts=True)
    return np.sort(first[count == 1])
