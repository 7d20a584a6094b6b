"""The figures of a patient and a plan that published criteria ask for, from label maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError, cKDTree
from scipy.spatial.distance import pdist

from pennes.assessment.criteria import Judgement, Measured, judge_all
from pennes.assessment.roles import by_role
from pennes.assessment.segments import surface_of
from pennes.errors import InputError
from pennes.imaging import LabelMap, parts, placed_on
from pennes.imaging.cleaning import SMALLEST_ISLAND
from pennes.imaging.subvoxel import COARSE_VOXELS, bounding_box, level_surface, signed_field
from pennes.margin import DistanceField, Surface, margins_to, smallest_margin

MILLIMETRE = 1e-3
FARTHEST = 60e-3
"""m; organs farther away are "more than" that."""


def assess(
    patient: LabelMap, zone: LabelMap | None = None, tumours: Sequence[str | int] = (), margin: Measured | None = None
) -> tuple[Judgement, ...]:
    """Every published criterion for the tumours of a ``patient`` and the ablation ``zone`` of a plan.

    ``tumours``: the labels of those that are treated; all whose names say that they are tumours where none is given.
    ``margin``: the minimal margin where it is known better than from the zone's voxels. Raises InputError where there
    is no tumour.
    """
    found = figures(patient, zone, tumours)
    return judge_all(found if margin is None else found | {"minimal_ablative_margin": margin})


def figures(patient: LabelMap, zone: LabelMap | None = None, tumours: Sequence[str | int] = ()) -> dict[str, Measured]:
    """Quantity -> figure; lengths in mm, parts in percent. For several tumours the worst of them; all that the map
    names count as metastases."""
    roles = by_role(patient)
    numbers = [patient.number(name) for name in tumours] or roles.get("tumour", [])
    if not numbers:
        raise InputError(
            "no label is named as a tumour",
            file=patient.source or None,
            expected="the tumour's label by name or number",
        )
    smallest = SMALLEST_ISLAND / patient.grid.voxel_volume
    pieces = [(n, piece) for n in numbers for piece in parts(patient.labels == n, smallest)]
    surfaces = [surface_of(piece, patient.grid) for _, piece in pieces]
    voxel = float(np.linalg.norm(patient.grid.spacing)) / MILLIMETRE
    untreated = [n for n in roles.get("tumour", []) if n not in numbers]
    others = sum(len(parts(patient.labels == n, smallest)) for n in untreated)
    found = {
        "number_of_metastases": Measured(
            float(len(pieces) + others), remark=f"{others} of them are no target" if others else ""
        ),
        "tumour_diameter": Measured(max(map(_diameter, surfaces)), voxel / 2, "largest diameter of the largest tumour"),
    }
    near = _Neighbours(patient, pieces, surfaces)
    vulnerable = [n for key in ("bowel", "vulnerable", "bile duct") for n in roles.get(key, [])]
    ducts = roles.get("bile duct", [])
    which = "nearest labelled duct: the map does not tell major ducts from others" if ducts else ""
    found |= {
        "distance_to_bowel": near.distance(roles.get("bowel", []), "bowel or stomach"),
        "distance_to_major_bile_duct": near.distance(ducts, "bile duct", which),
        "distance_to_central_bile_duct": near.distance(ducts, "bile duct", which),
        "distance_to_vulnerable_structure": near.distance(vulnerable, "organ at risk"),
        "contact_with_major_bile_duct": near.contact(ducts, "bile duct", which),
        "contact_with_vessel": near.contact(roles.get("vessel", []), "vessel"),
    }
    return found | _plan(patient, zone, roles, surfaces, voxel)


def _diameter(surface: Surface) -> float:
    """Largest distance of two points of the surface, mm."""
    points = surface.points / MILLIMETRE
    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:  # flat or tiny: all points will do
        points = points[:2000]
    return float(pdist(points[:: max(1, len(points) // 2000)]).max())


class _Neighbours:
    """Distances from tumours to other labels, between voxels."""

    def __init__(self, patient: LabelMap, pieces: list[tuple[int, NDArray]], surfaces: list[Surface]):
        self.patient, self.pieces, self.surfaces = patient, pieces, surfaces
        self._gaps: dict[int, float] = {}

    def distance(self, numbers: list[int], what: str, remark: str = "") -> Measured:
        """Smallest distance of any tumour to any of the labels, mm."""
        if not numbers:
            return Measured(None, remark=f"no {what} is labelled")
        for number in set(numbers) - self._gaps.keys():
            self._gaps[number] = min(self._gap(surface, number) for surface in self.surfaces)
        found = [(self._gaps[number], self.patient.name(number)) for number in numbers]
        gap, name = min(found)
        error = float(np.linalg.norm(self.patient.grid.spacing)) / MILLIMETRE
        if not np.isfinite(gap):
            gap, name = FARTHEST / MILLIMETRE, f"more than {FARTHEST / MILLIMETRE:g} mm from every {what}"
        return Measured(gap, error, "; ".join(filter(None, [name, remark])))

    def contact(self, numbers: list[int], what: str, remark: str = "") -> Measured:
        """1 where a tumour's voxels touch one of the labels, else 0."""
        from scipy import ndimage

        if not numbers:
            return Measured(None, remark=f"no {what} is labelled")
        for _, piece in self.pieces:
            low, high = bounding_box(piece, 2)
            box = tuple(slice(max(a, 0), b) for a, b in zip(low, high, strict=True))
            rim = ndimage.binary_dilation(piece[box], np.ones((3, 3, 3), bool)) & ~piece[box]
            touched = set(np.unique(self.patient.labels[box][rim])) & set(numbers)
            if touched:
                names = sorted(self.patient.name(int(n)) for n in touched)
                return Measured(1.0, remark="; ".join(filter(None, [*names, remark])))
        return Measured(0.0, remark=remark)

    def _gap(self, surface: Surface, number: int) -> float:
        grid = self.patient.grid
        rim = np.ceil(FARTHEST / grid.spacing).astype(int)
        index = grid.indices(surface.points)
        low = np.maximum(np.floor(index.min(axis=0)).astype(int) - rim, 0)
        high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + rim + 1, grid.shape)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        mask = self.patient.labels[box] == number
        if not mask.any():
            return np.inf
        small = grid.cropped(low, high)
        centres = small.points(np.argwhere(mask))
        apart, _ = cKDTree(centres).query(surface.points)
        # The surface of the part around the nearest voxels alone.
        reach = apart.min() + 4 * grid.spacing.max()
        index = small.indices(surface.points)
        rim = np.ceil(reach / grid.spacing).astype(int) + 3
        low = np.maximum(np.floor(index.min(axis=0)).astype(int) - rim, 0)
        high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + rim + 1, small.shape)
        cut = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        points, triangles = level_surface(signed_field(cut, grid.spacing, COARSE_VOXELS), small.cropped(low, high))
        if len(triangles) == 0:
            return float(apart.min()) / MILLIMETRE
        distance, _ = DistanceField(points, triangles)(surface.points)
        return float(distance.min()) / MILLIMETRE


def _plan(
    patient: LabelMap, zone: LabelMap | None, roles, surfaces: list[Surface], voxel: float
) -> dict[str, Measured]:
    """What an ablation zone adds: margin, ablated share of the parenchyma, remnant."""
    if zone is None:
        missing = Measured(None, remark="no ablation zone is given")
        return dict.fromkeys(("minimal_ablative_margin", "ablated_parenchyma", "future_liver_remnant"), missing)
    mask = zone.mask()
    margins = margins_to(surface_of(mask, zone.grid))
    smallest = [smallest_margin(surface.corners, margins, 5e-5) for surface in surfaces]
    worst = min(found.margin for found in smallest if found is not None) / MILLIMETRE
    result = {"minimal_ablative_margin": Measured(worst, voxel, "smallest of all tumours")}
    livers = roles.get("liver", [])
    if not livers:
        missing = Measured(None, remark="no liver is labelled")
        return result | {"ablated_parenchyma": missing, "future_liver_remnant": missing}
    liver = np.isin(patient.labels, livers)
    ablated = placed_on(LabelMap(zone.grid, mask.astype(np.uint8)), patient.grid).labels != 0
    share = 100.0 * np.count_nonzero(liver & ablated) / np.count_nonzero(liver)
    remark = "of the labelled parenchyma, without tumours and vessels"
    return result | {
        "ablated_parenchyma": Measured(share, 0.0, remark),
        "future_liver_remnant": Measured(
            100.0 - share, 0.0, remark + "; after this session, earlier resections unknown"
        ),
    }
