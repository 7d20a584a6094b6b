"""Scenes that cannot be are refused: one message that names the key."""

from __future__ import annotations

import pytest

from pennes.errors import InputError
from pennes.scene.plan import make_plan
from pennes.scene.refusals import refuse_impossible

NEEDLE = {"name": "needle", "device": "cooled_tip_3cm", "tip": ["0 mm", "0 mm", "-15 mm"], "direction": [0, 0, -1]}
MM = "[{} mm, {} mm, {} mm]"


def refusal(case) -> InputError:
    with pytest.raises(InputError) as caught:
        refuse_impossible(case, make_plan(case))
    return caught.value


def vein(*points, diameter="6 mm", **more):
    path = [[f"{x} mm" for x in point] for point in points]
    return [{"name": "vein", "diameter": diameter, "path": path, "speed": "20 cm/s", **more}]


def tine(*points, **more):
    path = {"kind": "polyline", "points": [[f"{x} mm" for x in point] for point in points]}
    return {"name": f"tine to {abs(hash(points))}", "diameter": "0.4 mm", "path": path, **more}


def with_tines(*tines):
    device = {
        "name": "own",
        "title": "own",
        "kind": "radiofrequency",
        "source": "test",
        "shafts": [{"diameter": "2 mm", "tip": "flat"}],
        "tines": list(tines),
        "thermocouples": [],
        "generator": {},
        "protocols": {},
    }
    return [NEEDLE | {"device": device}]


def test_the_base_case_is_accepted(make_case):
    case = make_case()
    refuse_impossible(case, make_plan(case))


@pytest.mark.parametrize(
    ("tip", "key", "words"),
    [
        ((0, 0, -60), "applicators.0.tip", "outside the body"),
        ((0, 0, -50), "applicators.0.tip", "on the surface of the body"),
        ((0, 20.5, -15), "applicators.0.tip", "runs inside the vessel 'vein'"),
        ((0, 17, -15), "applicators.0.tip", "cuts the wall of the vessel 'vein'"),
        ((0, 16.75, -15), "applicators.0.tip", "touches the vessel 'vein'"),
    ],
)
def test_needles(tip, key, words, make_case):
    error = refusal(make_case("applicators.0.tip=" + MM.format(*tip)))
    assert error.key == key
    assert words in str(error)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("centre", "words"),
    [
        ((90, 0, 0), "lies outside"),
        ((40, 0, 0), "sticks out of the body by 2.4"),
        ((0, 0, 37.5), "touches the surface"),
    ],
)
def test_targets(centre, words, make_case):
    error = refusal(make_case("targets.0.centre=" + MM.format(*centre)))
    assert error.key == "targets.0.centre"
    assert words in str(error)


@pytest.mark.parametrize(
    ("vessels", "key", "words"),
    [
        (vein((0, 70, 0), (20, 70, 0)), "vessels.0.path", "does not reach into the body"),
        (vein((-60, 20, 0), (0, 20, 0), (-60, 20.5, 0)), "vessels.0.path", "kink tighter than the radius"),
        (vein((-60, 20, 0), (60, 20, 0), diameter="200 mm"), "vessels.0.diameter", "fills the body"),
        (
            vein((-60, 20, 0), (0, 20, 0), branches=[{"path": [["0 mm", "20 mm", "0 mm"]], "diameter": "3 mm"}]),
            "vessels.0.branches.0.path",
            "segment without length",
        ),
        (
            vein((-60, 20, 0), (0, 20, 0), branches=[{"path": [["0 mm", "-30 mm", "0 mm"]], "diameter": "3 mm"}]),
            "applicators.0.tip",
            "the vessel 'vein'",
        ),
    ],
)
def test_vessels(vessels, key, words, make_case):
    error = refusal(make_case(vessels=vessels))
    assert error.key == key
    assert words in str(error)


def network(name, *points, diameter="2 mm"):
    return vein(*points, diameter=diameter, model="network")[0] | {"name": name}


@pytest.mark.parametrize(
    ("second", "crosses"),
    [
        (network("b", (0, -60, 21), (0, 60, 21)), True),
        (network("b", (0, -60, 24.6), (0, 60, 24.6)), False),
        (network("b", (0, -60, 24.4), (0, 60, 24.4)), True),
        (vein((0, -60, 20), (0, 60, 20))[0] | {"name": "b"}, True),
        (vein((-60, 20, 20), (60, 20, 20))[0] | {"name": "b"}, True),
        (vein((-60, 20, 27.6), (60, 20, 27.6))[0] | {"name": "b"}, False),
    ],
)
def test_vessels_that_run_through_each_other(second, crosses, make_case):
    """The first has a radius of 3.5 mm and runs at z = 20 mm, the second one of 1 or 3 mm."""
    first = vein((-60, 20, 20), (60, 20, 20), diameter="7 mm")[0]
    case = make_case(vessels=[first, second])
    if not crosses:
        refuse_impossible(case, make_plan(case))
        return
    error = refusal(case)
    assert error.key == "vessels.1.path"
    assert "'vein' and 'b' run through each other" in str(error)


@pytest.mark.parametrize(("point", "inside"), [((0, 0, 49.9), True), ((0, 0, 50), True), ((0, 0, 50.1), False)])
def test_probes(point, inside, make_case):
    case = make_case(output={"probes": [{"name": "p", "point": [f"{x} mm" for x in point]}]})
    if inside:
        refuse_impossible(case, make_plan(case))
        return
    error = refusal(case)
    assert error.key == "output.probes.0.point"
    assert "0.1 mm outside the body" in str(error)


def test_two_needles_that_cross(make_case):
    other = NEEDLE | {"name": "second", "tip": ["-20 mm", "0 mm", "-10 mm"], "direction": [-1, 0, -1]}
    error = refusal(make_case(applicators=[NEEDLE, other]))
    assert error.key == "applicators.1.tip"
    assert "cross" in str(error)


@pytest.mark.parametrize(
    ("tines", "words"),
    [
        ([tine((0, 0, -3), (15, 0, 8)), tine((0.5, 0, -1), (8, 0, 14))], None),
        ([tine((0, 0, -1), (0, 0, 10), (9, 0, 17)), tine((5, 0, -2), (9, 0, 10))], "begins 4 mm outside the shaft"),
        ([tine((0, 0, -1), (0, 0, 10)), tine((0, 0, -1), (5, 0, 5), (-5, 0, 8.2))], "cross"),
        ([tine((0.3, 0, -1), (-6, 0, 5), (6, 0, 10), count=2)], "two copies"),
        ([tine((0, 0, -1), (6, 0, 3), (10, 0, -8), (-10, 0, -12))], "crosses the shaft"),
        ([tine((0, 0, -4), (0.2, 0, -2))], "ends in the shaft"),
        ([tine((0, 0, -1), (0, 0, 40))], "at [0, 0, -55] mm, outside the body"),
        ([tine((0, 0, -15), (0, -30, -15))], "the vessel 'vein'"),
    ],
)
def test_tines(tines, words, make_case):
    case = make_case(applicators=with_tines(*tines))
    if words is None:
        refuse_impossible(case, make_plan(case))
        return
    error = refusal(case)
    assert words in str(error)
    assert error.key.startswith("applicators.0.device.tines.")


def test_a_half_space_is_entered_from_above(make_case):
    body = {"shape": "half_space", "extent": "80 mm", "tissue": "liver"}
    needle = NEEDLE | {"tip": ["0 mm", "0 mm", "-40 mm"], "direction": [0, 0, 1]}
    error = refusal(make_case(body=body, applicators=[needle], targets=[], vessels=[]))
    assert error.key == "applicators.0.direction"
