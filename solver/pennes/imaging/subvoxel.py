"""The surface of a segment between its voxels.

A binary segment knows its surface to half a voxel. A smooth surface is known better, because neighbouring voxels
sample it independently: the mask is blurred with a Gaussian, whose value at a plane is the normal distribution of the
signed distance; that is inverted, and what the blur takes from curved surfaces is given back by the second order term
(for a sphere of radius R a blur of width s moves the surface by s^2/R) and by repeating the blur on the result. What is
repeated must be blurred as the voxels were: shares of voxels are themselves averages over a voxel, whose variance is
taken off the blur's. The width grows with the square root of radius times voxel: digital surfaces are flat, and wrong,
over patches of that size. Where the smooth surface still has a voxel's centre on its wrong side, it is bent around it
in small smooth steps; at the end none is, which bounds the error by about half a voxel whatever the shape. The surface
is cut from the field on a lattice that is fine against the segment's radius: chords across coarse voxels lie inside of
a round body (0.15 mm for 3 mm voxels on a tumour of 20 mm, 4 % of its volume).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtri

from pennes.errors import InputError
from pennes.imaging.grid import Grid

WIDTH_PER_FLATNESS = 1.4
"""Blur over the square root of radius x voxel; tuned on spheres and ellipsoids of 6 to 22 mm (see the study)."""
WIDEST = 0.6
"""Blur over radius: more would take the shape away."""
MOST_VOXELS = 6.0
"""Blur in voxels (geometric mean of the spacings)."""
COARSE_VOXELS = 2.5
"""The same for large organs, whose surfaces are bumpy and matter less."""
CORRECTIONS = 2
BENDS = 4
"""Smooth steps towards voxels on the wrong side, ..."""
BEND_GAIN = 6.0
"""... by so many times the blurred depth of the mistake: a lone voxel's shrinks by about that factor in a blur of one
voxel."""
FACETS_PER_RADIUS = 12
"""The surface is cut on a lattice at least so fine ..."""
MOST_POINTS = 3_000_000
"""... unless that takes more points."""
NEIGHBOURHOOD = 1.5
"""Voxels (standard deviation) within which a thin segment keeps its volume."""
CUBIC = np.array([-1, 9, 9, -1]) / 16
"""Weights of four neighbours for the value in the middle of them."""
CLEAR = 0.02
"""Of the smallest spacing: a voxel's centre is at least this far on its own side of the surface."""


def effective_radius(mask: NDArray[np.bool_], spacing: NDArray[np.float64]) -> float:
    """3 V / A of a segment in the unit of ``spacing``: the radius of a ball, three halves of a tube's.

    The area of faces between voxels is 3/2 of a smooth surface's, averaged over directions.
    """
    voxel = float(np.prod(spacing))
    area = sum(
        np.count_nonzero(np.diff(mask, axis=axis, prepend=False, append=False)) * voxel / spacing[axis]
        for axis in range(3)
    )
    return 3.0 * np.count_nonzero(mask) * voxel / (area / 1.5)


def signed_field(
    mask: NDArray[np.bool_], spacing: NDArray[np.float64], widest_voxels: float = MOST_VOXELS
) -> NDArray[np.float32]:
    """Signed distance (i, j, k) near the surface of a mask, positive inside, in the unit of ``spacing`` (3,).

    Good within about one blur of the surface, of the right sign everywhere. The mask should have an empty rim.
    """
    spacing = np.asarray(spacing, np.float64)
    voxel = float(np.prod(spacing)) ** (1 / 3)
    radius = effective_radius(mask, spacing)
    width = min(WIDTH_PER_FLATNESS * np.sqrt(radius * voxel), max(WIDEST * radius, 0.7 * voxel), widest_voxels * voxel)

    def distance(indicator: NDArray[np.float32], deviations: NDArray[np.float64]) -> NDArray[np.float32]:
        blurred = ndimage.gaussian_filter(indicator, deviations / spacing, truncate=3.5, mode="nearest")
        return (width * ndtri(np.clip(blurred, 1e-3, 1 - 1e-3))).astype(np.float32)

    seen = distance(mask.astype(np.float32), np.full(3, width))
    bend = np.clip(_laplacian(seen, spacing), -2 / width, 2 / width)
    field = seen - np.float32(0.5 * width**2) * bend
    # A share is the average over a box, whose variance along an axis is a twelfth of its edge squared.
    less = np.sqrt(np.maximum(width**2 - spacing**2 / 12, (0.3 * spacing) ** 2))
    for _ in range(CORRECTIONS):
        field += seen - distance(_soft_mask(field, spacing), less)
    field += np.float32(_missing(mask, field, spacing, radius))
    clear = np.float32(CLEAR * spacing.min())

    def mistake() -> NDArray[np.float32]:
        return np.where(mask, np.maximum(clear - field, 0), np.minimum(-clear - field, 0))

    for _ in range(BENDS):
        field += np.float32(BEND_GAIN) * ndimage.gaussian_filter(mistake(), voxel / spacing, truncate=3.0)
    return field + mistake()


def _soft_mask(field: NDArray[np.float32], spacing: NDArray[np.float64]) -> NDArray[np.float32]:
    """Share (i, j, k) of each voxel inside, for a surface that is nearly plane in it: a ramp with the variance that a
    voxel has along the surface's normal."""
    slopes = np.gradient(field, *spacing)
    steep = np.sqrt(sum(slope * slope for slope in slopes))
    across = np.sqrt(sum((slope * step) ** 2 for slope, step in zip(slopes, spacing, strict=True)))
    scale = np.clip(steep, 0.3, 3.0) / np.maximum(steep, 1e-6)
    return np.clip(field / np.maximum(across * scale, 1e-9) + 0.5, 0.0, 1.0).astype(np.float32)


def _missing(mask: NDArray[np.bool_], field: NDArray[np.float32], spacing: NDArray[np.float64], radius: float) -> float:
    """How far the surface lies inside of one with the mask's volume.

    The count of voxels has no bias; shares of voxels of a body of ``radius`` R hold 3 var / R^2 more than it, var their
    variance along the normal (as any blur moves volume outward of a round body).
    """
    excess = 3 * float(np.mean(spacing**2)) / 12 / radius**2
    count = np.count_nonzero(mask)
    shift = (count * (1 + excess) - float(_soft_mask(field, spacing).sum())) / (3 * count / radius)
    half = 0.5 * float(spacing.min())
    return float(np.clip(shift, -half, half))  # of ragged shapes the radius says little


def _laplacian(field: NDArray[np.float32], spacing: NDArray[np.float64]) -> NDArray[np.float32]:
    return sum(
        ndimage.correlate1d(field, [1.0, -2.0, 1.0], axis=axis, mode="nearest") / np.float32(spacing[axis] ** 2)
        for axis in range(3)
    )


def halved_field(
    mask: NDArray[np.bool_], spacing: NDArray[np.float64], widest_voxels: float = MOST_VOXELS
) -> NDArray[np.float32]:
    """``signed_field`` of a thin segment at every half voxel, (2 i - 1, 2 j - 1, 2 k - 1), moved so that in every
    neighbourhood its inside has the volume of the voxels there.

    A tube three voxels wide loses 6 % to the blur and as much to straight lines between the voxels; here it is within 1
    % of its volume and 1.5 % of its wall (validation/verification/label_mesh). Voxels' centres may change sides.
    """
    spacing = np.asarray(spacing, np.float64)
    coarse, soft = signed_field(mask, spacing, widest_voxels), mask.astype(np.float32)
    fine = _halved(coarse)
    steepest = 0.3 * spacing.min()
    area = None
    for _ in range(2):
        share = _soft_mask(fine, spacing / 2)
        if area is None:
            slopes = np.gradient(share, *(spacing / 2))
            area = ndimage.gaussian_filter(_coarsened(np.sqrt(sum(s * s for s in slopes))), NEIGHBOURHOOD)
        lack = ndimage.gaussian_filter(soft - _coarsened(share), NEIGHBOURHOOD)
        step = lack / np.maximum(area, 1e-3 / spacing.min())
        coarse = coarse + np.clip(step, -steepest, steepest).astype(np.float32)
        fine = _halved(coarse)
    return fine


def _halved(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cubic interpolation at every half voxel, one axis after the other."""
    for axis in range(3):
        between = ndimage.correlate1d(field, CUBIC, axis=axis, mode="nearest", origin=-1)
        shape = list(field.shape)
        shape[axis] = 2 * shape[axis] - 1
        fine = np.empty(shape, np.float32)
        at = [slice(None)] * 3
        at[axis] = slice(0, None, 2)
        fine[tuple(at)] = field
        at[axis] = slice(1, None, 2)
        fine[tuple(at)] = between.take(np.arange(field.shape[axis] - 1), axis=axis)
        field = fine
    return field


def _coarsened(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over the voxels of what is given at every half of one."""
    for axis in range(3):
        field = ndimage.correlate1d(field, [0.25, 0.5, 0.25], axis=axis, mode="nearest")
    return field[::2, ::2, ::2]


def bounding_box(mask: NDArray[np.bool_], rim: NDArray[np.integer] | int = 0) -> tuple[NDArray, NDArray]:
    """First and one past the last index (3,) along each axis of a mask that is not empty, with a ``rim`` in voxels."""
    low, high = [], []
    for axis in range(3):
        line = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low.append(line[0])
        high.append(line[-1] + 1)
    return np.array(low) - rim, np.array(high) + rim


def cut_out(mask: NDArray[np.bool_], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The mask between ``low`` and ``high`` (3,), empty where these reach beyond it."""
    result = np.zeros(tuple(high - low), dtype=mask.dtype)
    first, last = np.maximum(low, 0), np.minimum(high, mask.shape)
    to = tuple(slice(a, b) for a, b in zip(first - low, last - low, strict=True))
    result[to] = mask[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
    return result


def segment_surface(
    mask: NDArray[np.bool_], grid: Grid, widest_voxels: float = MOST_VOXELS
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The closed surface of a mask (i, j, k) on ``grid``: points (n, 3) in m, triangles (m, 3) facing outward.

    Raises InputError where the mask is empty.
    """
    if not mask.any():
        raise InputError("the segment has no voxels")
    rim = int(np.ceil(2 + widest_voxels))
    low, high = bounding_box(mask, rim)
    small = grid.cropped(low, high)
    cut = cut_out(mask, low, high)
    field = signed_field(cut, grid.spacing, widest_voxels)
    return level_surface(*_refined(field, small, effective_radius(cut, grid.spacing)))


def _refined(field: NDArray[np.float32], grid: Grid, radius: float) -> tuple[NDArray[np.float32], Grid]:
    """The field on a lattice that is fine against the ``radius`` (m) of the segment, by quadratic splines; its old
    points are among the new ones."""
    parts = np.maximum(np.ceil(grid.spacing * FACETS_PER_RADIUS / radius).astype(int), 1)
    while np.prod((np.array(field.shape) - 1) * parts + 1.0) > MOST_POINTS and parts.max() > 1:
        parts[(grid.spacing / parts).argmin() if parts.min() > 1 else parts.argmax()] -= 1
    if parts.max() == 1:
        return field, grid
    counts = (np.array(field.shape) - 1) * parts + 1
    values = ndimage.spline_filter(field, order=2, output=np.float32, mode="mirror")
    values = ndimage.affine_transform(
        values, 1.0 / parts, output_shape=tuple(counts), order=2, prefilter=False, mode="mirror"
    )
    values[tuple(slice(None, None, n) for n in parts)] = field  # the splines' values there, but for rounding
    affine = grid.affine.copy()
    affine[:3, :3] /= parts
    return values, Grid(tuple(int(n) for n in counts), affine)


def level_surface(field: NDArray[np.floating], grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Where a field (i, j, k) on ``grid`` is zero: points (n, 3) in m, triangles (m, 3) that face away from field > 0.

    Closed where the field is negative on the grid's rim.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D

    image = vtkImageData()
    image.SetDimensions(*field.shape)
    image.GetPointData().SetScalars(numpy_to_vtk(np.asarray(field, np.float32).ravel(order="F"), deep=True))
    contour = vtkFlyingEdges3D()
    contour.SetInputData(image)
    contour.SetValue(0, 0.0)
    for switch in ("Normals", "Gradients", "Scalars"):
        getattr(contour, f"Compute{switch}Off")()
    contour.Update()
    found = contour.GetOutput()
    if found.GetNumberOfCells() == 0:
        return np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64)
    points = grid.points(vtk_to_numpy(found.GetPoints().GetData()).astype(np.float64))
    triangles = vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int64)
    a, b, c = np.moveaxis(points[triangles] - points.mean(axis=0), 1, 0)
    inward = np.einsum("ij,ij->", np.cross(a, b), c) < 0
    return points, triangles[:, ::-1] if inward else triangles
