"""Label maps and images from and to files, by the file's name."""

from __future__ import annotations

from pathlib import Path

from pennes.errors import InputError
from pennes.imaging.label_map import Image, LabelMap

READABLE = ".nii, .nii.gz, .nrrd, a DICOM segmentation (.dcm, or a folder that holds one), a phantom's recipe (.yaml)"
_NIFTI, _NRRD, _DICOM = (".nii", ".nii.gz"), (".nrrd",), (".dcm", ".ima", ".seg")
_RECIPE = (".yaml", ".yml")
_INSTALL = "pip install 'pennes[imaging]'"


def is_label_map(path: str | Path) -> bool:
    """Does the name say that this is an image, by a kind that is read or one that is known and not read?"""
    path = Path(path)
    others = (".nhdr", ".mha", ".mhd", ".img", ".hdr", ".mgz", ".vti")
    return path.is_dir() or path.name.lower().endswith((*_NIFTI, *_NRRD, *_DICOM, *_RECIPE, *others))


def read_label_map(path: str | Path, reference: str | Path | None = None) -> LabelMap:
    """The label map in a NIfTI, NRRD or DICOM SEG file, in a folder that holds one DICOM SEG, or of a phantom's recipe.

    ``reference``: folder with the images of the series that a DICOM SEG belongs to; the map is put on its grid.
    Raises InputError, one message, for anything that cannot be used, and where the imaging libraries are missing.
    """
    path = Path(path)
    if not path.exists():
        raise InputError("there is no such file", file=path, expected=f"a label map: {READABLE}")
    name = path.name.lower()
    try:
        if name.endswith(_NIFTI) and path.is_file():
            from pennes.imaging.nifti import read_nifti

            return read_nifti(path)
        if name.endswith(_NRRD) and path.is_file():
            from pennes.imaging.nrrd import read_nrrd

            return read_nrrd(path)
        if name.endswith(_RECIPE) and path.is_file():
            from pennes.imaging.phantom import make_phantom, read_recipe

            return make_phantom(read_recipe(path)).labels
        if path.is_dir() or name.endswith(_DICOM):
            from pennes.imaging.dicom_seg import read_dicom_seg
            from pennes.imaging.dicom_series import read_series

            return read_dicom_seg(path, None if reference is None else read_series(reference))
    except ModuleNotFoundError as missing:
        raise InputError(f"'{missing.name}' is not installed", file=path, expected=_INSTALL) from None
    raise InputError(f"'{path.suffix}' is no kind of label map that is read", file=path, expected=READABLE)


def write_image(path: str | Path, image: LabelMap | Image) -> None:
    """Write a label map or an image as .nii, .nii.gz or .nrrd. Raises InputError; nothing is half written."""
    path = Path(path)
    name = path.name.lower()
    if name.endswith(_NIFTI):
        from pennes.imaging.nifti import write_nifti

        write_nifti(path, image)
    elif name.endswith(_NRRD):
        from pennes.imaging.nrrd import write_nrrd

        write_nrrd(path, image)
    else:
        raise InputError(f"'{path.suffix}' is no kind of image that is written", file=path, expected=".nii.gz or .nrrd")
