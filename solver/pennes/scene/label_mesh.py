"""A mesh of a patient's label map: needles by the mesher of parametric scenes, label surfaces cut in, cells optimised.

The box around targets and metal is meshed with the metal taken out and edges as fine as the surfaces need; it is then
cut along the smooth surfaces of vessels (whose lumen is taken out), tissues and targets, in such a way that each keeps
its volume, and the worst cells are made better; where that is not enough MMG takes over.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from pennes.case.bodies import Box, LabelBody
from pennes.case.models import Case
from pennes.errors import InputError
from pennes.imaging import Grid, LabelMap, clean, named, read_label_map
from pennes.imaging.hydrodissection import FLUID, Layer, add_layer
from pennes.scene.arrays import MeshArrays, MeshQuality, ordered, quality, refined, signed_volumes
from pennes.scene.cutting import cut_along, hollowed
from pennes.scene.improving import improved, worst_ratio
from pennes.scene.label_comparison import compared_region, compared_vessel, enclosed_volume, judged
from pennes.scene.label_fields import LabelField, label_fields
from pennes.scene.mesher import make_mesh
from pennes.scene.names import LabelComparison, NamedRegion, NamedSurface
from pennes.scene.plan import ScenePlan, make_plan, make_recipe
from pennes.scene.refusals import refuse_impossible
from pennes.scene.relaxing import relaxed
from pennes.scene.thin_vessels import ThinVessel, thin_vessel
from pennes.scene.volume_keeping import volume_kept

NEAR = (0.25, 0.28, 0.2, 0.22)
"""See ``cutting.NEAR``; tried in this order until no cell has a radius ratio below ``GOOD_RATIO``."""
WANTED_RATIO, GOOD_RATIO = 0.06, 0.03
"""Cells below the first are made better; with the second a mesh is taken."""


@dataclass(frozen=True)
class LabelNames:
    """Regions and surfaces of the mesh, how it compares with the image, and what the user should know."""

    regions: tuple[tuple[str, int], ...]
    """Names and tags."""
    surfaces: tuple[NamedSurface, ...]
    comparison: tuple[LabelComparison, ...]
    notes: tuple[str, ...]
    grid: Grid
    thin: tuple[ThinVessel, ...]
    """Vessels too thin for the mesh."""

    def named(self, case: Case) -> tuple[tuple[NamedRegion, ...], tuple[NamedSurface, ...]]:
        """Regions and surfaces with all that the case says of them."""
        return tuple(_region(case, name, tag) for name, tag in self.regions), self.surfaces


def _region(case: Case, name: str, tag: int) -> NamedRegion:
    """The body, a target, a tissue or an organ, by its label."""
    for target in case.targets:
        if target.geometry.region == name:
            return NamedRegion(name, tag, target.tissue, target=target.name)
    organs = {organ.geometry.region: organ.tissue for organ in case.organs}
    tissue = case.body.tissues.get(name) or organs.get(name) or case.body.tissue
    return NamedRegion(name, tag, tissue)


def load_label_map(case: Case) -> LabelMap:
    """The cleaned map; what cleaning did is among its notes. Vessels and organs may be thin: they keep their islands.

    Raises InputError.
    """
    body: LabelBody = case.body
    found = named(read_label_map(body.labels, body.reference), body.table)
    for number, layer in enumerate(body.hydrodissection):
        try:
            found = add_layer(found, Layer(layer.organ, layer.thickness, layer.away_from))
        except InputError as error:
            error.key = f"body.hydrodissection.{number}"
            raise
    thin = [vessel.label for vessel in body.vessels] + [organ.geometry.region for organ in case.organs]
    thin += [FLUID] if body.hydrodissection else []
    cleaned = clean(found, keep=thin)
    changes = tuple(change for change in cleaned.changes if "touch" not in change)
    return LabelMap(found.grid, cleaned.labels.labels, found.names, (*found.notes, *changes), found.source)


def load_label_mesh(case: Case) -> tuple[MeshArrays, LabelNames, MeshQuality, str]:
    """The whole mesh of a case whose body is a label map, in this process alone.

    Raises InputError for labels that do not exist, needles in vessels, and a mesh that differs from the image by more
    than the tolerances.
    """
    labels = load_label_map(case)
    whole = whole_mesh(case, labels)
    box, plan, fields = whole.box, whole.plan, whole.fields
    cut = _best_cut(case, whole)
    mesh, regions, surfaces = cut.mesh, list(cut.regions), cut.surfaces
    tags = {region.name: region.tag for region in regions}
    walls = {surface.vessel: surface.tag for surface in surfaces if surface.kind == "wall"}
    comparison = [
        compared_vessel(field, mesh, cut.lumens[field.name], walls[field.name], box)
        if field.kind == "vessel"
        else compared_region(field, mesh, tags[field.name], box, plan)
        for field in fields
    ]
    mesh = _tag_organs(case, labels, mesh, regions)
    for _ in range(case.accuracy.refinements):
        mesh = refined(mesh)
    thin = _thin_vessels(case, fields, box)
    words = tuple(
        f"'{part.tree.name}': {1e3 * part.network_length:.0f} mm of centrelines are modelled as a network, not meshed "
        f"(body.smallest_vessel: {1e3 * case.body.smallest_vessel:g} mm)"
        for part in thin
    )
    notes = (*labels.notes, *words, *judged(comparison, case.body.accept_differences))
    names = LabelNames(
        tuple((r.name, r.tag) for r in regions), tuple(surfaces), tuple(comparison), notes, labels.grid, thin
    )
    digest = hashlib.sha256(mesh.points.tobytes() + mesh.cells.tobytes() + mesh.cell_tags.tobytes()).hexdigest()
    return mesh, names, quality(mesh), digest


@dataclass(frozen=True, eq=False)
class WholeMesh:
    """Before the labels are cut in: the simulated box, what stands in it, the smooth surfaces of the labels, and the
    mesh of the box without its metal, its edges as fine as these surfaces need."""

    box: Box
    plan: ScenePlan
    fields: list[LabelField]
    mesh: MeshArrays


def whole_mesh(case: Case, labels: LabelMap) -> WholeMesh:
    """Raises InputError for labels that do not exist and needles in vessels."""
    box, plan = _plan(case, labels)
    fields = label_fields(case, labels, box)
    _needles_clear_of_vessels(plan, fields)
    recipe = make_recipe(_parametric(case, box), plan)
    recipe["refinements"] = 0
    tumours = cKDTree(labels.grid.points(np.argwhere(labels.mask([t.geometry.region for t in case.targets]))))
    recipe["sizes"] += [source for field in fields for source in field.sizes(case, tumours)]
    return WholeMesh(box, plan, fields, make_mesh(recipe))


@dataclass(frozen=True, eq=False)
class _Cut:
    """A mesh cut along all fields, and the ``lumens`` in m3 that were taken out, by vessel."""

    mesh: MeshArrays
    regions: tuple[NamedRegion, ...]
    surfaces: tuple[NamedSurface, ...]
    lumens: dict[str, float]


def _best_cut(case: Case, whole: WholeMesh) -> _Cut:
    """The mesh cut along all fields, with the first way of snapping that leaves no bad cell, else the best."""
    best = None
    for near in NEAR:
        cut = _bettered(_cut(case, whole, near))
        worst = worst_ratio(cut.mesh)
        if best is None or worst > best[0]:
            best = worst, cut
        if worst >= GOOD_RATIO:
            return cut
    return replace(best[1], mesh=improved(best[1].mesh))


def _bettered(cut: _Cut) -> _Cut:
    """Its worst cells relaxed; the lumens follow their walls."""
    before = ordered(cut.mesh)
    walls = {surface.vessel: surface.tag for surface in cut.surfaces if surface.kind == "wall"}
    after = relaxed(before, np.array(list(walls.values()), dtype=int), WANTED_RATIO)
    lumens = {
        vessel: cut.lumens[vessel] + enclosed_volume(before, tag) - enclosed_volume(after, tag)
        for vessel, tag in walls.items()
    }
    return replace(cut, mesh=after, lumens=lumens)


def _cut(case: Case, whole: WholeMesh, near: float) -> _Cut:
    regions, surfaces = [NamedRegion("body", 1, case.body.tissue)], list(whole.plan.surfaces)
    mesh, lumens = whole.mesh, {}
    for field in whole.fields:
        mesh, inside = cut_along(mesh, field.level, near)
        vessel = field.kind == "vessel"
        sign = np.sign(signed_volumes(mesh.points, mesh.cells))
        volume = field.smooth(whole.box).volume if vessel else None
        mesh = volume_kept(mesh, inside, field.level, hollow=vessel, volume=volume)
        if vessel:
            # Cells in the lumen may have been turned over: with their old orientation they still add up.
            lumens[field.name] = float((sign * signed_volumes(mesh.points, mesh.cells))[inside].sum())
            tag = 1 + max(surface.tag for surface in surfaces)
            surfaces.append(NamedSurface(f"{field.name}/wall", tag, "wall", vessel=field.name))
            mesh = hollowed(mesh, inside, tag)
            continue
        tag = 1 + max(region.tag for region in regions)
        regions.append(NamedRegion(field.name, tag, field.tissue, target=field.target))
        mesh = replace(mesh, cell_tags=np.where(inside, tag, mesh.cell_tags))
    return _Cut(mesh, tuple(regions), tuple(surfaces), lumens)


def _thin_vessels(case: Case, fields: list[LabelField], box: Box) -> tuple[ThinVessel, ...]:
    if case.body.network_from is None:
        return ()
    by_name = {field.name: field for field in fields if field.kind == "vessel"}
    found = (thin_vessel(vessel, by_name[vessel.label], box, case.body.network_from) for vessel in case.body.vessels)
    return tuple(part for part in found if part is not None)


def _parametric(case: Case, box: Box) -> Case:
    """The case with a plain box for a body: what the mesher of parametric scenes understands."""
    return case.model_copy(update={"body": box, "targets": (), "organs": (), "vessels": ()})


def _plan(case: Case, labels: LabelMap) -> tuple[Box, ScenePlan]:
    """The box around targets and bare metal, grown by the body's margin, and the applicators in it."""
    places = [labels.grid.points(np.argwhere(labels.mask([t.geometry.region]))) for t in case.targets]
    extent = np.concatenate(places)
    low, high = extent.min(axis=0), extent.max(axis=0)
    for _ in range(2):
        box = Box(
            shape="box", size=tuple(f"{x!r} m" for x in (high - low + 2 * case.body.margin).tolist()),
            centre=tuple(f"{x!r} m" for x in ((low + high) / 2).tolist()), tissue=case.body.tissue,
            blood=case.body.blood, temperature=f"{case.body.temperature} degC",
            surroundings=case.body.surroundings, ground=case.body.ground,
        )  # fmt: skip
        plan = make_plan(_parametric(case, box))
        for wire in plan.wires:
            for stretch in wire.stretches:
                if stretch.pole is not None:
                    metal = wire.path.part(stretch.first, stretch.last).sample(1e-3)
                    low, high = np.minimum(low, metal.min(axis=0)), np.maximum(high, metal.max(axis=0))
    refuse_impossible(_parametric(case, box), plan)
    return box, plan


def _needles_clear_of_vessels(plan: ScenePlan, fields: list[LabelField]) -> None:
    for field in fields:
        if field.kind != "vessel":
            continue
        for wire in plan.wires:
            centres, radii = wire.balls()
            depth = field.level(centres) + radii
            if depth.max() > 0:
                where = ", ".join(f"{1e3 * x:.1f}" for x in centres[int(depth.argmax())])
                raise InputError(
                    f"'{wire.part}' of '{wire.applicator}' runs into the {field.name} at ({where}) mm",
                    key=f"applicators.{wire.owner}.tip",
                    expected="a way that keeps clear of vessels",
                )


def _tag_organs(case: Case, labels: LabelMap, mesh: MeshArrays, regions: list[NamedRegion]) -> MeshArrays:
    """Organs at risk without a tissue of their own take the cells whose centres their label holds, or, thinner than
    the mesh, the cells nearest to their voxels."""
    tags = mesh.cell_tags.copy()
    centres = mesh.points[mesh.cells].mean(axis=1)
    index = np.round(labels.grid.indices(centres)).astype(int)
    within = ((index >= 0) & (index < labels.grid.shape)).all(axis=1)
    known = {region.name for region in regions}
    for organ in case.organs:
        name = organ.geometry.region
        if name in known:
            continue
        number = labels.number(name)
        inside = np.zeros(len(centres), dtype=bool)
        inside[within] = labels.labels[tuple(index[within].T)] == number
        inside &= tags == 1
        if not inside.any():
            voxels = labels.grid.points(np.argwhere(labels.labels == number))
            box = (voxels >= centres.min(axis=0)).all(axis=1) & (voxels <= centres.max(axis=0)).all(axis=1)
            if box.any():
                nearest = np.unique(cKDTree(centres).query(voxels[box])[1])
                inside[nearest] = tags[nearest] == 1
        if inside.any():
            tag = 1 + max(region.tag for region in regions)
            regions.append(NamedRegion(name, tag, organ.tissue or case.body.tissue))
            tags[inside] = tag
    return MeshArrays(mesh.points, mesh.cells, tags, mesh.facets, mesh.facet_tags)
