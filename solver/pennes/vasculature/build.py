"""From a vessel of the case to its tree, with the flow of undisturbed circulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pennes.case.models import Case
from pennes.case.vessels import GrownVessel, Vessel, VesselFile
from pennes.errors import InputError
from pennes.vasculature.files import read_centrelines
from pennes.vasculature.flow import NO_FLOW, murray_radii, poiseuille
from pennes.vasculature.graph import Line, Tree, chains
from pennes.vasculature.growth import grow
from pennes.vasculature.polyline import reaches

SHAFT = 0.3
"""Length of an applicator's axis that trees keep clear of, m."""


def build_tree(vessel: Vessel | VesselFile | GrownVessel, shafts: np.ndarray | None = None) -> Tree:
    """The vessel's lines in the direction of flow; the same wherever it is called.

    ``shafts`` (k, 2, 3): ends of the applicators' axes, which a grown tree keeps clear of. Raises InputError for a bad
    graph and for a flow that cannot be.
    """
    if isinstance(vessel, Vessel):
        return _of_polyline(vessel)
    if isinstance(vessel, VesselFile):
        return _of_file(vessel)
    return _of_growth(vessel, shafts)


def build_trees(case: Case) -> list[Tree]:
    """The trees of all vessels of a case, in its order; grown ones keep clear of its applicators."""
    shafts = np.array(
        [
            [applicator.tip, np.array(applicator.tip) - SHAFT * _unit(applicator.direction)]
            for applicator in case.applicators
        ]
    )
    trees = []
    for number, vessel in enumerate(case.vessels):
        try:
            trees.append(build_tree(vessel, shafts))
        except InputError as error:
            raise error.below(f"vessels.{number}") from None
    return trees


def _unit(direction) -> np.ndarray:
    return np.array(direction) / np.linalg.norm(direction)


def _of_polyline(vessel: Vessel) -> Tree:
    lines = []
    for number, reach in enumerate(reaches(vessel)):
        start = 0 if reach.parent is None else reach.parent + 1
        radii = np.full(len(reach.points) - 1, reach.diameter / 2)
        label = "stem" if reach.parent is None else f"branch {number}"
        lines.append(Line(reach.points, radii, start, number + 1, reach.flow, label))
    return Tree(vessel.name, tuple(lines))


def _of_growth(vessel: GrownVessel, shafts: np.ndarray | None) -> Tree:
    grown = grow(vessel.grow, vessel.diameter, shafts)
    trunk = vessel.speed * np.pi * vessel.diameter**2 / 4.0
    lines = []
    for number, (start, end, radius, share) in enumerate(
        zip(grown.start, grown.end, grown.radii, grown.share, strict=True)
    ):
        points = grown.points[[start, end]]
        line = Line(points, np.array([radius]), int(start), int(end), trunk * share, str(number))
        lines.append(line if vessel.direction == "from_root" else replace(line.reversed(), flow=line.flow))
    return Tree(vessel.name, tuple(lines))


def _of_file(vessel: VesselFile) -> Tree:
    graph = read_centrelines(vessel.file, vessel.length_unit)
    lines = _with_radii(vessel, chains(graph.points, graph.edges, graph.radii, vessel), graph.points)
    ends = _ends(lines)
    viscosity = vessel.kinematic_viscosity * vessel.blood.density.value
    if vessel.pressures:
        flows, _ = poiseuille(lines, _pressures(vessel, graph.names, ends), {}, viscosity)
    else:
        root = _root(vessel, lines, ends, graph.points)
        outlets = {node: 0.0 for node in ends if node != root}
        if not outlets:
            raise InputError(
                f"the vessel '{vessel.name}' has no outlet", key="vessels.file", expected="two ends or more"
            )
        trunk = next(line for line in lines if root in (line.start, line.end))
        radius = trunk.radii[0 if trunk.start == root else -1]
        inflow = vessel.speed * np.pi * radius**2
        flows, _ = poiseuille(lines, outlets, {root: inflow}, viscosity)
        if vessel.direction == "to_root":
            flows = -flows
    flows[np.abs(flows) < NO_FLOW * np.abs(flows).max(initial=0.0)] = 0.0
    directed = [replace(line, flow=float(flow)) for line, flow in zip(lines, flows, strict=True)]
    return Tree(vessel.name, tuple(line.reversed() if line.flow < 0.0 else line for line in directed))


def _ends(lines: list[Line]) -> list[int]:
    nodes = [node for line in lines for node in (line.start, line.end)]
    return sorted(node for node in set(nodes) if nodes.count(node) == 1)


def _root(vessel: VesselFile, lines: list[Line], ends: list[int], points: np.ndarray) -> int:
    """The end nearest to the stated root, else the widest."""
    if vessel.root is not None:
        return min(ends, key=lambda node: float(np.linalg.norm(points[node] - np.array(vessel.root))))

    def width(node: int) -> float:
        line = next(line for line in lines if node in (line.start, line.end))
        return float(np.nan_to_num(line.radii[0 if line.start == node else -1]))

    return max(ends, key=width)


def _with_radii(vessel: VesselFile, lines: list[Line], points: np.ndarray) -> list[Line]:
    """Radii that the file leaves out: those of the rest of their line, or by Murray's law for whole lines."""
    sized = [line for line in lines if not np.isnan(line.radii).all()]
    if not sized:
        raise InputError(f"no stretch of the vessel '{vessel.name}' has a radius", key="vessels.file")
    means = np.array([np.nanmean(line.radii) if not np.isnan(line.radii).all() else np.nan for line in lines])
    ends = _ends(lines)
    known = [node for node in ends if any(node in (line.start, line.end) for line in sized)]
    root = _root(vessel, lines, ends if vessel.root is not None else known or ends, points)
    try:
        filled = murray_radii(lines, root, means)
    except ValueError as problem:
        raise InputError(f"the vessel '{vessel.name}': {problem}", key="vessels.file") from None
    return [
        replace(line, radii=np.where(np.isnan(line.radii), fill, line.radii))
        for line, fill in zip(lines, filled, strict=True)
    ]


def _pressures(vessel: VesselFile, names: dict[str, int], ends: list[int]) -> dict[int, float]:
    """Pressure of the ends by node. Raises InputError for nodes that are not ends, and where nothing would flow."""
    found = {}
    for name, pressure in vessel.pressures.items():
        node = names.get(name)
        if node not in ends:
            known = ", ".join(sorted(key for key, value in names.items() if value in ends)[:12])
            raise InputError(
                f"'{name}' is no end of the vessel '{vessel.name}'", key="vessels.pressures", expected=known
            )
        found[node] = pressure
    if len(set(found.values())) < 2:
        raise InputError(
            f"the vessel '{vessel.name}' has no outlet: nothing flows",
            key="vessels.pressures",
            expected="ends of different pressure",
        )
    return found
