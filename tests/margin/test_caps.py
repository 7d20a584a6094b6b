"""Holes of a surface, closed: what is enclosed then is known."""

from __future__ import annotations

import numpy as np
import pytest

from pennes.margin import Surface, capped

RADIUS, LENGTH = 2e-3, 7e-3


def tube(around=48, lift=0.0):
    """The side of a cylinder along z, outward, its upper rim tilted by ``lift``."""
    angle = 2 * np.pi * np.arange(around) / around
    ring = RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.column_stack([ring, np.zeros(around)])
    upper = np.column_stack([ring, LENGTH + lift * ring[:, 0] / RADIUS])
    here, after = np.arange(around), np.roll(np.arange(around), -1)
    sides = [np.stack([here, after, around + after], 1), np.stack([here, around + after, around + here], 1)]
    return Surface(np.concatenate([lower, upper]), np.concatenate(sides))


def prism(around=48):
    return 0.5 * around * np.sin(2 * np.pi / around) * RADIUS**2 * LENGTH


@pytest.mark.parametrize("lift", [0.0, 1e-3])
def test_both_ends_of_a_tube_are_closed(lift):
    """Half of a tilted end is as much higher as the other is lower."""
    closed = capped(tube(lift=lift))
    assert closed.is_closed
    assert len(closed.points) == 2 * 48 + 2
    assert closed.volume == pytest.approx(prism(), rel=1e-12)
    assert capped(tube(lift=lift).flipped()).volume == pytest.approx(-prism(), rel=1e-12)


def test_the_middle_does_not_depend_on_how_a_rim_is_cut():
    """Points crowded on one half of a rim do not pull the fan's middle there."""
    open_tube = tube()
    crowded = np.concatenate([np.linspace(0.0, np.pi, 60, endpoint=False), np.linspace(np.pi, 2 * np.pi, 24)[:-1]])
    ring = RADIUS * np.column_stack([np.cos(crowded), np.sin(crowded), np.zeros(len(crowded))])
    n = len(ring)
    here, after = np.arange(n), np.roll(np.arange(n), -1)
    cone = Surface(np.vstack([ring, [0.0, 0.0, LENGTH]]), np.stack([here, after, np.full(n, n)], 1))
    assert np.abs(capped(cone).points[-1]).max() < 0.01 * RADIUS
    assert np.abs(capped(open_tube).points[-2:, :2]).max() < 1e-12


def test_a_closed_surface_stays_as_it_is():
    closed = capped(tube())
    assert capped(closed) is closed
    nothing = Surface(np.zeros((0, 3)), np.zeros((0, 3), dtype=int))
    assert capped(nothing) is nothing
