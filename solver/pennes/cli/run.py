"""``pennes run``: load the case, start the ranks, treat, write the report, say the verdict."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennes.cli import world
from pennes.cli.progress import Progress
from pennes.errors import InputError, Interrupted

if TYPE_CHECKING:
    from mpi4py import MPI

    from pennes.case import Case
    from pennes.case.places import Places
    from pennes.result import ResultFolder


COSTS = "vessel_costs.json"


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    case: Path
    output: Path | None = None
    ranks: int | None = None
    settings: tuple[str, ...] = ()
    resume: bool = False
    overwrite: bool = False
    json: bool = False
    quiet: bool = False
    vessel_costs: int | None = None
    """Branches, beside all vessels, that are switched off in turn; none: no paired runs."""

    @property
    def folder(self) -> Path:
        return self.output if self.output is not None else Path("results") / self.case.stem

    def arguments(self) -> list[str]:
        """The words that ask for the same on ranks that are already there."""
        words = ["run", str(self.case), "-o", str(self.folder)]
        for setting in self.settings:
            words += ["--set", setting]
        if self.vessel_costs is not None:
            words += ["--vessel-costs", str(self.vessel_costs)]
        flags = {"--resume": self.resume, "--overwrite": self.overwrite, "--json": self.json, "--quiet": self.quiet}
        return words + [flag for flag, on in flags.items() if on]


def run_case(request: Request) -> None:
    """Do what ``pennes run`` says. Raises PennesError; nothing is left of a run that was refused."""
    if request.resume and request.overwrite:
        raise InputError("--resume goes on with a result and --overwrite replaces it", expected="one of them")
    if request.ranks is not None:
        place = world.launched()
        if place is None:
            _checked(request, None)
            world.start(request.ranks, request.arguments())
        if place[1] != request.ranks:
            raise InputError(f"{request.ranks} ranks inside a world of {place[1]}", key="-n", expected="no -n here")
    comm = world.connect()
    case, places, folder = _checked(request, comm)
    try:
        with places.told():
            summary = _treat(request, case, folder, comm)
    except (InputError, Interrupted):
        if comm.rank == 0:
            folder.abandon()
        raise
    if request.vessel_costs is not None:
        _weigh_vessels(request, case, folder, summary, comm)
    world.on_first_rank(comm, lambda: _finish(request, case, folder, summary))


def _checked(request: Request, comm: MPI.Intracomm | None) -> tuple[Case, Places, ResultFolder]:
    """The case, where its keys stand, and its folder. Raises InputError before anything is started or written."""
    from pennes.case import load_with_places
    from pennes.result import ResultFolder

    case, places = load_with_places(request.case, request.settings)
    inside = request.case.resolve().parent == request.folder.resolve()
    if inside and request.overwrite:
        raise InputError("the case lies in the folder that would be replaced", file=request.case, key="--overwrite")
    folder = ResultFolder.create(request.folder, comm, resume=request.resume, overwrite=request.overwrite)
    if request.resume:
        folder.refuse_complete(report=case.output.report)
    return case, places, folder


def _treat(request: Request, case: Case, folder: ResultFolder, comm: MPI.Intracomm) -> dict[str, Any]:
    from pennes import treatment

    with Progress(shown=comm.rank == 0 and not request.quiet) as progress:
        return treatment.run(case, folder, comm, resume=request.resume, progress=progress)


def _weigh_vessels(
    request: Request, case: Case, folder: ResultFolder, summary: dict[str, Any], comm: MPI.Intracomm
) -> None:
    """Run the case again without each vessel's cooling and write what it costs (collective)."""
    from pennes.treatment.costs import vessel_costs

    def say(text: str) -> None:
        if comm.rank == 0 and not request.quiet:
            print(f"Paired run without {text}", file=sys.stderr, flush=True)

    found = vessel_costs(case, summary, comm, branches=request.vessel_costs, say=say)
    folder.write_text(COSTS, json.dumps(found, indent=2) + "\n")


def _draw_costs(folder: ResultFolder) -> None:
    from pennes.report.costs import draw_costs
    from pennes.result.files import write_whole

    picture = draw_costs(folder.path)
    if picture is not None:
        write_whole(folder.path / "vessel_costs.png", picture)


def _finish(request: Request, case: Case, folder: ResultFolder, summary: dict[str, Any]) -> None:
    from pennes.cli.verdict import cost_lines, verdict
    from pennes.result.summary import make_summary, summary_text

    checked = make_summary(summary)
    report = None
    if case.output.report:
        from pennes.report import write_report

        report = write_report(folder.path)
    if request.vessel_costs is not None:
        _draw_costs(folder)
    if request.json:
        print(summary_text(checked), end="", flush=True)
    text = verdict(checked.model_dump(mode="json", by_alias=True), report or folder.path)
    if request.vessel_costs is not None:
        text += "\n" + cost_lines(json.loads((folder.path / COSTS).read_text()))
    print(text, file=sys.stderr if request.json else sys.stdout, flush=True)
