"""Axisymmetric elements against exact solutions, and a whole treatment in the half-plane against three dimensions."""

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mpi4py import MPI

from pennes import treatment
from pennes.case import load
from pennes.cli.validate import Figure, StudyResult
from pennes.verification.runs import axisymmetric, conduction
from pennes.verification.runs.operators import observed_orders

CASE = Path(__file__).with_name("case.yaml")
SIZES = (8, 16, 32)
COMM = MPI.COMM_WORLD


@dataclass(frozen=True)
class Treated:
    """A run: its summary and the temperatures (C) of its probes at the end of heating."""

    summary: dict
    probes: dict[str, float]

    def volume(self, criterion: str) -> float:
        return self.summary["criteria"][criterion]["volume_ml"]

    def margin(self, criterion: str) -> float:
        return self.summary["criteria"][criterion]["minimal_margin_mm"]["lesion"]


def treat(*settings: str) -> Treated:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "result"
        summary = treatment.run(load(CASE, settings), folder, COMM)
        rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    row = min(rows, key=lambda row: abs(float(row["time_s"]) - 360.0))
    return Treated(summary, {key: float(row[key]) for key in row if key.startswith("probe:")})


def exact_solutions() -> list[Figure]:
    """E1, E2, E5: orders on both sides of 2, energy, power, profile."""
    sphere = [axisymmetric.sphere(COMM, n, step=0.5).error for n in SIZES]
    points = [axisymmetric.point(COMM, n) for n in SIZES]
    spheres = [axisymmetric.spheres(COMM, n) for n in SIZES]
    power = [abs(found.power / found.exact.power - 1.0) for found in spheres]
    figures = [
        Figure.near(f"{name}: order in space", observed_orders(errors)[-1], 2.0, 0.15, "")
        for name, errors in (
            ("E1 sphere", sphere),
            ("E2 point source", [run.error for run, _ in points]),
            ("E5 power between spheres", power),
        )
    ]
    finest, exact = spheres[-1], spheres[-1].exact
    figures += [
        Figure.within("E2: energy stored after 60 s", points[-1][1], conduction.exact_energy(60.0), 1e-3, "J"),
        Figure.within("E5: power", finest.power, exact.power, 5e-3, "W"),
        Figure.within("E5: impedance", finest.impedance, exact.impedance, 5e-3, "ohm"),
    ]
    for radius, rise, wanted in zip(finest.radii, finest.rise, finest.exact_rise, strict=True):
        figures.append(Figure.within(f"E5: rise at {1e3 * radius:g} mm", float(rise), float(wanted), 1e-2, "K"))
    return figures


def run(output: Path) -> StudyResult:
    """Exact solutions, then both forms with every edge halved once; default edges and more refinements as notes."""
    plane = [treat(f"accuracy.refinements={k}") for k in (0, 1, 2)]
    full = [treat("body.form=full", f"accuracy.refinements={k}") for k in (0, 1)]
    figures = exact_solutions()
    ours, theirs = plane[1], full[1]
    for key, value in ours.probes.items():
        figures.append(Figure.near(f"form: {key.removeprefix('probe:')}", value, theirs.probes[key], 0.5, "C"))
    figures.append(
        Figure.within(
            "form: impedance at the start",
            ours.summary["generator"]["impedance_start_ohm"],
            theirs.summary["generator"]["impedance_start_ohm"],
            0.02,
            "ohm",
        )
    )
    for criterion in ("isotherm", "cem43", "arrhenius"):
        figures += [
            Figure.within(
                f"form: zone volume, {criterion}", ours.volume(criterion), theirs.volume(criterion), 0.02, "ml"
            ),
            Figure.near(
                f"form: minimal margin, {criterion}", ours.margin(criterion), theirs.margin(criterion), 0.1, "mm"
            ),
        ]
    for name, treated in (("half-plane", ours), ("three dimensions", theirs)):
        residual = treated.summary["energy"]["residual_fraction"]
        figures.append(Figure.near(f"form: energy residual, {name}", residual, 0.0, 1e-3, ""))
    notes = "Zone ml by isotherm, CEM43, Arrhenius | margins mm | vertices | loop s. "
    for name, runs in (("Half-plane", plane), ("Three dimensions", full)):
        for number, treated in enumerate(runs):
            volumes = ", ".join(f"{treated.volume(c):.3f}" for c in ("isotherm", "cem43", "arrhenius"))
            margins = ", ".join(f"{treated.margin(c):.3f}" for c in ("isotherm", "cem43", "arrhenius"))
            time, mesh = treated.summary["time"], treated.summary["mesh"]
            notes += f"{name}, halved {number} times: {volumes} | {margins} | {mesh['vertices']} | "
            notes += f"{time['loop_wall_s']:.1f}. "
    return StudyResult("Axisymmetric form", figures, notes)
