"""Smooth surfaces of a patient's labels near the simulated box: what the mesh is cut along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from pennes.case.bodies import Box
from pennes.case.models import Case
from pennes.errors import InputError
from pennes.imaging import Grid, LabelMap, segment_surface, signed_field
from pennes.imaging.centrelines import skeleton
from pennes.imaging.subvoxel import (
    COARSE_VOXELS,
    MOST_VOXELS,
    bounding_box,
    effective_radius,
    halved_field,
    level_surface,
)
from pennes.library.records import TissueRecord
from pennes.scene.solids import numbers

EDGE_PER_RADIUS = 0.18
"""Longest edges on a target's surface over its radius."""
VESSEL_EDGE_PER_RADIUS, FAR_EDGE_PER_RADIUS = 0.5, 0.7
"""The same for vessels, over their radius there, near a tumour and elsewhere: with volumes kept (``volume_keeping``),
twelve and nine edges around a tube have 1.2 and 2.1 % more wall than its smooth one."""
NEAR_TUMOUR = 15e-3
"""Vessels are meshed finely within this distance of a tumour."""
VESSEL_VOXELS = 1.2
"""Blur in voxels for vessels: they are thin."""
SAMPLES = 12
"""Places in each voxel and triangle of a smooth surface, for its volume and area in the box."""


@dataclass(frozen=True)
class SmoothMeasures:
    """Of a label's smooth surface in the box: m3, m2."""

    volume: float
    area: float


class LabelField:
    """The smooth surface of a label, near the box."""

    def __init__(
        self, kind: str, name: str, mask: np.ndarray, labels: LabelMap, box: Box, voxels: float, *,
        tissue: TissueRecord | None = None, target: str | None = None, smallest: float | None = None,
    ):  # fmt: skip
        """``voxels``: the widest blur; ``smallest``: diameter in m below which a vessel's parts are left out."""
        self.kind, self.name, self.tissue, self.target = kind, name, tissue, target
        grid = labels.grid
        half = np.array(box.size) / 2 + 5 * grid.spacing.max()
        corners = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T * half + np.array(box.centre)
        index = grid.indices(corners)
        low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, grid.shape)
        if (high - low < 4).any():
            raise InputError("the applicators lie outside the image", key="applicators.0.tip", expected="points in LPS")
        self.grid = grid.cropped(low, high)
        self.whole = mask[tuple(map(slice, low, high))]
        self.mask = self.whole if smallest is None else thick_parts(self.whole, grid.spacing, smallest, voxels)
        self._field, self._fine = None, self.grid
        if self.mask.any() and kind == "vessel":
            first, last = bounding_box(self.mask, 6)
            first, last = np.maximum(first, 0), np.minimum(last, self.mask.shape)
            part = self.mask[tuple(map(slice, first, last))]
            self._field = halved_field(part, grid.spacing, voxels)
            self._fine = self.grid.cropped(first, last).halved()
        elif self.mask.any():
            self._field = signed_field(self.mask, grid.spacing, voxels)

    def level(self, points: np.ndarray) -> np.ndarray:
        if self._field is None:
            return np.full(len(points), -1.0)
        index = self._fine.indices(points).T
        return ndimage.map_coordinates(self._field, index, order=1, mode="nearest").astype(np.float64)

    def voxel_volume(self, box: Box) -> float:
        """Of the voxels in the box, m3."""
        return self._counted(self.mask, self.grid, box)

    def label_volume(self, box: Box) -> float:
        """Of all of the label's voxels in the box, those included that are too thin to be meshed, m3."""
        return self._counted(self.whole, self.grid, box)

    def _counted(self, mask: np.ndarray, grid: Grid, box: Box) -> float:
        return float(_within(grid.points(np.argwhere(mask)), box).sum() * grid.voxel_volume)

    def smooth(self, box: Box) -> SmoothMeasures:
        """Volume and area of the smooth surface in the box."""
        if self._field is None:
            return SmoothMeasures(0.0, 0.0)
        # Places are drawn at random in each voxel and triangle: box and voxels may be parallel.
        rng, fine = np.random.default_rng(0), self._fine
        counted = np.argwhere(self._field > 0)
        crossed = _crossed(self._field)
        near = np.abs(np.abs(fine.points(counted) - np.array(box.centre)) - np.array(box.size) / 2).min(axis=1)
        plain = ~crossed[tuple(counted.T)] & (near > fine.spacing.max())
        volume = float(_within(fine.points(counted[plain]), box).sum())
        voxels = np.concatenate([counted[~plain], np.argwhere(crossed & (self._field <= 0))])
        for _ in range(SAMPLES):
            index = voxels + rng.uniform(-0.5, 0.5, voxels.shape)
            index = index[_within(fine.points(index), box)].T
            volume += (ndimage.map_coordinates(self._field, index, order=1, mode="nearest") > 0).sum() / SAMPLES
        points, triangles = level_surface(self._field, fine)
        corners = points[triangles]
        areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
        area = 0.0
        for _ in range(SAMPLES):
            places = np.einsum("fc,fcx->fx", rng.dirichlet(np.ones(3), len(corners)), corners)
            area += float(areas[_within(places, box)].sum()) / SAMPLES
        return SmoothMeasures(float(volume) * fine.voxel_volume, area)

    def surface(self) -> tuple[np.ndarray, np.ndarray]:
        return segment_surface(self.mask, self.grid, MOST_VOXELS)

    def sizes(self, case: Case, tumours: cKDTree) -> list[dict[str, Any]]:
        """Edge lengths at the surface, finer near ``tumours`` (places of their voxels); in a target and around it."""
        if not self.mask.any():
            return []
        sizes, edge = case.accuracy.mesh, np.argwhere(self.mask & ~ndimage.binary_erosion(self.mask))
        points = self.grid.points(edge)
        if self.kind == "vessel":
            radius = local_radius(self.mask, self.grid.spacing, edge)
            near = tumours.query(points)[0] < NEAR_TUMOUR
            wanted = np.where(
                near,
                np.minimum(sizes.vessel, VESSEL_EDGE_PER_RADIUS * radius),
                np.minimum(1.5 * sizes.vessel, FAR_EDGE_PER_RADIUS * radius),
            )
            return _by_size(points, wanted)
        sources = [(points, 1.5e-3, 1e-3, sizes.vessel)]
        if self.kind == "target":
            radius = effective_radius(self.mask, self.grid.spacing)
            inside = self.grid.points(np.argwhere(self.mask))
            sources = [(inside, 3e-3, 8e-3, sizes.lesion)]
            if EDGE_PER_RADIUS * radius < sizes.lesion:
                sources.append((points, 1.5e-3, 1.5e-3, EDGE_PER_RADIUS * radius))
        return [_source(*source) for source in sources]


def _source(points: np.ndarray, step: float, hold: float, size: float) -> dict[str, Any]:
    _, first = np.unique(np.round(points / step).astype(int), axis=0, return_index=True)
    return {"points": numbers(points[first]), "hold": hold, "size": float(size)}


def _by_size(points: np.ndarray, wanted: np.ndarray) -> list[dict[str, Any]]:
    """Sources for edge lengths ``wanted`` (n,) at ``points`` (n, 3), in classes a fifth apart."""
    number = np.floor(np.log(wanted) / np.log(1.2)).astype(int)
    found = []
    for one in np.unique(number):
        size = 1.2 ** float(one)
        found.append(_source(points[number == one], 0.7 * size, 0.7 * size, size))
    return found


def local_radius(mask: np.ndarray, spacing: np.ndarray, voxels: np.ndarray) -> np.ndarray:
    """Radius (n,) of a vessel's ``mask`` at some of its ``voxels`` (n, 3), in the unit of ``spacing``: the depth of the
    nearest place of its skeleton. The depth counts from the middle of a voxel outside: a quarter voxel too much on
    average."""
    lines = skeleton(mask, spacing)
    radii = np.maximum(lines.depth - 0.25 * spacing.mean(), 0.5 * spacing.mean())
    return radii[cKDTree(lines.places * spacing).query(voxels * spacing)[1]]


def _within(points: np.ndarray, box: Box) -> np.ndarray:
    return (np.abs(points - np.array(box.centre)) <= np.array(box.size) / 2).all(axis=1)


def _crossed(field: np.ndarray) -> np.ndarray:
    """Voxels in whose neighbourhood the field changes sign."""
    inside = field > 0
    return ndimage.maximum_filter(inside, 3) & ~ndimage.minimum_filter(inside, 3)


def label_fields(case: Case, labels: LabelMap, box: Box) -> list[LabelField]:
    """In the order in which they are cut: vessels, tissues, targets."""
    body, found = case.body, []
    for vessel in body.vessels:
        mask, smallest = labels.mask([vessel.label]), body.smallest_vessel
        found.append(LabelField("vessel", vessel.label, mask, labels, box, VESSEL_VOXELS, smallest=smallest))
    for name, tissue in body.tissues.items():
        found.append(LabelField("tissue", name, labels.mask([name]), labels, box, COARSE_VOXELS, tissue=tissue))
    for target in case.targets:
        mask = labels.mask([target.geometry.region])
        found.append(
            LabelField(
                "target",
                target.geometry.region,
                mask,
                labels,
                box,
                MOST_VOXELS,
                tissue=target.tissue,
                target=target.name,
            )
        )
    return found


def thick_parts(mask: np.ndarray, spacing: np.ndarray, diameter: float, voxels: float) -> np.ndarray:
    """The parts of a vessel's mask that are at least so wide, by the smooth surface at every half voxel: between whole
    voxels a tube of three is two or four wide."""
    if not mask.any():
        return mask
    low, high = bounding_box(mask, 4)
    low, high = np.maximum(low, 0), np.minimum(high, mask.shape)
    inner = tuple(map(slice, low, high))
    part, half = mask[inner], spacing / 2
    depth = ndimage.distance_transform_edt(halved_field(part, spacing, voxels) > 0, sampling=half)
    # Depths count from the middle of a half voxel outside, a quarter of one too much on average.
    core = depth >= diameter / 2 + 0.25 * half.mean()
    if not core.any():
        return np.zeros_like(mask)
    near = ndimage.distance_transform_edt(~core, sampling=half)[::2, ::2, ::2] < diameter / 2 + 0.5 * spacing.min()
    pieces, count = ndimage.label(part & near, np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * np.prod(spacing)
    sizes[0] = 0.0
    kept = np.zeros_like(mask)
    # A piece shorter than twice its width is a swelling of a thin vessel, no vessel with a wall.
    kept[inner] = (sizes > 2 * np.pi / 4 * diameter**3)[pieces]
    return kept
