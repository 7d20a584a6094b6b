"""Work that rank 0 does on behalf of all ranks: what goes wrong there is raised on every rank alike."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pennes.errors import InputError, PennesError

if TYPE_CHECKING:
    from mpi4py import MPI

#: What h5py and the operating system raise when a file fails (h5py: RuntimeError where it cannot close).
FILE_ERRORS = (OSError, RuntimeError, ValueError, KeyError)
#: Bytes that HDF5 needs for itself, for a file and again for every data set: more than was ever seen.
_OWN_RECORDS = 8192
_TAG = 7


def file_error(error: Exception, path: Path, action: str) -> PennesError:
    """The error shown to the user for a failed ``action`` ("write", "read") on ``path``."""
    if isinstance(error, PennesError):
        return error
    reason = getattr(error, "strerror", None) or str(error)
    refusal = InputError(f"cannot {action} this file: {reason}", file=path)
    refusal.errno = getattr(error, "errno", None)
    return refusal


def on_root(comm: MPI.Comm | None, function: Callable[[], Any], path: Path, action: str = "write") -> Any:
    """Call ``function`` on rank 0 and hand its result to every rank (collective; ``comm`` None: this process alone).

    Raises InputError on every rank, naming ``path``, where rank 0 met an error of the file system.
    """
    result, error = None, None
    if comm is None or comm.rank == 0:
        try:
            result = function()
        except (*FILE_ERRORS, PennesError) as raised:
            error = file_error(raised, path, action)
    if comm is not None and comm.size > 1:
        result, error = comm.bcast((result, error), root=0)
    if error is not None:
        raise error
    return result


def write_rows(
    comm: MPI.Comm,
    path: Path,
    mode: str,
    rows: Mapping[str, np.ndarray],
    attributes: Mapping[str, Any] | None = None,
    **options: Any,
) -> None:
    """Write data sets of all ranks' ``rows`` (n_local, ...), in rank order, to an HDF5 file (collective).

    ``mode``: "w" a new file, "r+" one that exists; ``attributes`` of the file are set once the rows are there.

    Rank 0 writes, one other rank's rows of one data set at a time, so that nothing that grows with the mesh is
    gathered and neither a parallel HDF5 library nor a coherent network file system is needed. The disk space is
    reserved before HDF5 touches the file, because HDF5 crashes where a disk is full. Raises InputError on every rank;
    then a new file is removed and an old one is as it was.
    """
    rows = {name: np.ascontiguousarray(array) for name, array in rows.items()}
    counts = comm.gather({name: len(array) for name, array in rows.items()}, root=0)
    sizes = {name: sum(c[name] for c in counts) for name in rows} if comm.rank == 0 else {}
    on_root(comm, lambda: _make_room(path, mode, rows, sizes, options), path)
    error: Exception | None = None
    file: Any = None

    def attempt(action: Callable[[], Any]) -> Any:
        # Ranks wait for their rows to be taken: after an error they still are, and the first error is kept.
        nonlocal error
        if error is None:
            try:
                return action()
            except FILE_ERRORS as raised:
                error = raised
        return None

    if comm.rank == 0:
        file = attempt(lambda: _open(path, "r+"))
    for name, own in rows.items():
        if comm.rank != 0:
            comm.Send(own, dest=0, tag=_TAG)
            continue
        start = 0
        attempt(lambda name=name, own=own: file.create_dataset(name, (sizes[name], *own.shape[1:]), own.dtype))
        for rank, count in enumerate(count[name] for count in counts):
            block = own
            if rank != 0:
                block = np.empty((count, *own.shape[1:]), own.dtype)
                comm.Recv(block, source=rank, tag=_TAG)
            if count:
                place = np.s_[start : start + count]
                attempt(lambda name=name, block=block, place=place: file[name].write_direct(block, dest_sel=place))
            start += count
    if file is not None:
        attempt(lambda: file.attrs.update(attributes or {}))
        try:
            file.close()
        except FILE_ERRORS as raised:
            error = error or raised
    on_root(comm, lambda: _settle(path, mode, error), path)


def _open(path: Path, mode: str, **options: Any) -> Any:
    import h5py

    return h5py.File(path, mode, locking=False, **options)


def _make_room(path: Path, mode: str, rows: Mapping[str, np.ndarray], sizes: Mapping[str, int], options: Any) -> None:
    """Reserve the space that the rows and HDF5's own records of them need. Raises OSError; then nothing has changed."""
    needed = _OWN_RECORDS + sum(
        _OWN_RECORDS + sizes[name] * array[:0].itemsize * int(np.prod(array.shape[1:])) for name, array in rows.items()
    )
    if mode == "w":
        _reserve(path, needed)
        _open(path, "w", **options).close()
    _reserve(path, needed)


def _reserve(path: Path, needed: int) -> None:
    """Extend the file by ``needed`` bytes, on the disk. Raises OSError; then a new file is removed."""
    new = not path.exists()
    with open(path, "ab") as file:
        size = file.seek(0, os.SEEK_END)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), size, needed)
            elif shutil.disk_usage(path.parent).free < needed:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(size)
            if new:
                path.unlink()
            raise


def _settle(path: Path, mode: str, error: Exception | None) -> None:
    if error is not None:
        if mode == "w":
            path.unlink(missing_ok=True)
        raise error


def read_rows(group: Any, names: list[str], wanted: np.ndarray, chunk: int = 1 << 20) -> dict[str, np.ndarray] | None:
    """Rows of the data sets ``names`` of an HDF5 group whose ``id`` is in ``wanted`` (n,), in the order of ``wanted``.

    Reads ``chunk`` rows at a time, so that memory grows with this rank's share only. None where an id is missing.
    """
    wanted = np.asarray(wanted, dtype=np.int64)
    order = np.argsort(wanted)
    ordered = wanted[order]
    ids = group["id"]
    result = {name: np.empty((len(wanted), *group[name].shape[1:]), group[name].dtype) for name in names}
    found = np.zeros(len(wanted), dtype=bool)
    for start in range(0, len(ids) if len(wanted) else 0, chunk):
        here = ids[start : start + chunk]
        position = np.minimum(np.searchsorted(ordered, here), len(ordered) - 1)
        hit = ordered[position] == here
        rows = order[position[hit]]
        found[rows] = True
        for name in names:
            result[name][rows] = group[name][start : start + chunk][hit]
    return result if found.all() else None
