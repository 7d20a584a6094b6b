"""Vessels without a mesh take the same heat on any mesh, and what the resolved flow takes; Graetz' problem (E11)."""

from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.exact.vessels import Graetz
from pennes.verification.runs import networks
from pennes.vessel.lumen import Lumen, Stretch

SPEEDS = {1e-3: 0.03, 2e-3: 0.05}
RATIOS = (0.5, 1.0, 2.0)
PLACES = ((0.0, 0.0), (0.31, 0.17), (0.45, 0.45))
"""Of the axis between the vertices of the mesh, in edges."""


def run(output: Path) -> StudyResult:
    """Heat per length at h = d/2, d, 2d against the resolved flow and, with a fixed coefficient, the exact heat."""
    figures, rows = [], ["| d, mm | h / d | against resolved, % | against exact, fixed h, % |", "|---|---|---|---|"]
    for diameter, speed in SPEEDS.items():
        reference = networks.resolved(diameter, speed)
        coefficient = 1500.0
        exact = networks.exact(diameter, coefficient)
        for ratio in RATIOS:
            size = ratio * diameter
            by_flow, by_fixed = [], []
            for place in PLACES:
                offset = (place[0] * size, place[1] * size)
                found = networks.network(diameter, speed, size, offset, reference)
                by_flow.append(100.0 * (found / reference - 1.0))
                found = networks.network(diameter, 100.0, size, offset, exact, coefficient)
                by_fixed.append(100.0 * (found / exact - 1.0))
            shown = [", ".join(f"{value:+.2f}" for value in values) for values in (by_flow, by_fixed)]
            rows.append(f"| {1e3 * diameter:g} | {ratio:g} | {shown[0]} | {shown[1]} |")
            print(rows[-1], flush=True)
            worst = max(by_flow, key=abs)
            name = f"d = {1e3 * diameter:g} mm, h = {ratio:g} d: heat against resolved"
            figures.append(Figure.near(name, worst, 0.0, 5.0, "%"))
            name = f"d = {1e3 * diameter:g} mm, h = {ratio:g} d: heat against exact (fixed coefficient)"
            figures.append(Figure.near(name, max(by_fixed, key=abs), 0.0, 5.0, "%"))
    radius, speed, capacity, conductivity = 1.5e-3, 0.05, 1050.0 * 3617.0, 0.517
    tube = Lumen(radius, speed, capacity, conductivity, 1)
    for distance in (0.05, 0.1, 0.2, 0.5):
        length = 2.0 * distance * radius**2 * speed * capacity / conductivity
        cup = 1.0 - tube.march([Stretch(tube, length)], np.ones((1, 4)), 0.0)[1][0]
        exact_cup = float(Graetz().mixing_cup(distance))
        figures.append(Figure.within(f"E11: mixing cup at x+ = {distance:g}", float(cup), exact_cup, 0.01, ""))
    return StudyResult("Network vessels on coarse meshes; resolved flow", figures, "\n".join(rows))
