"""What decides the size of a radiofrequency zone: our ranking beside a published one."""

from __future__ import annotations

from pathlib import Path

from pennes.cli.validate import Figure, StudyResult
from pennes.ensemble import CohortFolder, run_cohort, sensitivity
from pennes.ensemble.indices import Sensitivity, picture

COHORTS = Path(__file__).parents[3] / "configs" / "cohorts"
GENERATORS = {"rfa_morris_voltage": "voltage held", "rfa_morris": "generator that pauses"}
#: Hall, Ooi, Payne 2015: the parameters that their Morris screening of a zone's size found most important.
DOMINANT = ("perfusion", "electric_conductivity", "cell_death")
VOLUME = "zone.volume_ml"


def run(output: Path) -> StudyResult:
    """Morris' elementary effects on the zone's volume, with a voltage that is held and with a pulsed protocol."""
    figures, pictures, tables = [], [], []
    for name, generator in GENERATORS.items():
        folder = CohortFolder(output / name)
        run_cohort(COHORTS / f"{name}.yaml", folder.path)
        found = sensitivity(folder, (VOLUME,))
        pictures.append(output / f"{name}.png")
        pictures[-1].write_bytes(picture(found, generator))
        tables.append(table(found[0], generator))
        order = [effect.input for effect in found[0].effects]
        for parameter in DOMINANT:
            rank = order.index(parameter) + 1
            words = f"{generator}: rank of {parameter.replace('_', ' ')}"
            figures.append(Figure(words, rank, "1 to 3", "published: among the first three", "", rank <= 3))
    return StudyResult("What decides the zone", figures, "\n\n".join(tables), pictures)


def table(found: Sensitivity, generator: str) -> str:
    """The ranking in Markdown."""
    lines = [
        f"Volume of the zone, {generator}: mean {found.mean:.1f} ml, standard deviation {found.sd:.1f} ml, "
        f"{found.used} cases.\n",
        "| | input | mean absolute effect, ml | 95 % | sigma, ml |",
        "|---|---|---|---|---|",
    ]
    for rank, effect in enumerate(found.effects, start=1):
        words = effect.input.replace("_", " ")
        lines.append(
            f"| {rank} | {words} | {effect.index:.1f} | +- {effect.half_width:.1f} | {effect.second or 0.0:.1f} |"
        )
    return "\n".join(lines)
