"""Tissue that has once been hotter than a threshold counts as dead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.case.death import IsothermDeath
from pennes.death.model import Array

HALF_WIDTH = 1.0
"""K; viability falls linearly from 1 to 0 over this much on both sides of the threshold."""


@dataclass(frozen=True)
class Isotherm:
    """The running maximum of temperature against ``threshold`` (C)."""

    threshold: float
    name: str = "isotherm"
    state_names: tuple[str, ...] = ("max_temperature",)

    @classmethod
    def from_case(cls, block: IsothermDeath) -> Isotherm:
        """The model that a case asks for."""
        return cls(block.threshold)

    def initial(self, n: int) -> Array:
        """State (1, n) before any temperature is known: 0 C; advancing by 0 s makes it the present temperature."""
        return np.zeros((1, n))

    def advance(self, state: Array, start: Array, end: Array, dt: float) -> Array:
        """The larger of the maximum so far and the temperatures at both ends of the step."""
        return np.maximum(state, np.maximum(start, end))

    def viability(self, state: Array) -> Array:
        """1 below the threshold, 0 above it, linear over 1 K on both sides; one half at the threshold."""
        return np.clip(0.5 - 0.5 * (state[0] - self.threshold) / HALF_WIDTH, 0.0, 1.0)

    def indicator(self, state: Array, exposure: Array | None = None) -> Array:
        """Maximal temperature above the threshold, K."""
        return state[0] - self.threshold

    def damage(self, state: Array) -> Array:
        """Maximal temperature, C."""
        return state[0].copy()

    def exposure(self, state: Array) -> None:
        """The level needs no neighbour."""
        return None
