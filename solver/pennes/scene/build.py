"""From a case to its domain, or to a description of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from pennes.case.bodies import LabelBody, MeshBody
from pennes.case.models import Case
from pennes.scene import cache
from pennes.scene.arrays import MeshArrays, MeshQuality
from pennes.scene.cells import refuse_too_many
from pennes.scene.description import SceneDescription, describe
from pennes.scene.plan import ScenePlan, make_plan, make_recipe, recipe_hash
from pennes.scene.refusals import refuse_impossible

if TYPE_CHECKING:
    from mpi4py import MPI

    from pennes.scene.domain import Domain


def build(case: Case, comm: MPI.Intracomm, cache_directory: Path | None = None) -> Domain:
    """Mesh the case's scene, or take the mesh from the cache, and spread it over the ranks (collective).

    ``cache_directory`` defaults to ``$PENNES_CACHE/meshes`` or the user's cache. Raises InputError, on every rank, for
    a scene that cannot be and for a mesh file that cannot be used.
    """
    from pennes.scene.collective import on_root
    from pennes.scene.distribute import distribute
    from pennes.scene.domain import Domain

    axis, labels, notes, grid, thin = None, (), (), None, ()
    began = time.perf_counter()
    if isinstance(case.body, LabelBody):
        from pennes.scene.label_mesh import load_label_mesh

        loaded = on_root(comm, lambda: load_label_mesh(case))
        names, quality, key = comm.bcast(None if loaded is None else loaded[1:])
        regions, surfaces = names.named(case)
        labels, notes, grid, thin = names.comparison, names.notes, names.grid, names.thin
    elif isinstance(case.body, MeshBody):
        from pennes.scene.given_mesh import load_given_mesh

        loaded = on_root(comm, lambda: load_given_mesh(case))
        names, quality, key = comm.bcast(None if loaded is None else loaded[1:])
        regions, surfaces = names.named(case)
    else:
        plan = make_plan(case)
        regions, surfaces, axis = plan.regions, plan.surfaces, plan.axis
        loaded = on_root(comm, lambda: planned_mesh(case, plan, cache_directory))
        quality, key = comm.bcast(None if loaded is None else loaded[1:])
    meshing = time.perf_counter() - began
    mesh, cell_tags, facet_tags = distribute(None if loaded is None else loaded[0], comm)
    named = (regions, surfaces, quality, key, axis, labels, notes, grid)
    return Domain(mesh, cell_tags, facet_tags, *named, mesh_wall_s=meshing, thin_vessels=thin)


def check(case: Case, cache_directory: Path | None = None, *, ranks: int = 1) -> SceneDescription:
    """Mesh the scene, or take the mesh from the cache, in this process alone and describe it, with
    what it will cost on ``ranks`` ranks; nothing is solved.

    Raises InputError as ``build`` does.
    """
    if isinstance(case.body, LabelBody):
        from pennes.scene.label_mesh import load_label_mesh

        arrays, names, quality, key = load_label_mesh(case)
        return describe(case, arrays, names.named(case), quality, key, None, ranks)
    if isinstance(case.body, MeshBody):
        from pennes.scene.given_mesh import load_given_mesh

        arrays, names, quality, key = load_given_mesh(case)
        return describe(case, arrays, names.named(case), quality, key, None, ranks)
    plan = make_plan(case)
    arrays, quality, key = planned_mesh(case, plan, cache_directory)
    return describe(case, arrays, (plan.regions, plan.surfaces), quality, key, plan, ranks)


def planned_mesh(
    case: Case, plan: ScenePlan, cache_directory: Path | None = None
) -> tuple[MeshArrays, MeshQuality, str]:
    """The whole mesh of a parametric case as arrays, its quality and its recipe's hash, in this process alone."""
    refuse_impossible(case, plan)
    recipe = make_recipe(case, plan)
    key = recipe_hash(recipe)

    def make() -> MeshArrays:
        refuse_too_many(case, plan, recipe)
        from pennes.scene.mesher import make_mesh  # gmsh is loaded only where a mesh must be made

        return make_mesh(recipe)

    arrays, quality = cache.cached_mesh(key, make, cache_directory)
    return arrays, quality, key
