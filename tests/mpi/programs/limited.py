"""``pennes`` where no file may grow beyond a size, as on a full disk: ``limited.py BYTES WORDS...``."""

from __future__ import annotations

import resource
import sys

import dolfinx_solver  # noqa: F401
from mpi4py import MPI  # noqa: F401  the shared memory of MPI must not be limited

from pennes import cli

size = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
cli.main()
