"""From one grid to another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from pennes.errors import InputError
from pennes.imaging.grid import Grid
from pennes.imaging.label_map import Image, LabelMap


def placed_on(labels: LabelMap, grid: Grid) -> LabelMap:
    """The label map on another grid: voxels are moved where both share a lattice, else resampled.

    Raises InputError where labels would be lost outside the grid.
    """
    labels = _aligned(labels, grid)
    offset = grid.offset_to(labels.grid)
    result = replace(labels, grid=grid, labels=_pasted(labels, grid, offset)) if offset is not None else None
    if result is None:
        return resampled(labels, grid)
    lost = np.count_nonzero(labels.labels) - np.count_nonzero(result.labels)
    if lost:
        raise InputError(f"{lost} labelled voxels lie outside the images", file=labels.source or None)
    return result


def on_lattice(grid: Grid, other: Grid) -> bool:
    """Are the voxels of a grid, counted along whatever axes, voxels of the other, all of them?"""
    moved = _aligned(LabelMap(grid, np.zeros(grid.shape, dtype=np.uint8)), other).grid
    offset = other.offset_to(moved)
    return offset is not None and bool((offset >= 0).all() and (offset + moved.shape <= other.shape).all())


def _aligned(labels: LabelMap, grid: Grid) -> LabelMap:
    """The same voxels in the same places, counted along the axes of ``grid`` that theirs are nearest to."""
    turn = np.linalg.inv(grid.directions) @ labels.grid.directions
    order = np.abs(turn).argmax(axis=1)
    if sorted(order) != [0, 1, 2]:
        return labels
    values, affine = labels.labels.transpose(order), labels.grid.affine.copy()
    affine[:3, :3] = affine[:3, order]
    for axis in range(3):
        if turn[axis, order[axis]] < 0:
            values = np.flip(values, axis)
            affine[:3, 3] += affine[:3, axis] * (values.shape[axis] - 1)
            affine[:3, axis] *= -1.0
    return replace(labels, grid=Grid(values.shape, affine), labels=values)


def _pasted(labels: LabelMap, grid: Grid, offset: np.ndarray) -> np.ndarray:
    result = np.zeros(grid.shape, dtype=labels.labels.dtype)
    low = np.maximum(offset, 0)
    high = np.minimum(offset + labels.grid.shape, grid.shape)
    if (high > low).all():
        to = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        of = tuple(slice(a, b) for a, b in zip(low - offset, high - offset, strict=True))
        result[to] = labels.labels[of]
    return result


def resampled(labels: LabelMap, grid: Grid) -> LabelMap:
    """Each voxel takes the label whose indicator, interpolated linearly, is largest at its centre (ties: the smaller
    number)."""
    best = np.zeros(grid.shape, dtype=np.float32)
    result = np.zeros(grid.shape, dtype=labels.labels.dtype)
    for number in (0, *labels.present):
        share = _interpolated((labels.labels == number).astype(np.float32), labels.grid, grid, float(number == 0))
        larger = share > best + 1e-6
        best[larger] = share[larger]
        result[larger] = number
    return replace(labels, grid=grid, labels=result)


def resampled_image(image: Image, grid: Grid) -> Image:
    """Values interpolated linearly at the centres of the grid's voxels; nan outside the image."""
    return Image(grid, _interpolated(np.asarray(image.values), image.grid, grid, np.nan))


def _interpolated(values: np.ndarray, of: Grid, to: Grid, outside: float) -> np.ndarray:
    step = np.linalg.inv(of.affine) @ to.affine
    return ndimage.affine_transform(
        values, step[:3, :3], step[:3, 3], output_shape=to.shape, order=1, mode="constant", cval=outside
    )
