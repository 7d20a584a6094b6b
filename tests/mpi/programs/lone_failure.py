"""A cohort's worker of which rank 1 alone fails: ``lone_failure.py`` and the words of ``pennes.ensemble.worker``."""

from __future__ import annotations

import sys

import pennes.treatment
from pennes.ensemble import worker

run = pennes.treatment.run


def fail_on_one_rank(case, folder, comm, **options):
    if comm.rank == 1:
        raise ValueError("rank 1 alone cannot go on")
    return run(case, folder, comm, **options)


pennes.treatment.run = fail_on_one_rank
worker.PATIENCE = 1.0
worker.main(sys.argv[1:])
