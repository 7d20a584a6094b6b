"""``pennes ensemble``: many cases of one cohort file. What the commands need is imported when they run."""

from __future__ import annotations

import json as json_text
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennes.errors import InputError, SolverError

if TYPE_CHECKING:
    from pennes.ensemble.progress import Progress

app = typer.Typer(
    help="Many cases: a base case, uncertain inputs, a design; here or on Slurm.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
CohortFile = Annotated[Path, typer.Argument(metavar="COHORT.yaml", help="Base case, inputs, design, where to run.")]
Folder = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="The cohort's folder.", show_default="results/<name of the cohort>"),
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout, messages on stderr.")]


@app.command()
def run(
    cohort: CohortFile,
    output: Folder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the manifest and run nothing.")] = False,
    write_only: Annotated[bool, typer.Option("--write-only", help="Write Slurm's jobs, do not submit them.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Run on this machine, whatever the file says.")] = False,
    parallel: Annotated[
        int | None, typer.Option("--parallel", min=1, help="Cases at once (on Slurm: in a task).")
    ] = None,
    ranks: Annotated[int | None, typer.Option("-n", "--ranks", min=1, help="MPI ranks of each case.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run cases again that failed.")] = False,
    accept_changed_base: Annotated[
        bool, typer.Option("--accept-changed-base", help="Go on although the base case is another now.")
    ] = False,
    json: Json = False,
) -> None:
    """Run what is missing of a cohort. The same command again goes on; what is done or failed is not run again.

    Exit code 3 where a case has failed.
    """
    from pennes.ensemble.run import Options, run_cohort

    options = Options(dry_run, write_only, local, parallel, ranks, retry_failed, accept_changed_base)
    progress = run_cohort(cohort, output, options, say=_say)
    _print(progress, as_json=json)
    if progress.failed:
        raise SolverError(f"{progress.failed} of {progress.cases} cases failed ({progress.failures[0]['message']})")


@app.command()
def status(cohort: CohortFile, output: Folder = None, json: Json = False) -> None:
    """How far a cohort is: done, running, failed and why, when the end is expected."""
    from pennes.ensemble import progress

    _print(progress.status(_folder(cohort, output)), as_json=json)


@app.command()
def collect(
    cohort: CohortFile,
    output: Folder = None,
    table: Annotated[
        Path | None, typer.Option("--table", help="The table.", show_default="table.parquet in the cohort's folder")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Also write the table as CSV, beside the other.")] = False,
) -> None:
    """Gather every input and every result of a cohort in one table (Parquet)."""
    from pennes.ensemble import table as tables

    folder = _folder(cohort, output)
    found = tables.collect(folder)
    file = folder.table_file if table is None else table
    tables.write_table(found, file)
    written = [str(file)]
    if csv:
        tables.write_csv(found, file.with_suffix(".csv"))
        written.append(str(file.with_suffix(".csv")))
    states = found.columns["state"]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    print(f"{len(found)} rows ({counts}), {len(found.columns)} columns")
    print(f"Written: {', '.join(written)}")


@app.command()
def sensitivity(
    cohort: CohortFile,
    output: Folder = None,
    of: Annotated[
        list[str] | None,
        typer.Option("--of", metavar="COLUMN", help="A result of the table (repeatable); none: margins and volume."),
    ] = None,
    json: Json = False,
) -> None:
    """Rank the inputs by their influence: Morris, Sobol' indices with bootstrap intervals; a table and a picture."""
    from pennes.ensemble import indices as analysis
    from pennes.ensemble.folder import write_file

    folder = _folder(cohort, output)
    found = analysis.sensitivity(folder, tuple(of or ()))
    picture = folder.path / "sensitivity.png"
    write_file(picture, analysis.picture(found, _title(folder)))
    if json:
        print(json_text.dumps([one.plain() for one in found], indent=2))
    else:
        print("\n\n".join(one.text() for one in found))
    print(f"Written: {picture}", file=sys.stderr if json else sys.stdout)


def _title(folder: Any) -> str:
    header = folder.read_header()
    return "" if header is None else str(header["title"])


def _folder(cohort: Path, output: Path | None) -> Any:
    """The cohort's folder. Raises InputError where there is no such cohort file."""
    from pennes.ensemble.folder import CohortFolder, default_folder

    if not cohort.is_file():
        raise InputError("there is no such file", file=cohort, expected="a cohort")
    return CohortFolder(default_folder(cohort) if output is None else output)


def _print(progress: Progress, *, as_json: bool) -> None:
    print(json_text.dumps(progress.plain(), indent=2) if as_json else progress.text(), flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
