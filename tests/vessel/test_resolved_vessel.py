"""Resolved flow: Graetz' problem (E11), waves around the lumen, and the same energy on both sides of the wall."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from pennes.elements import LinearElements
from pennes.errors import InputError, SolverError
from pennes.vasculature import build_tree
from pennes.verification.exact.vessels import Graetz
from pennes.vessel import MODELS, Site, lumen
from pennes.vessel.lumen import Lumen, Stretch
from small_meshes import half_tube, wall_of
from veins import make_vessel

RADIUS, SPEED, CAPACITY, CONDUCTIVITY = 1.5e-3, 0.05, 1050.0 * 3617.0, 0.517
DISTANCES = (0.05, 0.1, 0.2, 0.5)
TABLE = (0.578787, 0.395299, 0.189710, 0.0211439)


def length_at(distance: float) -> float:
    """m along the tube at x+ = ``distance``."""
    return distance * RADIUS * SPEED * 2.0 * RADIUS * CAPACITY / CONDUCTIVITY


def mixing_cups() -> np.ndarray:
    tube = Lumen(RADIUS, SPEED, CAPACITY, CONDUCTIVITY, 1)
    stretches = [Stretch(tube, length_at(distance)) for distance in DISTANCES]
    return np.array([1.0 - tube.march([s], np.ones((1, 4)), 0.0)[1][0] for s in stretches])


def test_graetz():
    """E11 within 1 %, and rings that are halved quarter the error."""
    exact = Graetz().mixing_cup(DISTANCES)
    assert exact == pytest.approx(TABLE, rel=1e-4)
    assert mixing_cups() == pytest.approx(exact, rel=0.01)


def test_rings_converge_with_second_order(monkeypatch):
    exact, errors = Graetz().mixing_cup(DISTANCES), []
    for rings in (14, 28, 56):
        monkeypatch.setattr(lumen, "RINGS", rings)
        errors.append(np.abs(mixing_cups() / exact - 1.0).max())
    assert np.log2(errors[0] / errors[1]) > 1.8 and np.log2(errors[1] / errors[2]) > 1.8


def test_stretches_add_up_and_the_wall_gives_what_the_blood_gains():
    tube = Lumen(RADIUS, SPEED, CAPACITY, CONDUCTIVITY, 3)
    walls = np.random.default_rng(1).uniform(40.0, 80.0, (6, 12))
    stretch = Stretch(tube, 4e-3)
    flux, mixed = tube.march([stretch] * 6, walls, 37.0)
    heat = flux.mean(axis=1) * 2.0 * np.pi * RADIUS * 4e-3
    flow = CAPACITY * SPEED * np.pi * RADIUS**2
    assert heat == pytest.approx(flow * np.diff(mixed, prepend=37.0), rel=1e-9)
    _, halved = tube.march([Stretch(tube, 2e-3)] * 12, np.repeat(walls, 2, axis=0), 37.0)
    assert halved[1::2] == pytest.approx(mixed, rel=1e-9)


def test_a_wave_in_developed_flow_is_conduction():
    """Far downstream the first wave passes through the lumen as through still blood: flux k / R."""
    tube = Lumen(RADIUS, SPEED, CAPACITY, CONDUCTIVITY, 3)
    wave = np.cos(2.0 * np.pi * np.arange(12) / 12)[None]
    flux, _ = tube.march([Stretch(tube, 5.0)] * 2, np.repeat(wave, 2, axis=0), 0.0)
    assert flux[1] == pytest.approx(CONDUCTIVITY / RADIUS * wave[0], rel=5e-3, abs=1e-3)


@pytest.fixture(scope="module")
def elements():
    return LinearElements(half_tube(MPI.COMM_SELF, RADIUS, 4e-3, 60e-3, (2, 10, 24)))


def sink_of(elements, **changes):
    vessel = make_vessel(**{"coefficient": None, "model": "resolved", "speed": "2 cm/s"} | changes)
    site = Site(wall_of(elements.mesh, RADIUS), None, 0.52)
    return MODELS["resolved"](elements, vessel, build_tree(vessel), site)


def test_tissue_loses_what_blood_gains(elements):
    sink = sink_of(elements)
    x, y, _ = elements.points.T
    temperature = 37.0 + 50.0 * np.exp(-(((x - 0.02) / 0.01) ** 2)) + 2000.0 * y
    heat = sink.update(temperature)
    flow = CAPACITY * 0.02 * np.pi * RADIUS**2
    power = (sink.conductance * temperature - heat).sum()
    assert power > 0.1
    assert power == pytest.approx(flow * (sink.outlet_temperature[0] - 37.0), rel=1e-10)
    sink.accept(temperature + 1.0, np.zeros(len(x), bool), 3.0)
    moved = (sink.conductance * (temperature + 1.0) - heat).sum()
    assert sink.line_heat[0] == pytest.approx(3.0 * moved, rel=1e-10)


def test_still_blood_takes_no_heat(elements):
    for sink in (sink_of(elements, speed="0 cm/s"), sink_of(elements, cooling=False)):
        assert not sink.conductance.any() and not sink.update(np.full(elements.n_local, 60.0)).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": [["0 mm", "0 mm", "0 mm"], ["30 mm", "0 mm", "0 mm"], ["60 mm", "9 mm", "0 mm"]]}, "is not straight"),
        ({"branches": [{"path": [["90 mm", "0 mm", "0 mm"]], "diameter": "2 mm"}]}, "has branches"),
        ({"diameter": "20 mm", "speed": "60 cm/s"}, "Reynolds number of 3636"),
    ],
)
def test_what_cannot_be_resolved_is_refused(elements, changes, message):
    with pytest.raises(InputError, match=message):
        sink_of(elements, **changes)


def test_the_middle_of_a_step_must_be_the_one_that_it_finds(elements):
    """At the middle that it was told nothing is missing; where tissue came out otherwise, the share that is."""
    sink = sink_of(elements)
    warm = np.full(elements.n_local, 60.0)
    sink.update(warm)
    assert sink.mismatch(warm) == pytest.approx(0.0, abs=1e-12)
    uneven = warm + 20.0 * np.sin(4.0 * np.arctan2(elements.points[:, 1], elements.points[:, 2]))
    assert 0.05 < sink.mismatch(uneven) < 1.0
    sink.set_flow(0.0)
    assert sink.mismatch(uneven) == 0.0


def test_blood_beyond_inlet_and_walls_is_refused(elements, monkeypatch):
    sink = sink_of(elements)
    march = Lumen.march

    def wild(self, *arguments):
        flux, mixed = march(self, *arguments)
        return flux, mixed + 500.0

    monkeypatch.setattr(Lumen, "march", wild)
    with pytest.raises(SolverError, match="the blood of '"):
        sink.update(np.full(elements.n_local, 60.0))
