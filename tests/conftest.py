"""What several rooms' tests need."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the program.
settings.register_profile("pennes", deadline=None)
settings.load_profile("pennes")

with contextlib.suppress(ImportError):
    # The DOLFINx wheel brings its own libraries and must come before DOLFINx.
    import dolfinx_solver  # noqa: F401

PROGRAMS = Path(__file__).parent / "mpi" / "programs"


@pytest.fixture
def mpiexec() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program of ``tests/mpi/programs`` on n ranks: ``mpiexec(n, "name.py", *words)``."""
    from pennes.cli.world import find_mpiexec

    def run(ranks: int, program: str, *words: object, check: bool = True, cwd: Path | None = None):
        command: Iterable[str] = [find_mpiexec(), "-n", str(ranks), sys.executable, str(PROGRAMS / program)]
        done = subprocess.run(
            [*command, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=cwd,
            check=False,
            env={**os.environ, "PYTHONPATH": str(PROGRAMS.parents[1])},
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run
