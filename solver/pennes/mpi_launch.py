"""The mpiexec that starts ranks on this machine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pennes.errors import InputError


def find_mpiexec() -> str:
    """Path of the mpiexec of this environment, else the one on PATH. Raises InputError where there is none."""
    places = [Path(sys.executable).parent, Path(sys.prefix) / "bin", Path(sys.base_prefix) / "bin"]
    for place in places:
        found = shutil.which("mpiexec", path=str(place))
        if found:
            return found
    found = shutil.which("mpiexec")
    if not found:
        raise InputError(
            "there is no mpiexec, which -n needs",
            key="-n",
            expected="'pip install mpich' in this environment, or a module with MPI; without -n one rank is used",
        )
    return found
