"""Where voxels lie: a regular grid in the patient's coordinates.

Inside pennes a patient is measured in metres along L, P and S (left, posterior, superior), the axes of DICOM and of
3D Slicer's files. NIfTI's axes are R, A and S: the first two turn around.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pennes.errors import InputError

Array = NDArray[np.float64]
PatientFrame = Literal["LPS", "RAS"]
MILLIMETRE = 1e-3
RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
LARGEST = 2**30
"""Voxels; a CT of the whole trunk at 0.5 mm has a third of that."""
SKEW = 1e-2
"""Cosine between axes above which a grid is sheared."""
COARSEST = 50e-3
"""m; no voxel of a patient is larger."""


@dataclass(frozen=True, eq=False)
class Grid:
    """``shape`` (3) in voxels; ``affine`` (4, 4) from voxel indices to the centres of voxels in m, LPS.

    Raises InputError where this is no grid in space: not three-dimensional, spacings that are zero, not finite or
    absurd, axes that are not at right angles, more voxels than ``LARGEST``.
    """

    shape: tuple[int, int, int]
    affine: Array

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        shape = tuple(int(n) for n in self.shape)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", shape)
        _check_shape(shape)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise InputError("the positions of the voxels are not finite numbers", expected="a finite affine")
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        if not (spacing > 1e-6).all():
            raise InputError(
                f"a voxel is {' x '.join(f'{s / MILLIMETRE:g}' for s in spacing)} mm", expected="spacings above 0 mm"
            )
        if spacing.max() > COARSEST:
            raise InputError(
                f"a voxel is {' x '.join(f'{s / MILLIMETRE:g}' for s in spacing)} mm",
                expected=f"spacings of at most {COARSEST / MILLIMETRE:g} mm: is the file's unit right?",
            )
        unit = affine[:3, :3] / spacing
        cosine = np.abs(unit.T @ unit - np.eye(3)).max()
        if cosine > SKEW:
            raise InputError(
                f"the voxel axes are {np.degrees(np.arccos(min(cosine, 1.0))):.1f} degrees apart",
                expected="axes at right angles (resample a tilted gantry's images first)",
            )

    @classmethod
    def from_ras_mm(cls, shape: tuple[int, ...], affine: ArrayLike) -> Grid:
        """The grid of an affine (4, 4) to RAS mm, as NIfTI has it."""
        affine = np.array(affine, dtype=np.float64)
        affine[:3] *= MILLIMETRE
        affine[:2] *= -1.0
        return cls(tuple(shape), affine)

    @classmethod
    def from_lps_mm(cls, shape: tuple[int, ...], affine: ArrayLike) -> Grid:
        """The grid of an affine (4, 4) to LPS mm, as DICOM and ITK have it."""
        affine = np.array(affine, dtype=np.float64)
        affine[:3] *= MILLIMETRE
        return cls(tuple(shape), affine)

    @property
    def ras_mm(self) -> Array:
        """Affine (4, 4) to RAS mm."""
        affine = self.lps_mm
        affine[:2] *= -1.0
        return affine

    @property
    def lps_mm(self) -> Array:
        """Affine (4, 4) to LPS mm."""
        affine = self.affine.copy()
        affine[:3] /= MILLIMETRE
        return affine

    @cached_property
    def spacing(self) -> Array:
        """Distance (3,) between neighbours along each axis, m."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)

    @cached_property
    def directions(self) -> Array:
        """Columns: unit vectors of the voxel axes, LPS."""
        return self.affine[:3, :3] / self.spacing

    @property
    def voxel_volume(self) -> float:
        """m3."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def is_left_handed(self) -> bool:
        """The voxel axes form a left-handed system (nothing is wrong with that; the affine says where voxels are)."""
        return bool(np.linalg.det(self.affine[:3, :3]) < 0)

    @cached_property
    def _inverse(self) -> Array:
        return np.linalg.inv(self.affine)

    def points(self, indices: ArrayLike) -> Array:
        """Places (n, 3) in m of voxel indices (n, 3), which may be fractions."""
        return np.asarray(indices, np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def indices(self, points: ArrayLike) -> Array:
        """Fractional voxel indices (n, 3) of places (n, 3) in m."""
        return np.asarray(points, np.float64) @ self._inverse[:3, :3].T + self._inverse[:3, 3]

    def cropped(self, low: ArrayLike, high: ArrayLike) -> Grid:
        """The grid of the voxels ``low`` (3) to below ``high`` (3); indices beyond the grid enlarge it."""
        low, high = np.asarray(low, np.int64), np.asarray(high, np.int64)
        affine = self.affine.copy()
        affine[:3, 3] = self.points(low[None])[0]
        return Grid(tuple(high - low), affine)

    def halved(self) -> Grid:
        """The grid with a voxel at the middle of each voxel and between each two."""
        affine = self.affine.copy()
        affine[:3, :3] /= 2
        return Grid(tuple(2 * n - 1 for n in self.shape), affine)

    def resampled(self, spacing: float) -> Grid:
        """A grid over the same voxels with cubes of edge ``spacing`` (m) along the same directions."""
        counts = np.maximum(np.ceil(np.array(self.shape) * self.spacing / spacing - 1e-6), 2).astype(int)
        affine = np.eye(4)
        affine[:3, :3] = self.directions * spacing
        corner = self.points(np.full((1, 3), -0.5))[0]
        affine[:3, 3] = corner + affine[:3, :3] @ np.full(3, 0.5)
        return Grid(tuple(counts), affine)

    def corners(self) -> Array:
        """The corners (8, 3) of the outermost voxels, m."""
        ends = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in self.shape], indexing="ij")).reshape(3, -1).T
        return self.points(ends)

    def same_as(self, other: Grid, tolerance: float = 1e-3) -> bool:
        """Both have the same voxels in the same places, to the fraction ``tolerance`` of a voxel."""
        if self.shape != other.shape:
            return False
        return bool(np.abs(self.corners() - other.corners()).max() <= tolerance * self.spacing.min())

    def offset_to(self, other: Grid, tolerance: float = 1e-2) -> NDArray[np.int64] | None:
        """Index (3,) of the first voxel of ``other`` in this grid where the two share their lattice, else None."""
        apart = np.abs(self.affine[:3, :3] - other.affine[:3, :3]).max(axis=0) * np.maximum(self.shape, other.shape)
        if (apart > tolerance * self.spacing.min()).any():
            return None
        offset = self.indices(other.affine[None, :3, 3])[0]
        whole = np.round(offset)
        return whole.astype(np.int64) if np.abs(offset - whole).max() <= tolerance else None

    def words(self) -> str:
        """Size, spacing and orientation, for a message."""
        letters = ""
        for column in self.directions.T:
            axis = int(np.abs(column).argmax())
            letters += ("LR", "PA", "SI")[axis][int(column[axis] < 0)]
        size = " x ".join(map(str, self.shape))
        return f"{size} voxels of {' x '.join(f'{s / MILLIMETRE:.4g}' for s in self.spacing)} mm, axes {letters}"


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) != 3:
        raise InputError(f"the image has {len(shape)} dimensions", expected="one volume with three")
    if min(shape) < 2:
        raise InputError(f"the image has {' x '.join(map(str, shape))} voxels", expected="a volume, not a slice")
    if np.prod(np.array(shape, dtype=np.float64)) > LARGEST:
        raise InputError(
            f"the image would have {' x '.join(map(str, shape))} voxels", expected=f"at most {LARGEST:.3g} in all"
        )
