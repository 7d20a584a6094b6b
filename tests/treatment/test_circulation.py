"""Occlusions: what is left of the flow of vessels and of the perfusion, and when that changes."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from pennes.case import load
from pennes.case.vessels import Occlusion
from pennes.errors import InputError
from pennes.treatment.circulation import Circulation
from quick_case import QUICK, write_case

KINDS = {"stem": "portal", "vein": "hepatic", "artery": "arterial", "cava": "other"}


def circulation(*occlusions):
    vessels = tuple(SimpleNamespace(name=name, circulation=kind) for name, kind in KINDS.items())
    return Circulation([Occlusion(**occlusion) for occlusion in occlusions], vessels)


@pytest.mark.parametrize(
    ("occlusion", "flows", "supply"),
    [
        ({"kind": "pringle"}, (0.0, 0.0, 0.0, 1.0), 0.0),
        ({"kind": "pringle", "remaining": 0.2}, (0.2, 0.2, 0.2, 1.0), 0.2),
        ({"kind": "portal", "remaining": 0.5}, (0.5, 0.625, 1.0, 1.0), 0.625),
        ({"kind": "embolisation"}, (1.0, 0.75, 0.0, 1.0), 0.75),
        ({"kind": "balloon", "vessels": ("vein",)}, (1.0, 0.0, 1.0, 1.0), 1.0),
        ({"kind": "flow", "remaining": 0.3}, (0.3, 0.3, 0.3, 0.3), 1.0),
        ({"kind": "pringle", "perfusion": 0.1, "vessels": ("stem",)}, (0.0, 1.0, 1.0, 1.0), 0.1),
    ],
)
def test_each_kind_closes_its_vessels(occlusion, flows, supply):
    found, left = circulation(occlusion).at(5.0)
    assert tuple(found.values()) == pytest.approx(flows) and left == pytest.approx(supply)


def test_occlusions_come_and_go():
    clamp = circulation(
        {"kind": "pringle", "start": "10 s", "end": "20 s"}, {"kind": "flow", "start": "15 s", "remaining": 0.5}
    )
    assert [clamp.at(time)[0]["cava"] for time in (0.0, 12.0, 15.0, 30.0)] == [1.0, 1.0, 0.5, 0.5]
    assert [clamp.at(time)[0]["stem"] for time in (9.9, 10.0, 19.9, 20.0)] == [1.0, 0.0, 0.0, 0.5]
    assert [clamp.next_change(time) for time in (0.0, 10.0, 15.0, 20.0)] == [10.0, 15.0, 20.0, math.inf]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{kind: balloon}", "occlusions.0.vessels: a balloon needs the vessels"),
        ("{kind: flow, start: 9 s, end: 9 s}", "occlusions.0.end: 9 s is not after start"),
        ("{kind: flow, vessels: [vien]}", "there is no vessel 'vien'.*did you mean 'vein'"),
        ("{kind: clamp}", "'clamp' is not one of the choices"),
    ],
)
def test_occlusions_that_make_no_sense_are_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        load(write_case(tmp_path, QUICK + f"occlusions: [{text}]\n"))


def test_physics_follows(scene, physics):
    assert not physics.follow_circulation(0.0)
    (vessel,) = (sink for sink in physics.sinks if sink.kind == "vessel")
    flowing = vessel.conductance.sum()
    clamp = Occlusion(kind="flow", start="5 s", remaining=0.0, perfusion=0.5)
    physics.circulation = Circulation([clamp], scene.case.vessels)
    assert physics.follow_circulation(6.0) and physics.supply == 0.5
    assert flowing > 0.0 and not vessel.conductance.any()
    assert physics.follow_circulation(0.0) and vessel.conductance.sum() == pytest.approx(flowing)
