"""Segments of a patient, given as label maps or as surfaces, each with the size of its voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pennes.errors import InputError
from pennes.imaging import Grid, LabelMap, is_label_map, named, parts, read_label_map, resampled, segment_surface
from pennes.imaging.cleaning import SMALLEST_ISLAND
from pennes.imaging.resample import placed_on
from pennes.imaging.subvoxel import COARSE_VOXELS, MOST_VOXELS, bounding_box, level_surface, signed_field
from pennes.margin import Surface, read_surface

LARGE = 3_000_000
"""Voxels around a segment from which on it counts as large."""


@dataclass(frozen=True)
class Source:
    """A file with its labels: ``labels`` names or numbers, empty: all; ``table`` of names (see ``label_table``);
    ``reference`` series of a DICOM SEG."""

    path: Path
    labels: tuple[str, ...] = ()
    table: str | None = None
    reference: Path | None = None


@dataclass(frozen=True, eq=False)
class Segment:
    """A closed ``surface``; ``grid`` and ``mask`` (i, j, k) where it came from a label map."""

    name: str
    surface: Surface
    grid: Grid | None = None
    mask: NDArray[np.bool_] | None = None

    def half_voxel(self, direction: NDArray[np.float64] | None) -> float:
        """m by which a surface between voxels may be off along ``direction`` (3,), unit; None: along any.

        The surface crosses every voxel axis within half a voxel of the truth, so that its displacement along a
        direction is at most the sum of these halves seen along it. 0 for a segment that came as a surface.
        """
        if self.grid is None:
            return 0.0
        if direction is None:
            return 0.5 * float(np.linalg.norm(self.grid.spacing))
        return 0.5 * float(np.abs(self.grid.directions.T @ direction) @ self.grid.spacing)


def load(source: Source) -> LabelMap | Surface:
    """What a file holds. Raises InputError for files that cannot be used."""
    if not is_label_map(source.path):
        if source.labels:
            raise InputError("a surface has no labels", file=source.path, expected="a label map")
        return read_surface(source.path)
    return named(read_label_map(source.path, source.reference), source.table)


def targets(source: Source) -> tuple[list[Segment], list[str]]:
    """Every tumour of a target file, and notes: each label named (or all), and each connected part of it."""
    found = load(source)
    if isinstance(found, Surface):
        return [Segment(source.path.stem, found)], []
    notes = list(found.notes)
    numbers = [found.number(name) for name in source.labels] or list(found.present)
    if not numbers:
        found.mask()  # raises: all is background
    segments = []
    for number in numbers:
        name = found.names.get(number) or (_stem(source.path) if len(numbers) == 1 else found.name(number))
        pieces = parts(found.labels == number)
        smallest = SMALLEST_ISLAND / found.grid.voxel_volume
        kept = [piece for piece in pieces if piece.sum() >= smallest] or pieces[:1]
        if small := len(pieces) - len(kept):
            notes.append(f"{small} islands of {name} below {1e9 * SMALLEST_ISLAND:g} mm3 are left out")
        for place, piece in enumerate(kept, start=1):
            title = name if len(kept) == 1 else f"{name} {place}"
            segments.append(Segment(title, surface_of(piece, found.grid), found.grid, piece))
    return segments, notes


def union(sources: Sequence[Source], what: str) -> tuple[Segment, list[Segment], list[str]]:
    """The union of several files as one segment, each of them alone, and notes.

    Label maps on other grids are resampled to the finest. Raises InputError where surfaces and label maps are mixed or
    there are several surfaces: surfaces are not united.
    """
    loaded = [load(source) for source in sources]
    surfaces = [found for found in loaded if isinstance(found, Surface)]
    if surfaces:
        if len(loaded) > 1:
            raise InputError(
                f"several files of the {what} are united only if all are label maps", expected="label maps"
            )
        alone = Segment(sources[0].path.stem, surfaces[0])
        return alone, [alone], []
    maps = [found for found in loaded if isinstance(found, LabelMap)]
    notes = [note for found in maps for note in found.notes]
    masks = [found.mask(source.labels or None) for found, source in zip(maps, sources, strict=True)]
    finest = min((found.grid for found in maps), key=lambda grid: grid.voxel_volume)
    whole = np.zeros(finest.shape, dtype=bool)
    alone = []
    for found, source, mask in zip(maps, sources, masks, strict=True):
        if len(maps) > 1:
            alone.append(Segment(_stem(source.path), surface_of(mask, found.grid), found.grid, mask))
        whole |= _on(mask, found.grid, finest)
    segment = Segment(what, surface_of(whole, finest), finest, whole)
    return segment, alone or [segment], notes


def _on(mask: NDArray[np.bool_], grid: Grid, other: Grid) -> NDArray[np.bool_]:
    if grid.same_as(other):
        return mask
    labels = LabelMap(grid, mask.astype(np.uint8))
    if other.offset_to(grid) is not None:
        return placed_on(labels, other).labels != 0
    return resampled(labels, other).labels != 0


def _stem(path: Path) -> str:
    name = path.name
    for ending in (".gz", ".nii", ".nrrd", ".seg", ".dcm"):
        name = name.removesuffix(ending)
    return name or path.name


def surface_of(mask: NDArray[np.bool_], grid: Grid) -> Surface:
    """The closed surface of a mask, between its voxels."""
    low, high = bounding_box(mask)
    large = np.prod(high - low + 2 * MOST_VOXELS) > LARGE
    return Surface(*segment_surface(mask, grid, COARSE_VOXELS if large else MOST_VOXELS))


def capsule_near(organ: Segment, target: Segment, tumours: Sequence[Segment], reach: float) -> Surface:
    """The organ's capsule within ``reach`` (m) of a target; its tumours and holes belong to the organ.

    Raises InputError where the target lies outside the organ.
    """
    if organ.mask is None or organ.grid is None:
        return organ.surface
    points = organ.grid.indices(target.surface.points)
    rim = np.ceil(reach / organ.grid.spacing).astype(int) + int(2 * COARSE_VOXELS + 2)
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - rim, 0)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + rim + 1, organ.grid.shape)
    if (high - low < 2).any():
        raise InputError(f"{target.name} lies outside the image of the organ", expected="maps of the same patient")
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    small = organ.grid.cropped(low, high)
    inside = organ.mask[box].copy()
    for tumour in tumours:
        inside |= _on(tumour.mask, tumour.grid, small) if tumour.mask is not None else False
    _refuse_outside(organ, target, box, small)
    from scipy import ndimage

    inside = ndimage.binary_fill_holes(inside)
    if inside.all():
        return Surface(np.zeros((0, 3)), np.zeros((0, 3), dtype=int))
    return Surface(*level_surface(signed_field(inside, organ.grid.spacing, COARSE_VOXELS), small))


def _refuse_outside(organ: Segment, target: Segment, box: tuple[slice, ...], small: Grid) -> None:
    """Of the layer of voxels around the target a part must be organ."""
    from scipy import ndimage

    if target.mask is None:
        return
    own = _on(target.mask, target.grid, small)
    around = ndimage.binary_dilation(own, np.ones((3, 3, 3), bool), iterations=2) & ~own
    share = np.mean(organ.mask[box][around | own]) if (around | own).any() else 0.0
    if share < 0.05:
        raise InputError(
            f"{target.name} lies outside the organ: {100 * share:.0f} % of it and its surroundings are organ",
            expected="maps of the same patient, in the same position",
        )
