"""Parts of a vessel label that are too thin for the mesh, as trees of the network model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.bodies import Box, LabelVessel
from pennes.case.vessels import ModelByDiameter, VesselTree
from pennes.imaging.centrelines import CentrelineTree, thin_centrelines
from pennes.scene.label_fields import LabelField
from pennes.vasculature.graph import Line, Tree

NAME = "{} (thin branches)"


@dataclass(frozen=True, eq=False)
class ThinVessel:
    """The thin branches of a label as the lines of a network; these are pieces that need not touch."""

    label: str
    tree: Tree
    network_length: float
    """m of lines that the network models; thinner ones are left to perfusion."""


def thin_vessel(vessel: LabelVessel, field: LabelField, box: Box, network_from: float) -> ThinVessel | None:
    """The thin branches of a label in the box; None where there are none of ``network_from`` m or more.

    Every piece carries, where it begins, the flow that Murray's law gives its diameter: the label's speed at the
    label's diameter, times the ratio of the diameters. Where it branches, flow follows the cubes of the radii.
    """
    voxels = np.argwhere(field.whole)
    in_box = (np.abs(field.grid.points(voxels) - np.array(box.centre)) < np.array(box.size) / 2).all(axis=1)
    where = np.zeros_like(field.whole)
    where[tuple(voxels[in_box].T)] = True
    lines: list[Line] = []
    first = 0
    for piece in thin_centrelines(field.whole, field.mask, field.grid, where):
        lines += _lines(piece, vessel, first)
        first += len(piece.points)
    length = float(sum(line.lengths.sum() for line in lines if line.diameter >= network_from))
    if length == 0.0:
        return None
    return ThinVessel(vessel.label, Tree(NAME.format(vessel.label), tuple(lines)), length)


def network_vessel(vessel: LabelVessel, network_from: float) -> VesselTree:
    """The thin branches of a label as a vessel whose flow the lines know: lines of ``network_from`` m or more cool."""
    return VesselTree(
        name=NAME.format(vessel.label), inlet_temperature=f"{vessel.temperature!r} degC", blood=vessel.blood,
        kinematic_viscosity=vessel.kinematic_viscosity, speed=f"{vessel.speed!r} m/s", direction=vessel.direction,
        coagulates_below=f"{vessel.coagulates_below!r} m",
        by_diameter=ModelByDiameter(wall_from=None, network_from=f"{network_from!r} m", below="none"),
    )  # fmt: skip


def _lines(piece: CentrelineTree, vessel: LabelVessel, first: int) -> list[Line]:
    """Lines between ends and branchings of a piece, whose nodes have numbers from ``first`` on."""
    children: dict[int, list[int]] = {}
    for node, parent in enumerate(piece.parents):
        if parent >= 0:
            children.setdefault(int(parent), []).append(node)
    found: list[Line] = []

    def chain(start: int, child: int) -> list[int]:
        path = [start, child]
        while len(children.get(path[-1], ())) == 1:
            path.append(children[path[-1]][0])
        return path

    def line_of(path: list[int], flow: float) -> Line:
        radii = (piece.radii[path[:-1]] + piece.radii[path[1:]]) / 2
        line = Line(piece.points[path], radii, first + path[0], first + path[-1], flow, f"at node {first + path[-1]}")
        return line if vessel.direction == "from_root" else Line(
            line.points[::-1], radii[::-1], line.end, line.start, flow, line.label
        )  # fmt: skip

    radius = float(piece.radii[:6].mean())
    waiting = [(0, vessel.speed * np.pi * radius**3 / (vessel.diameter / 2))]
    while waiting:
        start, flow = waiting.pop()
        paths = [chain(start, child) for child in children.get(start, ())]
        cubes = np.array([piece.radii[path].mean() ** 3 for path in paths])
        for path, share in zip(paths, cubes / cubes.sum() if len(cubes) else cubes, strict=True):
            found.append(line_of(path, flow * float(share)))
            waiting.append((path[-1], flow * float(share)))
    return found
