"""Holes, islands and touching labels: removed or told, never in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pennes.imaging.label_map import LabelMap
from pennes.imaging.subvoxel import bounding_box

SMALLEST_ISLAND = 50e-9
"""m3; a ball of 4.6 mm."""
CUBE = np.ones((3, 3, 3), dtype=bool)
FACES = ndimage.generate_binary_structure(3, 1)


@dataclass(frozen=True)
class Cleaned:
    """The cleaned ``labels`` and what was done, in words."""

    labels: LabelMap
    changes: tuple[str, ...]


def clean(
    labels: LabelMap, *, island: float = SMALLEST_ISLAND, keep: Sequence[str | int] = (), fill: bool = True
) -> Cleaned:
    """Remove islands below ``island`` (m3) and fill holes that are background all around.

    Labels in ``keep`` (thin vessels, say) keep their islands, and so does one that is nothing but islands. A removed
    voxel takes the label that most of its neighbours have. Contacts of labels are told, not changed.
    """
    result, changes = labels.labels.copy(), []
    kept = {labels.number(name) for name in keep}
    for number in labels.present:
        name, mask = labels.name(number), result == number
        if number not in kept:
            islands, volumes = _islands(mask, island / labels.grid.voxel_volume)
            if len(volumes):
                _give_to_neighbours(result, islands)
                volume = 1e9 * volumes.sum() * labels.grid.voxel_volume
                changes.append(f"{name}: {len(volumes)} islands ({volume:.3g} mm3 in all) removed")
    if fill:
        changes += _fill_holes(labels, result)
    changes += _contacts(replace(labels, labels=result))
    return Cleaned(replace(labels, labels=result), tuple(changes))


def parts(mask: NDArray[np.bool_], smallest: float = 0.0) -> list[NDArray[np.bool_]]:
    """Connected parts (over corners too) of a mask with at least ``smallest`` voxels, the largest first."""
    if not mask.any():
        return []
    low, high = bounding_box(mask)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    numbered, _ = ndimage.label(mask[box], CUBE)
    sizes = np.bincount(numbered.ravel())
    order = np.argsort(-sizes[1:], kind="stable") + 1
    found = []
    for number in order[sizes[order] >= smallest]:
        part = np.zeros(mask.shape, dtype=bool)
        part[box] = numbered == number
        found.append(part)
    return found


def _islands(mask: NDArray[np.bool_], smallest: float) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Voxels of small parts, and the parts' sizes; none where every part is small."""
    numbered, count = ndimage.label(mask, CUBE)
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)
    small = sizes < smallest
    small[0] = False
    if small[1:].all():
        return np.zeros(mask.shape, dtype=bool), np.zeros(0, dtype=np.int64)
    return small[numbered], sizes[small]


def _give_to_neighbours(labels: NDArray, islands: NDArray[np.bool_]) -> None:
    """Each island voxel takes the label of the nearest voxel that is none."""
    low, high = bounding_box(islands, 1)
    low, high = np.maximum(low, 0), np.minimum(high, labels.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    nearest = ndimage.distance_transform_edt(islands[box], return_distances=False, return_indices=True)
    labels[box] = labels[box][tuple(nearest)]


def _fill_holes(labels: LabelMap, values: NDArray) -> list[str]:
    """Background that labels enclose on all sides takes the nearest label."""
    inside = values != 0
    if not inside.any():
        return []
    low, high = bounding_box(inside)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    holes = np.zeros(values.shape, dtype=bool)
    holes[box] = ndimage.binary_fill_holes(inside[box]) & ~inside[box]
    if not holes.any():
        return []
    _give_to_neighbours(values, holes)
    numbers, counts = np.unique(values[holes], return_counts=True)
    return [f"{labels.name(int(n))}: holes of {c} voxels filled" for n, c in zip(numbers, counts, strict=True)]


def _contacts(labels: LabelMap) -> list[str]:
    """Pairs of labels that touch, with the area of the voxel faces between them."""
    areas: dict[tuple[int, int], float] = {}
    faces = labels.grid.voxel_volume / labels.grid.spacing
    values = labels.labels
    for axis in range(3):
        one, other = np.moveaxis(values, axis, 0)[:-1], np.moveaxis(values, axis, 0)[1:]
        touch = (one != other) & (one != 0) & (other != 0)
        pairs = np.stack([np.minimum(one[touch], other[touch]), np.maximum(one[touch], other[touch])], axis=1)
        for (first, second), count in zip(*np.unique(pairs, axis=0, return_counts=True), strict=True):
            key = int(first), int(second)
            areas[key] = areas.get(key, 0.0) + float(count) * faces[axis]
    return [
        f"{labels.name(a)} and {labels.name(b)} touch over {1e6 * area:.3g} mm2 of voxel faces"
        for (a, b), area in sorted(areas.items())
    ]
