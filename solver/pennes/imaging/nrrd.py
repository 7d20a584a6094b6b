"""NRRD files, those of 3D Slicer's segmentations (.seg.nrrd) among them, by pynrrd."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
from numpy.typing import NDArray

from pennes.errors import InputError
from pennes.imaging.grid import LARGEST, RAS_TO_LPS, Grid
from pennes.imaging.label_map import Image, LabelMap, as_labels
from pennes.imaging.written import write_through

LONGEST_HEADER = 2**20
_SPACES = {
    "left-posterior-superior": np.ones(3),
    "lps": np.ones(3),
    "right-anterior-superior": RAS_TO_LPS,
    "ras": RAS_TO_LPS,
    "left-anterior-superior": np.array([1.0, -1.0, 1.0]),
    "las": np.array([1.0, -1.0, 1.0]),
}
_DAMAGE = (nrrd.NRRDError, OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError,
           OverflowError, MemoryError, zlib.error, UnicodeError)  # fmt: skip


def read_nrrd(path: Path) -> LabelMap:
    """The label map of a .nrrd file. Raises InputError, one message, for what is none."""
    _check_header_length(path)
    try:
        with open(path, "rb") as file:
            header = nrrd.read_header(file)
            sizes = [int(n) for n in header["sizes"]]
            if np.prod(np.array(sizes, dtype=np.float64)) > LARGEST or min(sizes) < 1:
                raise InputError(f"the header's sizes are {' x '.join(map(str, sizes))}", file=path)
            _check_detached(path, header)
            values = nrrd.read_data(header, file, str(path))
    except _DAMAGE as problem:
        words = next(iter(str(problem).splitlines()), "") or type(problem).__name__
        raise InputError(f"cannot be read as NRRD ({words})", file=path) from None
    values, layers = _volume(path, header, values)
    grid = _grid(path, header, values.shape[-3:])
    segments = _segments(header)
    labels, names, notes = _combined(path, values, layers, segments)
    return LabelMap(grid, labels, names, notes, source=str(path))


def _check_header_length(path: Path) -> None:
    """The header ends at the first empty line, which must come soon."""
    try:
        with open(path, "rb") as file:
            start = file.read(LONGEST_HEADER)
    except OSError as problem:
        raise InputError(f"cannot be read ({problem.strerror})", file=path) from None
    if not start.startswith(b"NRRD000"):
        raise InputError("is no NRRD file", file=path)
    if b"\n\n" not in start and b"\n\r\n" not in start:
        words = "the header does not end" if len(start) < LONGEST_HEADER else "the header is over a megabyte long"
        raise InputError(words, file=path)


def _check_detached(path: Path, header: dict[str, Any]) -> None:
    if "data file" in header or "datafile" in header:
        raise InputError("keeps its voxels in another file", file=path, expected="a single .nrrd file")


def _volume(path: Path, header: dict[str, Any], values: NDArray) -> tuple[NDArray, int]:
    """Voxels (i, j, k), or (layer, i, j, k) for a segmentation with layers, and the number of layers."""
    if values.ndim == 4:
        kinds = header.get("kinds") or []
        layered = next(iter(kinds), "") == "list" and any(key.startswith("Segment0_") for key in header)
        if layered:
            return values, values.shape[0]
    if values.ndim != 3:
        raise InputError(f"the image has {values.ndim} dimensions", file=path, expected="one volume")
    return values, 1


def _grid(path: Path, header: dict[str, Any], shape: tuple[int, ...]) -> Grid:
    space = str(header.get("space", "")).lower()
    if space not in _SPACES:
        raise InputError(
            f"the space is '{space}'" if space else "the header does not say in which space the voxels lie",
            file=path,
            expected="space: left-posterior-superior or right-anterior-superior",
        )
    try:
        directions = np.array(header["space directions"], dtype=np.float64)
        directions = directions[~np.isnan(directions).any(axis=1)]
        affine = np.eye(4)
        affine[:3, :3] = directions.T * _SPACES[space][:, None]
        affine[:3, 3] = np.array(header["space origin"], dtype=np.float64) * _SPACES[space]
    except (KeyError, ValueError, TypeError) as problem:
        raise InputError(f"the header does not say where the voxels lie ({problem})", file=path) from None
    try:
        return Grid.from_lps_mm(shape, affine)
    except InputError as problem:
        raise InputError(problem.problem, file=path, expected=problem.expected) from None


def _segments(header: dict[str, Any]) -> list[tuple[int, int, str]]:
    """Layer, value and name of each of Slicer's segments."""
    found = []
    for number in range(2**12):
        if f"Segment{number}_LabelValue" not in header:
            break
        value = int(header[f"Segment{number}_LabelValue"])
        layer = int(header.get(f"Segment{number}_Layer", 0))
        found.append((layer, value, str(header.get(f"Segment{number}_Name", f"label {value}"))))
    return found


def _combined(
    path: Path, values: NDArray, layers: int, segments: list[tuple[int, int, str]]
) -> tuple[NDArray[np.unsignedinteger], dict[int, str], tuple[str, ...]]:
    """One number for each voxel. Segments of several layers are numbered anew; where they overlap the later one wins,
    and a note says so."""
    values = as_labels(values, str(path))
    if layers == 1 and values.ndim == 3:
        return values, {value: name for _, value, name in segments}, ()
    labels = np.zeros(values.shape[1:], dtype=np.uint16)
    names, overlap = {}, 0
    for number, (layer, value, name) in enumerate(segments, start=1):
        mask = values[layer] == value
        overlap += int(np.count_nonzero(labels[mask]))
        labels[mask] = number
        names[number] = name
    notes = (f"{overlap} voxels of {path.name} belong to several segments: the later segment has them",)
    return labels, names, notes if overlap else ()


def write_nrrd(path: Path, image: LabelMap | Image) -> None:
    """Write a label map or an image (float32) as .nrrd (LPS), whole or not at all; segments are named for Slicer."""
    affine = image.grid.lps_mm
    values = image.labels if isinstance(image, LabelMap) else image.values.astype(np.float32)
    header: dict[str, Any] = {
        "space": "left-posterior-superior",
        "space directions": affine[:3, :3].T,
        "space origin": affine[:3, 3],
        "kinds": ["domain", "domain", "domain"],
        "encoding": "gzip",
    }
    if isinstance(image, LabelMap):
        for number, value in enumerate(image.present):
            prefix = f"Segment{number}_"
            header |= {prefix + "ID": f"Segment_{value}", prefix + "Name": image.name(value)}
            header |= {prefix + "LabelValue": str(value), prefix + "Layer": "0"}
    write_through(path, ".nrrd", lambda temporary: nrrd.write(temporary, values, header))
