"""How far the demo's answer is from that of smaller steps and of a finer mesh."""

import tempfile
from pathlib import Path

from mpi4py import MPI

from pennes import treatment
from pennes.case import load
from pennes.cli.validate import Figure, StudyResult

CASE = Path(__file__).parents[3] / "configs" / "cases" / "rfa_perivascular.yaml"
WITHOUT_REPORT = ("output.report=false",)
#: A tenth of the default's tolerances and of its longest step.
SMALL_STEPS = (
    "accuracy.time_tolerance=0.03 K",
    "accuracy.electric_update=0.01",
    "accuracy.linear_tolerance=1e-6",
    "accuracy.max_step=2 s",
)
FINE_MESH = ("accuracy.refinements=1",)


def treat(*settings: str) -> dict:
    """Summary of the demo with some settings changed."""
    case = load(CASE, WITHOUT_REPORT + settings)
    with tempfile.TemporaryDirectory() as folder:
        return treatment.run(case, Path(folder) / "result", MPI.COMM_WORLD)


def run(output: Path) -> StudyResult:
    """Zone volume and minimal margin: default, a tenth of the steps and tolerances, every edge halved."""
    default, small_steps, fine_mesh = treat(), treat(*SMALL_STEPS), treat(*FINE_MESH)

    def volume(summary: dict) -> float:
        return summary["zone"]["volume_ml"]

    def margin(summary: dict) -> float:
        return summary["targets"][0]["minimal_margin_mm"]

    figures = [
        Figure.within("zone volume, default v. small steps", volume(default), volume(small_steps), 0.005, "ml"),
        Figure.near("minimal margin, default v. small steps", margin(default), margin(small_steps), 0.1, "mm"),
        Figure.near("minimal margin, default v. every edge halved", margin(default), margin(fine_mesh), 0.3, "mm"),
        Figure.near("largest energy residual of a step", default["energy"]["residual_fraction"], 0.0, 1e-3, ""),
    ]
    notes = (
        f"Zone volume with every edge halved: {volume(fine_mesh):.2f} ml. Energy delivered: "
        + ", ".join(
            f"{name} {summary['generator']['energy_delivered_j'] / 1e3:.2f} kJ"
            for name, summary in (("default", default), ("small steps", small_steps), ("fine mesh", fine_mesh))
        )
        + "."
    )
    return StudyResult("Accuracy of the demo case", figures, notes)
