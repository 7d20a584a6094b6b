"""``pennes run`` with a stand-in for the simulation: ``failing.py BEHAVIOUR FOLDER``.

Everything around the simulation is real: the start, the folder, the end on every rank, the exit code.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace

from pennes import cli
from pennes.errors import InputError, SolverError
from summaries import summary_data

behaviour, folder = sys.argv[1:3]


def run(case, folder, comm, *, resume, progress):
    folder.write_case(case)
    if behaviour == "all":
        raise SolverError("no step is short enough at 12.5 s; go on from checkpoint.h5")
    if behaviour == "last" and comm.rank == comm.size - 1:
        raise SolverError("no step is short enough here")
    if behaviour == "bug":
        raise ZeroDivisionError("a mistake in the program")
    if behaviour == "input":
        raise InputError("the needle is in the vessel", key="applicators.0.tip")
    if behaviour == "last":
        comm.Barrier()
    progress.update(720.0, 720.0, 104.0, 60.0, 80.0, 24.3)
    folder.write_summary(summary_data())
    return summary_data()


def write_report(folder: Path) -> Path:
    if behaviour == "report":
        raise OSError("no screen")
    time.sleep(0.1)
    (folder / "report.html").write_text("<html></html>")
    return folder / "report.html"


sys.modules["pennes.treatment"] = SimpleNamespace(run=run)
sys.modules["pennes.report"] = SimpleNamespace(write_report=write_report)
case = Path(__file__).parents[3] / "configs" / "cases" / "rfa_perivascular.yaml"
sys.argv[1:] = ["run", str(case), "-o", folder, *sys.argv[3:]]
cli.main()
