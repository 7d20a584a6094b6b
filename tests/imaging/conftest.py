"""Grids and files as clinics have them, made here."""

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy.spatial.transform import Rotation

from pennes.imaging import Grid, LabelMap


def _grid(shape=(40, 36, 30), spacing=(0.7, 0.8, 3.0), angles=(20, -12, 33), origin=(-31.5, 44.25, -910.0)):
    """An oblique, anisotropic grid; lengths in mm, LPS."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * spacing
    affine[:3, 3] = origin
    return Grid.from_lps_mm(shape, affine)


@pytest.fixture
def grid():
    return _grid


@pytest.fixture
def two_labels():
    """Liver 1 and tumour 2, with a lone marker voxel 3 that no symmetry maps onto another."""

    def make(grid):
        labels = np.zeros(grid.shape, dtype=np.uint8)
        labels[3:30, 4:30, 3:25] = 1
        labels[10:18, 8:14, 9:13] = 2
        labels[33, 5, 27] = 3
        return LabelMap(grid, labels, {1: "liver", 2: "tumour", 3: "marker"})

    return make


@pytest.fixture
def write_series():
    """Write the images of a CT series on a grid into a folder; slices in shuffled files."""

    def write(folder, grid, series=None, study=None, frame=None, prefix="img", **tags):
        folder.mkdir(exist_ok=True)
        series, study, frame = series or generate_uid(), study or generate_uid(), frame or generate_uid()
        columns, rows, slices = grid.shape
        order = np.random.default_rng(1).permutation(slices)
        for number, k in enumerate(order):
            meta = FileMetaDataset()
            meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
            meta.TransferSyntaxUID = ExplicitVRLittleEndian
            image = FileDataset(str(folder / "x"), {}, file_meta=meta, preamble=b"\0" * 128)
            image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
            image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
            image.PatientName, image.PatientID, image.PatientBirthDate, image.PatientSex = (
                "Phantom^Synthetic",
                "1",
                "",
                "O",
            )
            image.StudyDate, image.StudyTime, image.AccessionNumber, image.StudyID = "20250101", "120000", "", ""
            image.ReferringPhysicianName, image.Modality, image.Manufacturer = "", "CT", "synthetic"
            image.SeriesNumber, image.InstanceNumber, image.PositionReferenceIndicator = 1, int(k) + 1, ""
            image.ImagePositionPatient = [float(f"{x:.8g}") for x in 1e3 * grid.points([[0, 0, k]])[0]]
            directions = grid.directions[:, :2].T.ravel()
            image.ImageOrientationPatient = [float(f"{x:.10g}") for x in directions]
            image.PixelSpacing = [float(f"{1e3 * s:.8g}") for s in (grid.spacing[1], grid.spacing[0])]
            image.SliceThickness = float(f"{1e3 * grid.spacing[2]:.6g}")
            image.Rows, image.Columns = rows, columns
            image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
            image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
            image.RescaleIntercept, image.RescaleSlope = 0, 1
            for key, value in tags.items():
                setattr(image, key, value)
            image.PixelData = np.zeros((rows, columns), dtype=np.int16).tobytes()
            image.save_as(folder / f"{prefix}{number:04d}.dcm", enforce_file_format=True)
        return folder

    return write
