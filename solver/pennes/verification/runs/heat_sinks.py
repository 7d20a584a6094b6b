"""One needle beside one straight vessel: the treatment that the studies of heat sinks vary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvista
from mpi4py import MPI

from pennes import treatment
from pennes.case import load

SPEEDS_CM_S = {0.4: 2.0, 0.6: 2.0, 0.8: 2.5, 1.0: 3.0, 2.0: 5.0, 3.0: 8.0, 6.0: 12.0, 10.0: 20.0}
"""Mean speeds by diameter in mm, between those of portal branches and hepatic veins."""
NEEDLE = 1.2
"""mm from the axis within which nothing counts: the needle and its mesh."""
ANGLES = (-55.0, -40.0, -20.0, 0.0, 20.0, 40.0, 55.0)
"""Degrees from the direction of the vessel."""
CASE = """\
title: A needle beside a vessel
body: {{shape: box, size: [90 mm, 80 mm, 70 mm], tissue: {{name: liver, perfusion: {perfusion} 1/s}}}}
vessels: {vessels}
{more}applicators:
  - {{name: needle, device: {device}, tip: [0 mm, 0 mm, {tip} mm], direction: [0, 0, -1]}}
protocol: {{mode: constant_power, duration: {duration} s, cool_down: 20 s, set_power: {power} W}}
death: {{criterion: arrhenius}}
accuracy: {{level: screening, mesh: {{lesion: {lesion} mm, vessel: {wall} mm}}}}
output: {{every: 1000 s, report: false}}
"""


@dataclass(frozen=True)
class Setting:
    """``diameter`` and ``distance`` from the needle's axis to the wall in mm, ``speed`` in cm/s; None: no vessel."""

    diameter: float | None
    distance: float = 5.0
    speed: float | None = None
    model: str = "wall"
    duration: float = 300.0
    power: float = 25.0
    lesion: float = 1.8
    wall: float = 1.2
    perfusion: float = 0.0155
    extra: str = ""
    more: str = ""
    device: str = "cooled_tip_2cm"
    tip: float = -10.0
    """z of the needle's tip in mm: the zone's middle should lie at 0."""

    def text(self) -> str:
        """The case file."""
        vessels = "[]"
        if self.diameter is not None:
            axis = self.distance + self.diameter / 2.0
            speed = SPEEDS_CM_S[self.diameter] if self.speed is None else self.speed
            vessels = (
                f"[{{name: vessel, diameter: {self.diameter} mm, speed: {speed} cm/s, model: {self.model}, "
                f"path: [[-60 mm, {axis} mm, 0 mm], [60 mm, {axis} mm, 0 mm]]{self.extra}}}]"
            )
        return CASE.format(
            vessels=vessels,
            perfusion=self.perfusion,
            duration=self.duration,
            power=self.power,
            lesion=self.lesion,
            wall=self.wall,
            more=self.more,
            device=self.device,
            tip=self.tip,
        )


@dataclass(frozen=True)
class Outcome:
    """What became of the tissue.

    ``edge`` (len(ANGLES),) radius in mm of the zone from the needle's axis, in the plane across it through its middle,
    at ``ANGLES`` from the direction of the vessel, at most up to the vessel's wall; ``behind`` how far the zone reaches
    behind the vessel's axis, ``away`` on the side away from it; volume in ml, heat that the vessel took in J, its peak
    in W.
    """

    edge: np.ndarray
    behind: float
    away: float
    volume: float
    heat: float
    peak: float
    coagulated: bool
    summary: dict[str, Any]


def treat(setting: Setting, folder: Path, comm=MPI.COMM_WORLD) -> Outcome:
    """Run one treatment in ``folder`` (collective)."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "case.yaml"
    if comm.rank == 0:
        file.write_text(setting.text())
    comm.barrier()
    summary = treatment.run(load(file), folder / "result", comm)
    crossings = _crossings(folder / "result" / "zone.vtp", np.array([*ANGLES, 180.0]))
    reach = np.inf if setting.diameter is None else setting.distance
    wall = reach / np.cos(np.radians(ANGLES))
    axis = setting.distance + (setting.diameter or 0.0) / 2.0
    vessel = (summary["vessels"] or [{"heat_removed_j": 0.0, "cooling_power_w": 0.0, "branches": []}])[0]
    return Outcome(
        edge=np.minimum([found.min(initial=np.inf) for found in crossings[:-1]], wall),
        behind=float(crossings[ANGLES.index(0.0)].max(initial=0.0)) - axis,
        away=float(crossings[-1].max(initial=0.0)),
        volume=summary["zone"]["volume_ml"],
        heat=vessel["heat_removed_j"],
        peak=vessel["cooling_power_w"],
        coagulated=any(branch["coagulated"] for branch in vessel["branches"]),
        summary=summary,
    )


def _crossings(file: Path, angles: np.ndarray) -> list[np.ndarray]:
    """Radii in mm at which rays from the needle's axis, at ``angles`` in degrees from +y in the plane z = 0, cross the
    zone's surface outside the needle."""
    surface = pyvista.read(file)
    corners = np.asarray(surface.points)[surface.faces.reshape(-1, 4)[:, 1:]].astype(float)
    found = []
    for angle in np.radians(angles):
        ray = np.array([np.sin(angle), np.cos(angle), 0.0])
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        normal = np.cross(ray, second)
        scale = (first * normal).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = -(corners[:, 0] * normal).sum(axis=1) / scale
            across = np.cross(-corners[:, 0], first)
            v = (across @ ray) / scale
            r = (across * second).sum(axis=1) / scale
            hit = (u >= 0.0) & (v >= 0.0) & (u + v <= 1.0) & (r > NEEDLE)
        found.append(np.unique(np.round(r[hit], 6)))
    return found
