"""The commands and their options. What they need is imported when they run: ``pennes --help`` is quick."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pennes.cli import ensemble, world
from pennes.stopping import StopRequest

app = typer.Typer(
    name="pennes",
    help="Finite-element simulation of tumour thermal ablation. Research use only.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.add_typer(ensemble.app, name="ensemble")

CaseFile = Annotated[Path, typer.Argument(metavar="CASE.yaml", help="The case: what is treated, with what.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the case (repeatable).")
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout, messages on stderr.")]
LabelNames = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Label by name or number (repeatable); none: all.")
]
LabelTable = Annotated[
    str | None, typer.Option("--labels", help="Names of the labels: a preset or a JSON file.", metavar="TABLE")
]
Series = Annotated[
    Path | None, typer.Option("--reference", help="Folder of the series that DICOM segmentations belong to.")
]
PointOption = Annotated[str | None, typer.Option(metavar="X,Y,Z", help="Of the needle, mm.")]


@app.command()
def run(
    case: CaseFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Result folder.", show_default="results/<name of the case>")
    ] = None,
    ranks: Annotated[
        int | None, typer.Option("-n", "--ranks", min=1, help="Start under MPI on this many ranks of this machine.")
    ] = None,
    settings: Settings = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the result folder.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the result that the folder holds, once the new run starts.")
    ] = False,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    vessel_costs: Annotated[
        int | None,
        typer.Option(
            "--vessel-costs",
            min=0,
            metavar="N",
            help="Run again without the cooling of each vessel and of the N branches that took most heat: the margin "
            "that each costs.",
        ),
    ] = None,
) -> None:
    """Simulate a treatment and say whether the margin is reached.

    Started by mpiexec or srun it uses that world; -n starts itself under mpiexec.
    """
    from pennes.cli.run import Request, run_case

    run_case(Request(case, output, ranks, tuple(settings or ()), resume, overwrite, json, quiet, vessel_costs))


@app.command()
def check(
    case: CaseFile,
    ranks: Annotated[int, typer.Option("-n", "--ranks", min=1, help="Say what it will cost on so many ranks.")] = 1,
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Validate and describe a case without solving anything: geometry, regions, cell counts, expected cost."""
    from pennes.cli.check import check_case

    check_case(case, tuple(settings or ()), ranks=ranks, as_json=json)


@app.command()
def margin(
    target: Annotated[
        list[Path],
        typer.Option("--target", help="Tumours: label map (NIfTI, NRRD, DICOM SEG) or closed surface (STL, ...; mm)."),
    ],
    zone: Annotated[list[Path], typer.Option("--zone", help="Ablation zone, likewise; several are united.")],
    organ: Annotated[Path | None, typer.Option("--organ", help="The organ: its edge counts.")] = None,
    required: Annotated[float, typer.Option("--required", min=0.0, help="Required margin in mm.")] = 5.0,
    vessels: Annotated[Path | None, typer.Option("--vessels", help="Vessels, to say which is near.")] = None,
    target_label: LabelNames = None,
    zone_label: LabelNames = None,
    organ_label: LabelNames = None,
    vessel_label: LabelNames = None,
    labels: LabelTable = None,
    reference: Series = None,
    needle_entry: PointOption = None,
    needle_tip: PointOption = None,
    frame: Annotated[str, typer.Option("--frame", help="Axes of the needle's points: LPS or RAS.")] = "LPS",
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Write the painted tumour and the unrolled map (PNG).")
    ] = None,
    json: Json = False,
) -> None:
    """Signed margins of an ablation zone around tumours, from label maps or surfaces."""
    from pennes.cli.margin import Request, compare

    names = (target_label, zone_label, organ_label, vessel_label)
    files = (tuple(target), tuple(zone), organ, vessels)
    compare(Request(*files, *(tuple(n or ()) for n in names), labels, reference, needle_entry, needle_tip, frame,
                    required, picture, json))  # fmt: skip


@app.command()
def ablatability(
    patient: Annotated[Path, typer.Argument(metavar="PATIENT", help="Label map: tumours, liver, organs, vessels.")],
    zone: Annotated[Path | None, typer.Option("--zone", help="Ablation zone of the plan (label map).")] = None,
    tumour_label: LabelNames = None,
    labels: LabelTable = None,
    reference: Series = None,
    hydrodissection: Annotated[
        list[str] | None, typer.Option("--hydrodissection", metavar="ORGAN=THICKNESS", help="Layer of fluid to add.")
    ] = None,
    json: Json = False,
) -> None:
    """Published criteria of ablatability: met, not met, needs attention or not assessable."""
    from pennes.cli.ablatability import show_criteria

    layers = tuple(hydrodissection or ())
    show_criteria(patient, zone, tuple(tumour_label or ()), labels, reference, layers, as_json=json)


@app.command()
def risk(
    device: Annotated[
        str | None, typer.Option("--device", help="Built-in atlas (--about lists them), or a file.", metavar="NAME")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="The atlas's; --time and --power change it.")
    ] = None,
    tumour: Annotated[str | None, typer.Option("--tumour", help="Diameter, such as 25mm.")] = None,
    vessel: Annotated[str | None, typer.Option("--vessel", help="Diameter, such as 6mm, or none.")] = None,
    distance: Annotated[str | None, typer.Option("--distance", help="From the tumour to the vessel's wall.")] = None,
    time: Annotated[str | None, typer.Option("--time", help="Of the protocol, such as 12min.")] = None,
    power: Annotated[str | None, typer.Option("--power", help="Set at the generator, such as 200W.")] = None,
    placement_error: Annotated[
        str, typer.Option("--placement-error", help="Mean distance of the needle from its aim, across itself.")
    ] = "3.7 mm",
    reposition_beyond: Annotated[
        str | None, typer.Option("--reposition-beyond", help="A needle farther off than this is placed again.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=16, max=100000, help="Samples.")] = 256,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of other samples than the atlas's own.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw the risk over tumour and distance.")] = None,
    recurrence: Annotated[
        bool, typer.Option("--recurrence", help="With local progression at 1 and 2 years, by RAS status.")
    ] = False,
    about: Annotated[bool, typer.Option("--about", help="Where the atlas comes from, its ranges and errors.")] = False,
    build: Annotated[
        Path | None, typer.Option("--build", metavar="FOLDER", help="Make an atlas (-o) of this cohort's folder.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="With --build: the atlas, FILE.npz.")] = None,
    json: Json = False,
) -> None:
    """How likely is the margin beside this vessel? From an atlas of simulations, in a second."""
    from pennes.cli.risk import Words, ask, make, tell

    placement = (placement_error, reposition_beyond)
    words = Words(
        device, protocol, tumour, vessel, distance, time, power, *placement, samples, seed, plot, recurrence, json
    )
    if build is not None:
        make(build, output, seed)
    elif about:
        tell(words)
    else:
        ask(words)


@app.command()
def library(
    name: Annotated[str | None, typer.Argument(metavar="[tissues|devices|NAME]")] = None,
    folder: Annotated[
        list[Path] | None, typer.Option("--folder", help="Also look in this folder of own records (repeatable).")
    ] = None,
    json: Json = False,
) -> None:
    """What is built in: tissues and devices, with the source of every value."""
    from pennes.cli.library import show_library

    show_library(name, tuple(folder or ()), as_json=json)


@app.command()
def validate(
    studies: Annotated[list[str] | None, typer.Argument(metavar="[STUDY]...", help="Names; none: all.")] = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="Folder of the studies.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where the report goes.", show_default="<folder>/output")
    ] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Name the studies and stop.")] = False,
) -> None:
    """Run validation studies and write one report; exit code 1 where a figure is out of its tolerance."""
    from pennes.cli.validate import validate_studies

    validate_studies(tuple(studies or ()), folder, output, list_only=list_only)


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 a study failed or an unexpected error, 2 bad input, 3 the solver failed, 143
    stopped by SIGTERM or SIGINT."""
    # Ranks are the parallelism: threads of a linear-algebra library on top of them make a run several times slower.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        with world.quiet_but_first_rank(), StopRequest("stopped on request", at_once=True):
            app()
    except Exception as error:
        world.end(error)
