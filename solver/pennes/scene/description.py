"""What a scene is, before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pennes.case.models import Case, Organ, Probe, Region
from pennes.scene import shapes
from pennes.scene.arrays import MeshArrays, MeshQuality, signed_volumes
from pennes.scene.cost import Cost, expected_cost
from pennes.scene.names import NamedRegion, NamedSurface
from pennes.scene.plan import ScenePlan
from pennes.scene.refusals import target_to_vessel, wire_to_vessel
from pennes.scene.triangles import swept_areas, swept_volumes


@dataclass(frozen=True)
class RegionDescription:
    name: str
    tissue: str
    volume_ml: float
    cells: int


@dataclass(frozen=True)
class SurfaceDescription:
    name: str
    kind: str
    area_mm2: float
    facets: int


@dataclass(frozen=True)
class Clearance:
    """Smallest distance between two parts; negative where they overlap."""

    first: str
    second: str
    distance_mm: float


@dataclass(frozen=True)
class OrganDescription:
    """A structure at risk; ``vertices`` of the mesh in it are watched."""

    name: str
    tissue: str
    vertices: int


@dataclass(frozen=True)
class ProbeDescription:
    """Where a probe is: its point and the target or organ around it, else the body."""

    name: str
    point_mm: tuple[float, float, float]
    inside: str


@dataclass(frozen=True)
class SceneDescription:
    title: str
    regions: tuple[RegionDescription, ...]
    surfaces: tuple[SurfaceDescription, ...]
    clearances: tuple[Clearance, ...]
    quality: MeshQuality
    recipe_hash: str
    organs: tuple[OrganDescription, ...]
    probes: tuple[ProbeDescription, ...]
    cost: Cost
    cell_kind: str = "tetrahedra"

    def __str__(self) -> str:
        lines = [self.title, f"{self.quality.vertices} vertices, {self.quality.cells} {self.cell_kind}"]
        lines.append(
            f"edges {1e3 * self.quality.h_min:.2g} to {1e3 * self.quality.h_max:.3g} mm; worst radius ratio "
            f"{self.quality.min_radius_ratio:.2f} (1 % below {self.quality.p01_radius_ratio:.2f}), smallest dihedral "
            f"angle {self.quality.min_dihedral_deg:.1f} degrees"
        )
        lines += [f"region {r.name}: {r.tissue}, {r.volume_ml:.4g} ml, {r.cells} cells" for r in self.regions]
        lines += [f"surface {s.name}: {s.kind}, {s.area_mm2:.4g} mm2, {s.facets} facets" for s in self.surfaces]
        lines += [f"organ {o.name}: {o.tissue}, {o.vertices} vertices" for o in self.organs]
        lines += [
            f"probe {p.name}: ({', '.join(f'{x:.4g}' for x in p.point_mm)}) mm, in {p.inside}" for p in self.probes
        ]
        lines += [f"{c.first} - {c.second}: {c.distance_mm:.3g} mm apart" for c in self.clearances]
        return "\n".join([*lines, str(self.cost)])


def describe(
    case: Case,
    arrays: MeshArrays,
    names: tuple[tuple[NamedRegion, ...], tuple[NamedSurface, ...]],
    quality: MeshQuality,
    key: str,
    plan: ScenePlan | None,
    ranks: int,
) -> SceneDescription:
    """Measures of a mesh by its names, and its cost on ``ranks`` ranks; ``plan`` None: a given mesh, where distances
    are not known."""
    axis = None if plan is None else plan.axis
    if axis is None:
        volumes, areas, kind = np.abs(signed_volumes(arrays.points, arrays.cells)), _areas(arrays), "tetrahedra"
    else:
        places, kind = axis.coordinates(arrays.points), "triangles in the half-plane of the axis"
        volumes, areas = swept_volumes(places, arrays.cells), swept_areas(places, arrays.facets)
    regions = []
    for region in names[0]:
        cells = arrays.cell_tags == region.tag
        volume = 1e6 * float(volumes[cells].sum())
        regions.append(RegionDescription(region.name, region.tissue.title, volume, int(cells.sum())))
    surfaces = []
    for surface in names[1]:
        facets = arrays.facet_tags == surface.tag
        area = 1e6 * float(areas[facets].sum())
        surfaces.append(SurfaceDescription(surface.name, surface.kind, area, int(facets.sum())))
    clearances = () if plan is None else tuple(_clearances(case, plan))
    organs = tuple(_organ(organ, arrays, names[0]) for organ in case.organs)
    probes = tuple(
        ProbeDescription(probe.name, tuple(1e3 * x for x in probe.point), _around(case, probe))
        for probe in case.output.probes
    )
    cost = expected_cost(case, arrays, ranks)
    found = (tuple(regions), tuple(surfaces), clearances, quality, key, organs, probes, cost, kind)
    return SceneDescription(case.title, *found)


def _organ(organ: Organ, arrays: MeshArrays, regions: tuple[NamedRegion, ...]) -> OrganDescription:
    if isinstance(organ.geometry, Region):
        tags = [region.tag for region in regions if region.name == organ.geometry.region]
        vertices = len(np.unique(arrays.cells[np.isin(arrays.cell_tags, tags)]))
    else:
        vertices = int(shapes.contains(organ.geometry, arrays.points).sum())
    return OrganDescription(organ.name, "tissue around it" if organ.tissue is None else organ.tissue.title, vertices)


def _around(case: Case, probe: Probe) -> str:
    """The target or organ that a probe lies in, where its shape is known."""
    for part in (*case.targets, *case.organs):
        if not isinstance(part.geometry, Region) and shapes.contains(part.geometry, np.array([probe.point]))[0]:
            return part.name
    return "the body"


def _clearances(case: Case, plan: ScenePlan) -> Iterator[Clearance]:
    """Of every vessel from every applicator and every target."""
    for tree in plan.vessels:
        for number, applicator in enumerate(case.applicators):
            distance = min(wire_to_vessel(wire, tree)[0] for wire in plan.wires if wire.owner == number)
            yield Clearance(applicator.name, tree.name, 1e3 * distance)
        for number, target in enumerate(case.targets):
            yield Clearance(target.name, tree.name, 1e3 * target_to_vessel(case, number, tree))


def _areas(arrays: MeshArrays) -> np.ndarray:
    a, b, c = np.moveaxis(arrays.points[arrays.facets], 1, 0)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
