"""Blood that warms on its way: the exact exponential of every piece, mixing where vessels meet."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from pennes.vasculature.graph import degree_of
from pennes.vessel.pieces import Pieces


class Blood:
    """Temperatures of blood that is quasi-steady: it passes the heated tissue much faster than that warms.

    In a piece of conductance U (W/K) to a wall of one temperature, blood of capacity flow C (W/K) keeps the share
    exp(-U / C) of its difference to the wall, and takes C (1 - exp(-U / C)) (T_wall - T_in) from it.
    """

    def __init__(self, pieces: Pieces, inlet_temperature: float):
        self.pieces, self.inlet_temperature = pieces, inlet_temperature
        tree = pieces.tree
        self._order = np.concatenate([np.arange(pieces.first[k], pieces.first[k + 1]) for k in tree.order()])
        self._rank = np.empty(len(pieces), dtype=np.int64)
        self._rank[self._order] = np.arange(len(pieces))
        into = degree_of(tree.lines, "end")
        pairs = [(number, above) for number, line in enumerate(tree.lines) for above in into.get(line.start, [])]
        self._joins = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self._inner = np.setdiff1d(np.arange(len(pieces)), pieces.first[:-1])
        self._first, self._last = pieces.first[:-1], pieces.first[1:] - 1

    def set(self, capacity_flows: np.ndarray, conductances: np.ndarray) -> None:
        """New flows (lines,) and conductances (p,), both in W/K."""
        pieces = self.pieces
        self.capacity_flow = capacity_flows[pieces.line]
        flowing = self.capacity_flow > 0.0
        units = np.divide(conductances, self.capacity_flow, out=np.full(len(pieces), np.inf), where=flowing)
        units[conductances == 0.0] = 0.0
        self.kept = np.exp(-units)
        #: Mean over a piece of the difference to its wall, as a share of that at its inlet.
        self.mean_kept = np.where(units > 1e-9, -np.expm1(-units) / np.maximum(units, 1e-9), 1.0)
        self.conductance = np.where(flowing, -np.expm1(-units) * self.capacity_flow, 0.0)
        below, above = self._joins.T
        arrives = np.bincount(below, capacity_flows[above], minlength=len(capacity_flows))
        share = np.divide(capacity_flows[above], arrives[below], out=np.zeros(len(above)), where=arrives[below] > 0.0)
        rows = np.concatenate([self._inner, self._first[below]])
        columns = np.concatenate([self._inner - 1, self._last[above]])
        values = np.concatenate([np.ones(len(self._inner)), share])
        shape = (len(pieces), len(pieces))
        self._upstream = sparse.csr_matrix((values, (rows, columns)), shape)
        self._from_outside = self.inlet_temperature * (1.0 - np.asarray(self._upstream.sum(axis=1)).ravel())
        self._exchanging = self._factor(sparse.diags(self.kept) @ self._upstream)
        self._carrying = self._factor(self._upstream)

    def _factor(self, passed: sparse.csr_matrix):
        """What solves leaving = passed x leaving + right: triangular in the order of flow, so that nothing fills in."""
        chain = (sparse.identity(len(self.pieces), format="csr") - passed)[self._order][:, self._order]
        return splu(chain.tocsc(), permc_spec="NATURAL", options={"DiagPivotThresh": 0.0})

    def arriving(self, wall: np.ndarray) -> np.ndarray:
        """Temperatures (p,) of the blood that enters each piece, for walls (p,) in C; ``leaving`` those that leave."""
        right = self.kept * self._from_outside + (1.0 - self.kept) * wall
        self.leaving = self._exchanging.solve(right[self._order])[self._rank]
        return self._upstream @ self.leaving + self._from_outside

    def warmed(self, heat: np.ndarray) -> np.ndarray:
        """Temperatures (p,) of the blood that leaves each piece where the pieces take ``heat`` (p,) in W."""
        rise = np.divide(heat, self.capacity_flow, out=np.zeros_like(heat), where=self.capacity_flow > 0.0)
        return self._carrying.solve((self._from_outside + rise)[self._order])[self._rank]
