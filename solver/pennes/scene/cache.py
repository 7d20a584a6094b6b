"""Meshes kept between runs, by the hash of their recipe."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import platformdirs

from pennes.scene.arrays import MeshArrays, MeshQuality, quality
from pennes.scene.triangles import triangle_quality

_DAMAGE = (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises for a file that is not what was written."""
_ARRAYS = tuple(field.name for field in dataclasses.fields(MeshArrays))
_QUALITY = tuple(field.name for field in dataclasses.fields(MeshQuality))


def default_directory() -> Path:
    """``$PENNES_CACHE/meshes``, or the user's cache directory."""
    given = os.environ.get("PENNES_CACHE")
    return (Path(given) if given else Path(platformdirs.user_cache_dir("pennes"))) / "meshes"


def cached_mesh(
    key: str, make: Callable[[], MeshArrays], directory: Path | None = None
) -> tuple[MeshArrays, MeshQuality]:
    """The mesh of that key from the cache, or made and stored. A damaged entry is replaced.

    A cache that cannot be written costs time, not the run: that is a warning.
    """
    path = (default_directory() if directory is None else Path(directory)) / f"{key}.npz"
    found = _read(path)
    if found is None:
        mesh = make()
        found = mesh, (quality if mesh.cells.shape[1] == 4 else triangle_quality)(mesh)
        try:
            _write(path, *found)
        except OSError as problem:
            warnings.warn(f"the mesh could not be kept in {path.parent}: {problem}", stacklevel=2)
    return found


def _read(path: Path) -> tuple[MeshArrays, MeshQuality] | None:
    """None where there is no entry or it is damaged (the file's own checksums are verified on reading)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            mesh = MeshArrays(*(file[name] for name in _ARRAYS))
            values = dict(zip(_QUALITY, file["quality"].tolist(), strict=True))
    except _DAMAGE:
        return None
    values |= {"vertices": int(values["vertices"]), "cells": int(values["cells"])}
    complete = len(mesh.points) == values["vertices"] and len(mesh.cells) == values["cells"]
    return (mesh, MeshQuality(**values)) if complete else None


def _write(path: Path, mesh: MeshArrays, measured: MeshQuality) -> None:
    """To a file of another name first: a reader never sees half a mesh."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".npz")
    try:
        with os.fdopen(handle, "wb") as file:
            values = np.array([float(getattr(measured, name)) for name in _QUALITY])
            np.savez(file, quality=values, **{name: getattr(mesh, name) for name in _ARRAYS})
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
