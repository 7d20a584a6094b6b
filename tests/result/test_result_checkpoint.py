"""The checkpoint on one rank: whole or refused, the previous one kept, a full disk survived."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from dolfinx import mesh as dolfinx_mesh
from mpi4py import MPI

from pennes.errors import InputError
from pennes.result import find_checkpoint, read_checkpoint, write_checkpoint


@pytest.fixture(scope="module")
def mesh():
    return dolfinx_mesh.create_unit_cube(MPI.COMM_SELF, 3, 3, 3)


@pytest.fixture
def path(tmp_path, mesh):
    """Two checkpoints, at 10 and 20 s."""
    for time in (10.0, 20.0):
        write_checkpoint(tmp_path / "checkpoint.h5", mesh, {"t": time * mesh.geometry.x[:, 0]}, scalars={"time": time})
    return tmp_path / "checkpoint.h5"


def test_the_newest_is_read(path, mesh):
    found = read_checkpoint(path, mesh)
    assert (found.scalars, found.path, found.warnings) == ({"time": 20.0}, path, ())
    np.testing.assert_array_equal(found.fields["t"], 20.0 * mesh.geometry.x[:, 0])
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["checkpoint.h5", "checkpoint.previous.h5"]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_one_is_refused_and_the_previous_used(path, mesh, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    found = read_checkpoint(path, mesh)
    assert found.scalars == {"time": 10.0}
    assert "checkpoint.h5 is refused" in found.warnings[0]
    assert "checkpoint.previous.h5 is used instead" in found.warnings[0]


@pytest.mark.parametrize("place", [20, 600, -1])
def test_a_changed_byte_is_found(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    used, scalars, warnings = find_checkpoint(path)
    assert (used.name, scalars["time"], len(warnings)) == ("checkpoint.previous.h5", 10.0, 1)


def test_one_that_is_missing_between_two_renames_is_no_loss(path):
    path.unlink()
    used, _, warnings = find_checkpoint(path)
    assert used.name == "checkpoint.previous.h5"
    assert "there is no checkpoint.h5" in warnings[0]


def test_nothing_usable_says_why(path):
    path.write_bytes(b"x")
    path.with_name("checkpoint.previous.h5").write_bytes(b"")
    with pytest.raises(InputError, match=r"checkpoint\.h5 is refused.*checkpoint\.previous\.h5 is refused"):
        find_checkpoint(path)


@pytest.mark.parametrize(("intervals", "stretch"), [(4, 1.0), (3, 1.001)])
def test_another_mesh_is_refused(path, intervals, stretch):
    other = dolfinx_mesh.create_unit_cube(MPI.COMM_SELF, *[intervals] * 3)
    other.geometry.x[:] *= stretch
    with pytest.raises(InputError, match="another mesh"):
        read_checkpoint(path, other)


def test_a_field_of_the_wrong_length_is_refused(tmp_path, mesh):
    with pytest.raises(ValueError, match="temperature has 3 values"):
        write_checkpoint(tmp_path / "checkpoint.h5", mesh, {"temperature": np.zeros(3)})


FULL_DISK = """
import resource, sys
from pennes.cli import world
comm = world.connect()
from dolfinx import mesh
from pennes.errors import InputError
from pennes.result import ResultFolder

cube = mesh.create_unit_cube(comm, 3, 3, 3)
folder = ResultFolder.create(sys.argv[1], comm)
values = cube.geometry.x[:, 0]
folder.write_checkpoint(cube, {"t": values}, scalars={"time": 1.0})
writer = folder.field_writer(cube, ("t",))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
for write in (
    lambda: folder.write_checkpoint(cube, {f"t{k}": values for k in range(100)}),
    lambda: [writer.write(time, {"t": values}) for time in range(1000)],
    lambda: folder.write_text("history.csv", "x" * 10**6),
):
    try:
        write()
    except InputError as error:
        print(error)
print(folder.read_checkpoint(cube).scalars)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on file sizes")
def test_a_disk_that_is_full_is_one_message_and_the_last_state_stays(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "result"), "65536"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for name, line in zip(("checkpoint.h5", "fields.h5", "history.csv"), lines[:3], strict=True):
        assert name in line
        assert "File too large" in line
    assert lines[3:] == ["{'time': 1.0}"]
    names = sorted(entry.name for entry in (tmp_path / "result").iterdir())
    assert names == ["checkpoint.h5", "fields.h5", "fields.xdmf"]
