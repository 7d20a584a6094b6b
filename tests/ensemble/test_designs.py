"""Designs: their sizes, that they are repeatable, and what makes each of them what it is."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter

from pennes.ensemble.designs import block, shares
from pennes.ensemble.inputs import BoundInput
from pennes.ensemble.models import Design

INPUTS = {name: BoundInput("", "", lambda share: list(share), lambda draft, value: None) for name in "abc"}
ADAPTER = TypeAdapter(Design)


def design(**keys):
    return ADAPTER.validate_python(keys)


@pytest.mark.parametrize(
    ("keys", "cases"),
    [
        ({"kind": "sobol", "size": 16}, 16),
        ({"kind": "latin_hypercube", "size": 15}, 15),
        ({"kind": "grid", "size": 3}, 27),
        ({"kind": "morris", "size": 5}, 20),
        ({"kind": "saltelli", "size": 8}, 40),
        ({"kind": "saltelli", "size": 8, "second_order": True}, 64),
    ],
    ids=str,
)
def test_sizes_and_repeatability(keys, cases):
    given = design(**keys)
    first = shares(given, INPUTS)
    assert first.shape == (cases, 3)
    assert first.min() >= 0.0
    assert first.max() <= 1.0
    assert np.array_equal(first, shares(given, INPUTS))
    assert cases % block(given, 3) == 0
    if "grid" not in keys.values():
        assert not np.array_equal(first, shares(design(**keys, seed=9), INPUTS))


def test_a_sobol_sequence_made_longer_begins_alike():
    assert np.array_equal(
        shares(design(kind="sobol", size=8), INPUTS), shares(design(kind="sobol", size=32), INPUTS)[:8]
    )


def test_a_latin_hypercube_has_one_case_in_every_slice():
    found = shares(design(kind="latin_hypercube", size=20), INPUTS)
    assert np.array_equal(np.sort((found * 20).astype(int), axis=0), np.tile(np.arange(20)[:, None], 3))


def test_a_step_of_a_trajectory_changes_one_input():
    given = design(kind="morris", size=6, levels=4)
    for trajectory in shares(given, INPUTS).reshape(6, 4, 3):
        changed = np.diff(trajectory, axis=0) != 0
        assert changed.sum() == 3
        assert changed.any(axis=0).all()


def test_a_grid_takes_every_listed_value_and_the_ends_of_distributions():
    inputs = {"a": INPUTS["a"], "b": BoundInput("", "", lambda share: list(share), lambda d, v: None, 2, listed=True)}
    found = shares(design(kind="grid", size=3), inputs)
    assert sorted({tuple(row) for row in found}) == [(a, b) for a in (0.0, 0.5, 1.0) for b in (0.25, 0.75)]
