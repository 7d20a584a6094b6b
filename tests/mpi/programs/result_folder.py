"""Write or check a checkpoint and saved fields: ``result_folder.py write|check|continue FOLDER``.

The mesh is read from arrays that do not depend on the number of ranks; values are functions of position.
"""

from __future__ import annotations

import sys
from pathlib import Path

from boxes import box_mesh  # isort: skip
import numpy as np
from mpi4py import MPI

from pennes.result import ResultFolder

action, path = sys.argv[1], Path(sys.argv[2])
comm = MPI.COMM_WORLD
mesh = box_mesh(comm)
points = mesh.geometry.x
midpoints = points[mesh.geometry.dofmaps[0]].mean(axis=1)


def temperature(time: float) -> np.ndarray:
    return 37.0 + time * np.sin(3 * points[:, 0]) + points[:, 1] * points[:, 2]


def dose(time: float) -> np.ndarray:
    return np.stack([midpoints[:, 0] * time, midpoints[:, 2]], axis=1)


resume_time = None
if action != "write":
    folder = ResultFolder.create(path, comm, resume=True)
    found = folder.read_checkpoint(mesh)
    resume_time = found.scalars["time"]
    # Exactly the same numbers: nothing may be interpolated or rounded, ghosts included.
    np.testing.assert_array_equal(found.fields["temperature"], temperature(resume_time))
    np.testing.assert_array_equal(found.cell_fields["dose"], dose(resume_time))
    if comm.rank == 0:
        print(f"read {resume_time:g} {'; '.join(found.warnings)}")
else:
    folder = ResultFolder.create(path, comm)

if action != "check":
    tags = {"region": np.round(10 * midpoints[:, 0]).astype(int)}
    fields = folder.field_writer(mesh, ("temperature", "damage"), cell_tags=tags, resume_time=resume_time)
    history = folder.history(("time_s", "power_w"), resume_time=resume_time)
    start = 0.0 if resume_time is None else resume_time + 30.0
    for time in np.arange(start, start + 90.0, 30.0):
        fields.write(time, {"temperature": temperature(time), "damage": time * points[:, 2]})
        history.append({"time_s": time, "power_w": comm.size})
        if time < start + 60.0:
            # The last time is saved after the last checkpoint: a resume must drop it.
            state = {"time": time}
            folder.write_checkpoint(mesh, {"temperature": temperature(time)}, {"dose": dose(time)}, state)
