"""Centrelines with radii of the thin parts of a segment: skeletons of voxels (Lee, Kashyap and Chu 1994) as trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree
from scipy.spatial import cKDTree

from pennes.imaging.grid import Grid
from pennes.imaging.subvoxel import bounding_box

SHORTEST = 3e-3
"""m; shorter pieces of skeleton are spurs of the surface or too little to cool anything."""


@dataclass(frozen=True, eq=False)
class CentrelineTree:
    """``points`` (n, 3) in m; ``parents`` (n,) of each, -1 for the first, the root; ``radii`` (n,) in m.

    Parents stand before their children.
    """

    points: NDArray[np.float64]
    parents: NDArray[np.int64]
    radii: NDArray[np.float64]

    @property
    def length(self) -> float:
        """m."""
        at = self.parents >= 0
        return float(np.linalg.norm(self.points[at] - self.points[self.parents[at]], axis=1).sum())


def thin_centrelines(
    mask: NDArray[np.bool_], thick: NDArray[np.bool_], grid: Grid, where: NDArray[np.bool_] | None = None
) -> list[CentrelineTree]:
    """Trees along the parts of ``mask`` (i, j, k) that are not ``thick`` (and in ``where``), longest first; ``grid``
    says where the voxels are.

    Each begins where it leaves the thick part, else at its widest end. Loops of the skeleton are cut at their longest
    link. Radii are such that each tree has the volume of the voxels nearest to it: widths of single voxels say little.
    """
    chosen = ~thick if where is None else where & ~thick
    voxels = skeleton(mask)
    voxels = voxels[chosen[tuple(np.rint(voxels).astype(int).T)]]
    if len(voxels) == 0:
        return []
    points = grid.points(voxels)
    links = cKDTree(2 * voxels).query_pairs(1.75, output_type="ndarray")
    lengths = np.linalg.norm(points[links[:, 0]] - points[links[:, 1]], axis=1)
    graph = minimum_spanning_tree(sparse.coo_matrix((lengths, links.T), shape=(len(voxels),) * 2).tocsr())
    depth = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=grid.spacing)
    kept = _without_spurs(graph, ndimage.map_coordinates(depth, voxels.T + 1, order=1))
    points, graph = points[kept], graph[kept][:, kept]
    count, piece = connected_components(graph, directed=False)
    own = np.argwhere(mask & chosen)
    nearest = cKDTree(points).query(grid.points(own))[1]
    share = np.bincount(nearest, minlength=len(points)) * grid.voxel_volume
    from_thick = cKDTree(grid.points(np.argwhere(thick))).query(points)[0] if thick.any() else None
    trees = []
    for number in range(count):
        members = np.flatnonzero(piece == number)
        if len(members) < 2:
            continue
        part = graph[members][:, members]
        ends = np.flatnonzero(np.bincount(np.concatenate(part.nonzero()), minlength=len(members)) == 1)
        if from_thick is not None and from_thick[members].min() < 2 * grid.spacing.max():
            root = int(from_thick[members].argmin())
        else:
            root = int(ends[share[members][ends].argmax()])
        order, before = breadth_first_order(part, root, directed=False)
        rank = np.empty(len(members), dtype=np.int64)
        rank[order] = np.arange(len(members))
        parents = np.concatenate([[-1], rank[before[order[1:]]]])
        trees.append(_smooth(points[members][order], parents, share[members][order]))
    return sorted((tree for tree in trees if tree.length >= SHORTEST), key=lambda tree: -tree.length)


def skeleton(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Indices (n, 3) of the skeleton of a mask, on voxels and half between them: at least one in every piece.

    Thinning takes whole tubes away that are an even number of voxels wide, because it does so from both sides at once
    (scikit-image issue 3757). On half voxels without the last layer of each piece every width is odd.
    """
    from skimage.morphology import skeletonize

    if not mask.any():
        return np.empty((0, 3))
    low, high = bounding_box(mask)
    fine = mask[tuple(map(slice, low, high))]
    for axis in range(3):
        fine = fine.repeat(2, axis)
        fine = np.delete(fine, 0, axis) & np.delete(fine, -1, axis)
    return low + np.argwhere(skeletonize(fine)) / 2


def _without_spurs(tree: sparse.csr_matrix, depth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Nodes (n,) without the twigs that end inside of their branch's own width: shorter than its ``depth`` (n,), m."""
    both = (tree + tree.T).tocsr()
    kept = np.ones(len(depth), dtype=bool)
    degree = np.diff(both.indptr)
    for leaf in np.flatnonzero(degree == 1):
        twig, length, node, before = [leaf], 0.0, leaf, -1
        while degree[node] <= 2:
            row = slice(both.indptr[node], both.indptr[node + 1])
            onward = [(b, d) for b, d in zip(both.indices[row], both.data[row], strict=True) if b != before and kept[b]]
            if not onward:
                break
            before = node
            node, step = onward[0]
            length += step
            twig.append(node)
        if degree[node] > 2 and length < depth[node]:
            kept[twig[:-1]] = False
            degree[node] -= 1
    return kept


def _smooth(points: NDArray[np.float64], parents: NDArray[np.int64], volume: NDArray[np.float64]) -> CentrelineTree:
    """Stairs of voxels evened out along the tree; radii from volumes and lengths, evened out over more."""
    at = np.flatnonzero(parents >= 0)
    ones = np.ones(len(at))
    link = sparse.coo_matrix((ones, (at, parents[at])), shape=(len(points),) * 2)
    mean = link + link.T + sparse.identity(len(points))
    mean = sparse.diags(1 / np.asarray(mean.sum(axis=1)).ravel()) @ mean
    fixed = np.bincount(np.concatenate([at, parents[at]]), minlength=len(points)) == 1
    for _ in range(3):
        points = np.where(fixed[:, None], points, mean @ points)
    half = np.linalg.norm(points[at] - points[parents[at]], axis=1) / 2
    length = np.bincount(at, half, len(points)) + np.bincount(parents[at], half, len(points))
    for _ in range(24):
        volume, length = mean.T @ volume, mean.T @ length
    return CentrelineTree(points, parents, np.sqrt(volume / (np.pi * np.maximum(length, 1e-9))))
