"""``pennes ensemble run``: what is missing of a cohort is run, here or on a cluster."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pennes.ensemble.claims import Claim, holder
from pennes.ensemble.folder import CohortFolder, cannot_write, default_folder
from pennes.ensemble.manifest import Manifest
from pennes.ensemble.models import Local, Slurm
from pennes.ensemble.plan import Plan, make_plan
from pennes.ensemble.progress import Progress, progress_of
from pennes.ensemble.settle import is_settled, settle
from pennes.ensemble.states import CaseState, states
from pennes.ensemble.supervisor import cores, supervise
from pennes.ensemble.worklist import Worklist
from pennes.errors import InputError

Say = Callable[[str], None]
INTERVAL = 10.0
"""Between lines of progress. s."""


@dataclass(frozen=True)
class Options:
    """What the command line says beyond the cohort file."""

    dry_run: bool = False
    """Only write the manifest."""
    write_only: bool = False
    """Write the jobs and do not submit them."""
    local: bool = False
    """On this machine, whatever the file says."""
    parallel: int | None = None
    ranks: int | None = None
    retry_failed: bool = False
    accept_changed_base: bool = False


def run_cohort(path: str | Path, output: str | Path | None = None, options: Options | None = None,
               say: Say = lambda text: None) -> Progress:  # fmt: skip
    """Run what is missing of the cohort in the file ``path``; returns how far it is then (on a cluster: what has been
    submitted is not done yet).

    Raises InputError: what is written cannot be used; another ``run`` is at work on the cohort; the base case has
    changed; the disk is full. Raises Interrupted after a signal, when checkpoints have been written.
    """
    path, options = Path(path), options or Options()
    folder = CohortFolder(output if output is not None else default_folder(path))
    plan = make_plan(path)
    if not is_settled(plan, folder, accept_changed_base=options.accept_changed_base):
        plan.check()  # before anything is written
    folder.prepare()
    with _lock(folder):
        manifest = settle(plan, folder, accept_changed_base=options.accept_changed_base)
        found = states(folder, manifest)
        if options.retry_failed and not options.dry_run:
            found = _forget_failures(folder, found)
        missing = [key for key, state in found.items() if state.state == "missing"]
        say(progress_of(manifest, found).line())
        if missing and not options.dry_run:
            where = _where(plan, options)
            if isinstance(where, Slurm):
                from pennes.ensemble.slurm import submit

                submit(_work(folder, manifest, where.ranks, missing), where, say, write_only=options.write_only)
            elif options.write_only:
                raise InputError(
                    "there are no jobs to write for this machine", file=path, key="where.kind", expected="slurm"
                )
            else:
                _run_here(folder, manifest, where, missing, say)
        return progress_of(manifest, states(folder, manifest))


def _where(plan: Plan, options: Options) -> Local | Slurm:
    where = plan.cohort.where
    if options.local and isinstance(where, Slurm):
        where = Local(ranks=where.ranks, retries=where.retries)
    changes = {"parallel": options.parallel, "ranks": options.ranks}
    return where.model_copy(update={key: value for key, value in changes.items() if value is not None})


def _lock(folder: CohortFolder) -> Claim:
    """The right to work on the cohort. Raises InputError where another process has it."""
    try:
        claim = Claim.take(folder.lock_file)
    except OSError as error:
        raise cannot_write(error, folder.lock_file) from None
    if claim is None:
        said = holder(folder.lock_file) or {}
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(said.get("since", time.time())))
        host = str(said.get("host", "an unknown host")).partition(" ")[0]
        raise InputError(
            f"another 'pennes ensemble run' is at work on this cohort: process {said.get('pid', '?')} on {host}, "
            f"since {since}",
            file=folder.path,
            expected="to wait for it, or another folder (-o); 'pennes ensemble status' says how far it is",
        )
    return claim


def _work(folder: CohortFolder, manifest: Manifest, ranks: int, keys: list[str]) -> Worklist:
    base = manifest.header["base"]
    cases = tuple(manifest.settings(keys).items())
    place = str(folder.path.resolve())
    return Worklist(place, base["file"], base["sha256"], ranks, manifest.header["keep"], cases)


def _run_here(folder: CohortFolder, manifest: Manifest, where: Local, missing: list[str], say: Say) -> None:
    parallel = where.parallel or max(1, cores() // where.ranks)
    work = _work(folder, manifest, where.ranks, missing)
    list_file = folder.jobs.resolve() / "local.json"
    work.write(list_file)
    last = time.monotonic()

    def watch() -> None:
        nonlocal last
        if time.monotonic() - last >= INTERVAL:
            last = time.monotonic()
            say(progress_of(manifest, states(folder, manifest)).line())

    supervise(work, list_file, parallel=parallel, launch=where.launch, retries=where.retries, watch=watch)


def _forget_failures(folder: CohortFolder, found: dict[str, CaseState]) -> dict[str, CaseState]:
    """Failed cases become missing ones; what they left is removed."""
    for key, state in found.items():
        if state.state == "failed":
            shutil.rmtree(folder.result(key), ignore_errors=True)
            folder.beside(key, "failed").unlink(missing_ok=True)
    return {key: CaseState("missing") if state.state == "failed" else state for key, state in found.items()}
