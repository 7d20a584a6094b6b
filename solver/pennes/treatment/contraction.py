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


def displacement(elements, strain: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Displacement u (n_local, 3) in m for strains (n_local,); ``fixed`` (n_local,) are the nodes of the outer surface.

    The gradient at a node is the mean over the cells around it, weighted with their volumes. Raises SolverError where
    the solver does not converge.
    """
    stiffness = elements.stiffness(np.ones(elements.n_cells))
    system = elements.system(fixed, name="contraction", preconditioner="gamg", keep=True, relative_tolerance=TOLERANCE)
    system.set(stiffness)
    load = elements.mass(3.0 * strain)
    potential = system.solve(np.where(fixed, 0.0, load), None)
    system.destroy()
    corners, values = elements.points[elements.cells], potential[elements.cells]
    edges = corners[:, 1:] - corners[:, :1]
    gradient = np.linalg.solve(edges, (values[:, 1:] - values[:, :1])[:, :, None])[:, :, 0]
    totals = elements.volumes[:, None] * gradient
    return np.stack([elements.density(totals[:, axis]) for axis in range(3)], axis=1)


def contracted_volumes(elements, moved: np.ndarray) -> np.ndarray:
    """Volumes (n_cells,) in m3 of the cells once their vertices are displaced by ``moved`` (n_local, 3)."""
    corners = (elements.points + moved)[elements.cells]
    return np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])) / 6.0


def contracted(surface: Surface, domain: Domain, moved: np.ndarray) -> Surface:
    """The surface, the same on all ranks, with its points displaced by ``moved`` (n_local, 3) (collective)."""
    places = domain.locate(surface.points)
    shift = np.stack([places.evaluate(moved[:, axis], nearest=True) for axis in range(3)], axis=1)
    return Surface(surface.points + shift, surface.triangles)
