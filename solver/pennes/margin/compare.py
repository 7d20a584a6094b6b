"""Margins between two surfaces, and between two surface files: the work behind ``pennes margin``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pennes.errors import InputError
from pennes.margin.distance import DistanceField, Enclosure
from pennes.margin.extent import zone_diameters
from pennes.margin.files import MILLIMETRE, read_surface
from pennes.margin.minimum import Margins, SmallestMargin, margins_to, smallest_margin
from pennes.margin.shell import ShellCoverage, shell_coverage
from pennes.margin.statistics import SUBCAPSULAR_DEPTH, MarginStatistics, margin_statistics, signed_margins, subcapsular
from pennes.margin.surface import Surface, corner_areas

SPACING = 0.5e-3
"""m between samples of the target's surface, wider where the surface is so large that ``SAMPLES`` would be passed."""
SAMPLES = 100_000
LATTICE = 30
"""Intervals of the lattice on which volumes are measured, along the longest side of the target with its shell."""


def compare_surfaces(
    target: str | Path, zone: str | Path, organ: str | Path | None = None, required_mm: float = 5.0
) -> dict[str, Any]:
    """Signed margins of a zone around a target, from closed surface files in mm.

    With the surface of the ``organ``, what of the target lies within 5 mm of its capsule is left out of the
    statistics and reported apart. Returns plain numbers, text and None, ready for JSON; keys as in ``summary.json``
    where they mean the same. Raises InputError for files that cannot be used and for a required margin that is
    negative or not finite.
    """
    check_required(required_mm)
    found = compare(
        read_surface(target),
        read_surface(zone),
        None if organ is None else read_surface(organ),
        required_mm,
    )
    return found.summary


def check_required(required_mm: float) -> None:
    """Raises InputError for a required margin that is negative or not finite."""
    if not (np.isfinite(required_mm) and required_mm >= 0):
        raise InputError(
            f"{required_mm} mm cannot be a required margin", key="required margin", expected="0 mm or more"
        )


@dataclass(frozen=True)
class Sampling:
    """How finely two surfaces are compared."""

    spacing: float | None = SPACING
    """m between samples of the target's surface; None: its triangles as they are."""
    tolerance: float = 1e-5
    """m; how close to the true minimum over the surface the search goes."""
    lattice: int = LATTICE


@dataclass(frozen=True)
class Comparison:
    """``summary`` as plain data for JSON; ``smallest`` margin, None where all surface is left out."""

    summary: dict[str, Any]
    smallest: SmallestMargin | None


def compare(
    target: Surface,
    zone: Surface,
    organ: Surface | None = None,
    required_mm: float = 5.0,
    sampling: Sampling | None = None,
    margins: Margins | None = None,
) -> Comparison:
    """Signed margins of a closed ``zone`` around a closed ``target``; see ``compare_surfaces``.

    ``margins``: ``margins_to(zone)`` where several targets share it.
    """
    sampling = sampling or Sampling()
    margins = margins or margins_to(zone)
    if sampling.spacing is None:
        spacing, corners = float(np.sqrt(target.area / max(len(target.triangles), 1) / 0.4)), target.corners
        corners = corners[target.areas > 0]
    else:
        # A triangle of side s has about 0.4 s^2; no surface is sampled so finely that it takes minutes.
        spacing = max(sampling.spacing, float(np.sqrt(target.area / (0.4 * SAMPLES))))
        corners = target.subdivided(spacing)
    points = corners.mean(axis=1)
    excluded = np.zeros(len(points), dtype=bool) if organ is None else subcapsular(points, organ)
    required = required_mm * MILLIMETRE
    statistics = margin_statistics(points, corner_areas(corners), margins(points)[0], required, excluded)
    smallest = smallest_margin(corners[~excluded], margins, sampling.tolerance)
    if smallest is not None:
        statistics = replace(statistics, minimal_margin=smallest.margin, worst_point=smallest.point)
    covered = _coverage(target, margins, required, sampling.lattice)
    summary = {
        "required_margin_mm": float(required_mm),
        **_margins_in_mm(statistics, smallest),
        **_volumes(target, covered),
        "zone": {
            "volume_ml": zone.volume * 1e6,
            "diameters_mm": (zone_diameters(zone.points) / MILLIMETRE).tolist(),
        },
        "subcapsular": None if organ is None else _subcapsular_in_mm(statistics),
        "error": _error(smallest, spacing),
        "warnings": _warnings(statistics, covered, target, zone),
    }
    return Comparison(summary, smallest)


def _coverage(target: Surface, margins: Margins, width: float, lattice: int) -> ShellCoverage:
    """Volumes from signed distances on a lattice of tetrahedra around the target."""
    low, high = target.points.min(axis=0) - width, target.points.max(axis=0) + width
    step = (high - low).max() / lattice
    counts = np.ceil((high - low) / step).astype(int) + 2
    points, tets = tetrahedral_lattice(low - step, step, counts)
    distance = -signed_margins(DistanceField(target.points, target.triangles)(points)[0], Enclosure(target)(points))
    near = distance < width + 2 * step
    level = np.full(len(points), -np.inf)
    level[near] = margins(points[near])[0]
    return shell_coverage(points, tets[near[tets].all(axis=1)], distance, level, width)


def tetrahedral_lattice(
    origin: NDArray[np.float64], step: float, counts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points (n, 3) of a lattice with ``counts`` (3,) intervals and its cubes cut in six tetrahedra (t, 4) each."""
    nodes = counts + 1
    index = np.indices(nodes).reshape(3, -1).T
    first = np.ravel_multi_index(np.indices(counts).reshape(3, -1), nodes)
    strides = np.array([nodes[1] * nodes[2], nodes[2], 1])
    tets = []
    for path in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):  # Kuhn's: from corner to corner
        tets.append(first[:, None] + np.concatenate([[0], np.cumsum(strides[list(path)])]))
    return origin + step * index, np.concatenate(tets)


def _in_mm(length: float | None) -> float | None:
    return None if length is None else length / MILLIMETRE


def _margins_in_mm(statistics: MarginStatistics, smallest: SmallestMargin | None) -> dict[str, Any]:
    return {
        "minimal_margin_mm": _in_mm(statistics.minimal_margin),
        "worst_point_mm": None if smallest is None else [_in_mm(x) for x in smallest.point],
        "nearest_zone_point_mm": None if smallest is None else [_in_mm(x) for x in smallest.nearest],
        "mean_margin_mm": _in_mm(statistics.mean),
        "quartiles_mm": None if statistics.quartiles is None else [_in_mm(q) for q in statistics.quartiles],
        "maximal_margin_mm": _in_mm(statistics.maximal_margin),
        "surface_share": statistics.surface_share,
        "share_below_required": statistics.share_below_required,
        "achieved": statistics.achieved,
    }


def _volumes(target: Surface, covered: ShellCoverage) -> dict[str, Any]:
    return {
        "volume_ml": target.volume * 1e6,
        "covered_fraction": covered.covered_fraction,
        "shell_coverage": None if covered.width == 0 else covered.coverage,
        "tissue_at_risk_ml": covered.tissue_at_risk * 1e6,
    }


def _subcapsular_in_mm(statistics: MarginStatistics) -> dict[str, Any]:
    return {
        "depth_mm": SUBCAPSULAR_DEPTH / MILLIMETRE,
        "excluded_share": statistics.excluded_share,
        "minimal_margin_mm": _in_mm(statistics.excluded_minimal_margin),
        "share_below_0": statistics.excluded_share_below_0,
    }


def _error(smallest: SmallestMargin | None, spacing: float) -> dict[str, Any]:
    error = None if smallest is None else _in_mm(smallest.error)
    known = "" if error is None else f"the minimal margin is that of the two surfaces to within {error:.2g} mm; "
    return {
        "minimal_margin_mm": error,
        "sample_spacing_mm": _in_mm(spacing),
        "statement": f"{known}shares are by area, from samples at most {_in_mm(spacing):.2g} mm apart. Errors of "
        "segmentation, registration and of the files' own triangles come on top.",
    }


def _warnings(statistics: MarginStatistics, covered: ShellCoverage, target: Surface, zone: Surface) -> list[str]:
    found = []
    gap = np.maximum(
        target.points.min(axis=0) - zone.points.max(axis=0), zone.points.min(axis=0) - target.points.max(axis=0)
    )
    if gap.max() > 0:
        found.append("the zone lies beside the target: are both files in the same coordinate system (LPS or RAS)?")
    if statistics.excluded_share == 1.0:
        found.append("all of the target's surface is subcapsular: there is no margin to judge")
    if statistics.excluded_share_below_0 > 0:
        found.append(
            f"{statistics.excluded_share_below_0:.0%} of the subcapsular surface is not covered by the zone, which "
            "the minimal margin does not say"
        )
    if (statistics.minimal_margin or -1.0) > 0 and covered.covered_fraction < 0.999:
        found.append("the zone encloses the target's surface but leaves a part inside the target alive")
    return found
