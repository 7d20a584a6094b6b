"""The images of one DICOM series: where their voxels lie. File names come from the folder, never from tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError

from pennes.errors import InputError
from pennes.imaging.grid import Grid

MOST_FILES = 20_000
_UNEVEN = 0.02
"""Of the mean distance between slices."""


@dataclass(frozen=True, eq=False)
class Series:
    """``datasets`` of the slices in the order of the grid's third axis, without pixels."""

    grid: Grid
    datasets: tuple[pydicom.Dataset, ...]
    folder: Path

    @property
    def frame_of_reference(self) -> str:
        return str(self.datasets[0].get("FrameOfReferenceUID", ""))


def read_series(folder: str | Path) -> Series:
    """The single series of images in a folder.

    Raises InputError where there is none or more than one, where slices are missing or uneven, or differ in size or
    direction.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("there is no such folder", file=folder, expected="a folder with the images of one series")
    files = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    if len(files) > MOST_FILES:
        raise InputError(f"the folder holds {len(files)} files", file=folder, expected="one series")
    series: dict[str, list[pydicom.Dataset]] = {}
    for file in files:
        try:
            dataset = pydicom.dcmread(file, stop_before_pixels=True)
        except (InvalidDicomError, OSError, EOFError, ValueError, KeyError):
            continue
        if "ImagePositionPatient" in dataset and "Rows" in dataset:
            series.setdefault(str(dataset.get("SeriesInstanceUID", "")), []).append(dataset)
    if not series:
        raise InputError("no DICOM images are in this folder", file=folder, expected="the images of one series")
    if len(series) > 1:
        found = "; ".join(f"{len(images)} images of {_description(images[0])}" for images in series.values())
        raise InputError(
            f"the folder holds {len(series)} series ({found})", file=folder, expected="a folder with one series"
        )
    (datasets,) = series.values()
    try:
        return _sorted(datasets, folder)
    except (TypeError, ValueError, AttributeError, IndexError) as problem:
        raise InputError(f"the images do not say where they lie ({problem})", file=folder) from None


def _description(dataset: pydicom.Dataset) -> str:
    words = str(dataset.get("SeriesDescription", "") or "no description")
    return "'" + "".join(c if c.isprintable() else "?" for c in words)[:60] + "'"


def _sorted(datasets: list[pydicom.Dataset], folder: Path) -> Series:
    first = datasets[0]
    directions = np.array(first.ImageOrientationPatient, dtype=np.float64)
    size = int(first.Columns), int(first.Rows)
    rows, columns = (float(x) for x in first.PixelSpacing)
    for dataset in datasets:
        same = np.abs(np.array(dataset.ImageOrientationPatient, dtype=np.float64) - directions).max() < 1e-4
        if (int(dataset.Columns), int(dataset.Rows)) != size or not same:
            raise InputError("the images differ in size or direction", file=folder, expected="one stack of slices")
    normal = np.cross(directions[:3], directions[3:])
    positions = np.array([dataset.ImagePositionPatient for dataset in datasets], dtype=np.float64)
    height = positions @ normal
    order = np.argsort(height, kind="stable")
    gaps = np.diff(height[order])
    if len(gaps) == 0:
        raise InputError("the folder holds a single slice", file=folder, expected="a volume")
    step = float(np.mean(gaps))
    if step <= 0 or np.abs(gaps - step).max() > _UNEVEN * step:
        raise InputError(
            f"the slices are {gaps.min():.3g} to {gaps.max():.3g} mm apart",
            file=folder,
            expected="slices at even distances, none missing and none twice",
        )
    affine = np.eye(4)
    # The first voxel axis runs along a row (columns change), the second down a column.
    affine[:3, 0], affine[:3, 1] = directions[:3] * columns, directions[3:] * rows
    affine[:3, 2] = (positions[order[-1]] - positions[order[0]]) / (len(datasets) - 1)
    affine[:3, 3] = positions[order[0]]
    try:
        grid = Grid.from_lps_mm((*size, len(datasets)), affine)
    except InputError as problem:
        raise InputError(problem.problem, file=folder, expected=problem.expected) from None
    return Series(grid, tuple(datasets[i] for i in order), folder)
