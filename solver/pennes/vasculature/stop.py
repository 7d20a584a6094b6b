"""Flow that is left when branches are blocked."""

from __future__ import annotations

import numpy as np

from pennes.vasculature.graph import Tree, degree_of


def remaining(tree: Tree, open_share: np.ndarray) -> np.ndarray:
    """Share of each line's flow (lines,) that is left when line k lets through ``open_share[k]`` at most.

    What a blocked branch would have carried is missing above and below it; the other branches keep their flow.
    """
    flows, order = tree.flows, tree.order()
    out, into = degree_of(tree.lines, "start"), degree_of(tree.lines, "end")
    wanted = np.asarray(open_share, dtype=float).copy()
    for line in reversed(order):
        below = out.get(tree.lines[line].end, [])
        total = flows[below].sum()
        if total > 0.0:
            wanted[line] = min(wanted[line], float(flows[below] @ wanted[below]) / total)
    left = wanted.copy()
    for line in order:
        above = into.get(tree.lines[line].start, [])
        if not above or flows[above].sum() == 0.0:
            continue
        beside = out[tree.lines[line].start]
        arrives = float(flows[above] @ left[above]) / flows[above].sum()
        asked = float(flows[beside] @ wanted[beside]) / flows[beside].sum() if flows[beside].sum() > 0.0 else 0.0
        left[line] = wanted[line] * min(1.0, arrives / asked) if asked > 0.0 else 0.0
    return left
