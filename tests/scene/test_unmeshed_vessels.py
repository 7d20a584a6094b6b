"""Vessels that leave no hole in the mesh: what is meshed, what is refused."""

from __future__ import annotations

import pytest

from pennes.case import load
from pennes.errors import InputError
from pennes.scene.plan import make_plan
from pennes.scene.refusals import refuse_impossible
from quick_case import QUICK, write_case

VEIN = "{name: vein, diameter: 5 mm, path: [[-40 mm, 12 mm, 0 mm], [40 mm, 12 mm, 0 mm]], speed: 20 cm/s}"


def planned(folder, vessel):
    assert VEIN in QUICK
    case = load(write_case(folder, QUICK.replace(VEIN, vessel)))
    return case, make_plan(case)


@pytest.mark.parametrize(("model", "meshed"), [("wall", 1), ("resolved", 1), ("network", 0), ("none", 0)])
def test_only_walls_are_meshed(tmp_path, model, meshed):
    case, plan = planned(tmp_path, VEIN.replace("speed:", f"model: {model}, speed:"))
    refuse_impossible(case, plan)
    assert len(plan.vessels) == meshed
    assert sum(surface.kind == "wall" for surface in plan.surfaces) == meshed


def test_branches_are_meshed_by_diameter(tmp_path):
    branches = (
        "branches: [{path: [[40 mm, 20 mm, 0 mm]], diameter: 3 mm}, {path: [[40 mm, 2 mm, 0 mm]], diameter: 1 mm}], "
        "by_diameter: {wall_from: 2.5 mm}"
    )
    case, plan = planned(tmp_path, VEIN.replace("[40 mm, 12 mm, 0 mm]]", f"[10 mm, 12 mm, 0 mm]], {branches}"))
    refuse_impossible(case, plan)
    (tree,) = plan.vessels
    assert [tube.radius for tube in tree.tubes] == pytest.approx([2.5e-3, 1.5e-3]) and len(tree.joints) == 1


def test_a_network_outside_the_body_is_refused(tmp_path):
    case, plan = planned(
        tmp_path, VEIN.replace("12 mm, 0 mm]", "72 mm, 0 mm]").replace("speed:", "model: network, speed:")
    )
    with pytest.raises(InputError, match=r"vessels\.0: the vessel 'vein' lies outside the body, 42 mm from it"):
        refuse_impossible(case, plan)


@pytest.mark.parametrize(
    ("vessel", "message"),
    [
        ("{name: tree, file: nowhere.csv, speed: 1 cm/s}", r"vessels\.0\.file: there is no file '.*nowhere\.csv'"),
        ("{name: tree, file: quick.yaml}", "the flow needs a speed in the trunk or pressures at ends"),
        ("{name: tree, file: quick.yaml, speed: 1 cm/s, model: wall}", "'wall' is not one of the choices"),
        ("{name: tree, file: quick.yaml, speed: 1 cm/s, by_diameter: {}}", "have no meshed wall"),
        ("{name: tree, diameter: 5 mm, grow: {root: [0 mm, 0 mm, 0 mm], ends: 0}}", "grow"),
        (VEIN.replace("speed:", "model: mesh, speed:"), "'mesh' is not one of the choices"),
    ],
)
def test_vessels_that_cannot_be_are_refused(tmp_path, vessel, message):
    with pytest.raises(InputError, match=message):
        planned(tmp_path, vessel)
