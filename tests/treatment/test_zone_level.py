"""The zone of Arrhenius damage on coarse meshes, against that of the same temperatures on a line of many points."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.case.death import ArrheniusDeath, Cem43Death
from pennes.death.arrhenius import Arrhenius
from pennes.death.cem43 import Cem43
from pennes.elements import LinearElements
from pennes.margin.volume import total_volume_inside
from pennes.treatment.level import zone_level
from small_meshes import jittered_block

SIZE, DURATION = 0.03, 360.0
MODEL = Arrhenius.from_case(ArrheniusDeath())


def temperature(x: np.ndarray, time: float) -> np.ndarray:
    """Tissue that warms up ever more slowly, 63 C at x = 0 to 37 C at the other end: some 1 K/mm at the border."""
    return 37.0 + 26.0 * (1.0 - x / SIZE) ** 1.5 * (1.0 - np.exp(-time / 150.0))


def treated(model, x: np.ndarray) -> np.ndarray:
    """The model's state after heating and a minute without."""
    state, times = model.initial(x.size), np.linspace(0.0, DURATION, 73)
    for start, end in pairwise(times):
        state = model.advance(state, temperature(x, start), temperature(x, end), end - start)
    body = np.full(x.size, 37.0)
    return model.advance(state, temperature(x, DURATION), body, 60.0)


@pytest.fixture(scope="module")
def border():
    """Where Omega = 1, from 30 000 points."""
    x = np.linspace(0.0, SIZE, 30_001)
    return x[np.flatnonzero(MODEL.damage(treated(MODEL, x)) >= 1.0)[-1]]


def measured(level_of, intervals: int) -> float:
    """Depth (m) of the zone on a cube of irregular cells."""
    elements = LinearElements(jittered_block(MPI.COMM_SELF, 3, intervals, SIZE))
    level = level_of(treated(MODEL, elements.points[:, 0]), elements)
    cells = np.ascontiguousarray(elements.cells, dtype=np.int64)
    return total_volume_inside(cells, elements.volumes, level) / SIZE**2


def test_the_border_on_coarse_meshes(border):
    """Edges of 3.75, 2.5 and 1.9 mm: within a tenth of a millimetre, on both sides of the exact one."""
    errors = [measured(lambda state, e: zone_level(MODEL, state, e), n) - border for n in (8, 12, 16)]
    assert errors == pytest.approx([0.0] * 3, abs=1e-4)


def test_without_the_neighbours_it_would_lie_too_far_out(border):
    """What this is for: judged by the time since the start, living tissue seems next to dead."""
    errors = [measured(lambda state, _: MODEL.indicator(state), n) - border for n in (8, 12, 16)]
    assert min(errors) > 3e-4


def test_signs_are_those_of_the_damage():
    elements = LinearElements(jittered_block(MPI.COMM_SELF, 3, 8, SIZE))
    state = treated(MODEL, elements.points[:, 0])
    level = zone_level(MODEL, state, elements)
    assert np.array_equal(level > 0.0, MODEL.damage(state) > 1.0)
    assert np.isfinite(level).all()


def test_models_without_exposure_keep_their_level():
    elements = LinearElements(jittered_block(MPI.COMM_SELF, 3, 4, SIZE))
    model = Cem43.from_case(Cem43Death())
    state = treated(model, elements.points[:, 0])
    assert np.array_equal(zone_level(model, state, elements), model.indicator(state))
