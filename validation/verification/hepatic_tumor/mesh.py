"""Mesh of the hepatic tumour ablation problem: four half-torus tines on a trocar beside a vessel, in liver.

usage: python mesh.py [FILE.msh] [SCALE]

Writes a gmsh file in mm with the volume groups liver, tip, tines, base, vessel and the surface groups outer (of the
liver cylinder) and vessel wall. SCALE multiplies every edge length (default 1: about 80 000 vertices).
"""

from __future__ import annotations

import sys
from math import pi
from pathlib import Path

import gmsh

LIVER_RADIUS, HEIGHT = 50.0, 120.0
TROCAR_RADIUS, TIP_START, TIP_END = 0.9144, 60.0, 70.0
TINE_RADIUS, ARC_RADIUS, ARC_CENTRE = 0.2667, 7.5, 8.0
VESSEL_RADIUS, VESSEL_X = 5.0, 26.0
Volumes = list[tuple[int, int]]


def write(file: Path, scale: float = 1.0) -> None:
    """Make the mesh and write it to ``file``; ``scale`` multiplies every edge length."""
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        _name(_geometry())
        _grade(scale)
        gmsh.model.mesh.generate(3)
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.option.setNumber("Mesh.Binary", 1)
        gmsh.write(str(file))
    finally:
        gmsh.finalize()


def _geometry() -> dict[str, Volumes]:
    """Volumes of each group that fill the cylinder and share their faces."""
    occ = gmsh.model.occ
    liver = [(3, occ.addCylinder(0, 0, 0, 0, 0, HEIGHT, LIVER_RADIUS))]
    vessel = [(3, occ.addCylinder(VESSEL_X, 0, 0, 0, 0, HEIGHT, VESSEL_RADIUS))]
    tip = [(3, occ.addCylinder(0, 0, TIP_START, 0, 0, TIP_END - TIP_START, TROCAR_RADIUS))]
    base = [(3, occ.addCylinder(0, 0, TIP_END, 0, 0, HEIGHT - TIP_END, TROCAR_RADIUS))]
    # A cylinder's seam starts at +x, where it would cut through a tine's root.
    occ.rotate(tip + base, 0, 0, 0, 0, 0, 1, pi / 4)
    tines: Volumes = []
    for quarter in range(4):
        root = occ.addDisk(ARC_CENTRE - ARC_RADIUS, 0, TIP_START, TINE_RADIUS, TINE_RADIUS)
        swept = occ.revolve([(2, root)], ARC_CENTRE, 0, TIP_START, 0, 1, 0, pi)
        tine = [entity for entity in swept if entity[0] == 3]
        occ.rotate(tine, 0, 0, 0, 0, 0, 1, quarter * pi / 2)
        tines += tine
    # The first bend of each tine lies inside the trocar and is the trocar's.
    tines, _ = occ.cut(tines, tip, removeTool=False)
    groups = {"vessel": vessel, "tip": tip, "base": base, "tines": tines}
    tools = [volume for group in groups.values() for volume in group]
    _, pieces = occ.fragment(liver, tools)
    occ.synchronize()
    named: dict[str, Volumes] = {}
    taken: set[tuple[int, int]] = set()
    position = len(liver)
    for name, group in groups.items():
        named[name] = [piece for parts in pieces[position : position + len(group)] for piece in parts]
        taken.update(named[name])
        position += len(group)
    named["liver"] = [piece for piece in pieces[0] if piece not in taken]
    return named


def _name(volumes: dict[str, Volumes]) -> None:
    """Physical groups of the volumes and of the surfaces that bound them."""
    for name, group in volumes.items():
        gmsh.model.addPhysicalGroup(3, [tag for _, tag in group], name=name)
    everything = [volume for group in volumes.values() for volume in group]
    outside = {tag for _, tag in gmsh.model.getBoundary(everything, combined=True, oriented=False)}
    round_vessel = {tag for _, tag in gmsh.model.getBoundary(volumes["vessel"], oriented=False)}
    gmsh.model.addPhysicalGroup(2, sorted(outside), name="outer")
    gmsh.model.addPhysicalGroup(2, sorted(round_vessel - outside), name="vessel wall")


def _surfaces(name: str) -> list[int]:
    """Surfaces of the volumes of a named group."""
    for dimension, tag in gmsh.model.getPhysicalGroups():
        if gmsh.model.getPhysicalName(dimension, tag) == name:
            entities = gmsh.model.getEntitiesForPhysicalGroup(dimension, tag)
            if dimension == 2:
                return list(entities)
            volumes = [(3, int(entity)) for entity in entities]
            return [surface for _, surface in gmsh.model.getBoundary(volumes, combined=False, oriented=False)]
    raise KeyError(name)


def _grade(scale: float) -> None:
    """Edge lengths: 0.2 mm on tines, growing to 1 mm within 5 mm and on to 8 mm; 0.4 mm on the tip, 1.5 on the wall."""
    size = gmsh.model.mesh.field

    def threshold(distance: int, start: tuple[float, float], end: tuple[float, float]) -> int:
        field = size.add("Threshold")
        size.setNumber(field, "InField", distance)
        values = {"DistMin": start[0], "SizeMin": start[1] * scale, "DistMax": end[0], "SizeMax": end[1] * scale}
        for key, value in values.items():
            size.setNumber(field, key, value)
        return field

    def near(name: str, sampling: int, *ramps: tuple[tuple[float, float], tuple[float, float]]) -> int:
        """The largest of linear ramps of (distance, edge length) from the surfaces of a group."""
        distance = size.add("Distance")
        size.setNumbers(distance, "SurfacesList", _surfaces(name))
        size.setNumber(distance, "Sampling", sampling)
        largest = size.add("Max")
        size.setNumbers(largest, "FieldsList", [threshold(distance, *ramp) for ramp in ramps])
        return largest

    fields = [
        near("tines", 80, ((0.1, 0.2), (5.0, 1.1)), ((5.0, 0.001), (40.0, 8.0))),
        near("tip", 40, ((0.1, 0.35), (30.0, 8.0))),
        near("base", 60, ((0.5, 0.7), (30.0, 8.0))),
        near("vessel wall", 60, ((0.5, 1.6), (25.0, 8.0))),
    ]
    finest = size.add("Min")
    size.setNumbers(finest, "FieldsList", fields)
    size.setAsBackgroundMesh(finest)
    for option in ("MeshSizeExtendFromBoundary", "MeshSizeFromPoints", "MeshSizeFromCurvature"):
        gmsh.option.setNumber(f"Mesh.{option}", 0)
    gmsh.option.setNumber("Mesh.RandomSeed", 1)
    gmsh.option.setNumber("Mesh.Optimize", 1)


if __name__ == "__main__":
    write(
        Path(sys.argv[1] if len(sys.argv) > 1 else "hepatic_tumor.msh"),
        float(sys.argv[2]) if len(sys.argv) > 2 else 1.0,
    )
