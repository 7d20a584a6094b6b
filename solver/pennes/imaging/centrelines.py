"""Skeletons of vessels (Lee, Kashyap and Chu 1994), and the centrelines with radii of their thin parts, as trees."""

from __future__ import annotations

import heapq
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
"""m; shorter pieces are too little to cool anything."""
TWIG = 1.5
"""Twigs up to so many times the depth of the branch that they leave come from the voxels of its surface."""
EVENED, RADII_EVENED = 12, 24
"""Means with the neighbours, half a voxel away: of places, which come in stairs, and of volumes and lengths."""


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


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Middle lines of a mask: ``places`` (n, 3) as indices of voxels and half between them, the ``links`` (n, n) of
    each to its neighbours with their lengths, without loops, and the ``depth`` (n,) of each below the surface."""

    places: NDArray[np.float64]
    links: sparse.csr_matrix
    depth: NDArray[np.float64]


def skeleton(mask: NDArray[np.bool_], spacing: NDArray[np.float64]) -> Skeleton:
    """The skeleton of a mask of voxels of ``spacing`` (3,), without twigs that end inside of their branch's width.

    Thinning takes whole tubes away that are an even number of voxels wide, because it does so from both sides at once
    (scikit-image issue 3757). On half voxels with one more layer on one side every width is odd; voxels that touch by
    corners stay together, a gap of a voxel stays one.
    """
    from skimage.morphology import skeletonize

    if not mask.any():
        return Skeleton(np.empty((0, 3)), sparse.csr_matrix((0, 0)), np.empty(0))
    low, high = bounding_box(mask)
    inner = mask[tuple(map(slice, low, high))]
    fine = inner
    for axis in range(3):
        fine = np.moveaxis(fine.repeat(2, axis), axis, 0)
        empty = np.zeros_like(fine[:1])
        fine = np.moveaxis(np.concatenate([fine, empty]) | np.concatenate([empty, fine]), 0, axis)
    found = np.argwhere(skeletonize(fine))
    pairs = cKDTree(found).query_pairs(1.75, output_type="ndarray")
    lengths = np.linalg.norm((found[pairs[:, 0]] - found[pairs[:, 1]]) * spacing / 2, axis=1)
    tree = minimum_spanning_tree(sparse.coo_matrix((lengths, pairs.T), shape=(len(found),) * 2).tocsr())
    links = (tree + tree.T).tocsr()
    places = found / 2 - 0.5
    depth = ndimage.distance_transform_edt(np.pad(inner, 1), sampling=spacing)
    depth = ndimage.map_coordinates(depth, places.T + 1, order=1)
    kept = _without_twigs(links, depth)
    return Skeleton(low + places[kept], links[kept][:, kept], depth[kept])


def _without_twigs(links: sparse.csr_matrix, depth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Nodes (n,) without the twigs that are shorter than ``TWIG`` times the ``depth`` (n,) where they leave, the
    shortest first."""
    kept = np.ones(len(depth), dtype=bool)
    degree = np.diff(links.indptr)
    longest = TWIG * depth.max(initial=0.0)

    def twig(leaf: int) -> tuple[float, list[int], int]:
        """Length, nodes and the fork of what ends in ``leaf``; -1 where there is no fork near enough."""
        nodes, length, node = [leaf], 0.0, leaf
        while length < longest:
            row = slice(links.indptr[node], links.indptr[node + 1])
            onward = [
                (other, step)
                for other, step in zip(links.indices[row].tolist(), links.data[row].tolist(), strict=True)
                if kept[other] and (len(nodes) < 2 or other != nodes[-2])
            ]
            if not onward:
                break
            node, step = onward[0]
            length += step
            if degree[node] > 2:
                return length, nodes, node
            nodes.append(node)
        return length, nodes, -1

    waiting = [(*twig(leaf), leaf) for leaf in np.flatnonzero(degree == 1).tolist()]
    heapq.heapify(waiting)
    while waiting:
        length, nodes, fork, leaf = heapq.heappop(waiting)
        if fork < 0:
            continue
        if degree[fork] <= 2:  # another twig has gone: this one is longer now
            heapq.heappush(waiting, (*twig(leaf), leaf))
        elif length < TWIG * depth[fork]:
            kept[nodes] = False
            degree[fork] -= 1
    return kept


def thin_centrelines(
    mask: NDArray[np.bool_], thick: NDArray[np.bool_], grid: Grid, where: NDArray[np.bool_] | None = None
) -> list[CentrelineTree]:
    """Trees along the parts of ``mask`` (i, j, k) that are not ``thick`` (and in ``where``), longest first; ``grid``
    says where the voxels are.

    Each begins where it leaves the thick part, else at its widest end. Loops of the skeleton are cut at their longest
    link. Radii are such that each tree has the volume of the voxels nearest to it: widths of single voxels say little.
    """
    chosen = ~thick if where is None else where & ~thick
    whole = skeleton(mask, grid.spacing)
    nearest_voxel = np.clip(np.floor(whole.places + 0.5).astype(int), 0, np.array(mask.shape) - 1)
    here = chosen[tuple(nearest_voxel.T)]
    links = whole.links[here][:, here]
    points = grid.points(whole.places[here])
    if links.nnz == 0:
        return []
    own = np.argwhere(mask & chosen)
    nearest = cKDTree(points).query(grid.points(own))[1]
    volume = np.bincount(nearest, minlength=len(points)) * grid.voxel_volume
    ends = np.diff(links.indptr) == 1
    from_thick = cKDTree(grid.points(np.argwhere(thick))).query(points)[0] if thick.any() else None
    smooth, radii = _evened(points, links, volume)
    count, piece = connected_components(links, directed=False)
    trees = []
    for members in np.split(np.argsort(piece, kind="stable"), np.cumsum(np.bincount(piece, minlength=count))[:-1]):
        if len(members) < 2:
            continue
        if from_thick is not None and from_thick[members].min() < 2 * grid.spacing.max():
            root = int(from_thick[members].argmin())
        else:
            root = int(np.where(ends[members], radii[members], -1.0).argmax())
        order, before = breadth_first_order(links[members][:, members], root, directed=False)
        rank = np.empty(len(members), dtype=np.int64)
        rank[order] = np.arange(len(members))
        parents = np.concatenate([[-1], rank[before[order[1:]]]])
        trees.append(CentrelineTree(smooth[members][order], parents, radii[members][order]))
    return sorted((tree for tree in trees if tree.length >= SHORTEST), key=lambda tree: -tree.length)


def _evened(
    points: NDArray[np.float64], links: sparse.csr_matrix, volume: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Stairs of ``points`` (n, 3) evened out along their links, ends kept; radii (n,) from volumes and lengths."""
    ones = sparse.csr_matrix((np.ones(links.nnz), links.indices, links.indptr), links.shape)
    mean = ones + sparse.identity(len(points), format="csr")
    mean = (sparse.diags(1 / np.asarray(mean.sum(axis=1)).ravel()) @ mean).tocsr()
    end = np.diff(links.indptr) <= 1
    for _ in range(EVENED):
        points = np.where(end[:, None], points, mean @ points)
    rows, columns = ones.nonzero()
    half = np.linalg.norm(points[rows] - points[columns], axis=1) / 2
    length = np.bincount(rows, half, len(points))
    back = mean.T.tocsr()
    for _ in range(RADII_EVENED):
        volume, length = back @ volume, back @ length
    return points, np.sqrt(volume / (np.pi * np.maximum(length, 1e-9)))
