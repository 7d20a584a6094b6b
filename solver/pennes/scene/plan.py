"""From a parametric case to a plan: names, tags and the recipe from which the mesh is made."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from pennes.case.bodies import HalfSpace
from pennes.case.models import Case, Organ
from pennes.scene import bodies, solids
from pennes.scene.axis import Axis, axis_of
from pennes.scene.names import NamedRegion, NamedSurface
from pennes.scene.placement import Stretch, Wire, wires
from pennes.scene.sizing import GROWTH, size_sources
from pennes.scene.vascular import VesselTree, vessel_tree

RECIPE_FORMAT = 3
"""Counts up whenever equal recipes would be meshed in another way."""
OUTER, FREE = 1, 2


@dataclass(frozen=True)
class ScenePlan:
    """Names of regions and surfaces, and where applicators and vessels are."""

    regions: tuple[NamedRegion, ...]
    surfaces: tuple[NamedSurface, ...]
    wires: tuple[Wire, ...]
    vessels: tuple[VesselTree, ...]
    axis: Axis | None = None
    """Of an axisymmetric case."""


def recipe_hash(recipe: dict[str, Any]) -> str:
    """sha256 of the recipe's canonical text."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def gmsh_version() -> str:
    """Version of the installed mesh generator: another one makes another mesh."""
    return importlib.metadata.version("gmsh")


def meshed_organs(case: Case) -> list[Organ]:
    """Organs with a tissue of their own: only these change the mesh."""
    return [organ for organ in case.organs if organ.tissue is not None]


def make_plan(case: Case) -> ScenePlan:
    """Plan of a parametric case. Raises InputError for parts that are impossible in themselves."""
    centre, radius = bodies.enclosing_ball(case.body)
    placed: list[Wire] = []
    for number, applicator in enumerate(case.applicators):
        length = float(np.linalg.norm(np.array(applicator.tip) - centre)) + radius + 10e-3
        length += max(float(np.linalg.norm(shaft.offset)) for shaft in applicator.device.shafts)
        placed += wires(applicator, number, length)
    trees = (vessel_tree(vessel, number) for number, vessel in enumerate(case.vessels))
    vessels = tuple(tree for tree in trees if tree is not None)
    return ScenePlan(_regions(case), _surfaces(case, tuple(placed), vessels), tuple(placed), vessels, axis_of(case))


def make_recipe(case: Case, plan: ScenePlan) -> dict[str, Any]:
    """All that the mesh depends on, as plain data: equal recipes give equal meshes."""
    recipe = {
        "format": RECIPE_FORMAT,
        "gmsh": gmsh_version(),
        "body": bodies.solid(case.body),
        "inclusions": _inclusions(case, plan),
        "holes": _holes(plan),
        "free": isinstance(case.body, HalfSpace),
        "sizes": size_sources(case, plan.wires, plan.vessels),
        "growth": GROWTH,
        "far": case.accuracy.mesh.far,
        "seed": case.accuracy.mesh.seed,
        "refinements": case.accuracy.refinements,
    }
    return recipe if plan.axis is None else _in_half_plane(recipe, plan.axis)


def _in_half_plane(recipe: dict[str, Any], axis: Axis) -> dict[str, Any]:
    """The recipe with the points of its size sources in the half-plane, each once, and the axis."""
    sources = [
        source
        | {"points": solids.numbers(np.unique(np.round(axis.coordinates(np.array(source["points"])), 6), axis=0))}
        for source in recipe["sizes"]
    ]
    return recipe | {
        "sizes": sources,
        "axis": {"origin": solids.numbers(axis.origin), "frame": solids.numbers(axis.frame)},
    }


def _regions(case: Case) -> tuple[NamedRegion, ...]:
    """The body, then organs with a tissue of their own, then targets."""
    regions = [NamedRegion("body", 1, case.body.tissue)]
    for organ in meshed_organs(case):
        regions.append(NamedRegion(organ.name, len(regions) + 1, organ.tissue))
    for target in case.targets:
        regions.append(NamedRegion(target.name, len(regions) + 1, target.tissue, target=target.name))
    return tuple(regions)


def _inclusions(case: Case, plan: ScenePlan) -> list[dict[str, Any]]:
    """Solids of the regions inside the body; later ones win where they overlap, so targets over organs."""
    parts = [*meshed_organs(case), *case.targets]
    return [
        {"tag": region.tag, "solids": solids.of_shape(part.geometry)}
        for region, part in zip(plan.regions[1:], parts, strict=True)
    ]


def _identity(wire: Wire, stretch: Stretch) -> tuple[int, str, str | None, bool]:
    """Stretches of equal identity share a surface name: all copies of a tine, for one."""
    return wire.owner, wire.part, stretch.pole, stretch.cooled


def _surfaces(case: Case, placed: tuple[Wire, ...], vessels: tuple[VesselTree, ...]) -> tuple[NamedSurface, ...]:
    """The outer surface, vessel walls, then the surfaces of applicators."""
    surfaces = [NamedSurface("outer", OUTER, "outer")]
    if isinstance(case.body, HalfSpace):
        surfaces.append(NamedSurface("free", FREE, "free"))
    tag = FREE + 1
    for tree in vessels:
        surfaces.append(NamedSurface(f"{tree.name}/wall", tag, "wall", vessel=tree.name))
        tag += 1
    known = {_identity(wire, stretch): (wire, stretch) for wire in placed for stretch in wire.stretches}
    return (*surfaces, *(_surface(*part, tag + number) for number, part in enumerate(known.values())))


def _holes(plan: ScenePlan) -> list[dict[str, Any]]:
    """Solids taken out of the body, with the tag of the surface that they leave; where they overlap the later one
    names the surface."""
    holes = [{"tag": FREE + 1 + number, "solids": tree.solids()} for number, tree in enumerate(plan.vessels)]
    first = FREE + 1 + len(plan.vessels)
    tags: dict[tuple, int] = {}
    for wire in plan.wires:
        for stretch in wire.stretches:
            tag = tags.setdefault(_identity(wire, stretch), first + len(tags))
            holes.append({"tag": tag, "solids": wire.solids_of(stretch)})
    return holes


def _surface(wire: Wire, stretch: Stretch, tag: int) -> NamedSurface:
    shaft = wire.shaft
    part = wire.part if shaft is None or shaft.cooling is None or stretch.cooled else f"{wire.part} (not cooled)"
    return NamedSurface(
        f"{wire.applicator}/{stretch.pole or 'insulation'}/{part}",
        tag,
        "electrode" if stretch.pole else "insulation",
        applicator=wire.applicator,
        pole=f"{wire.applicator}.{stretch.pole}" if stretch.pole else None,
        cooling=shaft.cooling if shaft is not None and stretch.cooled else None,
    )
