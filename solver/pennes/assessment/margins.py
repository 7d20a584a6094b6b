"""Margins between label maps (or surfaces) of tumours and of ablation zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pennes.assessment import segments
from pennes.assessment.segments import Segment, Source
from pennes.imaging import LabelMap
from pennes.margin import Sampling, Surface, check_required, compare, direction_words, margins_to, subcapsular
from pennes.margin.statistics import SUBCAPSULAR_DEPTH

MILLIMETRE = 1e-3
FINE = Sampling(spacing=None, tolerance=5e-5, lattice=20)
"""For surfaces from voxels: their triangles are as fine as what is known of them."""


@dataclass(frozen=True)
class Needle:
    """Entry and tip of a needle (3,) in m, LPS."""

    entry: NDArray[np.float64]
    tip: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TargetMargins:
    """One tumour: its ``segment``, the signed margin (n,) in m at the points of its surface, nan where that is left
    out, and its summary."""

    segment: Segment
    margins: NDArray[np.float64]
    summary: dict[str, Any]


@dataclass(frozen=True, eq=False)
class MarginReport:
    """``summary`` as plain data for JSON: that of the tumour with the smallest margin, and all of them in
    ``targets``; ``targets`` with their surfaces; the ``zone``."""

    summary: dict[str, Any]
    targets: tuple[TargetMargins, ...]
    zone: Segment


def measure(
    target: Sequence[Source],
    zone: Sequence[Source],
    organ: Source | None = None,
    required_mm: float = 5.0,
    needle: Needle | None = None,
    vessels: Source | None = None,
) -> MarginReport:
    """Signed margins of the union of all zones around every tumour.

    With the ``organ`` (the liver without or with its tumours), surface within 5 mm of its capsule is left out of the
    statistics and reported apart. The worst point is described relative to the ``needle`` and the nearest of the
    ``vessels`` where they are given. Raises InputError for files that cannot be used, tumours outside the organ and
    an impossible required margin.
    """
    check_required(required_mm)
    found, notes = [], []
    for source in target:
        more, words = segments.targets(source)
        found += more
        notes += words
    whole, zones, words = segments.union(zone, "zone")
    notes += words
    organ_segment = None
    if organ is not None:
        organ_segment, words = _organ(organ)
        notes += words
    tubes = [] if vessels is None else _vessel_points(vessels)
    margins = margins_to(whole.surface)
    results = []
    for tumour in found:
        capsule = None
        if organ_segment is not None:
            capsule = segments.capsule_near(organ_segment, tumour, found, SUBCAPSULAR_DEPTH)
        sampling = FINE if tumour.grid is not None else None
        comparison = compare(tumour.surface, whole.surface, capsule, required_mm, sampling, margins)
        at_points = margins(tumour.surface.points)[0]
        if capsule is not None and not capsule.is_empty:
            at_points = np.where(subcapsular(tumour.surface.points, capsule), np.nan, at_points)
        summary = {"name": tumour.name, **comparison.summary}
        _state_error(summary, tumour, whole, comparison.smallest)
        summary["worst_direction"] = _direction(tumour, comparison.smallest, needle, tubes)
        results.append(TargetMargins(tumour, at_points, summary))
    return MarginReport(_together(results, whole, zones, notes), tuple(results), whole)


def _organ(source: Source) -> tuple[Segment, list[str]]:
    loaded = segments.load(source)
    if isinstance(loaded, Surface):
        return Segment(source.path.stem, loaded), []
    names = source.labels
    if not names and any(loaded.name(n).lower() == "liver" for n in loaded.present):
        names = ("liver",)
    # The capsule is made near each tumour alone, from the mask.
    nothing = Surface(np.zeros((0, 3)), np.zeros((0, 3), dtype=int))
    return Segment("organ", nothing, loaded.grid, loaded.mask(names or None)), list(loaded.notes)


def _vessel_points(source: Source) -> list[tuple[str, NDArray[np.float64]]]:
    """Name and wall points (n, 3) in m of every vessel label."""
    loaded = segments.load(source)
    if isinstance(loaded, Surface):
        return [(source.path.stem, loaded.points)]
    assert isinstance(loaded, LabelMap)
    numbers = [loaded.number(name) for name in source.labels] or list(loaded.present)
    return [
        (loaded.name(number), segments.surface_of(loaded.labels == number, loaded.grid).points) for number in numbers
    ]


def _state_error(summary: dict[str, Any], tumour: Segment, zone: Segment, smallest) -> None:
    """Add what the voxels leave open to the error of the minimal margin."""
    if tumour.grid is None and zone.grid is None:
        return
    direction = None
    if smallest is not None:
        offset = np.subtract(smallest.nearest, smallest.point)
        length = float(np.linalg.norm(offset))
        direction = offset / length if length > 0.2 * max(s.half_voxel(None) for s in (tumour, zone)) else None
    voxels = (tumour.half_voxel(direction) + zone.half_voxel(direction)) / MILLIMETRE
    error = summary["error"]
    if error["minimal_margin_mm"] is not None:
        error["minimal_margin_mm"] += voxels
        if abs(summary["minimal_margin_mm"] - summary["required_margin_mm"]) <= voxels:
            summary["warnings"].append("the minimal margin is within the voxel error of the required one")
    error["voxel_mm"] = voxels
    error["statement"] = (
        f"Voxel error of the minimal margin: at most {voxels:.2g} mm, half a voxel of each map along the direction of "
        "the worst point (surfaces are interpolated and usually much closer); errors of segmentation and registration "
        "come on top."
    )


def _direction(tumour: Segment, smallest, needle: Needle | None, tubes: list) -> str | None:
    """The worst point in words: by the patient's axes, the needle and the nearest vessel."""
    if smallest is None:
        return None
    worst, centre = np.array(smallest.point), tumour.surface.points.mean(axis=0)
    near = []
    for name, points in tubes:
        near.append((name, points[cKDTree(points).query(worst)[1]]))
    words = [anatomical(worst - centre)]
    if needle is not None:
        words.append(direction_words(worst, centre, needle.tip, needle.tip - needle.entry, near))
    elif near:
        distances = [(float(np.linalg.norm(point - worst)), name) for name, point in near]
        words.append(f"nearest vessel {min(distances)[1]}, {min(distances)[0] / MILLIMETRE:.1f} mm from it")
    return ", ".join(word for word in words if word)


def anatomical(offset: NDArray[np.float64]) -> str:
    """A direction (3,) in LPS as a radiologist names it, the largest part first."""
    names = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))
    length = float(np.linalg.norm(offset))
    if length == 0:
        return ""
    order = [axis for axis in np.argsort(-np.abs(offset)) if abs(offset[axis]) > 0.38 * length]
    return "-".join(names[axis][int(offset[axis] > 0)] for axis in order) + " of the tumour's centre"


def _together(results: list[TargetMargins], whole: Segment, zones: list[Segment], notes: list[str]) -> dict[str, Any]:
    def margin(result: TargetMargins) -> float:
        value = result.summary["minimal_margin_mm"]
        return np.inf if value is None else value

    worst = min(results, key=margin)
    summary = {key: value for key, value in worst.summary.items() if key != "warnings"}
    many = len(results) > 1
    return {
        **summary,
        "frame": None if whole.grid is None and worst.segment.grid is None else "LPS",
        "achieved": all(result.summary["achieved"] for result in results),
        "zones": [{"name": one.name, "volume_ml": one.surface.volume * 1e6} for one in zones],
        "targets": [{key: value for key, value in result.summary.items() if key != "zone"} for result in results],
        "warnings": [
            *notes,
            *(
                f"{result.segment.name}: {text}" if many else text
                for result in results
                for text in result.summary["warnings"]
            ),
        ],
    }
