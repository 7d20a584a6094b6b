"""Smooth surfaces of a patient's labels near the simulated box: what the mesh is cut along."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from pennes.case.models import Box, Case
from pennes.errors import InputError
from pennes.imaging import LabelMap, segment_surface, signed_field
from pennes.imaging.subvoxel import COARSE_VOXELS, MOST_VOXELS, effective_radius
from pennes.scene.solids import numbers

EDGE_PER_RADIUS = 0.18
"""Longest edges on a target's surface over its radius."""
VESSEL_EDGE_PER_RADIUS, FINEST_VESSEL = 0.4, 0.8e-3
NEAR_TUMOUR = 15e-3
"""Vessels are meshed finely within this distance of a tumour."""
VESSEL_VOXELS = 1.2
"""Blur in voxels for vessels: they are thin."""


class LabelField:
    """The smooth surface of a label, near the box."""

    def __init__(self, kind: str, name: str, mask: np.ndarray, labels: LabelMap, box: Box, voxels: float, **more: Any):
        self.kind, self.name, self.tissue, self.target = kind, name, more.get("tissue"), more.get("target")
        grid = labels.grid
        half = np.array(box.size) / 2 + 8 * grid.spacing.max()
        corners = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T * half + np.array(box.centre)
        index = grid.indices(corners)
        low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, grid.shape)
        if (high - low < 4).any():
            raise InputError("the applicators lie outside the image", key="applicators.0.tip", expected="points in LPS")
        self.grid = grid.cropped(low, high)
        self.mask = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        self._field = signed_field(self.mask, grid.spacing, voxels) if self.mask.any() else None

    def level(self, points: np.ndarray) -> np.ndarray:
        if self._field is None:
            return np.full(len(points), -1.0)
        index = self.grid.indices(points).T
        return ndimage.map_coordinates(self._field, index, order=1, mode="nearest").astype(np.float64)

    def volume(self, box: Box) -> float:
        """Of the voxels in the box, m3."""
        points = self.grid.points(np.argwhere(self.mask))
        inside = (np.abs(points - np.array(box.centre)) <= np.array(box.size) / 2).all(axis=1)
        return float(inside.sum() * self.grid.voxel_volume)

    def surface(self) -> tuple[np.ndarray, np.ndarray]:
        return segment_surface(self.mask, self.grid, MOST_VOXELS)

    def sizes(self, case: Case, tumours: cKDTree) -> list[dict[str, Any]]:
        """Edge lengths at the surface, finer near the ``tumours`` (places of their voxels); in a target and around it.

        Chords of a ball of radius R take (3/8) (edge/R)^2 of its volume, of a tube (1/6) (edge/R)^2.
        """
        if not self.mask.any():
            return []
        sizes, radius = case.accuracy.mesh, effective_radius(self.mask, self.grid.spacing)
        edge = self.grid.points(np.argwhere(self.mask & ~ndimage.binary_erosion(self.mask)))
        if self.kind == "target":
            inside = self.grid.points(np.argwhere(self.mask))
            sources = [(inside, 3e-3, 8e-3, sizes.lesion), (edge, 1.5e-3, 1.5e-3, EDGE_PER_RADIUS * radius)]
            usual = sizes.lesion
        else:
            near = edge[tumours.query(edge)[0] < NEAR_TUMOUR]
            fine = max(VESSEL_EDGE_PER_RADIUS * radius / 1.5, FINEST_VESSEL) if self.kind == "vessel" else np.inf
            sources = [(edge, 1.5e-3, 1e-3, sizes.vessel), (near, 1e-3, 0.5e-3, fine)]
            usual = sizes.vessel
        found = []
        for number, (points, step, hold, size) in enumerate(sources):
            if len(points) and (number == 0 or size < usual):
                _, first = np.unique(np.round(points / step).astype(int), axis=0, return_index=True)
                found.append({"points": numbers(points[first]), "hold": hold, "size": float(size)})
        return found


def label_fields(case: Case, labels: LabelMap, box: Box) -> list[LabelField]:
    """In the order in which they are cut: vessels, tissues, targets."""
    body, found = case.body, []
    for vessel in body.vessels:
        mask = _thick(labels.mask([vessel.label]), labels.grid.spacing, body.smallest_vessel)
        found.append(LabelField("vessel", vessel.label, mask, labels, box, VESSEL_VOXELS))
    for name, tissue in body.tissues.items():
        found.append(LabelField("tissue", name, labels.mask([name]), labels, box, COARSE_VOXELS, tissue=tissue))
    for target in case.targets:
        mask = labels.mask([target.geometry.region])
        more = {"tissue": target.tissue, "target": target.name}
        found.append(LabelField("target", target.geometry.region, mask, labels, box, MOST_VOXELS, **more))
    return found


def _thick(mask: np.ndarray, spacing: np.ndarray, diameter: float) -> np.ndarray:
    """The parts of a vessel that are at least so wide."""
    depth = ndimage.distance_transform_edt(mask, sampling=spacing)
    core = depth >= diameter / 2 - 0.1 * spacing.min()
    if not core.any():
        return core
    return mask & (ndimage.distance_transform_edt(~core, sampling=spacing) < diameter / 2 + 0.5 * spacing.min())
