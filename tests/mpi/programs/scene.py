"""Build a domain on all ranks and print what must not depend on their number, as JSON.

usage: scene.py CASE CACHE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import dolfinx_solver  # noqa: F401
import numpy as np
from dolfinx import fem, mesh
from mpi4py import MPI

from pennes.case import load
from pennes.case.models import Ball
from pennes.errors import InputError
from pennes.scene import build

POINTS = np.random.default_rng(0).uniform(-0.055, 0.055, (400, 3))


def main() -> None:
    comm = MPI.COMM_WORLD
    try:
        domain = build(load(sys.argv[1]), comm, Path(sys.argv[2]))
    except InputError as error:
        said = comm.gather(json.dumps({"rank": comm.rank, "key": error.key, "message": str(error)}))
        print("\n".join(said or []), end="", flush=True)
        return
    space = fem.functionspace(domain.mesh, ("Lagrange", 1))
    nodes = space.tabulate_dof_coordinates()
    linear = 1.0 + nodes @ np.array([2.0, -3.0, 5.0])
    quadratic_nodes = fem.functionspace(domain.mesh, ("Lagrange", 2)).tabulate_dof_coordinates()
    quadratic = quadratic_nodes[:, 0] ** 2 - quadratic_nodes[:, 1] * quadratic_nodes[:, 2]
    locator = domain.locate(POINTS)
    direct, nearest = locator.evaluate(linear), locator.evaluate(linear, nearest=True)
    of_degree_2 = locator.evaluate(quadratic)
    inside = ~np.isnan(direct)
    exact = 1.0 + POINTS @ np.array([2.0, -3.0, 5.0])
    exact_2 = POINTS[:, 0] ** 2 - POINTS[:, 1] * POINTS[:, 2]
    geometry = domain.mesh.geometry
    corners = geometry.x[geometry.dofmaps[0]]
    volumes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])) / 6
    tags = domain.cell_tags
    facets = geometry.x[mesh.entities_to_geometry(domain.mesh, 2, domain.facet_tags.indices)]
    areas = np.linalg.norm(np.cross(facets[:, 1] - facets[:, 0], facets[:, 2] - facets[:, 0]), axis=1) / 2
    ball = Ball(diameter="25 mm")
    owned = space.dofmap.index_map.size_local
    name = domain.regions[-1].name
    surface = domain.region_surface(name)
    result = {
        "ranks": comm.size,
        "inside": int(inside.sum()),
        "error": float(np.abs(direct - exact)[inside].max()),
        "error_2": float(np.abs(of_degree_2 - exact_2)[inside].max()),
        "nearest": nearest.tolist(),
        "volumes": [comm.allreduce(float(volumes[tags.values == r.tag].sum())) for r in domain.regions],
        "areas": [comm.allreduce(float(areas[domain.facet_tags.values == s.tag].sum())) for s in domain.surfaces],
        "facets": comm.allreduce(len(domain.facet_tags.indices)),
        "cells": comm.allreduce(domain.mesh.topology.index_map(3).size_local),
        "ghost_cells": comm.allreduce(domain.mesh.topology.index_map(3).num_ghosts),
        "nodes_in_ball": comm.allreduce(int(domain.contains(ball, nodes[:owned]).sum())),
        "surface": [surface.volume, surface.area, surface.is_closed],
        "hash": domain.recipe_hash,
    }
    every = comm.gather(json.dumps(result))
    if comm.rank == 0:
        assert len(set(every)) == 1, "the ranks differ"
        print(every[0])


if __name__ == "__main__":
    main()
