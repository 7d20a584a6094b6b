"""From the contraction of tissue to the zone as it would be measured afterwards.

Heated tissue wants to be smaller by the strain s in all directions; what surrounds it follows. In a homogeneous elastic
body that is nearly incompressible, as soft tissue is, the displacement is u = grad phi with

    div grad phi = -3 s

(Goodier 1937: a misfitting part of an elastic body; for Poisson's ratio 1/2 his potential's factor is 1). A ball of
uniform strain shrinks to 1 - s of its radius, tissue around it moves in by s R^3 / r^2. Assumed: small strains, the
same stiffness everywhere (coagulated tissue is in truth stiffer), needles and vessels that do not give way (no motion
across their surfaces), a body that is free at its outer surface.
"""

from __future__ import annotations

import numpy as np

from pennes.margin import Surface
from pennes.scene import Domain

#: The displacement's relative residual: far below what the mesh leaves.
TOLERANCE = 1e-6


def displacement(elements, places: np.ndarray, strain: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Displacement u (n_local, d) in m for strains (n_local,); ``fixed`` (n_local,) are the nodes of the outer surface.

    ``places`` (n_local, d): where the nodes are, in space or, of an axisymmetric mesh, distance from the axis and
    height. The gradient at a node is the mean over the cells around it, weighted with their volumes. Raises SolverError
    where the solver does not converge.
    """
    stiffness = elements.stiffness(np.ones(elements.n_cells))
    system = elements.system(fixed, name="contraction", preconditioner="gamg", keep=True, relative_tolerance=TOLERANCE)
    system.set(stiffness)
    load = elements.mass(3.0 * strain)
    potential = system.solve(np.where(fixed, 0.0, load), None)
    system.destroy()
    corners, values = places[elements.cells], potential[elements.cells]
    edges = corners[:, 1:] - corners[:, :1]
    gradient = np.linalg.solve(edges, (values[:, 1:] - values[:, :1])[:, :, None])[:, :, 0]
    totals = elements.volumes[:, None] * gradient
    moved = np.stack([elements.density(totals[:, axis]) for axis in range(places.shape[1])], axis=1)
    if places.shape[1] == 2:
        moved[:, 0] = np.where(places[:, 0] > 0.0, moved[:, 0], 0.0)  # what is on the axis stays there
    return moved


def contracted_volumes(elements, places: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Volumes (n_cells,) in m3 of the cells, or of what they sweep out, once their vertices are displaced by ``moved``
    (n_local, d)."""
    corners = (places + moved)[elements.cells]
    determinant = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    if places.shape[1] == 2:
        return determinant * np.pi * corners[:, :, 0].mean(axis=1)
    return determinant / 6.0


def contracted(surface: Surface, domain: Domain, moved: np.ndarray) -> Surface:
    """The surface, the same on all ranks, with its points displaced by ``moved`` (n_local, d) (collective)."""
    located = domain.locate(surface.points)
    shift = np.stack([located.evaluate(column, nearest=True) for column in moved.T], axis=1)
    if domain.axis is not None:
        along = domain.axis.frame[:, 2]
        offset = surface.points - domain.axis.origin
        across = offset - np.outer(offset @ along, along)
        radius = np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
        shift = across / radius * shift[:, :1] + along * shift[:, 1:]
    return Surface(surface.points + shift, surface.triangles)
