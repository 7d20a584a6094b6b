"""Many cases: what is uncertain is sampled, the cases run here or on a cluster, their results become one table.

    plan = make_plan("cohort.yaml")              inputs looked up in the base case, the design made
    run_cohort("cohort.yaml", "folder")          what is missing is run
    status(CohortFolder("folder"))               done, running, failed and why, the expected end
    collect(CohortFolder("folder"))              a row a case: inputs, the summary's values, provenance
    sensitivity(CohortFolder("folder"))          Morris, Sobol' indices with bootstrap intervals

How it works:

- An input changes the resolved base case by the mechanism of ``--set``: values at keys (``inputs.CaseInput``), or a
  named transform of the case for what is no single value, such as a vessel's distance (``transforms``; a new one is a
  class and a line there). Quantiles of a design (scipy, SALib) become values, values become settings.
- A case's name is the hash of its settings. A cohort made longer or changed keeps the cases it has in common with what
  was there, rows with equal settings are one case, and what has become of a case is read from its files alone
  (``states``): done with a whole ``summary.json``, failed with a message beside it, running with a claim whose process
  lives, else missing. ``run`` runs what is missing; nothing else is remembered anywhere.
- Workers (``worker``) go through a list of cases and claim each before they run it: one process, or the ranks of one
  MPI world, for many cases, so that imports and compiled forms are paid for once. A supervisor (``supervisor``) starts
  them, starts them again where they die, and stops them with checkpoints; here and in a task of a cluster alike.
- Slurm schedules. Job arrays are plain scripts of sbatch (``slurm``), several cases a task; a task that is warned
  before its end queues itself again. Plain scripts rather than a library, because they can be read, changed and
  submitted by hand, and because states are not asked of Slurm anyway.
"""

from pennes.ensemble.folder import CohortFolder, default_folder
from pennes.ensemble.manifest import Manifest, Row, read_manifest
from pennes.ensemble.progress import Progress, status

__all__ = [
    "CohortFolder", "Manifest", "Options", "Plan", "Progress", "Row", "Sensitivity", "Table", "as_arrow", "collect",
    "default_folder", "make_plan", "read_manifest", "run_cohort", "sensitivity", "status", "write_csv", "write_table",
]  # fmt: skip

_LATER = {
    "Options": "run", "run_cohort": "run", "Plan": "plan", "make_plan": "plan", "Sensitivity": "indices",
    "sensitivity": "indices",
    "Table": "table", "as_arrow": "table", "collect": "table", "write_csv": "table", "write_table": "table",
}  # fmt: skip
"""What is imported when it is first asked for: ``status`` needs none of it."""


def __getattr__(name: str):
    import importlib

    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
