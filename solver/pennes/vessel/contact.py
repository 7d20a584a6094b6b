"""Where the pieces of a vessel touch the tissue: weights of the nodes, and how easily heat passes.

The wall temperature of a piece is a weighted mean of nodal values, one sparse row a piece: over the facets of a meshed
wall, over circles around the centreline (D'Angelo and Quarteroni 2008, 10.1142/S0218202508003108) or over a disc. Its
transpose hands the heat back to the same nodes, so that tissue and blood exchange the same amount on any mesh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from pennes.vessel.pieces import Pieces, frames

RING = 0.5
"""Radius of the circle in lengths of the mesh's edges where the vessel is thinner: tissue that a mesh can resolve."""
SMEAR = 0.53
"""Elements of edge e hand heat to all their nodes: a circle of radius R on them cools itself like one of radius
sqrt(R^2 + (SMEAR e)^2) in continuous tissue. Measured on irregular meshes (validation/verification/vessel_network)."""
AXIAL = np.array([0.25, 0.75])
"""Shares of a piece where circles lie."""
ANGLES = 12
PERFUSED_RADIUS = 3e-3
"""Radius of the tissue that a vessel too thin for the network perfuses, m; at least two edges of the mesh."""
DISC = ((0.35, 6), (0.65, 9), (0.9, 12))
"""Rings of a disc, in radii, with their numbers of points."""


@dataclass(frozen=True, eq=False)
class Contact:
    """Touch of some pieces.

    ``pieces`` (k,) their numbers; ``weights`` (k, n_local) this rank's part of rows that add up to 1 over all ranks (0
    where a piece is outside the tissue); ``area`` (k,) of wall in m2; ``ring`` (k,) radius in m at which the
    temperature is read: the wall's, or more where the mesh is too coarse to see it; ``distance`` (k,) the radius of
    continuous tissue whose temperature that is.
    """

    pieces: np.ndarray
    weights: sparse.csr_matrix
    area: np.ndarray
    ring: np.ndarray
    distance: np.ndarray
    local: bool
    """Heat passes where the wall is warm (a surface), not by the mean."""
    waves: tuple[sparse.csr_matrix, ...] = ()
    """Rows (k, n_local) of a circle for the first wave of the temperature around it, by cosine and by sine, each
    followed by the sums of its absolute values point by point, which no partition changes."""


@dataclass(frozen=True)
class Site:
    """What a vessel finds in the body: ``facets`` of its wall on this rank, ``locate(points)``, and the tissue's
    ``conductivity`` in W/m/K."""

    facets: np.ndarray
    locate: Callable
    conductivity: float


def wall_contact(elements, pieces: Pieces, chosen: np.ndarray, site: Site) -> Contact:
    """Facets of a meshed wall, each with the nearest of the ``chosen`` pieces."""
    areas, nodes, shares, centres = elements.facet_shares(site.facets)
    piece = nearest_piece(pieces, chosen, centres)
    place = np.full(len(pieces), -1)
    place[chosen] = np.arange(len(chosen))
    values = (areas[:, None] * shares).ravel()
    rows = np.repeat(place[piece], nodes.shape[1])
    weights = sparse.coo_matrix((values, (rows, nodes.ravel())), (len(chosen), elements.n_local)).tocsr()
    area = elements.comm.allreduce(np.asarray(weights.sum(axis=1)).ravel())
    scale = np.divide(1.0, area, out=np.zeros_like(area), where=area > 0.0)
    radius = pieces.radius[chosen]
    return Contact(chosen, (sparse.diags(scale) @ weights).tocsr(), area, radius, radius, local=True)


def ring_contact(elements, pieces: Pieces, chosen: np.ndarray, site: Site) -> Contact:
    """Circles around the centreline, of the vessel's radius or as small as the mesh can see."""
    size = edge_lengths(elements, pieces, site)
    radius = np.maximum(pieces.radius, RING * size)[chosen]
    weights, area, waves = _around(elements, pieces, chosen, site, radius, ((1.0, ANGLES),))
    return Contact(chosen, weights, area, radius, np.hypot(radius, SMEAR * size[chosen]), local=False, waves=waves)


def disc_contact(elements, pieces: Pieces, chosen: np.ndarray, site: Site) -> Contact:
    """Discs across the centreline: tissue that the vessel perfuses."""
    size = edge_lengths(elements, pieces, site)
    radius = np.maximum(PERFUSED_RADIUS, 2.0 * size)[chosen]
    weights, area, _ = _around(elements, pieces, chosen, site, radius, DISC)
    return Contact(chosen, weights, area, radius, pieces.radius[chosen], local=True)


CONTACTS: dict[str, Callable[..., Contact]] = {"wall": wall_contact, "network": ring_contact, "perfusion": disc_contact}
"""By the model of a stretch; a stretch of any other model touches nothing."""


def _around(elements, pieces: Pieces, chosen, site: Site, radius: np.ndarray, rings):
    """Weights (k, n_local), wall areas (k,) in the tissue and rows of the first wave, of points on ``rings`` (share of
    the radius, number of points) around every piece."""
    middles, directions = (values[chosen] for values in pieces.along(AXIAL))
    first, second = frames(directions)
    points, turned = [], []
    for share, count in rings:
        angles = 2.0 * np.pi * (np.arange(count) + 0.5) / count
        turned.append(angles)
        across = np.cos(angles)[:, None] * first[:, :, None, :] + np.sin(angles)[:, None] * second[:, :, None, :]
        points.append(middles[:, :, None, :] + share * radius[:, None, None, None] * across)
    points = np.concatenate(points, axis=2)
    per_piece = points.shape[1] * points.shape[2]
    number, _, nodes, shape = site.locate(points.reshape(-1, 3)).shape_functions(elements.n_local)
    rows = np.repeat(number // per_piece, nodes.shape[1])
    weights = sparse.coo_matrix((shape.ravel(), (rows, nodes.ravel())), (len(chosen), elements.n_local)).tocsr()
    found = elements.comm.allreduce(np.bincount(number // per_piece, minlength=len(chosen)).astype(float))
    scale = np.divide(1.0, found, out=np.zeros_like(found), where=found > 0.0)
    inside = found / per_piece
    area = 2.0 * np.pi * pieces.radius[chosen] * pieces.length[chosen] * inside
    whole = np.where(found == per_piece, scale, 0.0)  # where part of a circle is outside, a wave is not known
    angle = np.tile(np.concatenate(turned), len(AXIAL))[number % per_piece]
    waves = []
    for turn in (np.cos(angle), np.sin(angle)):
        for factor in (turn, np.abs(turn)):
            values = (2.0 * factor[:, None] * shape).ravel()
            wave = sparse.coo_matrix((values, (rows, nodes.ravel())), (len(chosen), elements.n_local)).tocsr()
            waves.append((sparse.diags(whole) @ wave).tocsr())
    return (sparse.diags(scale) @ weights).tocsr(), area, tuple(waves)


def edge_lengths(elements, pieces: Pieces, site: Site) -> np.ndarray:
    """Edge length of the mesh (p,) at the middle of each piece in m, that of a regular tetrahedron of the cell's
    volume; the piece's own length outside the mesh."""
    middles = pieces.along(np.array([0.5]))[0][:, 0]
    number, cells, _, _ = site.locate(middles).shape_functions(elements.n_local)
    size = np.zeros(len(pieces))
    size[number] = np.cbrt(6.0 * np.sqrt(2.0) * elements.volumes[cells])
    size = elements.comm.allreduce(size)
    return np.where(size > 0.0, size, pieces.length)


def nearest_piece(pieces: Pieces, chosen: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Number of that of the ``chosen`` pieces whose wall is nearest to each of ``points`` (n, 3): (n,)."""
    best, found = np.full(len(points), np.inf), np.full(len(points), chosen[0])
    lines = np.unique(pieces.line[chosen])
    for number in lines:
        line = pieces.tree.lines[number]
        steps, lengths = np.diff(line.points, axis=0), line.lengths
        offsets = np.concatenate([[0.0], np.cumsum(lengths)])
        edges = pieces.end[pieces.first[number] : pieces.first[number + 1]]
        for point, step, length, offset, radius in zip(
            line.points[:-1], steps, lengths, offsets[:-1], line.radii, strict=True
        ):
            along = np.clip((points - point) @ step / length**2, 0.0, 1.0)
            distance = np.linalg.norm(points - point - along[:, None] * step, axis=1) - radius
            nearer = distance < best
            best[nearer] = distance[nearer]
            place = np.searchsorted(edges, offset + along[nearer] * length, side="right")
            found[nearer] = pieces.first[number] + np.minimum(place, len(edges) - 1)
    return found
