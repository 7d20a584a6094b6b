"""What a finished treatment means: margins of every target, the zone, and the blocks of the summary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from dolfinx.mesh import entities_to_geometry
from mpi4py import MPI
from scipy.spatial import cKDTree

from pennes.case.models import Case, Region, Target
from pennes.margin import (
    MarginStatistics,
    Surface,
    capped,
    direction_words,
    margin_statistics,
    merge_points,
    signed_margins,
    zone_diameters,
)
from pennes.scene import Domain, MeshQuality, shapes
from pennes.treatment.contraction import contracted, contracted_volumes, displacement
from pennes.treatment.loop import Loop
from pennes.treatment.zone import ZoneMeasure
from pennes.vessel import HeatSink

#: Edge length of the target surface on which margins are sampled.
SAMPLE_EDGE = 8e-4
#: m; facets whose middles are nearer are one.
SAME_PLACE = 1e-8


@dataclass(frozen=True)
class TargetFinding:
    """Margins (n,) at the points of a target's ``surface``, nan where metal or a vessel takes its place, and their
    statistics."""

    surface: Surface
    margins: np.ndarray
    statistics: MarginStatistics
    covered: float


def target_surface(target: Target, domain: Domain) -> Surface:
    """The target's surface, fine enough for margins; the same on every rank."""
    if isinstance(target.geometry, Region):
        return _across_metal(domain.region_surface(target.geometry.region), domain)
    return shapes.triangulate(target.geometry, SAMPLE_EDGE)


def _across_metal(surface: Surface, domain: Domain) -> Surface:
    """A region's surface without the walls of the needles in it, closed across the metal (collective).

    Metal is taken out of the mesh: its walls bound the region's cells, but not the target.
    """
    mesh = domain.mesh
    metal = [domain.facet_tags.find(s.tag) for s in domain.surfaces if s.kind in ("electrode", "insulation")]
    facets = np.unique(np.concatenate([*metal, np.empty(0, np.int32)]))
    corners = mesh.geometry.x[entities_to_geometry(mesh, mesh.topology.dim - 1, facets)]
    walls = np.concatenate(mesh.comm.allgather(corners.reshape(-1, 3, 3).mean(axis=1)))
    if not len(walls):
        return surface
    middles = surface.corners.mean(axis=1)
    kept = cKDTree(walls).query(middles)[0] > SAME_PLACE
    return capped(merge_points(surface.points, surface.triangles[kept]))


def target_finding(
    target: Target, surface: Surface, domain: Domain, zone: ZoneMeasure, boundary, level: np.ndarray
) -> TargetFinding:
    """Signed margins of one target for a level function (n_local,) whose zone surface is ``boundary`` (this rank's)."""
    inside = domain.locate(surface.points).evaluate(level)
    outside_tissue = np.isnan(inside)
    margins = signed_margins(zone.distance(boundary, surface.points), np.nan_to_num(inside, nan=-1.0) > 0.0)
    statistics = margin_statistics(
        surface.points[~outside_tissue],
        surface.vertex_areas[~outside_tissue],
        margins[~outside_tissue],
        target.margin,
    )
    margins = np.where(outside_tissue, np.nan, margins)
    return TargetFinding(surface, margins, statistics, zone.covered_fraction(target.name, level))


def nearest_vessel_points(sinks: list[HeatSink], point: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The point of each vessel's wall that is nearest to ``point`` (3,)."""
    return [(sink.name, sink.nearest_wall_point(point)) for sink in sinks if sink.kind == "vessel"]


def target_block(case: Case, target: Target, finding: TargetFinding, zone: ZoneMeasure, sinks: list[HeatSink]) -> dict:
    """One entry of the summary's ``targets``."""
    statistics = finding.statistics
    worst, words = statistics.worst_point, None
    if worst is not None:
        applicator = case.applicators[0]
        words = direction_words(
            worst,
            finding.surface.points.mean(axis=0),
            applicator.tip,
            applicator.direction,
            nearest_vessel_points(sinks, np.asarray(worst)),
            around=case.body.form == "axisymmetric",
        )
    return {
        "name": target.name,
        "volume_ml": zone.target_volume(target.name) * 1e6,
        "required_margin_mm": target.margin * 1e3,
        "minimal_margin_mm": _millimetres(statistics.minimal_margin),
        "worst_point_mm": None if worst is None else tuple(1e3 * x for x in worst),
        "worst_direction": words,
        "covered_fraction": finding.covered,
        "surface_share": statistics.surface_share,
        "share_below_required": statistics.share_below_required,
        "mean_margin_mm": _millimetres(statistics.mean),
        "quartiles_mm": None if statistics.quartiles is None else tuple(1e3 * q for q in statistics.quartiles),
        "achieved": statistics.achieved,
    }


def label_blocks(domain: Domain) -> list[dict]:
    """The summary's ``labels``."""
    return [
        {
            "name": found.name,
            "kind": found.kind,
            "image_volume_ml": 1e6 * found.image_volume,
            "voxel_volume_ml": 1e6 * found.voxel_volume,
            "mesh_volume_ml": 1e6 * found.mesh_volume,
            "unmeshed_volume_ml": 1e6 * found.unmeshed_volume,
            "image_area_cm2": None if found.image_area is None else 1e4 * found.image_area,
            "mesh_area_cm2": None if found.mesh_area is None else 1e4 * found.mesh_area,
            "surface_rms_mm": _millimetres(found.surface_rms),
        }
        for found in domain.labels
    ]


def mesh_block(quality: MeshQuality) -> dict:
    """The summary's ``mesh``."""
    return {
        "vertices": quality.vertices,
        "cells": quality.cells,
        "h_min_mm": 1e3 * quality.h_min,
        "h_max_mm": 1e3 * quality.h_max,
        "quality": {
            "min_dihedral_deg": quality.min_dihedral_deg,
            "min_radius_ratio": quality.min_radius_ratio,
            "p01_radius_ratio": quality.p01_radius_ratio,
        },
    }


def generator_block(loop: Loop) -> dict:
    """The summary's ``generator``."""
    counters, events = loop.counters, loop.controller.events
    ends = [event.time for event in events if event.kind == "end"]
    duration = ends[0] if ends else loop.state.time
    return {
        "energy_delivered_j": counters.energy_delivered,
        "mean_power_w": counters.energy_delivered / duration if duration > 0 else 0.0,
        "max_power_w": counters.max_power,
        "impedance_start_ohm": counters.impedance_start,
        "impedance_min_ohm": counters.impedance_min,
        "impedance_end_ohm": counters.impedance_end,
        "on_time_s": counters.on_time,
        "roll_offs": sum(event.kind == "roll_off" for event in events),
        "events": [{"time_s": e.time, "kind": e.kind, "message": e.message} for e in events],
    }


def energy_block(loop: Loop) -> dict:
    """The summary's ``energy``."""
    audit = loop.audit
    return {
        "deposited_j": audit.deposited,
        "stored_j": audit.stored,
        "perfusion_j": audit.perfusion,
        "vessels_j": audit.vessels,
        "surface_j": audit.surface,
        "applicator_cooling_j": audit.applicator_cooling,
        "residual_fraction": max(audit.worst_residual, audit.residual_fraction),
    }


def zone_block(case: Case, volume_ml: float, whole: Surface | None, comm, after: dict | None) -> dict:
    """The summary's ``zone``, from the surface on rank 0; ``after`` is its size after contraction."""
    diameters = None
    if whole is not None and not whole.is_empty:
        diameters = tuple(1e3 * d for d in zone_diameters(whole.points, case.applicators[0].direction))
    return {
        "criterion": case.death.criterion,
        "volume_ml": volume_ml,
        "diameters_mm": comm.bcast(diameters),
        "after_contraction": after,
    }


def contraction_block(
    case: Case, domain: Domain, zone: ZoneMeasure, strain: np.ndarray, level: np.ndarray, whole: Surface | None
) -> dict | None:
    """Size of the zone {``level`` > 0} as it would be measured after the treatment, from the tissue's contraction
    ``strain`` (n_local,) and the zone's surface on rank 0 (collective); None where there is no zone."""
    elements, comm = zone.elements, zone.elements.comm
    whole = comm.bcast(None if whole is None or whole.is_empty else whole)
    if whole is None:
        return None
    outer = [domain.facet_tags.find(s.tag) for s in domain.surfaces if s.kind in ("outer", "free")]
    fixed = elements.nodes_of(domain.facet_tags.dim, np.concatenate([*outer, np.empty(0, np.int32)]))
    places = elements.points if domain.axis is None else domain.axis.coordinates(elements.points)
    moved = displacement(elements, places, strain, fixed)
    after = contracted(whole, domain, moved)
    return {
        "volume_ml": 1e6 * zone.volume(level, contracted_volumes(elements, places, moved)),
        "diameters_mm": tuple(1e3 * d for d in zone_diameters(after.points, case.applicators[0].direction)),
        "largest_strain": comm.allreduce(float(strain.max(initial=0.0)), op=MPI.MAX),
    }


def _millimetres(length: float | None) -> float | None:
    return None if length is None else 1e3 * length
