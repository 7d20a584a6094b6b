"""From a recipe to a mesh: gmsh with size fields, in the calling process alone."""

from __future__ import annotations

import itertools
from typing import Any

import gmsh
import numpy as np

from pennes.errors import InputError
from pennes.gmsh_session import MILLIMETRES, MeshedModel, gmsh_session
from pennes.scene.arrays import MeshArrays, ordered, radius_ratios, refined
from pennes.scene.geometry import Geometry, build_geometry
from pennes.scene.meridian import make_meridian_mesh

GOOD_RATIO, FAIR_RATIO, USABLE_RATIO = 0.1, 0.05, 0.01
"""Radius ratio of the worst tetrahedron: with the first no other mesh is tried, with the second only quick ones are,
and with less than the last a mesh is of no use."""
FRONTAL, DELAUNAY_2D = 6, 5
HXT, DELAUNAY = 10, 1
QUICK = ((FRONTAL, HXT, 0), (DELAUNAY_2D, HXT, 0), (FRONTAL, HXT, 1), (DELAUNAY_2D, HXT, 1))
SLOW = ((DELAUNAY_2D, DELAUNAY, 0),)
"""Algorithms for surfaces and volumes and what is added to the seed, in the order in which they are tried. Measured on
a needle beside a vessel, 27 000 vertices: HXT 1.3 s of CPU time and Delaunay 5.4 s, of equal quality; Netgen's
optimiser took another 11 s and did not improve the worst cell."""
ATTEMPTS = (
    (0.0, QUICK, FAIR_RATIO),
    (1.0, QUICK, FAIR_RATIO),
    (2.0, QUICK, FAIR_RATIO),
    (0.0, SLOW, USABLE_RATIO),
)
"""Turn of round solids (rad), algorithms, and the ratio that ends the search. The seam that the geometry kernel has on
a ball is an edge of the mesh: a needle that grazes it leaves flat cells, whatever the algorithm; another seam does
not."""


def make_mesh(recipe: dict[str, Any]) -> MeshArrays:
    """Mesh of a recipe, refined as the recipe says. Raises InputError, with gmsh's words, where none can be made."""
    if "axis" in recipe:
        with gmsh_session():
            return make_meridian_mesh(recipe, _set_sizes)
    with gmsh_session():
        best = _best_attempt(recipe)
    for _ in range(recipe["refinements"]):
        best = refined(best)
    return best


def _best_attempt(recipe: dict[str, Any]) -> MeshArrays:
    best, best_ratio, words = None, USABLE_RATIO, "the tetrahedra are too flat"
    for turn, attempts, enough in ATTEMPTS:
        geometry = _geometry(recipe, turn)
        for attempt in attempts:
            try:
                mesh = _attempt(geometry, *attempt, recipe["seed"])
            except Exception as problem:  # gmsh raises plain Exception
                words = str(problem)
                continue
            ratio = float(radius_ratios(mesh.points, mesh.cells).min())
            if ratio > best_ratio:
                best, best_ratio = mesh, ratio
            if best_ratio >= GOOD_RATIO:
                return mesh
        if best is not None and best_ratio >= enough:
            return best
    raise InputError(
        f"the mesh generator found no usable mesh: {words}",
        key="accuracy.mesh",
        expected="parts further apart, or smaller edges",
    )


def _geometry(recipe: dict[str, Any], turn: float) -> Geometry:
    """The scene in an emptied model, with its sizes. Raises InputError where nothing can be made of it."""
    gmsh.clear()
    try:
        geometry = build_geometry(recipe, turn)
    except Exception as problem:  # gmsh raises plain Exception
        raise InputError(f"the geometry kernel could not cut the parts of the scene: {problem}") from None
    if not geometry.volumes:
        raise InputError("nothing is left of the body once applicators and vessels are taken out", key="body")
    _set_sizes(recipe)
    return geometry


def _attempt(geometry: Geometry, surface_algorithm: int, volume_algorithm: int, shift: int, seed: int) -> MeshArrays:
    """One mesh. Raises gmsh's Exception."""
    options = {
        "Mesh.Algorithm": surface_algorithm,
        "Mesh.Algorithm3D": volume_algorithm,
        "Mesh.RandomSeed": 1 + seed + shift,
        "Mesh.Optimize": 1,
    }
    for name, value in options.items():
        gmsh.option.setNumber(name, value)
    gmsh.model.mesh.clear()
    gmsh.model.mesh.generate(3)
    return ordered(_arrays(geometry))


def _set_sizes(recipe: dict[str, Any]) -> None:
    """One distance field a source, a linear growth on top, and the smallest of all."""
    field = gmsh.model.mesh.field
    thresholds = []
    # The two geometry kernels number their points apart: take numbers that OpenCASCADE has not used.
    free = itertools.count(1 + max((tag for _, tag in gmsh.model.getEntities(0)), default=0))
    for source in recipe["sizes"]:
        points = [gmsh.model.geo.addPoint(*_in_space(point), tag=next(free)) for point in source["points"]]
        distance = field.add("Distance")
        field.setNumbers(distance, "PointsList", points)
        threshold = field.add("Threshold")
        values = {
            "InField": distance,
            "DistMin": MILLIMETRES * source["hold"],
            "DistMax": MILLIMETRES * (source["hold"] + (recipe["far"] - source["size"]) / recipe["growth"]),
            "SizeMin": MILLIMETRES * source["size"],
            "SizeMax": MILLIMETRES * recipe["far"],
        }
        for name, value in values.items():
            field.setNumber(threshold, name, value)
        thresholds.append(threshold)
    gmsh.model.geo.synchronize()
    smallest = field.add("Min")
    field.setNumbers(smallest, "FieldsList", thresholds)
    field.setAsBackgroundMesh(smallest)
    # The default of 1e-9 makes gmsh spend half its time on dividing curves.
    gmsh.option.setNumber("Mesh.LcIntegrationPrecision", 1e-3)
    gmsh.option.setNumber("Mesh.MeshSizeMax", MILLIMETRES * recipe["far"])
    for option in ("ExtendFromBoundary", "FromPoints", "FromCurvature"):
        gmsh.option.setNumber(f"Mesh.MeshSize{option}", 0)


def _in_space(point: list[float]) -> np.ndarray:
    """A point of the recipe for gmsh (3,); those in a half-plane have two coordinates."""
    return MILLIMETRES * np.array([*point, 0.0][:3])


def _arrays(geometry: Geometry) -> MeshArrays:
    """What gmsh has made, in m."""
    meshed = MeshedModel()
    cells, cell_tags = meshed.elements(4, 4, geometry.volumes)
    facets, facet_tags = meshed.elements(2, 3, geometry.surfaces)
    return MeshArrays(meshed.points, cells, cell_tags, facets, facet_tags)
