"""A mesh that the user brings: its groups become regions, electrodes and surfaces by name.

Where groups overlap, the one with more to say wins: meshed electrodes, fixed temperatures, targets, organs, regions
with a tissue, all others. Cells in no group are ``body``. Targets and organs given as shapes take the cells whose
centres lie inside. A surface group that the case does not mention insulates: no heat, no current.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pennes.case.bodies import MeshBody
from pennes.case.checks import meant, pole_names
from pennes.case.models import Applicator, Case, Region
from pennes.errors import InputError, nearest_name
from pennes.library.devices import Cooling
from pennes.scene import shapes
from pennes.scene.arrays import (
    MeshArrays,
    MeshQuality,
    exterior_facets,
    facet_keys,
    ordered,
    quality,
    refined,
    signed_volumes,
)
from pennes.scene.mesh_files import GroupedMesh, read_mesh
from pennes.scene.names import NamedRegion, NamedSurface
from pennes.scene.vascular import vessel_tree

METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}
SMALLEST, LARGEST = 5e-3, 3.0
"""Widths in m between which a mesh can be one of a body."""


@dataclass(frozen=True)
class GivenNames:
    """Names of regions and surfaces with their tags."""

    regions: tuple[tuple[str, int], ...]
    surfaces: tuple[tuple[str, int], ...]

    def named(self, case: Case) -> tuple[tuple[NamedRegion, ...], tuple[NamedSurface, ...]]:
        """Regions and surfaces with all that the case says of them."""
        return (
            tuple(_region(case, name, tag) for name, tag in self.regions),
            tuple(_surface(case, name, tag) for name, tag in self.surfaces),
        )


def load_given_mesh(case: Case) -> tuple[MeshArrays, GivenNames, MeshQuality, str]:
    """The whole mesh of a case with a mesh of its own, in this process alone. Raises InputError, naming the group and
    the groups that exist, where case and mesh do not fit together."""
    body = case.body
    path = Path(body.mesh)
    mesh = read_mesh(path)
    mesh.points *= METRES[body.length_unit]
    _plausible(mesh, body)
    _groups_exist(case, mesh)
    cell_tags, regions = _cell_tags(case, mesh)
    facets, facet_tags, surfaces = _facet_tags(case, mesh)
    arrays = ordered(MeshArrays(mesh.points, mesh.cells, cell_tags, facets, facet_tags))
    for _ in range(case.accuracy.refinements):
        arrays = refined(arrays)
    settings = f"{body.length_unit} {regions} {surfaces} {case.accuracy.refinements}"
    key = hashlib.sha256(path.read_bytes() + settings.encode()).hexdigest()
    return arrays, GivenNames(regions, surfaces), quality(arrays), key


def _plausible(mesh: GroupedMesh, body: MeshBody) -> None:
    width = float(np.ptp(mesh.points[np.unique(mesh.cells)], axis=0).max())
    if not SMALLEST <= width <= LARGEST:
        raise InputError(
            f"the mesh is {1e3 * width:.3g} mm wide if its unit is '{body.length_unit}'",
            key="body.length_unit",
            expected="m | cm | mm, whichever the file is in",
        )
    volumes = np.abs(signed_volumes(mesh.points, mesh.cells))
    if flat := int((volumes < 1e-12 * volumes.max()).sum()):
        raise InputError(f"{flat} tetrahedra of the mesh have no volume", key="body.mesh")


def _groups_exist(case: Case, mesh: GroupedMesh) -> None:
    """Every group that the case names is in the mesh."""
    body = case.body
    volumes, facets = list(mesh.cell_groups), list(mesh.facet_groups)
    outer = [] if "outer" in facets else ["outer"]

    def demand(name: str, known: Iterable[str], key: str, kind: str) -> None:
        known = list(known)
        if name not in known:
            raise InputError(
                f"the mesh has no {kind} group '{name}'",
                key=key,
                expected="one of " + ", ".join(known) if known else f"a mesh with {kind} groups; this one has none",
                nearest=nearest_name(name, known),
            )

    for name in body.regions:
        demand(name, volumes, f"body.regions.{name}", "volume")
    for name in body.fixed_temperature:
        demand(name, volumes + facets, f"body.fixed_temperature.{name}", "volume or surface")
    for name in body.electrodes:
        demand(name, volumes + facets, f"body.electrodes.{name}", "volume or surface")
    for number, name in enumerate(body.outer):
        demand(name, facets, f"body.outer.{number}", "surface")
    for number, name in enumerate(body.ground):
        demand(name, facets + outer, f"body.ground.{number}", "surface")
    for kind in ("targets", "organs"):
        for number, part in enumerate(getattr(case, kind)):
            if isinstance(part.geometry, Region):
                demand(part.geometry.region, volumes, f"{kind}.{number}.region", "volume")
    for number, vessel in enumerate(case.vessels):
        if vessel_tree(vessel, number) is not None and f"{vessel.name}/wall" not in facets:
            demand(vessel.name, facets, f"vessels.{number}.name", "surface")


def _pole(case: Case, group: str) -> str | None:
    """The full name, "applicator.pole", of the pole that a group is; None for other groups."""
    given = case.body.electrodes.get(group)
    return None if given is None else meant(given, pole_names(case))[0]


def _cell_tags(case: Case, mesh: GroupedMesh) -> tuple[np.ndarray, tuple[tuple[str, int], ...]]:
    """Tag (m,) of each cell, and the names of the tags in use."""
    body = case.body
    masks = dict(mesh.cell_groups)
    centres = mesh.points[mesh.cells].mean(axis=1)
    for part in (*case.organs, *case.targets):
        if not isinstance(part.geometry, Region) and part.tissue is not None:
            if part.name in masks:
                raise InputError(f"'{part.name}' is also the name of a group of the mesh", key=f"name of {part.name}")
            masks[part.name] = shapes.contains(part.geometry, centres)
            if not masks[part.name].any():
                raise InputError(f"no cell of the mesh lies in '{part.name}'", key=part.name)

    def rank(name: str) -> int:
        if name in body.electrodes:
            return 5
        if name in body.fixed_temperature:
            return 4
        if _target_of(case, name) is not None:
            return 3
        if _organ_tissue(case, name) is not None:
            return 2
        return 1 if name in body.regions else 0

    tags = np.ones(len(mesh.cells), dtype=np.int64)
    names = ["body", *sorted(masks, key=rank)]
    for number, name in enumerate(names[1:], start=2):
        tags[masks[name]] = number
    used = np.unique(tags)
    for target in case.targets:
        name = target.geometry.region if isinstance(target.geometry, Region) else target.name
        if names.index(name) + 1 not in used:
            raise InputError(f"every cell of the group '{name}' belongs to another group too", key="body.regions")
    return tags, tuple((names[tag - 1], int(tag)) for tag in used)


def _facet_tags(case: Case, mesh: GroupedMesh) -> tuple[np.ndarray, np.ndarray, tuple[tuple[str, int], ...]]:
    """Named facets (k, 3), their tags (k,), and the names of the tags in use."""
    body = case.body
    walls = {name for vessel in case.vessels for name in (vessel.name, f"{vessel.name}/wall")}

    def rank(name: str) -> int:
        members = (body.outer, walls, body.fixed_temperature, body.electrodes)
        return max((number for number, group in enumerate(members, start=1) if name in group), default=0)

    names = sorted(mesh.facet_groups, key=rank)
    tags = np.zeros(len(mesh.facets), dtype=np.int64)
    for number, name in enumerate(names, start=2):
        tags[mesh.facet_groups[name]] = number
    facets, tags = mesh.facets[tags > 0], tags[tags > 0]
    if not body.outer and "outer" not in names:
        exterior = exterior_facets(mesh.cells)
        keys = facet_keys(np.concatenate([exterior, facets]))
        bare = exterior[~np.isin(keys[: len(exterior)], keys[len(exterior) :])]
        facets, tags = np.concatenate([facets, bare]), np.concatenate([tags, np.ones(len(bare), np.int64)])
    # A facet given twice would be counted twice.
    _, first = np.unique(facet_keys(facets)[::-1], return_index=True)
    kept = np.sort(len(facets) - 1 - first)
    used = [int(tag) for tag in np.unique(tags)]
    return facets[kept], tags[kept], tuple((["outer", *names][tag - 1], tag) for tag in used)


def _region(case: Case, name: str, tag: int) -> NamedRegion:
    body, target = case.body, _target_of(case, name)
    tissue = body.regions.get(name, body.tissue)
    if (organ := _organ_tissue(case, name)) is not None:
        tissue = organ
    if target is not None:
        tissue = target.tissue
    return NamedRegion(
        name,
        tag,
        tissue,
        target=None if target is None else target.name,
        pole=_pole(case, name),
        fixed_temperature=body.fixed_temperature.get(name),
    )


def _surface(case: Case, name: str, tag: int) -> NamedSurface:
    body = case.body
    if (pole := _pole(case, name)) is not None:
        applicator = next(a for a in case.applicators if pole.startswith(f"{a.name}."))
        cooling = _cooling(applicator)
        fixed = body.fixed_temperature.get(name)
        return NamedSurface(name, tag, "electrode", applicator.name, pole, cooling, fixed_temperature=fixed)
    if name in body.fixed_temperature:
        return NamedSurface(name, tag, "fixed", fixed_temperature=body.fixed_temperature[name])
    for vessel in case.vessels:
        if name in (vessel.name, f"{vessel.name}/wall"):
            return NamedSurface(name, tag, "wall", vessel=vessel.name)
    if name in body.outer or (not body.outer and name == "outer"):
        return NamedSurface(name, tag, "outer")
    return NamedSurface(name, tag, "insulation")


def _cooling(applicator: Applicator) -> Cooling | None:
    """Cooling of the device's first cooled shaft."""
    return next((shaft.cooling for shaft in applicator.device.shafts if shaft.cooling is not None), None)


def _target_of(case: Case, name: str):
    """The target that a group, or its own shape, is."""
    for target in case.targets:
        geometry = target.geometry
        if (geometry.region if isinstance(geometry, Region) else target.name) == name:
            return target
    return None


def _organ_tissue(case: Case, name: str):
    """Tissue of the organ that a group, or its own shape, is; None where it keeps the tissue around it."""
    for organ in case.organs:
        geometry = organ.geometry
        if (geometry.region if isinstance(geometry, Region) else organ.name) == name:
            return organ.tissue
    return None
