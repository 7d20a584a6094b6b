"""Input that is damaged, absurd or meant to harm: one message each, and nothing is left behind."""

import gzip
import os
import struct

import nibabel
import numpy as np
import pytest

from pennes.errors import InputError
from pennes.imaging import Grid, LabelMap, read_label_map, write_image
from pennes.imaging.dicom_seg import write_dicom_seg
from pennes.imaging.dicom_series import read_series


def refused(path, words, reference=None):
    with pytest.raises(InputError, match=words) as refusal:
        read_label_map(path, reference)
    message = str(refusal.value)
    assert "\n" not in message and str(path.name) in message and len(message) < 400
    return message


@pytest.fixture
def nifti(tmp_path):
    """A good file, and a copy of its header that can be spoilt: (offset, format, value)..."""

    def make(*changes, data=True, name="bad.nii"):
        values = np.zeros((20, 21, 22), dtype=np.uint8)
        values[5:10, 5:10, 5:10] = 1
        nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 1, 1, 1])), tmp_path / "good.nii")
        content = bytearray((tmp_path / "good.nii").read_bytes())
        for offset, kind, value in changes:
            struct.pack_into("<" + kind, content, offset, value)
        path = tmp_path / name
        content = bytes(content) if data else bytes(content[:352])
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        return path

    return make


DIM, PIXDIM, VOX_OFFSET, DATATYPE, SROW = 40, 76, 108, 70, 280


def test_good_file_is_good(nifti):
    assert np.count_nonzero(read_label_map(nifti()).labels) == 125


@pytest.mark.parametrize("name", ["cut.nii", "cut.nii.gz"])
def test_truncated(nifti, name):
    path = nifti(name=name)
    path.write_bytes(path.read_bytes()[: -4000 if name == "cut.nii" else -40])
    refused(path, "cannot be read")


@pytest.mark.parametrize("size", [0, 7, 100, 347])
def test_cut_in_the_header(nifti, size):
    path = nifti()
    path.write_bytes(path.read_bytes()[:size])
    refused(path, "no NIfTI|cannot be read")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(PIXDIM + 4, "f", 0.0)], "a voxel is 0 x 1 x 1 mm"),
        ([(SROW, "f", 0.0)], "a voxel is 0 x 1 x 1 mm"),
        ([(SROW, "f", float("nan"))], "finite"),
        ([(SROW + 4, "f", 0.9)], "degrees apart|orientations"),
        ([(PIXDIM + 4, "f", 500.0), (SROW, "f", 500.0)], "file's unit"),
        ([(DIM, "h", 4), (DIM + 8, "h", 2)], "4 dimensions"),
        ([(DIM, "h", 2)], "2 dimensions"),
        ([(DIM, "h", -3)], "dimensions|no NIfTI"),
        ([(DIM + 2, "h", 0)], "dimensions"),
        ([(DIM + 2, "h", 1)], "not a slice"),
        ([(DIM + 2, "h", 32000), (DIM + 4, "h", 32000), (DIM + 6, "h", 32000)], "32000 x 32000 x 32000"),
        ([(DIM + 2, "h", 500)], "cannot be read"),
        ([(VOX_OFFSET, "f", 2e9)], "2e\\+09 bytes long"),
        ([(VOX_OFFSET, "f", -5.0)], "bytes long"),
        ([(DATATYPE, "h", 999)], "cannot be read"),
        ([(DATATYPE, "h", 128), (72, "h", 24)], "cannot be read|kind"),
    ],
)
def test_absurd_headers(nifti, changes, words):
    refused(nifti(*changes), words)


def test_two_orientations_that_contradict(tmp_path):
    image = nibabel.Nifti1Image(np.ones((9, 9, 9), np.uint8), np.eye(4))
    image.set_sform(np.diag([-1.0, 1, 1, 1]), 1)
    image.set_qform(np.eye(4), 1)
    nibabel.save(image, tmp_path / "two.nii")
    refused(tmp_path / "two.nii", "two orientations")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full((5, 5, 5), 0.5, np.float32), "fractions"),
        (np.full((5, 5, 5), -40, np.int16), "-40"),
        (np.full((5, 5, 5), np.nan, np.float32), "finite"),
        (np.full((5, 5, 5), 1e6, np.float64), "65536"),
    ],
)
def test_images_that_are_no_label_maps(tmp_path, values, words):
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "ct.nii.gz")
    refused(tmp_path / "ct.nii.gz", words)


def test_empty_maps_and_missing_labels(tmp_path, grid):
    empty = LabelMap(grid(), np.zeros(grid().shape, np.uint8))
    write_image(tmp_path / "empty.nii.gz", empty)
    with pytest.raises(InputError, match="all voxels are background"):
        read_label_map(tmp_path / "empty.nii.gz").mask()
    with pytest.raises(InputError, match="no label 'liver'"):
        read_label_map(tmp_path / "empty.nii.gz").mask(["liver"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no NRRD"),
        (b"NRRD0004\n" + b"#" * 2_000_000, "over a megabyte"),
        (b"NRRD0004\ntype: uchar\n", "does not end"),
        (b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 99999 99999 99999\nencoding: raw\n\n", "sizes"),
        (b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 4 4\nencoding: raw\n\n123", "cannot be read"),
        (b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\n\n12345678", "which space"),
        (
            b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: ../../etc/passwd\n\n",
            "another",
        ),
    ],
)
def test_damaged_nrrd(tmp_path, content, words):
    (tmp_path / "bad.nrrd").write_bytes(content)
    refused(tmp_path / "bad.nrrd", words)


@pytest.mark.parametrize("name", ["x.dcm", "x.mha", "x.txt", "x.nhdr"])
@pytest.mark.parametrize("content", [b"", b"\0" * 128 + b"DICM", b"words"])
def test_other_files(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, "cannot be read|no kind")


def test_nothing_there(tmp_path):
    refused(tmp_path / "absent.nii.gz", "no such file")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "holds no DICOM segmentations")


def test_folder_with_two_series(tmp_path, grid, two_labels, write_series):
    labels = two_labels(grid())
    series = read_series(write_series(tmp_path / "ct", labels.grid, SeriesDescription="one"))
    write_dicom_seg(tmp_path / "seg.dcm", labels, series)
    write_series(tmp_path / "ct", labels.grid, prefix="other", SeriesDescription="two")
    with pytest.raises(InputError, match=r"2 series.*'one'.*'two'"):
        read_label_map(tmp_path / "seg.dcm", tmp_path / "ct")


def test_series_with_a_missing_or_doubled_slice(tmp_path, grid, write_series):
    folder = write_series(tmp_path / "ct", grid())
    file = next(f for f in folder.iterdir() if read_order(f) == 12)
    (folder / "again.dcm").write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="mm apart"):
        read_series(folder)
    (folder / "again.dcm").unlink()
    file.unlink()
    with pytest.raises(InputError, match="mm apart"):
        read_series(folder)


def read_order(file):
    import pydicom

    return int(pydicom.dcmread(file).InstanceNumber)


def test_segmentation_of_another_patient_position(tmp_path, grid, two_labels, write_series):
    labels = two_labels(grid())
    write_dicom_seg(tmp_path / "seg.dcm", labels, read_series(write_series(tmp_path / "a", labels.grid)))
    write_series(tmp_path / "b", labels.grid)
    with pytest.raises(InputError, match="another frame of reference"):
        read_label_map(tmp_path / "seg.dcm", tmp_path / "b")


def test_tags_are_never_file_names(tmp_path, grid, two_labels, write_series):
    """Path tricks in every text tag that a careless program might build a name from."""
    trick = "../../../../tmp/pennes_escape"
    labels = two_labels(grid())
    tags = {"SeriesDescription": trick, "StudyID": trick[:16], "PatientID": trick, "ProtocolName": trick}
    series = read_series(write_series(tmp_path / "ct", labels.grid, PatientName=trick, **tags))
    evil = LabelMap(labels.grid, labels.labels, {1: trick, 2: "/etc/passwd", 3: "a\\b\n.."})
    inside = tmp_path / "out"
    inside.mkdir()
    before = set(os.listdir("/tmp"))
    write_dicom_seg(inside / "seg.dcm", evil, series, description=trick)
    read = read_label_map(inside / "seg.dcm", tmp_path / "ct")
    np.testing.assert_array_equal(read.labels, labels.labels)
    assert [f.name for f in inside.iterdir()] == ["seg.dcm"]
    assert "pennes_escape" not in set(os.listdir("/tmp")) - before
    assert all(c.isprintable() for name in read.names.values() for c in name)


def test_full_disk_leaves_nothing(tmp_path, grid, two_labels, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nibabel, "save", fail)
    with pytest.raises(InputError, match="No space left"):
        write_image(tmp_path / "map.nii.gz", two_labels(grid()))
    assert list(tmp_path.iterdir()) == []


def test_a_packed_billion_of_voxels_takes_little_more_than_itself(tmp_path):
    """Labels that occur are found without 64-bit copies of the whole map."""
    import tracemalloc

    labels = np.zeros((300, 300, 300), dtype=np.uint8)
    labels[5, 6, 7], labels[200, 2, 9] = 3, 250
    found = LabelMap(Grid(labels.shape, np.diag([1e-3, 1e-3, 1e-3, 1.0])), labels)
    tracemalloc.start()
    assert found.present == (3, 250)
    assert tracemalloc.get_traced_memory()[1] < 0.2 * labels.nbytes
    tracemalloc.stop()


def test_odd_characters_in_a_segments_name_are_no_news(tmp_path, grid, write_series, recwarn):
    where = grid((8, 8, 8), (1, 1, 1))
    series = read_series(write_series(tmp_path / "series", where))
    name = "../../../tmp/evil\x1b[31mzone"
    write_dicom_seg(tmp_path / "z.dcm", LabelMap(where, np.ones((8, 8, 8), np.uint8), {1: name}), series)
    recwarn.clear()
    (read,) = read_label_map(tmp_path / "z.dcm").names.values()
    assert read.isprintable() and not [w for w in recwarn if "escape" in str(w.message)]
