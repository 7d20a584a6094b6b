"""The images of a synthetic CT series, made here."""

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def write_series(folder, grid, series=None, study=None, frame=None, prefix="img", **tags):
    """Write the images of a CT series on a grid into a folder; slices in shuffled files."""
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
