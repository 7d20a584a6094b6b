"""fields.xdmf and fields.h5: named vertex fields at the saved times, for ParaView and for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pennes.result.collective import FILE_ERRORS, on_root, read_rows, write_rows
from pennes.result.files import put_in_place, temporary, write_whole
from pennes.result.history import TIME_TOLERANCE
from pennes.result.xdmf import xdmf_text

if TYPE_CHECKING:
    from dolfinx.mesh import Mesh


class FieldWriter:
    """Writes vertex fields of a mesh of tetrahedra or triangles, time after time, on any number of ranks.

    The HDF5 file holds ``/Mesh/mesh/{geometry,topology}``, ``/Mesh/mesh/cell/<name>`` and
    ``/Function/<name>/<number of the time>``; it is closed between times, so that what has been saved can be looked
    at while the run goes on. All methods are collective and raise InputError on every rank where the disk refuses.

    ``names``: the fields that every ``write`` gets. ``cell_tags``: whole numbers (n local cells,) that do not change,
    such as the region. With ``resume_time`` the times up to it are kept from the file that exists, whatever number of
    ranks wrote it; ``warnings`` says so where that file could not be used.
    """

    def __init__(
        self,
        path: Path,
        mesh: Mesh,
        names: Sequence[str],
        *,
        cell_tags: Mapping[str, np.ndarray] | None = None,
        resume_time: float | None = None,
    ):
        self.path = Path(path).with_suffix(".xdmf")
        self.data_path = self.path.with_suffix(".h5")
        self.mesh, self.names = mesh, tuple(names)
        self.cell_names = tuple(cell_tags or {})
        self.times: list[float] = []
        self.warnings: tuple[str, ...] = ()
        self._start(cell_tags or {}, resume_time)

    @property
    def _owned(self) -> int:
        return self.mesh.geometry.index_map().size_local

    def _start(self, cell_tags: Mapping[str, np.ndarray], resume_time: float | None) -> None:
        """Write the mesh and the times that are kept to a new file and put it in place."""
        geometry, topology = self.mesh.geometry, self.mesh.topology
        n_cells = topology.index_map(topology.dim).size_local
        nodes = geometry.dofmaps[0][:n_cells]
        cells = geometry.index_map().local_to_global(nodes.ravel()).reshape(nodes.shape)
        part = temporary(self.data_path)
        rows = {
            "Mesh/mesh/geometry": geometry.x[: self._owned],
            "Mesh/mesh/topology": cells,
            "vertices/id": geometry.input_global_indices[: self._owned],
        }
        for name, tags in cell_tags.items():
            rows[f"Mesh/mesh/cell/{name}"] = np.asarray(tags, dtype=np.int64)[:n_cells]
        write_rows(self.mesh.comm, part, "w", rows, {"times": []})
        if resume_time is not None:
            self._keep(part, resume_time)
        on_root(self.mesh.comm, lambda: put_in_place(part, self.data_path), self.data_path)
        self._describe()

    def write(self, time: float, values: Mapping[str, np.ndarray]) -> None:
        """Save every field at ``time`` (s): arrays (n local vertices,), owned or with ghosts, in P1 dof order."""
        self._append(self.data_path, time, values)
        self._describe()

    def _append(self, path: Path, time: float, values: Mapping[str, np.ndarray]) -> None:
        if set(values) != set(self.names):
            raise ValueError(f"fields {sorted(values)} where {sorted(self.names)} were announced")
        number = len(self.times)
        rows = {
            f"Function/{name}/{number}": np.asarray(values[name], dtype=np.float64)[: self._owned]
            for name in self.names
        }
        times = [*self.times, float(time)]
        write_rows(self.mesh.comm, path, "r+", rows, {"times": times})
        self.times = times

    def _describe(self) -> None:
        """Write the XDMF file that says where things are in the HDF5 file."""
        comm, topology = self.mesh.comm, self.mesh.topology
        sizes = (self.mesh.geometry.index_map().size_global, topology.index_map(topology.dim).size_global)
        text = xdmf_text(self.data_path.name, sizes, self.names, self.cell_names, self.times, topology.dim + 1)
        on_root(comm, lambda: write_whole(self.path, text), self.path)

    def _keep(self, part: Path, resume_time: float) -> None:
        """Copy the times up to ``resume_time`` from the file that exists, one at a time."""
        comm, times, problem = self.mesh.comm, [], None
        try:
            times = self._old_times(resume_time)
        except FILE_ERRORS as error:
            problem = str(error)
        # Rank 0's view decides: the loop below is collective.
        times, problem = comm.bcast((times, problem), root=0)
        for number, time in enumerate(times):
            values: dict[str, np.ndarray] = {}
            try:
                values = self._old_values(number)
            except FILE_ERRORS as error:
                problem = str(error)
            problem = next((text for text in comm.allgather(problem) if text), None)
            if problem is not None:
                break
            self._append(part, time, values)
        if problem is not None:
            kept = f"after {self.times[-1]:g} s" if self.times else "from here"
            self.warnings = (f"{self.data_path.name} could not be continued, it goes on {kept}: {problem}",)

    def _old_times(self, resume_time: float) -> list[float]:
        import h5py

        with h5py.File(self.data_path, "r", locking=False) as file:
            return [float(time) for time in file.attrs["times"] if time <= resume_time + TIME_TOLERANCE]

    def _old_values(self, number: int) -> dict[str, np.ndarray]:
        """This rank's owned values at a saved time. Raises ValueError where the file belongs to another mesh."""
        import h5py

        wanted = self.mesh.geometry.input_global_indices[: self._owned]
        with h5py.File(self.data_path, "r", locking=False) as file:
            group: Any = {name: file[f"Function/{name}/{number}"] for name in self.names}
            values = read_rows({"id": file["vertices/id"], **group}, list(self.names), wanted)
        if values is None:
            raise ValueError("it belongs to another mesh")
        return values
