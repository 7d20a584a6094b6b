"""What a run on a label map gives back on the patient's voxels."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from scipy.spatial import cKDTree

from pennes.case.models import Case
from pennes.imaging import Grid, Image, LabelMap
from pennes.margin import Surface
from pennes.result import ResultFolder
from pennes.scene import Domain
from pennes.scene.placement import wires
from pennes.treatment.zone import ZoneMeasure

WARM = 43.0
"""C; values are given where tissue was at least so warm, and around it."""
RIM = 5e-3
METAL_LENGTH = 0.5
MOST_DOSE = 1e12
"""min; boiled tissue has doses that no file's float can hold."""


def write_voxels(
    case: Case, domain: Domain, folder: ResultFolder, zone: ZoneMeasure, boundary: Surface,
    level: np.ndarray, hottest: np.ndarray, dose: np.ndarray,
) -> LabelMap | None:  # fmt: skip
    """Write zone, signed margin, highest temperature and CEM43 on the voxel grid of the case's label map (collective);
    returns the zone on rank 0.

    ``level``, ``hottest`` (C) and ``dose`` (min) are nodal arrays (n_local,); ``boundary`` is this rank's part of the
    zone's surface. Voxels far from heated tissue and in vessels hold 0 in the zone and nan in the images; voxels in
    metal that the zone surrounds belong to the zone.
    """
    comm, grid = domain.mesh.comm, domain.grid
    assert grid is not None
    low, high = _heated_box(domain, zone, grid, np.maximum(hottest, np.where(level > 0, WARM, -np.inf)))
    small = grid.cropped(low, high)
    points = small.points(np.indices(small.shape).reshape(3, -1).T)
    locator = domain.locate(points)
    values = [locator.evaluate(field).reshape(small.shape) for field in (level, hottest, dose)]
    dead = np.nan_to_num(values[0], nan=-1.0) > 0
    metal = _in_metal(case, points, grid).reshape(small.shape) & np.isnan(values[0])
    dead[metal] = _of_nearest_tissue(metal, np.isnan(values[0]), dead)
    margin = np.where(dead.ravel(), 1.0, -1.0) * zone.distance(boundary, points)
    margin = np.where(np.isfinite(margin), 1e3 * margin, np.nan).reshape(small.shape)
    margin[np.isnan(values[0]) & ~metal] = np.nan
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    root = comm.rank == 0
    labels = np.zeros(grid.shape if root else (2, 2, 2), dtype=np.uint8)
    if root:
        labels[box] = dead
    found = LabelMap(grid, labels, {1: "ablation zone"}) if root else None
    folder.write_voxels("zone", found)
    held = np.minimum(values[2], MOST_DOSE)
    for name, field in (("margin", margin), ("temperature_max", values[1]), ("cem43", held)):
        whole = None
        if root:
            whole = np.full(grid.shape, np.nan, dtype=np.float32)
            whole[box] = field
        folder.write_voxels(name, None if whole is None else Image(grid, whole))
    if case.body.reference is not None and dead.any():
        folder.write_segmentation("zone", found, case.body.reference)
    return found


def _heated_box(domain: Domain, zone: ZoneMeasure, grid: Grid, hottest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and one past the last voxel (3,) around all nodes that were warm; the middle of the mesh where none was."""
    nodes = zone.elements.points[hottest >= WARM]
    everything = zone.elements.points
    comm = domain.mesh.comm

    def bounds(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        least = points.min(axis=0) if len(points) else np.full(3, np.inf)
        most = points.max(axis=0) if len(points) else np.full(3, -np.inf)
        low, high = np.empty(3), np.empty(3)
        comm.Allreduce(np.ascontiguousarray(least), low, op=MPI.MIN)
        comm.Allreduce(np.ascontiguousarray(most), high, op=MPI.MAX)
        return low, high

    first, last = bounds(nodes)
    if not np.isfinite(first).all():
        first, last = bounds(everything)
        first = last = (first + last) / 2
    corners = np.array(np.meshgrid(*np.stack([first - RIM, last + RIM], axis=1))).reshape(3, -1).T
    index = grid.indices(corners)
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, np.array(grid.shape) - 2)
    return low, np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, low + 2, grid.shape)


def _in_metal(case: Case, points: np.ndarray, grid: Grid) -> np.ndarray:
    """(n,) where points lie in or within half a voxel of an applicator."""
    inside = np.zeros(len(points), dtype=bool)
    for number, applicator in enumerate(case.applicators):
        for wire in wires(applicator, number, METAL_LENGTH):
            line = wire.sample()
            inside |= cKDTree(line).query(points)[0] <= wire.radius + 0.5 * grid.spacing.max()
    return inside


def _of_nearest_tissue(wanted: np.ndarray, unknown: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values of the nearest voxels of tissue for the ``wanted`` ones."""
    from scipy import ndimage

    if not wanted.any() or unknown.all():
        return values[wanted]
    nearest = ndimage.distance_transform_edt(unknown, return_distances=False, return_indices=True)
    return values[tuple(nearest[:, wanted])]
