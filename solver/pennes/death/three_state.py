"""Three-state cell death (O'Neill et al. 2011, doi:10.1007/s10439-010-0177-1): alive, vulnerable, dead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.death import ThreeStateDeath
from pennes.death.model import LEAST_INDICATOR, Array, HotPart, blocks, hot_part

LARGEST_REACTION = 0.25
"""Largest rate x substep."""
EXTINCT = 1e-12
"""Viability below which a point is followed no further."""


@dataclass(frozen=True)
class ThreeState:
    """dA/dt = -kf A + kb V, dD/dt = kf V, V = 1 - A - D, kf = kf0 exp(T / tk) (1 - A), T in C; rates in 1/s.

    Below ``cut_off`` (C) nothing changes. The published equations have no healthy equilibrium at body temperature:
    tissue at 37 C drifts to a viability of 0.9987 in 15 minutes and dies within hours. Stopping kf alone would not do,
    since kb would drain the vulnerable share in two minutes, and tissue reached late by the heat would resist it
    because kf needs 1 - A > 0; so the state rests. At and above the cut-off the equations are the published ones.
    Resting also ends the killing of hurt tissue once it has cooled below the cut-off; a cut-off of 0 C restores the
    published model throughout.
    """

    kf0: float
    kb: float
    tk: float
    alive: float
    threshold: float
    cut_off: float
    name: str = "three_state"
    state_names: tuple[str, ...] = ("alive", "dead")

    @classmethod
    def from_case(cls, block: ThreeStateDeath) -> ThreeState:
        """The model that a case asks for."""
        return cls(block.kf0, block.kb, block.tk, block.alive, block.threshold, block.cut_off)

    def initial(self, n: int) -> Array:
        """State (2, n) of healthy tissue: the alive share, and none dead (the rest is vulnerable)."""
        state = np.zeros((2, n))
        state[0] = self.alive
        return state

    def _change(self, state: Array, forward: Array) -> Array:
        """d(alive, dead)/dt with ``forward`` = kf0 exp(T / tk)."""
        alive, dead = state
        vulnerable = 1.0 - alive - dead
        killing = forward * (1.0 - alive)
        return np.stack((self.kb * vulnerable - killing * alive, killing * vulnerable))

    def advance(self, state: Array, start: Array, end: Array, dt: float) -> Array:
        """State after a linear ramp of temperature.

        Fourth-order Runge-Kutta with substeps of at most ``LARGEST_REACTION`` over the fastest rate of the ramp, in
        powers of two, each point with its own number: about 1e-6 of viability over an ablation.
        """
        after = state.copy()
        for block in blocks(state.shape[1]):
            self._advance_hot(after[:, block], hot_part(start[block], end[block], dt, self.cut_off))
        return after

    def _advance_hot(self, state: Array, hot: HotPart) -> None:
        """Advances the hot points of ``state``, which is a view into the new state."""
        fastest = self.kf0 * np.exp(np.maximum(hot.start, hot.end) / self.tk) + self.kb
        wanted = np.maximum(fastest * hot.duration / LARGEST_REACTION, 1.0)
        # A temperature that is not a number gets one substep, which spoils the state for all to see.
        halvings = np.nan_to_num(np.ceil(np.log2(wanted))).astype(np.int64)
        for level in np.unique(halvings):
            chosen = np.flatnonzero(halvings == level)
            points = hot.points[chosen]
            state[:, points] = self._substeps(
                state[:, points], hot.start[chosen], hot.end[chosen], hot.duration[chosen], 2 ** int(level)
            )

    def _substeps(self, state: Array, start: Array, end: Array, duration: Array, count: int) -> Array:
        result = state.copy()
        living = np.arange(state.shape[1])
        step, warming = duration / count, (end - start) / count
        forward_after = self.kf0 * np.exp(start / self.tk)
        for index in range(count):
            kept = ~(1.0 - result[1, living] < EXTINCT)
            living, forward_after = living[kept], forward_after[kept]
            if not living.size:
                break
            h, before, rise = step[living], forward_after, warming[living]
            temperature = start[living] + index * rise
            midway = self.kf0 * np.exp((temperature + 0.5 * rise) / self.tk)
            forward_after = self.kf0 * np.exp((temperature + rise) / self.tk)
            now = result[:, living]
            first = self._change(now, before)
            second = self._change(now + 0.5 * h * first, midway)
            third = self._change(now + 0.5 * h * second, midway)
            fourth = self._change(now + h * third, forward_after)
            result[:, living] = now + h / 6.0 * (first + 2.0 * second + 2.0 * third + fourth)
        return result

    def viability(self, state: Array) -> Array:
        """Alive and vulnerable: 1 - dead."""
        return np.clip(1.0 - state[1], 0.0, 1.0)

    def indicator(self, state: Array, exposure: Array | None = None) -> Array:
        """Log odds of being dead less their value at the threshold, at least -8; nearly linear across the border."""
        dead = np.clip(state[1], 1e-12, 1.0 - 1e-12)
        border = np.log((1.0 - self.threshold) / self.threshold)
        return np.maximum(np.log(dead / (1.0 - dead)) - border, LEAST_INDICATOR)

    def damage(self, state: Array) -> Array:
        """The dead share, 1 - viability."""
        return state[1].copy()

    def exposure(self, state: Array) -> None:
        """The level needs no neighbour."""
        return None
