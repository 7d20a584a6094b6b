"""What every model of cell death offers, and the part of a step in which anything happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_INDICATOR = -8.0
"""Level functions are clipped here from below: tissue without damage would otherwise be at minus infinity."""
HOTTEST = 300.0
"""C; rates are held above it. No tissue lives there, and exponentials of it would overflow."""
BLOCK = 8192
"""Points worked on at once: temporary arrays then stay in the processor's cache, which halves the time."""


class DeathModel(Protocol):
    """A model of cell death at n points that do not interact.

    ``state`` has shape (k, n), one row a name in ``state_names``. Models are frozen and states are never changed in
    place. None of them has any rate in healthy tissue at 37 C (with the default cut-off).
    """

    @property
    def name(self) -> str:
        """Name in the case file."""
        ...

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the k rows of the state."""
        ...

    def initial(self, n: int) -> Array:
        """State (k, n) of healthy tissue."""
        ...

    def advance(self, state: Array, start: Array, end: Array, dt: float) -> Array:
        """State after ``dt`` seconds in which the temperature goes linearly from ``start`` to ``end`` (n,), C."""
        ...

    def viability(self, state: Array) -> Array:
        """Viability (n,) in [0, 1], 1 alive, 0 dead: the factor on perfusion."""
        ...

    def indicator(self, state: Array, exposure: Array | None = None) -> Array:
        """Level function (n,): above 0 dead, 0 on the surface of the zone, below 0 alive. Smooth across the surface.

        Logarithmic ones are at least -8, since tissue without any damage would be at minus infinity. ``exposure``
        (n,) in s is that of dead tissue next to living tissue, 0 where there is none; see ``exposure``.
        """
        ...

    def exposure(self, state: Array) -> Array | None:
        """Seconds at its highest temperature that would have done the same to each dead point (n,), 0 where tissue
        lives; None from models whose level needs no neighbour."""
        ...

    def damage(self, state: Array) -> Array:
        """What is saved as the field ``damage`` (n,), in the model's own unit."""
        ...


@dataclass(frozen=True)
class HotPart:
    """The points that reach a cut-off within a step, and for each the part of the step spent there.

    ``points`` (m,) indices; ``start``, ``end`` (m,) temperatures at the ends of that part, C; ``duration`` (m,) s.
    """

    points: NDArray[np.intp]
    start: Array
    end: Array
    duration: Array


def hot_part(start: Array, end: Array, dt: float, cut_off: float) -> HotPart:
    """The part at or above ``cut_off`` of a step of ``dt`` seconds with temperatures from ``start`` to ``end`` (n,), C.

    The crossing of the cut-off is exact, so that the jump of the rate there costs no order of accuracy. Points that
    stay below are left out: most of the tissue, and no exponential is evaluated for them. A temperature that is not
    a number is kept, and so spoils the result visibly.
    """
    points = np.flatnonzero(~(np.maximum(start, end) < cut_off))
    first, last = start[points], end[points]
    span = np.abs(last - first)
    above = np.maximum(first, last) - np.maximum(np.minimum(first, last), cut_off)
    share = np.divide(above, span, out=np.ones_like(span), where=span != 0)
    return HotPart(
        points,
        np.clip(first, cut_off, max(HOTTEST, cut_off)),
        np.clip(last, cut_off, max(HOTTEST, cut_off)),
        share * dt,
    )


def blocks(n: int) -> Iterator[slice]:
    """Slices of at most ``BLOCK`` that cover ``n`` points."""
    for first in range(0, n, BLOCK):
        yield slice(first, first + BLOCK)


def log_ratio(value: Array, threshold: float) -> Array:
    """ln(value / threshold), at least ``LEAST_INDICATOR``: a level function nearly linear in temperature."""
    return np.log(np.maximum(value / threshold, np.exp(LEAST_INDICATOR)))
