"""A tree of vessels: lines between nodes, checked in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pennes.case.vessels import ModelByDiameter, VesselBase
from pennes.errors import InputError


@dataclass(frozen=True, eq=False)
class Line:
    """A stretch of vessel without branches: centreline ``points`` (n, 3) and ``radii`` (n - 1,) of its steps in m, the
    numbers of the nodes where it starts and ends, ``flow`` along it in m3/s, ``label`` its place in words."""

    points: np.ndarray
    radii: np.ndarray
    start: int
    end: int
    flow: float = 0.0
    label: str = ""

    @property
    def lengths(self) -> np.ndarray:
        """Of the steps (n - 1,), m."""
        return np.linalg.norm(np.diff(self.points, axis=0), axis=1)

    @property
    def diameter(self) -> float:
        """Mean over the length, m."""
        return 2.0 * float(self.radii @ self.lengths / self.lengths.sum())

    @property
    def resistance(self) -> float:
        """Sum of length / radius^4, 1/m3: Poiseuille's resistance over 8 viscosity / pi."""
        return float((self.lengths / self.radii**4).sum())

    def reversed(self) -> Line:
        """The same line the other way, with the flow's sign changed."""
        return replace(
            self, points=self.points[::-1], radii=self.radii[::-1], start=self.end, end=self.start, flow=-self.flow
        )


@dataclass(frozen=True, eq=False)
class Tree:
    """Lines in the direction of their flow, none of which is negative."""

    name: str
    lines: tuple[Line, ...]

    @property
    def flows(self) -> np.ndarray:
        """(lines,) in m3/s."""
        return np.array([line.flow for line in self.lines])

    def order(self) -> list[int]:
        """Numbers of the lines, every one after those that flow into it."""
        into = degree_of(self.lines, "end")
        waiting = {node: len(lines) for node, lines in into.items()}
        out = degree_of(self.lines, "start")
        ready = [node for node in out if node not in waiting]
        found: list[int] = []
        while ready:
            for line in out.get(ready.pop(), ()):
                found.append(line)
                node = self.lines[line].end
                waiting[node] -= 1
                if waiting[node] == 0:
                    ready.append(node)
        return found


def degree_of(lines: tuple[Line, ...], which: str) -> dict[int, list[int]]:
    """Numbers of the lines that ``start`` or ``end`` at each node."""
    found: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        found.setdefault(getattr(line, which), []).append(number)
    return found


def models_of(tree: Tree, model: str, rule: ModelByDiameter | None, diameters: np.ndarray | None = None) -> list[str]:
    """The model of each line: ``model``, or what ``rule`` says of its diameter."""
    if rule is None:
        return [model] * len(tree.lines)
    widths = [line.diameter for line in tree.lines] if diameters is None else diameters
    return [model_of(width, model, rule) for width in widths]


MESHED = ("wall", "resolved")
"""Models whose lumen is taken out of the tissue's mesh."""


def model_of(diameter: float, model: str, rule: ModelByDiameter | None) -> str:
    """The model of a stretch of ``diameter`` m."""
    if rule is None:
        return model
    if rule.wall_from is not None and diameter >= rule.wall_from:
        return "wall"
    return "network" if diameter >= rule.network_from else rule.below


def chains(points: np.ndarray, edges: np.ndarray, radii: np.ndarray, vessel: VesselBase) -> list[Line]:
    """Lines between ends and bifurcations of a graph: ``points`` (n, 3) m, ``edges`` (m, 2), ``radii`` (m,) m, nan
    where they are not known.

    Raises InputError for a graph that is no tree: loops, pieces, nothing, radii of zero.
    """
    refuse_bad_graph(points, edges, radii, vessel)
    near: dict[int, list[int]] = {}
    for number, (a, b) in enumerate(edges):
        near.setdefault(int(a), []).append(number)
        near.setdefault(int(b), []).append(number)
    knots = [node for node, around in near.items() if len(around) != 2]
    lines, done = [], np.zeros(len(edges), dtype=bool)
    for knot in knots:
        for first in near[knot]:
            if done[first]:
                continue
            path, widths, node, edge = [knot], [], knot, first
            while True:
                done[edge] = True
                a, b = edges[edge]
                node = int(b if a == node else a)
                path.append(node)
                widths.append(radii[edge])
                if len(near[node]) != 2:
                    break
                edge = next(other for other in near[node] if other != edge)
            lines.append(Line(points[path], np.array(widths), knot, node, label=str(len(lines))))
    return lines


def refuse_bad_graph(points: np.ndarray, edges: np.ndarray, radii: np.ndarray, vessel: VesselBase) -> None:
    """Raises InputError for a graph that is no tree of vessels."""

    def refused(problem: str, expected: str) -> InputError:
        return InputError(f"the vessel '{vessel.name}' {problem}", key="vessels.file", expected=expected)

    if len(edges) == 0:
        raise refused("has no segments", "at least one")
    bad = np.flatnonzero((radii <= 0.0) | np.isinf(radii))
    if len(bad):
        a, b = edges[bad[0]]
        raise refused(f"has a radius of {radii[bad[0]]:g} between nodes {a} and {b}", "radii above zero")
    lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    if not (lengths > 0).all():
        a, b = edges[np.flatnonzero(~(lengths > 0))[0]]
        raise refused(f"has no length between nodes {a} and {b}", "distinct points")
    parent = {int(node): int(node) for node in np.unique(edges)}

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in edges:
        first, second = find(int(a)), find(int(b))
        if first == second:
            raise refused(f"runs in a loop through nodes {a} and {b}", "a tree: cut the loop")
        parent[first] = second
    pieces = len({find(node) for node in parent})
    if pieces > 1:
        raise refused(f"is in {pieces} pieces that do not touch", "one piece a vessel, or nodes that are shared")
