"""A real Slurm of one node: an array of MPI cases through kills, failures, preemption and a restarted controller.

Runs where Slurm's daemons are installed and where they can be (Debian, as root); else it is skipped with the reason.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pennes.ensemble.folder import CohortFolder
from pennes.ensemble.table import collect
from processes import descendants
from tiny_cohort import COHORT, SLOW, ensemble, manifest, running, summaries, wait_until, write_cohort

pytestmark = pytest.mark.slurm
CONTROL = Path(__file__).parents[2] / "hpc" / "slurm_one_node"
BAD = 90.0
CASES = (
    COHORT.replace("distribution: {kind: uniform, low: 8 mm, high: 1.2 cm}", "values: [8 mm, 9 mm, 10 mm, 11 mm]")
    .replace("perfusion: {path: body.tissue.perfusion}", "perfusion: {path: body.tissue.perfusion, levels: 3}")
    .replace("sobol, size: 4, seed: 2", "grid")
)
WHERE = "where: {kind: slurm, ranks: 2, cases_per_task: 3, time_limit: 10 min}\n"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Environment in which Slurm's commands speak to a Slurm of this test's own."""
    if os.geteuid() != 0:
        pytest.skip("a Slurm of one node is started by root only")
    if not (shutil.which("slurmd") or shutil.which("apt-get")):
        pytest.skip("there is neither Slurm nor apt-get to install it")
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([CONTROL / "start", folder], capture_output=True, text=True, check=False, timeout=300)
    if started.returncode != 0:
        subprocess.run([CONTROL / "stop", folder], check=False)
        pytest.skip(f"no Slurm of one node can be started here: {started.stderr.strip()}")
    yield {"SLURM_CONF": str(folder / "slurm.conf")}
    subprocess.run([CONTROL / "stop", folder], check=False, capture_output=True)


def ask(slurm: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **slurm})
    return done.stdout if done.returncode == 0 else "?"


def idle(slurm: dict[str, str]) -> bool:
    return ask(slurm, "squeue", "--noheader").strip() == ""


def restart_controller(slurm: dict[str, str]) -> None:
    """End slurmctld with its jobs in its queue (it saves its state), start another."""
    place = Path(slurm["SLURM_CONF"]).parent
    number = int((place / "run" / "slurmctld.pid").read_text())
    os.kill(number, signal.SIGTERM)
    wait_until(lambda: ended(number), "the controller's end")
    subprocess.run([CONTROL / "start", place], check=True, capture_output=True, timeout=120)


def ended(number: int) -> bool:
    """Has the process ended, whether or not anybody has waited for it?"""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def task_process(folder: Path, task: int) -> int:
    """The process that runs a task of the first array."""
    lists = str(folder / "jobs" / "0001.jsonl")
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"pennes.ensemble.task" in words and lists.encode() in words and str(task).encode() in words:
            return int(place.parent.name)
    return 0


def test_an_array_of_mpi_cases_survives_what_happens_on_clusters(slurm, tmp_path):
    text = CASES.replace("values: [8 mm,", f"values: [{BAD:g} mm, 8 mm,")
    path, folder = write_cohort(tmp_path, text + WHERE), tmp_path / "out"
    code, _, err = ensemble("run", path, "-o", folder, environment=slurm)
    assert code == 0, err
    assert "Submitted: job " in err
    rows = manifest(folder).rows
    assert len(rows) == 15
    bad = {row.key for row in rows if row.values[1] == BAD}
    assert len(bad) == 3

    # What waits in Slurm's queue is not submitted again.
    code, _, err = ensemble("run", path, "-o", folder, environment=slurm)
    assert code in (0, 3), err
    assert "Submitted" not in err

    # The controller goes and comes back; the task that runs meanwhile goes on.
    wait_until(lambda: running(folder), "the first case")
    restart_controller(slurm)

    # A task is killed outright, with what it started.
    wait_until(lambda: task_process(folder, 1) and running(folder), "the second task")
    for number in descendants(task_process(folder, 1)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    wait_until(lambda: idle(slurm), "the array's end", 180)

    found = json.loads(ensemble("status", path, "-o", folder, "--json")[1])
    assert found["running"] == 0
    assert 0 < found["missing"] <= 3, "cases of the task that was killed"
    assert {failure["case"] for failure in found["failures"]} <= bad
    before = summaries(folder)

    code, _, err = ensemble("run", path, "-o", folder, environment=slurm)
    assert f"(1 tasks, {found['missing']} cases)" in err, err
    wait_until(lambda: idle(slurm), "the second array's end", 180)
    found = json.loads(ensemble("status", path, "-o", folder, "--json")[1])
    assert (found["done"], found["failed"], found["missing"], found["running"]) == (12, 3, 0, 0)
    assert {failure["case"] for failure in found["failures"]} == bad
    after = summaries(folder)
    assert {key: after[key] for key in before} == before, "what was done was not run again"
    for key in after:
        record = json.loads(CohortFolder(folder).beside(key, "run").read_text())
        assert record["job"] is not None

    # The same cohort on this machine: the same table, to the solver's tolerance.
    code, _, err = ensemble("run", path, "-o", tmp_path / "local", "--local", "--ranks", 1, environment=slurm)
    assert code == 3, err
    compare(CohortFolder(folder), CohortFolder(tmp_path / "local"))


def compare(cluster: CohortFolder, local: CohortFolder) -> None:
    """Both tables have the same rows and the same results."""
    one, other = collect(cluster), collect(local)
    same = [name for name in one.columns if name.startswith(("case", "key", "state", "message", "input."))]
    assert {name: one.columns[name] for name in same} == {name: other.columns[name] for name in same}
    results = [name for name in one.columns if name.startswith(("zone.", "targets.", "temperature.", "energy."))]
    compared = 0
    for name in results:
        if "worst_point" in name or "residual" in name:  # on a circle around the axis every point is as bad
            continue
        for first, second in zip(one.columns[name], other.columns[name], strict=True):
            if isinstance(first, float) and isinstance(second, float):
                assert math.isclose(first, second, rel_tol=2e-3, abs_tol=5e-3), (name, first, second)
                compared += 1
            else:
                assert type(first) is type(second)
    assert compared > 200


def test_a_task_that_is_warned_before_its_end_queues_itself_again_and_goes_on(slurm, tmp_path):
    path = write_cohort(tmp_path, COHORT.replace("size: 4", "size: 1") + SLOW + WHERE.replace("ranks: 2", "ranks: 1"))
    folder = tmp_path / "out"
    assert ensemble("run", path, "-o", folder, environment=slurm)[0] == 0
    number = (folder / "jobs" / "0001.job").read_text().strip()
    wait_until(lambda: list(folder.glob("cases/*/*/checkpoint.h5")), "a checkpoint")
    ask(slurm, "scancel", "--signal=USR1", "--batch", f"{number}_0")
    log = folder / "logs" / "0001-0.out"
    wait_until(lambda: "stopped on request" in log.read_text(), "the task to stop")
    assert not running(folder)
    assert not summaries(folder)
    assert not idle(slurm), "the task waits in the queue"
    wait_until(lambda: idle(slurm), "the task's end", 120)
    ((_, text),) = summaries(folder).values()
    assert len(json.loads(text)["provenance"]["resumed_at_s"]) == 1


def test_srun_starts_the_ranks_where_that_is_asked_for(slurm, tmp_path):
    where = WHERE.replace("ranks: 2", "ranks: 2, launch: srun --mpi=pmi2")
    path = write_cohort(tmp_path, COHORT.replace("size: 4", "size: 2") + where)
    assert ensemble("run", path, "-o", tmp_path / "out", environment=slurm)[0] == 0
    began = time.monotonic()
    wait_until(lambda: idle(slurm), "the array's end", 120)
    found = [json.loads(text) for _, text in summaries(tmp_path / "out").values()]
    assert [summary["provenance"]["ranks"] for summary in found] == [2, 2], time.monotonic() - began


def test_slurm_that_does_not_answer_is_told_about_and_nothing_is_lost(slurm, tmp_path):
    path = write_cohort(tmp_path, COHORT + WHERE)
    broken = tmp_path / "broken.conf"
    broken.write_text(Path(slurm["SLURM_CONF"]).read_text().replace("SlurmctldPort=", "SlurmctldPort=1"))
    code, out, err = ensemble("run", path, "-o", tmp_path / "out", environment={"SLURM_CONF": str(broken)})
    assert (code, out) == (2, "")
    assert "scontrol refuses: " in err
    assert not list((tmp_path / "out" / "jobs").glob("*.job"))
