"""Flow that is left when branches are blocked."""

from __future__ import annotations

import numpy as np

from pennes.vasculature.graph import Tree, degree_of


class Stoppage:
    """Shares of the flow of ``tree`` that are left when some of its lines are blocked."""

    def __init__(self, tree: Tree):
        out, into = degree_of(tree.lines, "start"), degree_of(tree.lines, "end")
        self._flows, self._order = tree.flows.tolist(), tree.order()
        self._below = [out.get(line.end, []) for line in tree.lines]
        self._above = [into.get(line.start, []) for line in tree.lines]
        self._beside = [out[line.start] for line in tree.lines]

    def remaining(self, open_share: np.ndarray) -> np.ndarray:
        """Share of each line's flow (lines,) that is left when line k lets through ``open_share[k]`` at most.

        What a blocked branch would have carried is missing above and below it; the other branches keep their flow.
        """
        wanted = [float(share) for share in open_share]
        for line in reversed(self._order):
            if self._below[line]:
                wanted[line] = min(wanted[line], self._mean(self._below[line], wanted, wanted[line]))
        left = wanted.copy()
        for line in self._order:
            if self._above[line]:
                arrives = self._mean(self._above[line], left, left[line])
                asked = self._mean(self._beside[line], wanted, 0.0)
                left[line] = wanted[line] * min(1.0, arrives / asked) if asked > 0.0 else 0.0
        return np.array(left)

    def _mean(self, lines: list[int], shares: list[float], still: float) -> float:
        """Mean of the shares of lines by their flow; ``still`` where none of them flows."""
        total = sum(self._flows[line] for line in lines)
        return sum(self._flows[line] * shares[line] for line in lines) / total if total > 0.0 else still
