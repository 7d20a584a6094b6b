"""Applicators in their place: frames, stretches, thermocouples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pennes.errors import InputError
from pennes.library.devices import Exposure, Shaft
from pennes.scene.frames import frame
from pennes.scene.placement import sensor_points, wires


def applicator(**more):
    return {
        "name": "needle",
        "device": "cooled_tip_3cm",
        "tip": ["0 mm", "0 mm", "-15 mm"],
        "direction": [0, 0, -1],
        **more,
    }


@pytest.mark.parametrize("axis", [(0, 0, 1), (0, 0, -1), (1, 0, 0), (0.3, -2, 0.1)])
def test_frames_are_right_handed_and_roll_about_their_axis(axis):
    plain, rolled = frame(axis), frame(axis, 0.4)
    np.testing.assert_allclose(plain.T @ plain, np.eye(3), atol=1e-14)
    assert np.linalg.det(plain) == pytest.approx(1.0)
    np.testing.assert_allclose(plain[:, 2], np.array(axis) / np.linalg.norm(axis))
    assert plain[:, 0] @ rolled[:, 0] == pytest.approx(math.cos(0.4))
    assert plain[:, 1] @ rolled[:, 0] == pytest.approx(math.sin(0.4))


def test_a_shaft_runs_back_from_its_tip(make_case):
    case = make_case(applicators=[applicator(direction=[1, 0, -1])])
    (wire,) = wires(case.applicators[0], 0, 0.1)
    np.testing.assert_allclose(wire.path.point_at(0.0), [0, 0, -0.015])
    np.testing.assert_allclose(wire.path.point_at(0.1), [-0.1 / math.sqrt(2), 0, -0.015 + 0.1 / math.sqrt(2)])
    assert [(s.first, s.last, s.pole, s.cooled) for s in wire.stretches] == [
        (0.0, pytest.approx(0.03), "active", True),
        (pytest.approx(0.03), 0.1, None, True),
    ]


def test_a_cluster_is_placed_by_its_offsets_and_roll(make_case):
    tips = {}
    for roll in (0, 90):
        case = make_case(applicators=[applicator(device="cooled_tip_cluster", roll=f"{roll} deg", direction=[0, 0, 1])])
        tips[roll] = np.array([wire.path.point_at(0.0) for wire in wires(case.applicators[0], 0, 0.1)])
    distances = [np.linalg.norm(tips[0][i] - tips[0][j]) for i, j in ((0, 1), (1, 2), (0, 2))]
    np.testing.assert_allclose(distances, 5e-3, rtol=1e-4)
    np.testing.assert_allclose(tips[90][:, 0], -tips[0][:, 1], atol=1e-12)
    np.testing.assert_allclose(tips[90][:, 1], tips[0][:, 0], atol=1e-12)


def test_copies_of_a_tine_go_round_the_shaft(make_case):
    case = make_case(applicators=[applicator(device="umbrella_10_tines", direction=[0, 0, 1])])
    tines = [wire for wire in wires(case.applicators[0], 0, 0.1) if wire.shaft is None]
    tips = np.array([wire.path.point_at(0.0) for wire in tines])
    angles = np.degrees(np.arctan2(tips[:, 1], tips[:, 0])) % 360
    np.testing.assert_allclose(np.sort(np.round(angles, 9) % 360), np.arange(10) * 36, atol=1e-6)
    np.testing.assert_allclose(np.hypot(tips[:, 0], tips[:, 1]), 17.5e-3)


def test_thermocouples_sit_in_the_tips_of_their_tines(make_case):
    case = make_case(applicators=[applicator(device="christmas_tree_9_tines")])
    points = sensor_points(case)
    assert list(points) == [f"needle.front {number}" for number in range(1, 6)]
    ends = [wire.path.point_at(0.0) for wire in wires(case.applicators[0], 0, 0.1) if wire.part == "front"]
    np.testing.assert_allclose(list(points.values()), ends, atol=1e-12)


def test_cooling_may_end_before_the_bare_metal(make_case):
    case = make_case()
    record = case.applicators[0]
    shaft = record.device.shafts[0]
    cooling = shaft.cooling.model_copy(update={"length": 0.02})
    device = record.device.model_copy(update={"shafts": (shaft.model_copy(update={"cooling": cooling}),)})
    (wire,) = wires(record.model_copy(update={"device": device}), 0, 0.1)
    assert [(s.pole, s.cooled) for s in wire.stretches] == [("active", True), ("active", False), (None, False)]


def test_a_round_tip_cannot_be_half_bare(make_case):
    record = make_case().applicators[0]
    shaft = Shaft(diameter="2 mm", tip="round", exposures=(Exposure(start="0.5 mm", end="20 mm"),))
    device = record.device.model_copy(update={"shafts": (shaft,)})
    with pytest.raises(InputError, match="within the round tip") as caught:
        wires(record.model_copy(update={"device": device}), 0, 0.1)
    assert caught.value.key == "applicators.0.device.shafts.0"


def test_the_distance_from_a_shaft_is_that_from_a_flat_ended_cylinder(make_case):
    (wire,) = wires(make_case().applicators[0], 0, 0.1)
    points = np.array([[0, 0, -0.02], [0.005, 0, 0], [0, 0, 0], [0.003735, 0, -0.019]])
    np.testing.assert_allclose(wire.distance(points), [0.005, 0.005 - 0.735e-3, -0.735e-3, 0.005], atol=1e-12)
