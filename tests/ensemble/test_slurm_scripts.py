"""What is written for Slurm, without any Slurm."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from pennes.ensemble.folder import CohortFolder
from pennes.ensemble.run import Options, run_cohort
from pennes.errors import InputError
from tiny_cohort import COHORT, manifest, write_cohort

TEMPLATES = sorted((Path(__file__).parents[2] / "hpc" / "cohorts").glob("*.yaml"))
WHERE = """\
where:
  kind: slurm
  ranks: 2
  parallel: 3
  cases_per_task: 4
  tasks_at_once: 5
  partition: long
  account: physics
  time_limit: 90 min
  warning: 3 min
  memory: 2G
  launch: srun --mpi=pmi2 --exact
  setup: [module load dolfinx, export PENNES_CACHE=$SCRATCH/pennes]
  options: {constraint: skylake, nodes: "2"}
"""


@pytest.fixture
def written(tmp_path):
    said: list[str] = []
    path = write_cohort(tmp_path, COHORT.replace("size: 4", "size: 10") + WHERE)
    run_cohort(path, tmp_path / "out", Options(write_only=True), said.append)
    return tmp_path / "out", said


def test_jobs_are_written_and_not_submitted(written):
    folder, said = written
    script = folder / "jobs" / "0001.sbatch"
    assert f"submit it with 'sbatch {script}'" in said[-1]
    assert not list(folder.glob("jobs/*.job"))
    text = script.read_text()
    options = dict(re.findall(r"^#SBATCH --([a-z-]+)=?(.*)$", text, re.MULTILINE))
    assert options == {
        "job-name": "pennes-out", "array": "0-2%5", "output": f"{folder}/logs/0001-%a.out", "open-mode": "append",
        "requeue": "", "signal": "B:USR1@180", "ntasks": "6", "cpus-per-task": "1", "nodes": "2",
        "time": "01:30:00", "mem-per-cpu": "2G", "partition": "long", "account": "physics", "constraint": "skylake",
    }  # fmt: skip
    lines = text.splitlines()
    assert lines.index("module load dolfinx") < lines.index("export PENNES_CACHE=$SCRATCH/pennes") < len(lines) - 1
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_every_case_is_in_one_task(written):
    folder, _ = written
    tasks = [json.loads(line) for line in (folder / "jobs" / "0001.jsonl").read_text().splitlines()]
    assert [len(task["cases"]) for task in tasks] == [4, 4, 2]
    found = {key: tuple(settings) for task in tasks for key, settings in task["cases"]}
    assert found == {row.key: row.settings for row in manifest(folder).rows}
    assert {task["base"] for task in tasks} == {manifest(folder).header["base"]["file"]}


def test_many_tasks_are_several_arrays(tmp_path):
    path = write_cohort(tmp_path, COHORT.replace("size: 4", "size: 2500") + "where: {kind: slurm, cases_per_task: 1}\n")
    run_cohort(path, tmp_path / "out", Options(write_only=True))
    scripts = sorted((tmp_path / "out" / "jobs").glob("*.sbatch"))
    sizes = [len(script.with_suffix(".jsonl").read_text().splitlines()) for script in scripts]
    assert sum(sizes) == 2500
    assert len(sizes) == 3
    for script, size in zip(scripts, sizes, strict=True):
        assert f"#SBATCH --array=0-{size - 1}\n" in script.read_text()


def test_without_slurm_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = write_cohort(tmp_path, COHORT + "where: {kind: slurm}\n")
    with pytest.raises(InputError, match=r"no scontrol on this machine.*--local"):
        run_cohort(path, tmp_path / "out")
    assert not CohortFolder(tmp_path / "out").lock_file.exists()


def test_there_are_no_jobs_for_this_machine(tmp_path):
    with pytest.raises(InputError, match=r"where\.kind: there are no jobs to write"):
        run_cohort(write_cohort(tmp_path), tmp_path / "out", Options(write_only=True))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.stem)
def test_templates_can_be_used_as_they_are(template, tmp_path):
    path = write_cohort(tmp_path, COHORT + template.read_text())
    run_cohort(path, tmp_path / "out", Options(write_only=True))
    (script,) = (tmp_path / "out" / "jobs").glob("*.sbatch")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_there_are_templates():
    assert len(TEMPLATES) == 3
