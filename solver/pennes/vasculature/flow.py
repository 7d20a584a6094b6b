"""Flow through trees: Poiseuille's law with Murray's for what is not known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from pennes.vasculature.graph import Line, degree_of

MURRAY = 3.0
"""Exponent of Murray's law: the cube of the parent's radius is the sum of the daughters' cubes."""
NO_FLOW = 1e-12
"""A share of the largest flow that is rounding."""


def poiseuille(
    lines: list[Line], pressures: Mapping[int, float], inflows: Mapping[int, float], viscosity: float
) -> tuple[np.ndarray, dict[int, float]]:
    """Flows (lines,) in m3/s along the lines and pressures of the nodes in Pa.

    ``pressures`` of some nodes in Pa; ``inflows`` in m3/s enter at others; nothing enters at the rest. ``viscosity``
    in Pa s. Raises ValueError where no node has a pressure.
    """
    if not pressures:
        raise ValueError("a flow needs the pressure of at least one node")
    nodes = sorted({node for line in lines for node in (line.start, line.end)})
    number = {node: k for k, node in enumerate(nodes)}
    start, end = (np.array([number[getattr(line, word)] for line in lines]) for word in ("start", "end"))
    conductance = np.array([np.pi / (8.0 * viscosity * line.resistance) for line in lines])
    scale = conductance.max()
    weights = conductance / scale
    shape = (len(nodes), len(nodes))
    matrix = sparse.coo_matrix((weights, (start, end)), shape).tocsr()
    matrix = matrix + matrix.T
    matrix = sparse.diags(np.asarray(matrix.sum(axis=1)).ravel()) - matrix
    right, values = np.zeros(len(nodes)), np.zeros(len(nodes))
    for node, flow in inflows.items():
        right[number[node]] = flow / scale
    held = np.zeros(len(nodes), dtype=bool)
    for node, pressure in pressures.items():
        held[number[node]] = True
        values[number[node]] = pressure
    free = np.flatnonzero(~held)
    if len(free):
        right -= matrix @ values
        values[free] = splu(matrix[free][:, free].tocsc()).solve(right[free])
    return conductance * (values[start] - values[end]), dict(zip(nodes, values, strict=True))


def murray_radii(lines: list[Line], root: int, radii: np.ndarray) -> np.ndarray:
    """Radii (lines,) with those that are nan filled in, from ``root`` outwards.

    An unknown radius is what the parent's cube leaves, shared equally among the unknown daughters; where the parent is
    unknown it is the sum of its daughters' cubes. Raises ValueError where nothing determines a radius.
    """
    found = radii.copy()
    at: dict[int, list[int]] = {}
    for which in ("start", "end"):
        for node, members in degree_of(tuple(lines), which).items():
            at.setdefault(node, []).extend(members)
    order, parents, seen, stack = [], {}, {root}, [root]
    while stack:
        node = stack.pop()
        for line in at[node]:
            far = lines[line].end if lines[line].start == node else lines[line].start
            if far not in seen:
                seen.add(far)
                parents[far] = line
                order.append((line, node, far))
                stack.append(far)
    for line, _, far in reversed(order):
        daughters = [other for other in at[far] if other != line]
        if np.isnan(found[line]) and daughters and not np.isnan(found[daughters]).any():
            found[line] = (found[daughters] ** MURRAY).sum() ** (1.0 / MURRAY)
    for line, node, _ in order:
        if not np.isnan(found[line]):
            continue
        above = parents.get(node)
        if above is None or np.isnan(found[above]):
            raise ValueError(f"nothing determines the radius of the stretch at node {node}")
        daughters = np.array([other for other in at[node] if other != above])
        unknown = daughters[np.isnan(found[daughters])]
        left = found[above] ** MURRAY - np.nansum(found[daughters] ** MURRAY)
        if left <= 0.0:
            raise ValueError(f"the known daughters at node {node} are wider than their parent allows")
        found[unknown] = (left / len(unknown)) ** (1.0 / MURRAY)
    return found
