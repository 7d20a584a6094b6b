"""A cooled-tip needle in a ball of tissue, meshed by gmsh with size fields (for E6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.verification.arrays import MeshArrays, make_arrays
from pennes.verification.meshes import OntoSphere, exterior_facets


@dataclass(frozen=True)
class OntoNeedle:
    """Moves points (n, 3) onto a cylinder of ``radius`` about the z axis that begins at ``tip`` with a ``cone``."""

    radius: float
    tip: float
    cone: float

    def __call__(self, points: np.ndarray) -> np.ndarray:
        wanted = self.radius * np.clip((points[:, 2] - self.tip) / self.cone, 0.0, 1.0)
        distance = np.hypot(points[:, 0], points[:, 1])
        factor = np.divide(wanted, distance, out=np.ones_like(wanted), where=distance > 0.0)
        return points * np.column_stack([factor, factor, np.ones_like(factor)])


def needle_in_ball(
    *,
    diameter: float = 1.5e-3,
    exposed: float = 30e-3,
    cone: float = 2e-3,
    outer: float = 50e-3,
    size_at_needle: float = 0.35e-3,
    size_outside: float = 8e-3,
    growth: float = 1.0 / 7.0,
) -> MeshArrays:
    """Tissue around a straight needle along +z with a conical tip; lengths in m.

    The exposed part, tip included, is centred in the ball; insulation goes on to the surface. Parts ``electrode``,
    ``insulation``, ``outer``; a quarter of the ball (x, y >= 0). Edges grow by ``growth`` times the distance.
    Needs gmsh; run it on one rank.
    """
    import gmsh

    mm, radius = 1e3, 0.5 * diameter * 1e3
    tip, ball, end = -0.5 * exposed * mm, outer * mm, 0.5 * exposed * mm
    neck = tip + cone * mm
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        occ = gmsh.model.occ
        corner = [(3, occ.addBox(0, 0, -2 * ball, 2 * ball, 2 * ball, 4 * ball))]
        body, _ = occ.intersect([(3, occ.addSphere(0, 0, 0, ball))], corner)
        metal = [
            (3, occ.addCone(0, 0, tip, 0, 0, neck - tip, 0.0, radius)),
            (3, occ.addCylinder(0, 0, neck, 0, 0, end - neck, radius)),
            (3, occ.addCylinder(0, 0, end, 0, 0, 2 * ball, radius)),
        ]
        occ.cut(body, metal)
        occ.synchronize()
        near = [s for _, s in gmsh.model.getEntities(2) if _is_needle(gmsh, s, radius)]
        _grade(gmsh, near, size_at_needle * mm, size_outside * mm, growth)
        gmsh.model.mesh.generate(3)
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        _, nodes = gmsh.model.mesh.getElementsByType(4)
    finally:
        gmsh.finalize()
    position = np.zeros(int(tags.max()) + 1, np.int64)
    position[tags.astype(np.int64)] = np.arange(len(tags))
    used, cells = np.unique(position[nodes.astype(np.int64)], return_inverse=True)
    points = coordinates.reshape(-1, 3)[used] / mm
    cells = cells.reshape(-1, 4)
    facets = exterior_facets(cells)
    x = points[facets]
    across, height = np.hypot(x[..., 0], x[..., 1]), x[..., 2]
    slack = 1e-6 * outer
    on_ball = (np.linalg.norm(x, axis=2) > outer - slack).all(axis=1)
    on_metal = (across < 0.5 * diameter + slack).all(axis=1) & ~on_ball & ~_on_symmetry_plane(x, slack)
    bare = on_metal & (height < end / mm + slack).all(axis=1)
    parts = {"electrode": facets[bare], "insulation": facets[on_metal & ~bare], "outer": facets[on_ball]}
    shaft = OntoNeedle(0.5 * diameter, tip / mm, cone)
    projections = {"electrode": shaft, "insulation": shaft, "outer": OntoSphere(outer)}
    return make_arrays(points, cells, parts, projections)


def _is_needle(gmsh, surface: int, radius: float) -> bool:
    """Whether a surface of the model lies on the needle (its box is as narrow as the needle and not flat)."""
    x0, y0, _, x1, y1, _ = gmsh.model.getBoundingBox(2, surface)
    slack = 1e-3 * radius
    return max(abs(v) for v in (x0, x1, y0, y1)) < radius + slack and min(x1 - x0, y1 - y0) > 0.1 * radius


def _grade(gmsh, needle: list[int], near: float, far: float, growth: float) -> None:
    """Edge length ``near`` at the needle, growing by ``growth`` times the distance, at most ``far``.

    An eighth of ``near`` at edges of the needle's surfaces: potential and temperature are singular where insulation
    begins (like the root of the distance), at the cone's rim and at its apex.
    """
    size = gmsh.model.mesh.field

    def ramp(
        kind: str, entities: list[int], start: float, end: float, finest: float, coarsest: float, stop: int
    ) -> int:
        distance = size.add("Distance")
        size.setNumbers(distance, kind, entities)
        size.setNumber(distance, "Sampling", 100)
        field = size.add("Threshold")
        values = {"DistMin": start, "DistMax": end, "SizeMin": finest, "SizeMax": coarsest, "StopAtDistMax": stop}
        for name, value in {"InField": distance, **values}.items():
            size.setNumber(field, name, value)
        return field

    rims = [curve for curve in _curves(gmsh, needle) if _is_rim(gmsh, curve)]
    apex = [min(_points(gmsh, needle), key=lambda point: gmsh.model.getValue(0, point, [])[2])]
    fields = [
        ramp("SurfacesList", needle, 0.5 * near, (far - near) / growth, near, far, 0),
        ramp("CurvesList", rims, 0.0, 5.0 * near, near / 8.0, near, 1),
        ramp("PointsList", apex, 0.0, 5.0 * near, near / 8.0, near, 1),
    ]
    finest = size.add("Min")
    size.setNumbers(finest, "FieldsList", fields)
    size.setAsBackgroundMesh(finest)
    for option in ("MeshSizeExtendFromBoundary", "MeshSizeFromPoints", "MeshSizeFromCurvature"):
        gmsh.option.setNumber(f"Mesh.{option}", 0)
    gmsh.option.setNumber("Mesh.RandomSeed", 1)


def _curves(gmsh, surfaces: list[int]) -> set[int]:
    """Curves that bound surfaces of the model."""
    sides = gmsh.model.getBoundary([(2, s) for s in surfaces], combined=False, oriented=False)
    return {curve for _, curve in sides}


def _points(gmsh, surfaces: list[int]) -> set[int]:
    """Points at the ends of the curves that bound surfaces of the model."""
    ends = gmsh.model.getBoundary([(1, c) for c in _curves(gmsh, surfaces)], combined=False, oriented=False)
    return {point for _, point in ends}


def _is_rim(gmsh, curve: int) -> bool:
    """Whether a curve runs around the needle within the tissue, at one height."""
    x0, _, z0, x1, _, z1 = gmsh.model.getBoundingBox(1, curve)
    return z1 - z0 < 0.1 * (x1 - x0)


def _on_symmetry_plane(x: np.ndarray, slack: float) -> np.ndarray:
    """Facets (f,) of corner points (f, 3, 3) on the planes that cut out the quarter."""
    return (np.abs(x[..., 0]) < slack).all(axis=1) | (np.abs(x[..., 1]) < slack).all(axis=1)
