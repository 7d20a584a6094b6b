"""Wall and network against the resolved vessel, beside a radiofrequency needle."""

import shutil
from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.runs.heat_sinks import Outcome, Setting, treat

DIAMETERS, DISTANCES = (1.0, 2.0, 3.0, 6.0, 10.0), (2.0, 5.0, 10.0)
MODELS = ("resolved", "wall", "network")
EDGE = 0.3
#: Where the documentation recommends a model, by diameter in mm.
RECOMMENDED = {"wall": (2.0, 3.0, 6.0, 10.0), "network": (1.0, 2.0)}


def run(output: Path) -> StudyResult:
    """Edge of the zone towards the vessel by diameter, distance and model; figures where a model is recommended."""
    figures = []
    rows = [
        "| d, mm | distance, mm | model | edge at 0 / 40 degrees, mm | worst against resolved, mm | behind, mm "
        "| heat, J | volume, ml |",
        "|---" * 8 + "|",
    ]
    for diameter in DIAMETERS:
        for distance in DISTANCES:
            reference: Outcome | None = None
            for model in MODELS:
                folder = output / f"{model}_{diameter:g}_{distance:g}"
                shutil.rmtree(folder, ignore_errors=True)
                # No vessel coagulates here: it is the same vessel in all models.
                outcome = treat(Setting(diameter, distance, model=model, extra=", coagulates_below: 0 mm"), folder)
                reference = outcome if reference is None else reference
                worst = float(np.abs(outcome.edge - reference.edge).max())
                rows.append(
                    f"| {diameter:g} | {distance:g} | {model} | {outcome.edge[3]:.2f} / {outcome.edge[5]:.2f} "
                    f"| {worst:.2f} | {outcome.behind:.2f} | {outcome.heat:.0f} | {outcome.volume:.2f} |"
                )
                print(rows[-1], flush=True)
                shutil.rmtree(folder)
                if diameter in RECOMMENDED.get(model, ()):
                    name = f"{model}, d = {diameter:g} mm at {distance:g} mm: worst difference of the edge"
                    figures.append(Figure.near(name, worst, 0.0, EDGE, "mm"))
    (output / "table.md").write_text("\n".join(rows) + "\n")
    return StudyResult("Models of a vessel against the resolved flow", figures, "\n".join(rows))
