"""The cohort file: a base case, what is uncertain, a design, and where its cases run. Frozen, strict."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from pennes import units
from pennes.ensemble.distributions import Spread
from pennes.ensemble.transforms import AnyInput
from pennes.library.records import Name, Record, refuse


class Sobol(Record):
    """Scrambled Sobol' sequence (scipy.stats.qmc). Made larger, it keeps the cases that it had."""

    kind: Literal["sobol"]
    size: units.Whole = Field(ge=1)
    """Cases; a power of two is balanced best."""
    seed: units.Whole = Field(default=1, ge=0)


class LatinHypercube(Record):
    """Latin hypercube (scipy.stats.qmc)."""

    kind: Literal["latin_hypercube"]
    size: units.Whole = Field(ge=1)
    """Cases."""
    seed: units.Whole = Field(default=1, ge=0)


class Grid(Record):
    """Every combination of the inputs' levels: all ``values``, or quantiles at equal steps from the lowest to the
    highest."""

    kind: Literal["grid"]
    size: units.Whole = Field(default=3, ge=1)
    """Levels of an input that has a distribution and states no ``levels`` of its own."""


class Morris(Record):
    """Trajectories of Morris' elementary effects (SALib): size x (inputs + 1) cases."""

    kind: Literal["morris"]
    size: units.Whole = Field(ge=2)
    """Trajectories."""
    levels: units.Whole = Field(default=4, ge=2, multiple_of=2)
    seed: units.Whole = Field(default=1, ge=0)


class Saltelli(Record):
    """Saltelli's scheme for Sobol' indices (SALib): size x (inputs + 2) cases, with ``second_order`` size x (2 inputs +
    2)."""

    kind: Literal["saltelli"]
    size: units.Whole = Field(ge=2)
    """Base samples; a power of two."""
    second_order: bool = False
    seed: units.Whole = Field(default=1, ge=0)


Design = Annotated[Sobol | LatinHypercube | Grid | Morris | Saltelli, Field(discriminator="kind")]


class Place(Record):
    """What running here and on a cluster have in common."""

    ranks: units.Whole = Field(default=1, ge=1)
    """MPI ranks of each case."""
    retries: units.Whole = Field(default=1, ge=0)
    """How often a case is started again after its process died."""


class Local(Place):
    """Processes of this machine."""

    kind: Literal["local"] = "local"
    parallel: units.Whole | None = Field(default=None, ge=1)
    """Cases at once; none: as many as the cores hold."""
    launch: str = "mpiexec"
    """What starts the ranks of a case, where there are several; ``-n RANKS`` follows it."""


class Slurm(Place):
    """Job arrays of Slurm; every task of an array runs several cases, one after the other or side by side."""

    kind: Literal["slurm"]
    parallel: units.Whole = Field(default=1, ge=1)
    """Cases at once in a task, which asks for parallel x ranks processes."""
    cases_per_task: units.Whole = Field(default=10, ge=1)
    tasks_at_once: units.Whole | None = Field(default=None, ge=1)
    """Tasks of an array that run at the same time (``--array=...%N``); none: what Slurm allows."""
    nodes: units.Whole | None = Field(default=1, ge=1)
    """Nodes of a task; none: Slurm decides."""
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time_limit: units.PositiveDuration | None = None
    """Of a task. A case that is not done by then goes on from its checkpoint."""
    warning: units.PositiveDuration = "120 s"
    """Before the time limit checkpoints are written and the task is queued again."""
    restarts: units.Whole = Field(default=20, ge=0)
    """How often a task queues itself again."""
    memory: str | None = Field(default=None, pattern=r"^\d+[KMGT]?$")
    """Of each rank, as Slurm writes it (``2G``); none: nothing is asked for."""
    launch: str = "mpiexec"
    """What starts the ranks of a case inside the allocation: ``mpiexec`` (on one node), ``srun --mpi=pmi2``, ...;
    ``-n RANKS`` follows it. With one rank a case needs none."""
    setup: tuple[str, ...] = ()
    """Lines of the job before pennes starts: ``module load ...``, ``source .../activate``."""
    options: dict[str, str] = {}
    """Further options of sbatch, without their dashes: ``constraint: skylake``."""

    @model_validator(mode="after")
    def _is_warned_in_time(self) -> Self:
        if self.time_limit is not None and self.warning >= self.time_limit:
            problem = f"{self.warning:g} s before the end is before the start of a task of {self.time_limit:g} s"
            raise refuse(problem, "warning", expected="less than time_limit")
        return self


def _place_kind(value: Any) -> Any:
    return value.get("kind", "local") if isinstance(value, dict) else getattr(value, "kind", None)


Where = Annotated[Annotated[Local, Tag("local")] | Annotated[Slurm, Tag("slurm")], Discriminator(_place_kind)]


class Cohort(Record):
    title: str = Field(min_length=1)
    base: str
    """The case that all others are changes of; a file, relative to the cohort's."""
    set: dict[str, Any] = {}
    """Values of the base case that this cohort replaces: ``KEY: VALUE`` as after ``--set``."""
    accuracy: str | dict[str, Any] | None = None
    """Instead of the base case's."""
    inputs: dict[Name, AnyInput] = Field(min_length=1)
    """What differs from case to case, by name."""
    design: Design
    where: Where = Local()
    keep: Literal["summary", "all"] = "summary"
    """What stays of a case that is done: ``summary.json``, ``history.csv`` and ``case.yaml``, or the whole result
    folder. The cases of a cohort have no report."""


__all__ = ["Cohort", "Design", "Grid", "LatinHypercube", "Local", "Morris", "Saltelli", "Slurm", "Sobol", "Spread"]
