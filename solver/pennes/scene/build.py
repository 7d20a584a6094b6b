"""From a case to its domain."""

from __future__ import annotations

from pathlib import Path

from mpi4py import MPI

from pennes.case.models import Case, MeshBody
from pennes.scene import cache
from pennes.scene.arrays import MeshArrays, MeshQuality
from pennes.scene.collective import on_root
from pennes.scene.distribute import distribute
from pennes.scene.domain import Domain
from pennes.scene.plan import ScenePlan, make_plan, make_recipe, recipe_hash
from pennes.scene.refusals import refuse_impossible


def build(case: Case, comm: MPI.Intracomm, cache_directory: Path | None = None) -> Domain:
    """Mesh the case's scene, or take the mesh from the cache, and spread it over the ranks (collective).

    ``cache_directory`` defaults to ``$PENNES_CACHE/meshes`` or the user's cache. Raises InputError, on every rank, for
    a scene that cannot be and for a mesh file that cannot be used.
    """
    if isinstance(case.body, MeshBody):
        from pennes.scene.given_mesh import load_given_mesh  # meshio is loaded only where it is needed

        loaded = on_root(comm, lambda: load_given_mesh(case, cache_directory))
        groups, quality, key = comm.bcast(None if loaded is None else loaded[1:])
        regions, surfaces = groups.named(case)
    else:
        plan = make_plan(case)
        regions, surfaces = plan.regions, plan.surfaces
        loaded = on_root(comm, lambda: load_planned_mesh(case, plan, cache_directory))
        quality, key = comm.bcast(None if loaded is None else loaded[1:])
    mesh, cell_tags, facet_tags = distribute(None if loaded is None else loaded[0], comm)
    return Domain(mesh, cell_tags, facet_tags, regions, surfaces, quality, key)


def load_planned_mesh(
    case: Case, plan: ScenePlan, cache_directory: Path | None = None
) -> tuple[MeshArrays, MeshQuality, str]:
    """The whole mesh of a parametric case as arrays, its quality and its recipe's hash, in this process alone."""
    refuse_impossible(case, plan)
    recipe = make_recipe(case, plan)
    key = recipe_hash(recipe)

    def make() -> MeshArrays:
        from pennes.scene.mesher import make_mesh  # gmsh is loaded only where a mesh must be made

        return make_mesh(recipe)

    return *cache.cached_mesh(key, make, cache_directory), key
