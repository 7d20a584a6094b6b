"""Where a result comes from: versions, ranks, date, platform."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import resource
import sys
from typing import TYPE_CHECKING, Any

from pennes import __version__

if TYPE_CHECKING:
    from mpi4py import MPI

#: Distributions whose version can change a result; the first name that is installed of each line counts.
PACKAGES = (
    ("dolfinx-solver-real", "fenics-dolfinx"),
    ("petsc4py",),
    ("mpi4py",),
    ("numpy",),
    ("scipy",),
    ("gmsh",),
    ("h5py",),
)


def provenance(
    comm: MPI.Comm | None, *, case_sha256: str, recipe_hash: str | None = None, resumed_at_s: list[float] | None = None
) -> dict[str, Any]:
    """The ``provenance`` block of the summary, the same on every rank (collective)."""
    block = {
        "version": __version__,
        "packages": package_versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "ranks": 1 if comm is None else comm.size,
        "case_sha256": case_sha256,
        "recipe_hash": recipe_hash,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "resumed_at_s": resumed_at_s or [],
        "peak_memory_mib": peak_memory_mib(comm),
    }
    return block if comm is None else comm.bcast(block, root=0)


def package_versions() -> dict[str, str]:
    """Versions by distribution name of what is installed of ``PACKAGES``."""
    versions = {}
    for names in PACKAGES:
        for name in names:
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
            break
    if "petsc4py" not in versions and "petsc4py" in sys.modules:
        versions["petsc4py"] = sys.modules["petsc4py"].__version__
    return versions


def peak_memory_mib(comm: MPI.Comm | None) -> float:
    """Largest memory that was resident, summed over ranks (collective). MiB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    used = used / 1024 if sys.platform != "darwin" else used / 1024**2
    return round(used if comm is None else comm.allreduce(used), 1)
