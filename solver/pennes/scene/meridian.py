"""Meshes of bodies of revolution: the recipe's solids cut open along their axis, and triangles in the half-plane.

In gmsh x is the distance from the axis and y the height, in mm. Classification is that of ``geometry``: a curve of the
tissue belongs to the hole whose pieces lie on its other side; what lies on the axis is no surface.
"""

from __future__ import annotations

from typing import Any

import gmsh
import numpy as np

from pennes.errors import InputError
from pennes.gmsh_session import MILLIMETRES, MeshedModel
from pennes.scene.arrays import MeshArrays
from pennes.scene.axis import Axis
from pennes.scene.plan import OUTER
from pennes.scene.triangles import ordered_triangles, refined_triangles, triangle_ratios

GOOD_RATIO, USABLE_RATIO = 0.3, 0.02
"""Radius ratio of the worst triangle: with the first no other mesh is tried, with less than the last none is used."""
FRONTAL, DELAUNAY = 6, 5
ATTEMPTS = ((FRONTAL, 0), (DELAUNAY, 0), (FRONTAL, 1), (DELAUNAY, 1))
"""Algorithms, and what is added to the seed, in the order in which they are tried."""
_TINY = 1e-6
"""mm; what is nearer to the axis lies on it."""


def make_meridian_mesh(recipe: dict[str, Any], set_sizes) -> MeshArrays:
    """Mesh of triangles, its points in space, in a running gmsh session; ``set_sizes(recipe)`` sets the edges.

    Raises InputError where none can be made.
    """
    axis = Axis(np.array(recipe["axis"]["origin"]), np.array(recipe["axis"]["frame"]))
    faces, curves = _build(recipe, axis)
    if not faces:
        raise InputError("nothing is left of the body once applicators are taken out", key="body")
    set_sizes(recipe)
    best, best_ratio, words = None, USABLE_RATIO, "the triangles are too flat"
    for algorithm, shift in ATTEMPTS:
        try:
            mesh = _attempt(faces, curves, algorithm, recipe["seed"] + shift)
        except Exception as problem:  # gmsh raises plain Exception
            words = str(problem)
            continue
        ratio = float(triangle_ratios(mesh.points, mesh.cells).min())
        if ratio > best_ratio:
            best, best_ratio = mesh, ratio
        if best_ratio >= GOOD_RATIO:
            break
    if best is None:
        raise InputError(
            f"the mesh generator found no usable mesh: {words}",
            key="accuracy.mesh",
            expected="parts further apart, or smaller edges",
        )
    for _ in range(recipe["refinements"]):
        best = refined_triangles(best)
    points = axis.points(np.where(np.abs(best.points) < 1e-3 * _TINY, 0.0, best.points)[:, :2])
    return MeshArrays(points, best.cells, best.cell_tags, best.facets, best.facet_tags)


def _build(recipe: dict[str, Any], axis: Axis) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Tag of the recipe -> faces, and -> curves where tissue ends."""
    body = _section(recipe["body"], axis)
    parts = [
        (kind, entry["tag"], _section(solid, axis))
        for kind, entries in (("region", recipe["inclusions"]), ("hole", recipe["holes"]))
        for entry in entries
        for solid in entry["solids"]
    ]
    _, pieces = gmsh.model.occ.fragment([(2, body)], [(2, face) for _, _, face in parts])
    gmsh.model.occ.synchronize()
    inside = {face for _, face in pieces[0]}
    region, hole = dict.fromkeys(inside, 1), {}
    for (kind, tag, _), made in zip(parts, pieces[1:], strict=True):
        for _, face in made:
            if kind == "hole":
                hole[face] = tag
            elif face in inside:
                region[face] = tag
    region = {face: tag for face, tag in region.items() if face not in hole}
    curves = _ends(region, hole)
    kept = {curve for face in region for curve in _boundary(face)}
    gmsh.model.removeEntities([entity for entity in gmsh.model.getEntities(2) if entity[1] not in region])
    gmsh.model.removeEntities([entity for entity in gmsh.model.getEntities(1) if entity[1] not in kept], recursive=True)
    faces: dict[int, list[int]] = {}
    for face, tag in sorted(region.items()):
        faces.setdefault(tag, []).append(face)
    return faces, curves


def _ends(region: dict[int, int], hole: dict[int, int]) -> dict[int, list[int]]:
    behind = {curve: tag for face, tag in hole.items() for curve in _boundary(face)}
    count: dict[int, int] = {}
    for face in region:
        for curve in _boundary(face):
            count[curve] = count.get(curve, 0) + 1
    curves: dict[int, list[int]] = {}
    for curve, faces in sorted(count.items()):
        if curve in behind:
            curves.setdefault(behind[curve], []).append(curve)
        elif faces == 1 and gmsh.model.occ.getCenterOfMass(1, curve)[0] > _TINY:
            curves.setdefault(OUTER, []).append(curve)
    return curves


def _boundary(face: int) -> list[int]:
    return [curve for _, curve in gmsh.model.getBoundary([(2, face)], oriented=False)]


def _section(solid: dict[str, Any], axis: Axis) -> int:
    """Add the half section of one solid of the recipe; returns its face."""

    def height(key: str) -> float:
        return MILLIMETRES * float(axis.coordinates(np.array(solid[key]))[0, 1])

    match solid["kind"]:
        case "cylinder" | "cone":
            radius = MILLIMETRES * solid["radius"]
            end_radius = MILLIMETRES * solid.get("end_radius", solid["radius"])
            return _polygon(
                [(0.0, height("start")), (radius, height("start")), (end_radius, height("end")), (0.0, height("end"))]
            )
        case "ball":
            return _half_disc(height("centre"), MILLIMETRES * solid["radius"], -np.pi / 2, np.pi / 2)
        case "hemisphere":
            up = np.array(solid["direction"]) @ axis.frame[:, 2] > 0.0
            angles = (0.0, np.pi / 2) if up else (-np.pi / 2, 0.0)
            return _half_disc(height("centre"), MILLIMETRES * solid["radius"], *angles)
        case "ellipsoid":
            along = np.abs(np.array(solid["frame"]).T @ axis.frame[:, 2])
            radii = MILLIMETRES * np.array(solid["radii"])
            number = int(np.argmax(along))
            middle = height("centre")
            face = _half_disc(middle, 1.0, -np.pi / 2, np.pi / 2)
            gmsh.model.occ.dilate([(2, face)], 0.0, middle, 0.0, radii[number - 1], radii[number], 1.0)
            return face
        case kind:
            raise ValueError(f"a body of revolution has no '{kind}'")


def _polygon(corners: list[tuple[float, float]]) -> int:
    occ = gmsh.model.occ
    points = [occ.addPoint(x, y, 0.0) for x, y in corners]
    lines = [occ.addLine(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True)]
    return occ.addPlaneSurface([occ.addCurveLoop(lines)])


def _half_disc(height: float, radius: float, first: float, last: float) -> int:
    """The part of a disc around (0, height) between two angles, up to the axis."""
    occ = gmsh.model.occ
    centre = occ.addPoint(0.0, height, 0.0)
    low, middle, high = (
        occ.addPoint(radius * round(np.cos(angle), 15), height + radius * np.sin(angle), 0.0)
        for angle in (first, (first + last) / 2, last)
    )
    arc = occ.addCircleArc(low, middle, high, center=False)
    lines = [occ.addLine(centre, low), arc, occ.addLine(high, centre)]
    occ.remove([(0, middle)])
    return occ.addPlaneSurface([occ.addCurveLoop(lines)])


def _attempt(faces: dict[int, list[int]], curves: dict[int, list[int]], algorithm: int, seed: int) -> MeshArrays:
    """One mesh in the half-plane, in m. Raises gmsh's Exception."""
    gmsh.option.setNumber("Mesh.Algorithm", algorithm)
    gmsh.option.setNumber("Mesh.RandomSeed", 1 + seed)
    gmsh.model.mesh.clear()
    gmsh.model.mesh.generate(2)
    meshed = MeshedModel()
    cells, cell_tags = meshed.elements(2, 3, faces)
    edges, edge_tags = meshed.elements(1, 2, curves)
    return ordered_triangles(MeshArrays(meshed.points, cells, cell_tags, edges, edge_tags))
