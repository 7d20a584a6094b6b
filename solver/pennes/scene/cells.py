"""How many cells a mesh will have, before it is made: the sizes asked for, summed up over the body."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from pennes.case.models import Case
from pennes.errors import InputError
from pennes.scene import bodies
from pennes.scene.plan import ScenePlan

MOST_CELLS = 30e6
"""A mesh is made by one process, which needs about a kilobyte for each cell."""
CELL = {2: 0.40, 3: 0.252}
"""Area or volume of a cell over the edge length asked for to the power of the dimension. Regular triangles have 0.43,
tetrahedra 0.118; but gmsh's edges are longer than was asked. Measured on the meshes of ``configs/cases`` (2000 to
400 000 cells), all of which it meets within 5 %."""
EVEN = 0.3
"""Edge lengths vary by this share at most within a box that is not divided further."""


def refuse_too_many(case: Case, plan: ScenePlan, recipe: dict[str, Any]) -> None:
    """Raises InputError for a mesh of more than ``MOST_CELLS`` cells."""
    count = expected_cells(case, plan, recipe)
    if count <= MOST_CELLS:
        return
    sizes = case.accuracy.mesh
    named = {name: getattr(sizes, name) for name in ("applicator", "shaft", "lesion", "vessel", "far")}
    smallest = min(named, key=named.__getitem__)
    raise InputError(
        f"the mesh would have more than {MOST_CELLS / 1e6:.0f} million cells (edges of {1e3 * named[smallest]:.3g} mm)",
        key=f"accuracy.mesh.{smallest}" if not case.accuracy.refinements else "accuracy.refinements",
        expected="longer edges, or a smaller body",
    )


def expected_cells(case: Case, plan: ScenePlan, recipe: dict[str, Any]) -> float:
    """Number of cells, about; where it passes ``MOST_CELLS`` only that it does.

    Boxes around the body are divided until the edge length hardly varies within them.
    """
    dimension = 3 if plan.axis is None else 2
    trees = [(cKDTree(source["points"]), source["hold"], source["size"]) for source in recipe["sizes"]]
    growth, far = recipe["growth"], recipe["far"]
    more = 2.0 ** (dimension * recipe["refinements"])

    def size(points: np.ndarray) -> np.ndarray:
        found = np.full(len(points), far)
        for tree, hold, wanted in trees:
            away = np.maximum(tree.query(points)[0] - hold, 0.0)
            np.minimum(found, wanted + growth * away, out=found)
        return found

    centre, radius = bodies.enclosing_ball(case.body)
    centres, edge = np.asarray(centre, dtype=float)[None], 2.0 * radius
    if plan.axis is not None:
        centres = plan.axis.coordinates(centres)
        centres[:, 0] = 0.0
    count = 0.0
    while len(centres):
        places = centres if plan.axis is None else plan.axis.points(centres)
        half = 0.5 * edge * np.sqrt(dimension)
        depth = bodies.depth(case.body, places)
        near = depth > -half
        centres, places, depth = centres[near], places[near], depth[near]
        h = size(centres)
        divided = growth * half > EVEN * h
        tissue = ~divided & (depth > 0.0) & ~_taken(plan, places)
        if plan.axis is not None:
            tissue &= centres[:, 0] > 0.0
        cells = more * edge**dimension / CELL[dimension]
        count += cells * float((h[tissue] ** -dimension).sum())
        at_least = cells * float(((h + growth * half)[divided & (depth > half)] ** -dimension).sum())
        if count + at_least > MOST_CELLS:
            return count + at_least
        centres, edge = _parts(centres[divided], edge), edge / 2.0
    return count


def _parts(centres: np.ndarray, edge: float) -> np.ndarray:
    """Centres of the parts of boxes (n, d) that are halved along every axis."""
    dimension = centres.shape[1]
    corners = np.stack(np.meshgrid(*[(-0.25, 0.25)] * dimension, indexing="ij"), -1).reshape(-1, dimension)
    return (centres[:, None] + edge * corners).reshape(-1, dimension)


def _taken(plan: ScenePlan, points: np.ndarray) -> np.ndarray:
    """Which of the ``points`` (n, 3) lie in metal or in a meshed vessel, which have no cells."""
    lines = [(wire.sample(), wire.radius) for wire in plan.wires]
    lines += [(tube.sample(), tube.radius) for tree in plan.vessels for tube in tree.tubes]
    taken = np.zeros(len(points), dtype=bool)
    for line, radius in lines:
        taken |= cKDTree(line).query(points, distance_upper_bound=1.1 * radius)[0] < radius
    return taken
