"""The result folder: what may be written where, and that nothing is lost or left half written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pennes.errors import InputError
from pennes.result.checkpoint import Checkpoint, find_checkpoint, previous, read_checkpoint, write_checkpoint
from pennes.result.collective import on_root
from pennes.result.files import write_whole
from pennes.result.history import History
from pennes.result.summary import Summary, make_summary, summary_text

if TYPE_CHECKING:
    from dolfinx.mesh import Mesh
    from mpi4py import MPI

    from pennes.case import Case
    from pennes.imaging import Image, LabelMap
    from pennes.result.fields import FieldWriter

SUMMARY, HISTORY, CASE, REPORT = "summary.json", "history.csv", "case.yaml", "report.html"
FIELDS, FIELDS_DATA, CHECKPOINT = "fields.xdmf", "fields.h5", "checkpoint.h5"
SURFACE_ENDINGS = (".vtp", ".stl")
_COSTS = {"vessel_costs.json", "vessel_costs.png"}
VOXELS = {"zone.nii.gz", "margin.nii.gz", "temperature_max.nii.gz", "cem43.nii.gz", "zone.dcm"}
_RESULTS = {SUMMARY, HISTORY, CASE, REPORT, FIELDS, FIELDS_DATA, CHECKPOINT, previous(Path(CHECKPOINT)).name}
_OWN_FILES = _COSTS | VOXELS | _RESULTS


def is_own_file(name: str) -> bool:
    """Is this the name of a file that a run writes?"""
    return name in _OWN_FILES or name.endswith(SURFACE_ENDINGS) or (name.startswith(".") and name.endswith(".part"))


class ResultFolder(os.PathLike[str]):
    """A folder that a run writes. It is made at the first write, so that a run refused before leaves nothing.

    ``path``; ``comm`` (None: this process alone); ``resume``; ``overwrite``. Methods are collective and raise
    InputError on every rank where the disk refuses.
    """

    def __init__(
        self, path: str | Path, comm: MPI.Comm | None = None, *, resume: bool = False, overwrite: bool = False
    ):
        self.path, self.comm, self.resume, self.overwrite = Path(path), comm, resume, overwrite
        self.prepared = False
        self._made: list[Path] = []

    @classmethod
    def create(
        cls,
        path: str | Path | ResultFolder,
        comm: MPI.Comm | None = None,
        *,
        resume: bool = False,
        overwrite: bool = False,
    ) -> ResultFolder:
        """A checked folder for a run; nothing is written yet. A ``ResultFolder`` is returned as it is.

        Raises InputError: the folder holds something and neither ``resume`` nor ``overwrite`` is given; it holds files
        that are not results (never removed); ``resume`` and there is no checkpoint; the place cannot be written to.
        """
        if isinstance(path, ResultFolder):
            return path
        folder = cls(path, comm, resume=resume, overwrite=overwrite)
        on_root(comm, folder._check, folder.path)
        return folder

    def __fspath__(self) -> str:
        return str(self.path)

    @property
    def checkpoint_path(self) -> Path:
        return self.path / CHECKPOINT

    def _check(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise InputError("this is a file", file=self.path, expected="a folder for the result")
        entries = sorted(entry.name for entry in self.path.iterdir()) if self.path.exists() else []
        if self.resume:
            if SUMMARY in entries and CHECKPOINT not in entries:
                raise InputError("this run is complete", file=self.path, expected="a run that was interrupted")
            find_checkpoint(self.checkpoint_path)
        elif entries and not self.overwrite:
            raise InputError(
                f"this folder is not empty (it holds {_few(entries)})",
                file=self.path,
                expected="another folder (-o), --overwrite to replace the result, or --resume to go on with it",
            )
        elif foreign := [name for name in entries if not is_own_file(name)]:
            raise InputError(
                f"this folder holds what no run writes ({_few(foreign)}), so that nothing in it is replaced",
                file=self.path,
                expected="another folder (-o)",
            )
        parent = next(place for place in (self.path, *self.path.absolute().parents) if place.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise InputError(f"cannot write in {parent}", file=self.path, expected="a folder that can be written to")

    def refuse_complete(self, *, report: bool) -> None:
        """On a resume (collective): raise InputError where the run has come to its end and nothing is missing of it.

        ``report``: the report belongs to it; one that was stopped while its report was written is gone on with.
        """
        on_root(self.comm, lambda: self._refuse_complete(report), self.path, "read")

    def _refuse_complete(self, report: bool) -> None:
        written = [SUMMARY, REPORT] if report else [SUMMARY]
        ended = find_checkpoint(self.checkpoint_path)[1].get("finished", False)
        if ended and all((self.path / name).exists() for name in written):
            raise InputError("this run is complete", file=self.path, expected="a run that was interrupted")

    def prepare(self) -> None:
        """Make the folder and, where that was asked for, remove the old result. Done once; writing does it too."""
        if not self.prepared:
            on_root(self.comm, self._prepare, self.path)
            self.prepared = True

    def _prepare(self) -> None:
        missing = [place for place in (self.path, *self.path.absolute().parents) if not place.exists()]
        self.path.mkdir(parents=True, exist_ok=True)
        self._made = missing
        if self.overwrite and not self.resume:
            self._remove_files()

    def _remove_files(self) -> None:
        for entry in self.path.iterdir():
            if is_own_file(entry.name) and not entry.is_dir():
                entry.unlink()

    def abandon(self) -> None:
        """After an error: remove what this run wrote, unless there is a checkpoint to go on from (rank 0 only)."""
        kept = self.checkpoint_path, previous(self.checkpoint_path)
        if not self.prepared or self.resume or any(path.exists() for path in kept):
            return
        try:
            self._remove_files()
            for place in self._made:
                place.rmdir()
        except OSError:
            # The error that ended the run is the one to tell; what could not be removed stays.
            return

    def remove_previous_checkpoint(self) -> None:
        """After a complete run: the last checkpoint is whole, the one before it has no use."""
        path = previous(self.checkpoint_path)
        on_root(self.comm, lambda: path.unlink(missing_ok=True), path, "remove")

    def write_case(self, case: Case) -> str:
        """Write the case as resolved and return its SHA-256.

        On a resume nothing is written; raises InputError where the case is not the one that the run was started with.
        """
        from pennes.case import case_sha256, dump

        digest, text = case_sha256(case), dump(case)
        if self.resume:
            on_root(self.comm, lambda: self._compare_case(text), self.path / CASE, "read")
        else:
            self.write_text(CASE, text)
        return digest

    def _compare_case(self, text: str) -> None:
        if (old := (self.path / CASE).read_text(encoding="utf-8")) != text:
            pairs = zip(old.splitlines(), text.splitlines(), strict=False)
            line, (before, now) = next(
                ((number, pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1]), (1, ("", ""))
            )
            raise InputError(
                f"the run to go on with had '{before.strip()}', the case now has '{now.strip()}'",
                file=self.path / CASE,
                line=line,
                expected="the same case, with the same --set",
            )

    def write_text(self, name: str, content: str | bytes) -> Path:
        """Write a whole file of the folder atomically (content from rank 0)."""
        self.prepare()
        path = self.path / name
        on_root(self.comm, lambda: write_whole(path, content), path)
        return path

    def write_summary(self, data: dict[str, Any] | Summary) -> Summary:
        """Check and write summary.json. Raises SolverError naming the keys where the data do not fit the schema."""
        summary = make_summary(data)
        self.write_text(SUMMARY, summary_text(summary))
        return summary

    def write_surface(
        self,
        name: str,
        vertices: np.ndarray,
        triangles: np.ndarray,
        point_data: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Write ``<name>.vtp`` and ``<name>.stl`` in mm from vertices (n, 3) m and triangles (m, 3) of rank 0."""
        from pennes.result.surfaces import stl_bytes, vtp_bytes

        self.prepare()
        root = self.comm is None or self.comm.rank == 0
        self.write_text(f"{name}.vtp", vtp_bytes(vertices, triangles, point_data or {}) if root else b"")
        self.write_text(f"{name}.stl", stl_bytes(vertices, triangles) if root else b"")

    def write_voxels(self, name: str, image: LabelMap | Image | None) -> None:
        """Write ``<name>.nii.gz`` from the image on rank 0 (collective)."""
        from pennes.imaging import write_image

        self.prepare()
        path = self.path / f"{name}.nii.gz"
        on_root(self.comm, lambda: write_image(path, image), path)

    def write_segmentation(self, name: str, labels: LabelMap | None, series: str) -> None:
        """Write ``<name>.dcm``, a DICOM segmentation of the images in the folder ``series`` (collective)."""
        from pennes.imaging.dicom_seg import write_dicom_seg
        from pennes.imaging.dicom_series import read_series
        from pennes.imaging.resample import placed_on

        def write() -> None:
            images = read_series(series)
            write_dicom_seg(path, placed_on(labels, images.grid), images, "Ablation zone, simulated")

        self.prepare()
        path = self.path / f"{name}.dcm"
        on_root(self.comm, write, path)

    def history(self, columns: Sequence[str], *, resume_time: float | None = None) -> History:
        """The history file, cut to ``resume_time`` on a resume."""
        self.prepare()
        return History(self.path / HISTORY, columns, self.comm, resume_time=resume_time)

    def field_writer(
        self,
        mesh: Mesh,
        names: Sequence[str],
        *,
        cell_tags: Mapping[str, np.ndarray] | None = None,
        resume_time: float | None = None,
    ) -> FieldWriter:
        """The writer of fields.xdmf and fields.h5, cut to ``resume_time`` on a resume."""
        from pennes.result.fields import FieldWriter

        self.prepare()
        return FieldWriter(self.path / FIELDS, mesh, names, cell_tags=cell_tags, resume_time=resume_time)

    def write_checkpoint(
        self,
        mesh: Mesh,
        fields: dict[str, np.ndarray],
        cell_fields: dict[str, np.ndarray] | None = None,
        scalars: dict[str, Any] | None = None,
    ) -> None:
        """See ``pennes.result.checkpoint.write_checkpoint``."""
        self.prepare()
        write_checkpoint(self.checkpoint_path, mesh, fields, cell_fields, scalars)

    def read_checkpoint(self, mesh: Mesh) -> Checkpoint:
        """See ``pennes.result.checkpoint.read_checkpoint``."""
        return read_checkpoint(self.checkpoint_path, mesh)


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
