"""The checkpoint: the state of a run, written on any number of ranks and read on any other.

Values are keyed by where their vertex stood in the mesh that was read (``geometry.input_global_indices``), which does
not depend on the number of ranks; cells by their vertices. The first 512 bytes of the file (the
user block that HDF5 leaves alone) hold a line with the size and the SHA-256 of the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pennes.errors import InputError
from pennes.result.collective import FILE_ERRORS, on_root, read_rows, write_rows
from pennes.result.files import put_in_place, temporary

if TYPE_CHECKING:
    from dolfinx.mesh import Mesh

SCHEMA = "pennes.checkpoint/1"
#: Odd random numbers of 64 bits.
_HASH = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], dtype=np.uint64)
HEADER_SIZE = 512
_HEADER = re.compile(rb"(pennes\.checkpoint/\d+) size=(\d+) sha256=([0-9a-f]{64})\n")


@dataclass(frozen=True)
class Checkpoint:
    """What was read: arrays of this rank, ghosts included."""

    fields: dict[str, np.ndarray]
    """(n local vertices, ...) by name."""
    cell_fields: dict[str, np.ndarray]
    """(n local cells, ...) by name."""
    scalars: dict[str, Any]
    path: Path
    """The file that was used."""
    warnings: tuple[str, ...] = field(default=())
    """Why a newer file was refused."""


def previous(path: Path) -> Path:
    """Name of the checkpoint before the one at ``path``."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def write_checkpoint(
    path: Path,
    mesh: Mesh,
    fields: dict[str, np.ndarray],
    cell_fields: dict[str, np.ndarray] | None = None,
    scalars: dict[str, Any] | None = None,
) -> None:
    """Write a checkpoint atomically and keep the one before it (collective).

    ``fields``: arrays (n local vertices, ...), owned or with ghosts, in the order of P1 degrees of freedom (the mesh's
    geometry nodes); ``cell_fields``: (n local cells, ...); ``scalars``: what JSON can hold, the same on every rank.
    Raises InputError on every rank where the file cannot be written; then the old checkpoints are untouched.
    """
    path = Path(path)
    comm = mesh.comm
    text = json.dumps(scalars or {}).encode()
    rows = {"scalars": np.frombuffer(text if comm.rank == 0 else b"", dtype=np.uint8)}
    for group, (ids, points, n_owned), values in (
        ("vertices", _vertices(mesh), fields),
        ("cells", _cells(mesh), cell_fields or {}),
    ):
        if group == "cells" and not values:
            continue
        rows |= {f"{group}/id": ids[:n_owned], f"{group}/point": points[:n_owned]}
        for name, array in values.items():
            if len(array) < n_owned:
                raise ValueError(f"{name} has {len(array)} values for {n_owned} {group} of this rank")
            rows[f"{group}/value/{name}"] = np.asarray(array)[:n_owned]
    part = temporary(path)
    write_rows(comm, part, "w", rows, userblock_size=HEADER_SIZE)
    on_root(comm, lambda: _finish(part, path), path)


def _finish(part: Path, path: Path) -> None:
    try:
        with open(part, "r+b") as file:
            file.seek(HEADER_SIZE)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell() - HEADER_SIZE
            file.seek(0)
            file.write(f"{SCHEMA} size={size} sha256={digest}\n".encode())
        if path.exists():
            os.replace(path, previous(path))
        put_in_place(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _fault(path: Path) -> str | None:
    """Why the file at ``path`` cannot be used; None: it is whole."""
    try:
        with open(path, "rb") as file:
            header = _HEADER.match(file.read(HEADER_SIZE))
            if header is None:
                return "it is not a checkpoint, or its beginning is damaged"
            schema, expected_size, expected = header[1].decode(), int(header[2]), header[3].decode()
            if schema != SCHEMA:
                return f"it was written as {schema}, this version reads {SCHEMA}"
            size = os.fstat(file.fileno()).st_size - HEADER_SIZE
            if size != expected_size:
                kind = "truncated" if size < expected_size else "damaged"
                return f"it is {kind}: {max(size, 0)} bytes where {expected_size} were written"
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                return "it is damaged: its checksum does not fit"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return None


def find_checkpoint(path: Path, comm: Any = None) -> tuple[Path, dict[str, Any], tuple[str, ...]]:
    """The newest whole checkpoint at ``path``: (its path, its scalars, why a newer one was refused) (collective).

    Raises InputError on every rank where there is none.
    """
    path = Path(path)
    return on_root(comm, lambda: _find(path), path, "read")


def _find(path: Path) -> tuple[Path, dict[str, Any], tuple[str, ...]]:
    import h5py

    faults: list[str] = []
    for candidate in (path, previous(path)):
        if not candidate.exists():
            continue
        fault = _fault(candidate)
        if fault is None:
            with h5py.File(candidate, "r", locking=False) as file:
                scalars = json.loads(file["scalars"][()].tobytes())
            if candidate != path and not faults:
                faults.append(f"there is no {path.name}")
            return candidate, scalars, tuple(f"{text}; {candidate.name} is used instead" for text in faults)
        faults.append(f"{candidate.name} is refused: {fault}")
    raise InputError(
        "there is no checkpoint to go on from" + (f" ({'; '.join(faults)})" if faults else ""),
        file=path.parent,
        expected="a folder of a run that was interrupted",
    )


def read_checkpoint(path: Path, mesh: Mesh) -> Checkpoint:
    """Read the checkpoint at ``path``, or the one before it where that one is damaged (collective).

    Raises InputError on every rank: no usable checkpoint, or one that belongs to another mesh.
    """
    used, scalars, warnings = find_checkpoint(path, mesh.comm)
    problem, values = None, ({}, {})
    try:
        values = _read(used, mesh)
    except FILE_ERRORS as error:
        problem = f"cannot read the checkpoint: {error}"
    problem = problem or ("the checkpoint belongs to another mesh" if values is None else None)
    problems = [text for text in mesh.comm.allgather(problem) if text]
    if problems:
        raise InputError(problems[0], file=used, expected="the case and the mesh that the run was started with")
    return Checkpoint(*values, scalars=scalars, path=used, warnings=warnings)


def _read(path: Path, mesh: Mesh) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]] | None:
    import h5py

    found: list[dict[str, np.ndarray]] = []
    with h5py.File(path, "r", locking=False) as file:
        for group, (ids, points, _) in (("vertices", _vertices(mesh)), ("cells", _cells(mesh))):
            if group not in file:
                found.append({})
                continue
            names = [f"value/{name}" for name in file[group].get("value", ())]
            rows = read_rows(file[group], ["point", *names], ids)
            if rows is None or not _same_points(rows.pop("point"), points, mesh):
                return None
            found.append({name.removeprefix("value/"): array for name, array in rows.items()})
    return found[0], found[1]


def _same_points(read: np.ndarray, points: np.ndarray, mesh: Mesh) -> bool:
    size = float(np.abs(mesh.geometry.x).max(initial=0.0))
    return bool(np.abs(read - points).max(initial=0.0) <= 1e-9 * size)


def _vertices(mesh: Mesh) -> tuple[np.ndarray, np.ndarray, int]:
    """(ids (n,), points (n, 3), number owned) of the vertices of this rank."""
    geometry = mesh.geometry
    return geometry.input_global_indices, geometry.x, geometry.index_map().size_local


def _cells(mesh: Mesh) -> tuple[np.ndarray, np.ndarray, int]:
    """(ids (n,), midpoints (n, 3), number owned) of the cells of this rank.

    The id is a hash of the vertices' ids: the position of a cell in the input depends on how it was dealt to ranks.
    Two cells with the same id would be told by their midpoints.
    """
    nodes = mesh.geometry.dofmaps[0]
    corners = np.sort(mesh.geometry.input_global_indices[nodes], axis=1).astype(np.uint64)
    ids = (corners * _HASH[: corners.shape[1]]).sum(axis=1, dtype=np.uint64).view(np.int64)
    return ids, mesh.geometry.x[nodes].mean(axis=1), mesh.topology.index_map(mesh.topology.dim).size_local
