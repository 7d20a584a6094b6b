"""Signed margins over a target's surface and their statistics (quantitative ablation margin, Sandu 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pennes.margin.distance import DistanceField
from pennes.margin.surface import Surface

Array = NDArray[np.float64]
BIN_EDGES = (0.0, 5e-3, 10e-3)
"""m; each bin holds its lower edge."""
BIN_NAMES = ("below_0", "0_to_5", "5_to_10", "above_10")
SUBCAPSULAR_DEPTH = 5e-3
"""m; surface nearer to the organ's capsule is left out of the statistics: no margin can be wanted beyond it."""


@dataclass(frozen=True)
class MarginStatistics:
    """Margins in m, shares in [0, 1] of the area considered, that is without the ``excluded`` surface.

    Lengths are None where there is none to tell: no zone at all, or no surface left to consider.
    """

    required: float
    minimal_margin: float | None
    worst_point: tuple[float, float, float] | None
    surface_share: dict[str, float]
    """By bin of margin in mm: ``below_0``, ``0_to_5``, ``5_to_10``, ``above_10``; they sum to 1."""
    share_below_required: float
    mean: float | None
    quartiles: tuple[float, float, float] | None
    """Lower quartile, median, upper quartile by area."""
    maximal_margin: float | None
    excluded_share: float
    """Of the whole area."""
    excluded_minimal_margin: float | None
    excluded_share_below_0: float
    """Of the excluded area."""

    @property
    def achieved(self) -> bool:
        """The margin is reached on all surface considered; the required margin should be printed beside it."""
        return self.minimal_margin is not None and self.minimal_margin >= self.required


def signed_margins(distance: ArrayLike, inside: ArrayLike) -> Array:
    """Distance to the zone's surface (n,), m, positive where the point is ``inside`` the zone, negative elsewhere.

    Without a zone the distance is inf and the margin -inf.
    """
    return np.where(np.asarray(inside, dtype=bool), 1.0, -1.0) * np.asarray(distance, dtype=np.float64)


def margin_statistics(
    points: ArrayLike, areas: ArrayLike, margins: ArrayLike, required: float, excluded: ArrayLike | None = None
) -> MarginStatistics:
    """Statistics of signed margins, weighted by area.

    ``points`` (n, 3) on the target's surface, m; ``areas`` (n,) that each stands for, m2; ``margins`` (n,) signed,
    m; ``required`` margin, m; ``excluded`` (n,) surface that is reported apart (``subcapsular``).
    Raises ValueError for a margin that is nan.
    """
    points, areas = np.asarray(points, np.float64).reshape(-1, 3), np.asarray(areas, np.float64)
    margins = np.asarray(margins, np.float64)
    if np.isnan(margins).any():
        raise ValueError("a margin is not a number")
    excluded = np.zeros(len(margins), dtype=bool) if excluded is None else np.asarray(excluded, dtype=bool)
    left_out, left_out_areas = margins[excluded], areas[excluded]
    excluded_share = _share(left_out_areas.sum(), areas.sum())
    points, areas, margins = points[~excluded], areas[~excluded], margins[~excluded]
    in_bin = np.bincount(np.digitize(margins, BIN_EDGES), areas, minlength=len(BIN_NAMES))
    known = len(margins) > 0 and bool(np.isfinite(margins).all())
    worst = int(np.argmin(margins)) if known else -1
    return MarginStatistics(
        required=float(required),
        minimal_margin=float(margins[worst]) if known else None,
        worst_point=tuple(float(x) for x in points[worst]) if known else None,
        surface_share={name: _share(part, in_bin.sum()) for name, part in zip(BIN_NAMES, in_bin, strict=True)},
        share_below_required=_share(areas[margins < required].sum(), areas.sum()),
        mean=float(np.average(margins, weights=areas)) if known else None,
        quartiles=tuple(_quantiles(margins, areas, (0.25, 0.5, 0.75))) if known else None,
        maximal_margin=float(margins.max()) if known else None,
        excluded_share=excluded_share,
        excluded_minimal_margin=float(left_out.min()) if len(left_out) and np.isfinite(left_out).all() else None,
        excluded_share_below_0=_share(left_out_areas[left_out < 0].sum(), left_out_areas.sum()),
    )


def subcapsular(points: ArrayLike, organ: Surface, depth: float = SUBCAPSULAR_DEPTH) -> NDArray[np.bool_]:
    """(n,) where ``points`` (n, 3) lie within ``depth`` (m) of the organ's surface, by the subcapsular rule."""
    return DistanceField(organ.points, organ.triangles)(points)[0] < depth


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


def _quantiles(values: Array, weights: Array, shares: tuple[float, ...]) -> list[float]:
    """Values below which the given shares of weight lie; each value sits in the middle of its own weight."""
    order = np.argsort(values)
    centred = np.cumsum(weights[order]) - 0.5 * weights[order]
    return [float(v) for v in np.interp(np.multiply(shares, weights.sum()), centred, values[order])]
