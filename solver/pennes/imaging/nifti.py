"""NIfTI-1 and NIfTI-2 files, by nibabel, after a look at the header that trusts nothing."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from pennes.errors import InputError
from pennes.imaging.grid import Grid
from pennes.imaging.label_map import Image, LabelMap, as_labels
from pennes.imaging.written import write_through

LONGEST_HEADER = 2**24
"""Bytes before the voxels; no honest file comes near."""
_UNITS = {"unknown": 1.0, "mm": 1.0, "meter": 1e3, "micron": 1e-3}
_DAMAGE = (OSError, EOFError, ValueError, KeyError, OverflowError, MemoryError, zlib.error, gzip.BadGzipFile,
           nibabel.spatialimages.HeaderDataError, nibabel.filebasedimages.ImageFileError)  # fmt: skip


def read_nifti(path: Path) -> LabelMap:
    """The label map of a .nii or .nii.gz file. Raises InputError, one message, for what is none."""
    header = _header(path)
    shape, grid, notes = _geometry(path, header)
    try:
        image = nibabel.load(path, mmap=False)
        values = _voxels(image).reshape(shape)
    except _DAMAGE as problem:
        raise InputError(f"cannot be read to its end ({_first_line(problem)})", file=path) from None
    return LabelMap(grid, as_labels(values, str(path)), notes=notes, source=str(path))


def _header(path: Path) -> nibabel.Nifti1Header:
    """The header alone, checked before anything is read because of what it says."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            block = file.read(540)
    except _DAMAGE as problem:
        raise InputError(f"cannot be read ({_first_line(problem)})", file=path) from None
    for kind, size in ((nibabel.Nifti1Header, 348), (nibabel.Nifti2Header, 540)):
        if len(block) < size:
            continue
        try:
            header = kind(block[:size], check=False)
        except _DAMAGE:
            continue
        if int(header["sizeof_hdr"]) == size and bytes(header["magic"])[:2] in (b"n+", b"ni"):
            break
    else:
        raise InputError("is no NIfTI file", file=path, expected="a NIfTI-1 or NIfTI-2 header")
    if bytes(header["magic"])[:2] == b"ni":
        raise InputError("keeps its voxels in another file", file=path, expected="a single .nii or .nii.gz file")
    offset = float(header["vox_offset"])
    if not 0 <= offset <= LONGEST_HEADER:
        raise InputError(f"the header claims to be {offset:.3g} bytes long", file=path)
    return header


def _geometry(path: Path, header: nibabel.Nifti1Header) -> tuple[tuple[int, ...], Grid, tuple[str, ...]]:
    dimensions = [int(n) for n in header["dim"]]
    if not 1 <= dimensions[0] <= 7 or min(dimensions[1 : dimensions[0] + 1]) < 1:
        raise InputError(f"the header's dimensions are {dimensions}", file=path, expected="a volume")
    shape = dimensions[1 : dimensions[0] + 1]
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    if len(shape) > 3:
        raise InputError(
            f"the image has {len(shape)} dimensions ({' x '.join(map(str, shape))})", file=path, expected="one volume"
        )
    try:
        unit = _UNITS[header.get_xyzt_units()[0]]
    except KeyError:
        raise InputError("the header's unit of length is unknown", file=path, expected="mm, m or micrometres") from None
    if not (np.abs(header["pixdim"][1 : len(shape) + 1]) > 0).all():
        found = " x ".join(f"{x:g}" for x in header["pixdim"][1 : len(shape) + 1])
        raise InputError(f"a voxel is {found} mm", file=path, expected="spacings above 0 mm")
    notes: list[str] = []
    try:
        affine = header.get_best_affine()
        grid = Grid.from_ras_mm(tuple(shape), _in_mm(affine, unit))
        if int(header["sform_code"]) > 0 and int(header["qform_code"]) > 0:
            other = Grid.from_ras_mm(tuple(shape), _in_mm(header.get_qform(), unit))
            apart = np.abs(grid.corners() - other.corners()).max()
            if apart > 0.5 * grid.spacing.min():
                raise InputError(
                    f"the header's two orientations (sform and qform) are {1e3 * apart:.3g} mm apart",
                    expected="one orientation: correct the header",
                )
    except InputError as problem:
        raise InputError(problem.problem, file=path, expected=problem.expected) from None
    except _DAMAGE as problem:
        raise InputError(f"the header's orientation cannot be used ({_first_line(problem)})", file=path) from None
    if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
        notes.append(f"{path.name} does not say where its voxels lie: right, anterior, superior is assumed")
    if grid.is_left_handed:
        notes.append(
            f"{path.name} stores its voxels in a left-handed order ({grid.words()}); positions are those of its header"
        )
    return tuple(shape), grid, tuple(notes)


def _in_mm(affine: NDArray[np.float64], unit: float) -> NDArray[np.float64]:
    affine = np.array(affine, dtype=np.float64)
    affine[:3] *= unit
    return affine


def _voxels(image: nibabel.Nifti1Image) -> NDArray:
    """As stored where the header does not scale, which keeps small types small."""
    slope, intercept = image.header.get_slope_inter()
    if slope in (None, 1.0) and intercept in (None, 0.0):
        return np.asanyarray(image.dataobj.get_unscaled())
    return np.asanyarray(image.dataobj)


def write_nifti(path: Path, image: LabelMap | Image) -> None:
    """Write a label map (whole numbers) or an image (float32) as .nii or .nii.gz, whole or not at all."""
    values = image.labels if isinstance(image, LabelMap) else image.values.astype(np.float32)
    written = nibabel.Nifti1Image(values, image.grid.ras_mm)
    written.set_sform(image.grid.ras_mm, 2)
    written.set_qform(image.grid.ras_mm, 2, strip_shears=True)
    written.header.set_xyzt_units("mm")
    if isinstance(image, LabelMap):
        written.header.set_intent("label")
    suffix = ".nii.gz" if path.name.lower().endswith(".gz") else ".nii"
    write_through(path, suffix, lambda temporary: nibabel.save(written, temporary))


def _first_line(problem: BaseException) -> str:
    return next(iter(str(problem).splitlines()), "") or type(problem).__name__
