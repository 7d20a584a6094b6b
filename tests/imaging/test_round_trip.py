"""What is written is read back where it was, by pennes and by independent programs."""

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from pennes.errors import InputError
from pennes.imaging import Grid, Image, LabelMap, named, read_label_map, write_image
from pennes.imaging.dicom_seg import write_dicom_seg
from pennes.imaging.dicom_series import read_series

ORIENTATIONS = {
    "oblique": {},
    "isotropic": {"spacing": (1, 1, 1), "angles": (0, 0, 0)},
    "flipped": {"angles": (180, 0, 0)},
    "thin": {"spacing": (0.5, 0.5, 5.0), "angles": (0, 90, 0)},
}


def marker_place(image, value=3):
    """Where a program that is not pennes sees the marker voxel, mm LPS."""
    k, j, i = np.argwhere(sitk.GetArrayFromImage(image) == value)[0]
    return np.array(image.TransformIndexToPhysicalPoint((int(i), int(j), int(k))))


@pytest.mark.parametrize("how", ORIENTATIONS)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd"])
def test_no_voxel_moves(tmp_path, grid, two_labels, how, suffix):
    labels = two_labels(grid(**ORIENTATIONS[how]))
    path = tmp_path / f"map{suffix}"
    write_image(path, labels)
    read = read_label_map(path)
    assert read.grid.same_as(labels.grid, 1e-4)
    np.testing.assert_array_equal(read.labels, labels.labels)
    place = 1e3 * labels.grid.points([[33, 5, 27]])[0]
    np.testing.assert_allclose(marker_place(sitk.ReadImage(str(path))), place, atol=1e-3)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_left_handed_voxels_stay_where_the_header_says(tmp_path, grid, two_labels):
    right = two_labels(grid())
    flipped = right.labels[::-1]
    affine = right.grid.ras_mm
    affine[:3, 3] = (affine @ [right.grid.shape[0] - 1, 0, 0, 1])[:3]
    affine[:3, 0] *= -1
    nibabel.save(nibabel.Nifti1Image(flipped, affine), tmp_path / "left.nii.gz")
    read = read_label_map(tmp_path / "left.nii.gz")
    assert read.grid.is_left_handed and "left-handed" in read.notes[0]
    place = read.grid.points(np.argwhere(read.labels == 3))
    np.testing.assert_allclose(place, right.grid.points([[33, 5, 27]]), atol=1e-7)


def test_images_keep_their_values(tmp_path, grid):
    where = grid()
    values = np.random.default_rng(0).normal(37, 20, where.shape).astype(np.float32)
    write_image(tmp_path / "t.nii.gz", Image(where, values))
    read = sitk.ReadImage(str(tmp_path / "t.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read).transpose(2, 1, 0), values)
    np.testing.assert_allclose(read.GetSpacing(), 1e3 * where.spacing, rtol=1e-5)


def test_dicom_segmentation_lies_on_its_series(tmp_path, grid, two_labels, write_series):
    labels = two_labels(grid())
    series = read_series(write_series(tmp_path / "ct", labels.grid))
    assert series.grid.same_as(labels.grid, 1e-3)
    write_dicom_seg(tmp_path / "seg.dcm", labels, series)
    read = read_label_map(tmp_path / "seg.dcm", tmp_path / "ct")
    np.testing.assert_array_equal(read.labels, labels.labels)
    assert read.grid.same_as(labels.grid, 1e-3) and read.names == labels.names
    alone = read_label_map(tmp_path / "seg.dcm")
    place = alone.grid.points(np.argwhere(alone.labels == 3))
    np.testing.assert_allclose(place, labels.grid.points([[33, 5, 27]]), atol=1e-6)


def test_an_independent_reader_accepts_the_dicom_segmentation(tmp_path, grid, two_labels, write_series):
    """DCMQI, which 3D Slicer reads segmentations with."""
    program = shutil.which("segimage2itkimage", path=sysconfig.get_path("scripts"))
    assert program, "dcmqi is not installed"
    labels = two_labels(grid())
    series = read_series(write_series(tmp_path / "ct", labels.grid))
    write_dicom_seg(tmp_path / "seg.dcm", labels, series)
    command = [program, "--inputDICOM", tmp_path / "seg.dcm", "--outputDirectory", tmp_path, "--outputType", "nrrd"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "meta.json").read_text())["segmentAttributes"]
    assert [segment[0]["SegmentLabel"] for segment in found] == ["liver", "tumour", "marker"]
    marker = sitk.ReadImage(str(tmp_path / "3.nrrd"))
    place = 1e3 * labels.grid.points([[33, 5, 27]])[0]
    np.testing.assert_allclose(marker_place(marker, value=sitk.GetArrayFromImage(marker).max()), place, atol=1e-2)
    liver = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "1.nrrd")))
    assert np.count_nonzero(liver) == np.count_nonzero(labels.labels == 1)


def test_slicer_segmentation_with_layers(tmp_path):
    import nrrd

    layers = np.zeros((2, 12, 11, 10), dtype=np.uint8)
    layers[0, 2:8, 2:8, 2:8], layers[1, 5:10, 3:6, 3:6] = 1, 1
    header = {
        "space": "left-posterior-superior",
        "kinds": ["list", "domain", "domain", "domain"],
        "space directions": np.array([[np.nan] * 3, [1, 0, 0], [0, 1, 0], [0, 0, 2.0]]),
        "space origin": [1.0, 2.0, 3.0],
    }
    for number, name in enumerate(("liver", "tumour")):
        header |= {f"Segment{number}_Name": name, f"Segment{number}_LabelValue": "1", f"Segment{number}_Layer": number}
    nrrd.write(str(tmp_path / "two.seg.nrrd"), layers, header)
    read = read_label_map(tmp_path / "two.seg.nrrd")
    assert read.names == {1: "liver", 2: "tumour"} and "several segments" in read.notes[0]
    assert np.count_nonzero(read.mask(["tumour"])) == 5 * 3 * 3
    np.testing.assert_allclose(read.grid.points([[0, 0, 1]])[0], [1e-3, 2e-3, 5e-3])


def test_dicom_needs_the_series_grid(tmp_path, grid, two_labels, write_series):
    labels = two_labels(grid())
    other = read_series(write_series(tmp_path / "ct", grid(origin=(0, 0, 0))))
    with pytest.raises(InputError, match="grid of the series"):
        write_dicom_seg(tmp_path / "seg.dcm", labels, other)
    with pytest.raises(InputError, match="nothing to write"):
        write_dicom_seg(tmp_path / "seg.dcm", LabelMap(other.grid, np.zeros(other.grid.shape, np.uint8)), other)
    assert [file.name for file in tmp_path.iterdir()] == ["ct"]


def test_presets_name_labels(grid):
    labels = np.zeros(grid().shape, dtype=np.uint8)
    labels[:5], labels[5:9] = 5, 63
    with_names = named(LabelMap(grid(), labels), "totalsegmentator")
    assert [with_names.name(n) for n in with_names.present] == ["liver", "inferior_vena_cava"]
    assert with_names.number("Inferior Vena-Cava") == 63 and with_names.number(5) == with_names.number("5") == 5
    with pytest.raises(InputError, match=r"no label 'livr'.*did you mean 'liver'"):
        with_names.number("livr")
    with pytest.raises(InputError, match="totalsegmentator"):
        named(with_names, "totalsegmentor")


def test_own_table(tmp_path, grid):
    (tmp_path / "labels.json").write_text('{"liver": 1, "lesion": 2}')
    labels = np.ones(grid().shape, dtype=np.uint8)
    assert named(LabelMap(grid(), labels), tmp_path / "labels.json").number("liver") == 1
    (tmp_path / "bad.json").write_text("[1, 2")
    with pytest.raises(InputError, match="no label table"):
        named(LabelMap(grid(), labels), tmp_path / "bad.json")


def test_grid_of_other_spacing_covers_the_same_space(grid):
    fine = grid().resampled(1e-3)
    assert isinstance(fine, Grid) and np.allclose(fine.spacing, 1e-3)
    np.testing.assert_allclose(fine.corners()[0], grid().corners()[0], atol=1e-9)
    assert (fine.corners()[-1] - grid().corners()[-1]).max() < 1e-3


def test_files_of_the_package():
    assert (Path(named.__code__.co_filename).parent / "data" / "tables.json").is_file()
