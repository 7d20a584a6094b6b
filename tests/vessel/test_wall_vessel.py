"""A vessel with a meshed wall: what it takes from the tissue, and what its blood carries away."""

from __future__ import annotations

import typing

import numpy as np
import pytest
from mpi4py import MPI

from pennes.case.vessels import Vessel
from pennes.elements import LinearElements, QuadraticElements
from pennes.errors import InputError
from pennes.vasculature import build_tree
from pennes.vasculature.polyline import reaches
from pennes.vessel import MODELS, Site, VascularSink
from pennes.vessel.exchange import coefficients
from small_meshes import half_tube, wall_of
from veins import make_vessel

RADIUS, OUTER, LENGTH = 1.5e-3, 4e-3, 60e-3
INLET = 37.0


@pytest.fixture(scope="module", params=[LinearElements, QuadraticElements])
def elements(request):
    return request.param(half_tube(MPI.COMM_SELF, RADIUS, OUTER, LENGTH, (2, 8, 24)))


def sink_of(elements, vessel, facets=None) -> VascularSink:
    facets = wall_of(elements.mesh, RADIUS) if facets is None else facets
    return VascularSink(elements, vessel, build_tree(vessel), Site(facets, None, 0.52))


def capacity_flow(vessel: Vessel) -> float:
    """W/K that the blood carries."""
    blood = vessel.blood
    area = np.pi * vessel.diameter**2 / 4
    return blood.density.value * blood.heat_capacity.value * vessel.speed * area


def taken(sink, temperature) -> float:
    """W from tissue at ``temperature``."""
    return (sink.conductance * temperature - sink.update(temperature)).sum()


def carried(sink, vessel) -> float:
    """W that the blood gained along a vessel without branches."""
    return capacity_flow(vessel) * (sink.outlet_temperature[-1] - vessel.inlet_temperature)


def test_conductance_is_coefficient_times_wall(elements):
    sink = sink_of(elements, make_vessel())
    # The half circle is a polygon of eight sides.
    area = LENGTH * 8 * 2 * RADIUS * np.sin(np.pi / 16)
    assert sink.conductance.sum() == pytest.approx(900.0 * area, rel=1e-9)
    on_wall = np.hypot(*elements.points[:, 1:].T) < 1.001 * RADIUS
    assert not sink.conductance[~on_wall].any() and sink.kind == "vessel" and sink.name == "vein"


def test_blood_warms_by_the_exponential_along_a_uniform_wall(elements):
    vessel = make_vessel()
    sink = sink_of(elements, vessel)
    wall = np.full(elements.n_local, 80.0)
    heat = sink.update(wall)
    units = sink.conductance.sum() / capacity_flow(vessel)
    assert 0.5 < units < 3.0, "the blood must warm for this to say anything"
    assert sink.outlet_temperature[0] == pytest.approx(80.0 - 43.0 * np.exp(-units), rel=1e-6)
    # Means of the exponential over the segments.
    ends = 80.0 - 43.0 * np.exp(-units * np.linspace(0.0, 1.0, sink.n_segments + 1))
    means = 80.0 - np.diff(ends) / (units / sink.n_segments)
    assert sink.blood_temperature == pytest.approx(means, abs=0.6)
    assert sink.blood_temperature.mean() == pytest.approx(means.mean(), abs=0.02)
    assert (sink.conductance * wall - heat).sum() == pytest.approx(carried(sink, vessel), rel=1e-9)


def test_segments_by_the_exact_exponential(elements):
    """Segment by segment, with the wall that the mesh gives each."""
    vessel = make_vessel()
    sink = sink_of(elements, vessel)
    sink.update(np.full(elements.n_local, 80.0))
    units = sink.segment_conductance / capacity_flow(vessel)
    assert (units > 0).all() and units.sum() == pytest.approx(sink.conductance.sum() / capacity_flow(vessel), rel=1e-12)
    ends = 80.0 - 43.0 * np.exp(-np.concatenate([[0.0], np.cumsum(units)]))
    assert sink.blood_temperature == pytest.approx(80.0 - np.diff(ends) / units, rel=1e-9)


def test_tissue_loses_what_blood_gains(elements):
    vessel = make_vessel(speed="0.4 cm/s")
    sink = sink_of(elements, vessel)
    x, y, _ = elements.points.T
    temperature = 37.0 + 50.0 * np.exp(-(((x - 0.02) / 0.01) ** 2)) + 2000.0 * y
    power = taken(sink, temperature)
    assert power > 0.1
    assert power == pytest.approx(carried(sink, vessel), rel=1e-9)
    assert sink.outlet_temperature[0] > INLET + 2.0
    assert sink.blood_temperature[0] < sink.blood_temperature.max()


def test_fast_blood_stays_cold_and_cold_tissue_warms(elements):
    fast = sink_of(elements, make_vessel(speed="50 m/s"))
    temperature = np.full(elements.n_local, 60.0)
    assert taken(fast, temperature) == pytest.approx(fast.conductance.sum() * 23.0, rel=1e-3)
    assert taken(fast, np.full(elements.n_local, 30.0)) == pytest.approx(-fast.conductance.sum() * 7.0, rel=1e-3)
    assert taken(fast, np.full(elements.n_local, INLET)) == pytest.approx(0.0, abs=1e-9)


def test_still_blood_takes_no_heat(elements):
    """And so does ever slower blood."""
    temperature = np.full(elements.n_local, 60.0)
    still, slow = (taken(sink_of(elements, make_vessel(speed=s)), temperature) for s in ("0 cm/s", "1e-6 cm/s"))
    flowing = taken(sink_of(elements, make_vessel()), temperature)
    assert abs(still) < 1e-9 * flowing
    assert 0.0 < slow < 1e-4 * flowing


def test_a_vessel_in_two_pieces_is_the_vessel(elements):
    """A branch of the same diameter takes all the flow, and begins with the stem's outlet temperature."""
    half = [["0 mm", "0 mm", "0 mm"], ["30 mm", "0 mm", "0 mm"]]
    pieces = make_vessel(path=half, branches=[{"path": [["60 mm", "0 mm", "0 mm"]], "diameter": "3 mm"}])
    temperature = 37.0 + 1500.0 * elements.points[:, 0]
    whole, divided = sink_of(elements, make_vessel()), sink_of(elements, pieces)
    assert divided.update(temperature) == pytest.approx(whole.update(temperature), rel=1e-9)
    assert divided.outlet_temperature[-1] == pytest.approx(whole.outlet_temperature[-1], rel=1e-12)
    assert divided.outlet_temperature[0] < divided.outlet_temperature[1]


def branch(diameter, speed=None, y=10, **more):
    return {"path": [["90 mm", f"{y} mm", "0 mm"]], "diameter": diameter, "speed": speed, **more}


def test_murray_shares_the_flow_by_diameter_cubed():
    stem, *daughters = reaches(make_vessel(branches=[branch("2 mm"), branch("1 mm", y=-10)]))
    assert sum(daughter.flow for daughter in daughters) == pytest.approx(stem.flow, rel=1e-12)
    assert daughters[0].flow == pytest.approx(8.0 * daughters[1].flow, rel=1e-12)
    assert [daughter.parent for daughter in daughters] == [0, 0]
    assert daughters[0].points[0] == pytest.approx(stem.points[-1])
    assert stem.flow == pytest.approx(0.01 * np.pi * 1.5e-3**2)


def test_stated_speeds_leave_the_rest_to_murray():
    vessel = make_vessel(branches=[branch("2 mm", "1 cm/s", branches=[branch("1 mm", y=20)]), branch("1 mm", y=-10)])
    stem, stated, small, rest = reaches(vessel)
    assert stated.speed == pytest.approx(0.01) and small.parent == 1 and rest.parent == 0
    assert small.flow == pytest.approx(stated.flow, rel=1e-12)
    assert rest.flow == pytest.approx(stem.flow - stated.flow, rel=1e-12)


def test_coefficients_of_reaches_come_from_their_own_flow(elements):
    vessel = make_vessel(coefficient=None, speed="10 cm/s", branches=[branch("2 mm"), branch("1 mm", y=-10)])
    sink = sink_of(elements, vessel)
    stem, large, small = (coefficients(vessel, sink.pieces, sink.flows)[k] for k in sink.pieces.first[:-1])
    assert stem != large != small
    fixed = make_vessel(branches=[branch("2 mm")])
    assert set(coefficients(fixed, sink.pieces, sink.flows)) == {900.0}


def test_more_flow_out_than_in_is_refused():
    with pytest.raises(InputError, match=r"branches of 'vein' carry 0\.0942 ml/s where 0\.0707 ml/s arrive"):
        reaches(make_vessel(branches=[branch("2 mm", "2 cm/s"), branch("2 mm", "1 cm/s", y=-10)]))


def test_facets_belong_to_the_nearest_wall(elements):
    """A thin branch whose axis is nearer than the stem's takes nothing that lies at the stem's radius."""
    side = {"path": [["60 mm", "0 mm", "40 mm"]], "diameter": "1 mm"}
    sink = sink_of(elements, make_vessel(coefficient=None, branches=[side]))
    stem = sink_of(elements, make_vessel(coefficient=None))
    h = coefficients(sink.vessel, sink.pieces, sink.flows)
    assert h[-1] > 1.5 * h[0]
    assert sink.conductance == pytest.approx(stem.conductance, rel=1e-12)
    assert sink.n_segments > stem.n_segments


def test_a_vessel_without_wall_is_refused(elements):
    with pytest.raises(InputError, match="'vein' has no wall in the mesh"):
        sink_of(elements, make_vessel(), np.empty(0, np.int32))


def test_nearest_wall_point(elements):
    sink = sink_of(elements, make_vessel())
    assert sink.nearest_wall_point(np.array([0.02, 0.01, 0.0])) == pytest.approx([0.02, RADIUS, 0.0])
    assert sink.nearest_wall_point(np.array([0.02, 0.0, -0.001])) == pytest.approx([0.02, 0.0, -RADIUS])
    beyond = sink.nearest_wall_point(np.array([0.07, 0.0, 0.0]))
    assert beyond == pytest.approx([LENGTH + RADIUS, 0.0, 0.0])


def test_every_model_of_the_case_is_there():
    assert set(typing.get_args(Vessel.model_fields["model"].annotation)) == set(MODELS)
