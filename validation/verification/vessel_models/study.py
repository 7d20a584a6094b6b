"""Wall and network against the resolved vessel, beside a radiofrequency needle and a microwave antenna."""

import shutil
from itertools import product
from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.runs.heat_sinks import Outcome, Setting, treat

DIAMETERS, DISTANCES = (1.0, 2.0, 3.0, 6.0, 10.0), (2.0, 5.0, 10.0)
MODELS = ("resolved", "wall", "network")
MARGIN = 0.3
#: What makes zones of about 12 mm radius, on meshes finer than those of the other studies of heat sinks.
ZONES = {
    "radiofrequency": {},
    "microwave": {"device": "mwa_cooled_slot_14g", "tip": -17.0, "power": 60.0, "duration": 180.0},
}
MESH = {"lesion": 1.2, "wall": 0.8}
#: Where the documentation recommends a model: diameter in mm -> least distance in mm.
RECOMMENDED = {"wall": {2.0: 2.0, 3.0: 2.0, 6.0: 5.0, 10.0: 5.0}, "network": {1.0: 2.0, 2.0: 2.0, 3.0: 5.0}}


def run(output: Path) -> StudyResult:
    """Minimal margin of a ball about the needle's middle, on the vessel's side, by diameter, distance and model.

    It is the smallest radius of the zone's edge there; where the tissue is dead up to the vessel, the wall's.
    """
    figures = []
    rows = [
        "| zone | d, mm | distance, mm | model | smallest edge, mm | against resolved, mm | worst of all angles, mm "
        "| behind, mm | heat, J | volume, ml |",
        "|---" * 10 + "|",
    ]
    for (zone, how), diameter, distance in product(ZONES.items(), DIAMETERS, DISTANCES):
        reference: Outcome | None = None
        for model in MODELS:
            folder = output / f"{zone}_{model}_{diameter:g}_{distance:g}"
            shutil.rmtree(folder, ignore_errors=True)
            # No vessel coagulates here: it is the same vessel in all models.
            setting = Setting(diameter, distance, model=model, extra=", coagulates_below: 0 mm", **how, **MESH)
            outcome = treat(setting, folder)
            shutil.rmtree(folder)
            reference = outcome if reference is None else reference
            smallest = float(outcome.edge.min())
            difference = smallest - float(reference.edge.min())
            worst = float(np.abs(outcome.edge - reference.edge).max())
            rows.append(
                f"| {zone} | {diameter:g} | {distance:g} | {model} | {smallest:.2f} | {difference:+.2f} | {worst:.2f} "
                f"| {outcome.behind:.2f} | {outcome.heat:.0f} | {outcome.volume:.2f} |"
            )
            print(rows[-1], flush=True)
            if distance >= RECOMMENDED.get(model, {}).get(diameter, np.inf):
                name = f"{zone}, {model}, d = {diameter:g} mm at {distance:g} mm: minimal margin against resolved"
                figures.append(Figure.near(name, difference, 0.0, MARGIN, "mm"))
    (output / "table.md").write_text("\n".join(rows) + "\n")
    return StudyResult("Models of a vessel against the resolved flow", figures, "\n".join(rows))
