"""DICOM segmentation objects, by highdicom."""

from __future__ import annotations

import warnings
from pathlib import Path

import highdicom
import numpy as np
import pydicom
from highdicom.sr import CodedConcept
from pydicom.errors import InvalidDicomError
from pydicom.sr.codedict import codes

from pennes import __version__
from pennes.errors import InputError
from pennes.imaging.dicom_series import Series
from pennes.imaging.grid import Grid
from pennes.imaging.label_map import LabelMap, smallest_type
from pennes.imaging.resample import placed_on
from pennes.imaging.written import write_through

SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""SOP classes: segmentation, label map segmentation."""
NECROSIS = CodedConcept("6574001", "SCT", "Necrosis")
LESION = CodedConcept("52988006", "SCT", "Lesion")


def read_dicom_seg(path: Path, reference: Series | None = None) -> LabelMap:
    """The label map of a DICOM SEG file, or of the only one in a folder; on the grid of ``reference`` if it is given.

    Raises InputError for a file that is none, for segments that overlap, and where the segmentation belongs to another
    frame of reference than the series.
    """
    path = _seg_file(path)
    try:
        # What readers of DICOM complain of without refusing it (odd characters in names) is nothing to act upon.
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seg = highdicom.seg.segread(file)
            affine, labels = _volume(seg, path)
            names = {int(n): _printable(seg.get_segment_description(n).segment_label) for n in seg.segment_numbers}
        frame = str(seg.get("FrameOfReferenceUID", ""))
    except InputError:
        raise
    except Exception as problem:  # readers of damaged DICOM raise all sorts
        words = next(iter(str(problem).splitlines()), "") or type(problem).__name__
        raise InputError(f"cannot be read as a DICOM segmentation ({words})", file=path) from None
    try:
        grid = Grid.from_lps_mm(labels.shape, affine)
    except InputError as problem:
        raise InputError(problem.problem, file=path, expected=problem.expected) from None
    found = LabelMap(grid, labels, names, source=str(path))
    if reference is None:
        return found
    if frame and reference.frame_of_reference and frame != reference.frame_of_reference:
        raise InputError(
            "the segmentation belongs to another frame of reference than the series",
            file=path,
            expected=f"a segmentation of the images in {reference.folder}",
        )
    return placed_on(found, reference.grid)


def _seg_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = []
    for file in sorted(entry for entry in path.iterdir() if entry.is_file()):
        try:
            dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["SOPClassUID"])
        except (InvalidDicomError, OSError, EOFError, ValueError, KeyError):
            continue
        if str(dataset.get("SOPClassUID", "")) in SEGMENTATIONS:
            found.append(file)
    if len(found) != 1:
        number = "no" if not found else len(found)
        raise InputError(
            f"the folder holds {number} DICOM segmentations",
            file=path,
            expected="one, or the name of the file; images alone are no segmentation",
        )
    return found[0]


def _volume(seg: highdicom.seg.Segmentation, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Affine (4, 4) to LPS mm and labels in the order column, row, slice."""
    try:
        volume = seg.get_volume(combine_segments=True, dtype=smallest_type(max(seg.segment_numbers)))
    except RuntimeError as problem:
        if "overlap" not in str(problem).lower():
            raise
        raise InputError(
            "segments overlap", file=path, expected="segments without common voxels: export them one by one"
        ) from None
    volume = volume.permute_spatial_axes([2, 1, 0])
    return np.asarray(volume.affine), np.ascontiguousarray(volume.array)


def _printable(text: object) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(text))[:64]


def write_dicom_seg(path: Path, labels: LabelMap, reference: Series, description: str = "pennes") -> None:
    """Write a label map on the grid of the series as a binary DICOM SEG that refers to its images.

    Raises InputError where the map is empty or does not lie on the series' grid; nothing is half written.
    """
    if not labels.grid.same_as(reference.grid, 1e-2):
        raise InputError("the segmentation does not lie on the grid of the series", file=path)
    present = labels.present
    if not present:
        raise InputError("there is nothing to write: all voxels are background", file=path)
    if max(reference.grid.shape) > 2**16 - 1:
        raise InputError("the images are too large for DICOM", file=path)
    packed = np.zeros(labels.labels.shape, dtype=smallest_type(len(present)))
    for number, value in enumerate(present, start=1):
        packed[labels.labels == value] = number
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name="pennes",
        version=__version__,
        family=CodedConcept("FEM", "99PENNES", "Finite element simulation"),
    )
    descriptions = [
        highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=labels.name(value)[:64],
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=NECROSIS if "zone" in labels.name(value) else LESION,
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
        )
        for number, value in enumerate(present, start=1)
    ]
    seg = highdicom.seg.Segmentation(
        source_images=list(reference.datasets),
        pixel_array=np.ascontiguousarray(np.transpose(packed, (2, 1, 0))),
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        series_instance_uid=highdicom.UID(),
        series_number=900,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="pennes",
        manufacturer_model_name="pennes",
        software_versions=__version__,
        device_serial_number="0",
        content_description=description[:64],
        content_label="ABLATION",
        omit_empty_frames=True,
    )
    seg.SeriesDescription = description[:64]
    write_through(path, ".dcm", seg.save_as)
