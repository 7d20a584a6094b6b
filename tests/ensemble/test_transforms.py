"""Inputs that no single value of a file is: the cases that come out are measured, not the settings compared."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pennes.case import load
from pennes.ensemble.plan import Plan, make_plan
from pennes.errors import InputError

BASE = """\
title: A vein beside a tumour
body: {shape: box, size: [100 mm, 100 mm, 100 mm], tissue: liver}
targets:
  - {name: tumour, shape: ball, diameter: 25 mm, centre: [1 mm, 2 mm, 3 mm], tissue: colorectal_metastasis}
vessels:
  - name: vein
    diameter: 6 mm
    path: [[-70 mm, 20 mm, 3 mm], [0 mm, 25 mm, 0 mm], [70 mm, 22 mm, 4 mm]]
    speed: 20 cm/s
applicators:
  - {name: needle, device: cooled_tip_3cm, tip: [0 mm, 0 mm, -15 mm], direction: [0, 0.3, -1]}
protocol: standard_12min
"""
COHORT = "title: t\nbase: base.yaml\ndesign: {{kind: grid, size: {size}}}\ninputs:\n{inputs}"


def plan(folder, inputs: str, size: int = 3, base: str = BASE) -> Plan:
    (folder / "base.yaml").write_text(base)
    (folder / "cohort.yaml").write_text(COHORT.format(size=size, inputs=inputs))
    return make_plan(folder / "cohort.yaml")


def cases(given: Plan):
    """Values of the inputs and the case, for every row."""
    for row in given.rows:
        yield row.values, load(given.base_file, row.settings)


def gap(case) -> float:
    """Distance between the surfaces of vein and tumour in mm, by dense sampling of the centreline."""
    path, centre = np.array(case.vessels[0].path), np.array(case.targets[0].geometry.centre)
    share = np.linspace(0, 1, 4001)[:, None, None]
    line = (path[:-1] + share * np.diff(path, axis=0)).reshape(-1, 3)
    nearest = np.linalg.norm(line - centre, axis=1).min()
    return 1e3 * (nearest - (case.vessels[0].diameter + case.targets[0].geometry.diameter) / 2)


def test_a_vessel_keeps_its_distance_whatever_the_diameters_are(tmp_path):
    given = plan(
        tmp_path,
        "  distance: {kind: vessel_distance, vessel: vein, target: tumour, values: [0 mm, 4 mm, 1.5 cm]}\n"
        "  vein: {kind: vessel_diameter, vessel: vein, values: [2 mm, 10 mm]}\n"
        "  tumour: {path: targets.tumour.diameter, values: [10 mm, 40 mm]}\n",
        base=BASE,
    )
    before = load(given.base_file)
    seen = set()
    for (distance, vein, tumour), case in cases(given):
        assert gap(case) == pytest.approx(distance, abs=2e-4)
        assert 1e3 * case.vessels[0].diameter == pytest.approx(vein)
        assert 1e3 * case.targets[0].geometry.diameter == pytest.approx(tumour)
        moved = np.array(case.vessels[0].path) - np.array(before.vessels[0].path)
        assert np.allclose(moved, moved[0], atol=1e-9)
        seen.add((distance, vein, tumour))
    assert len(seen) == 12
    assert {distance for distance, _, _ in seen} == {0.0, 4.0, 15.0}


def test_a_vessel_may_be_absent_and_is_then_not_moved(tmp_path):
    given = plan(
        tmp_path,
        "  vein: {kind: vessel_diameter, vessel: vein, values: [none, 4 mm]}\n"
        "  distance: {kind: vessel_distance, vessel: vein, target: tumour, values: [5 mm, 9 mm]}\n",
    )
    absent = {row.key for row in given.rows if row.values[0] == "none"}
    assert [row.values[0] for row in given.rows] == ["none", "none", 4.0, 4.0]
    assert len(absent) == 1, "without a vessel its distance makes no other case"
    for values, case in cases(given):
        assert case.vessels[0].model == ("none" if values[0] == "none" else "wall")


def test_a_share_of_cases_may_be_without_the_vessel(tmp_path):
    given = plan(
        tmp_path,
        "  vein: {kind: vessel_diameter, vessel: vein, absent: 25 %, "
        "distribution: {kind: uniform, low: 2 mm, high: 10 mm}}\n",
        size=401,
    )
    values = [row.values[0] for row in given.rows]
    assert values.count("none") == 100
    present = [value for value in values if value != "none"]
    assert (min(present), max(present)) == pytest.approx((2.0, 10.0))
    assert np.mean(present) == pytest.approx(6.0, abs=0.02)


def test_a_needle_is_moved_and_turned(tmp_path):
    given = plan(
        tmp_path,
        "  side: {kind: placement_lateral, applicator: needle, towards: [1, 0, 0], values: [3 mm]}\n"
        "  other: {kind: placement_lateral, applicator: needle, towards: [0, 1, 0], values: [-2 mm]}\n"
        "  depth: {kind: placement_axial, applicator: needle, values: [4 mm]}\n",
    )
    ((_, case),) = cases(given)
    before = load(given.base_file).applicators[0]
    moved = 1e3 * (np.array(case.applicators[0].tip) - np.array(before.tip))
    along = np.array([0, 0.3, -1]) / math.hypot(0.3, 1)
    assert moved @ along == pytest.approx(4.0)
    assert moved[0] == pytest.approx(3.0)
    assert np.linalg.norm(moved) == pytest.approx(math.sqrt(9 + 4 + 16))
    across = np.array([0, 1, 0]) - along[1] * along
    assert moved @ across / np.linalg.norm(across) == pytest.approx(-2.0)
    assert case.applicators[0].direction == before.direction


@pytest.mark.parametrize("pivot", [0.0, 80.0])
def test_a_needle_turns_about_its_pivot(pivot, tmp_path):
    given = plan(
        tmp_path,
        f"  angle: {{kind: placement_angle, applicator: needle, towards: [1, 0, 0], pivot: {pivot} mm, "
        "values: [5 deg]}\n",
    )
    ((_, case),) = cases(given)
    before = load(given.base_file).applicators[0]
    old = np.array(before.direction) / np.linalg.norm(before.direction)
    new = np.array(case.applicators[0].direction)
    assert math.degrees(math.acos(old @ new / np.linalg.norm(new))) == pytest.approx(5.0)
    assert new[0] > 0
    fixed = [1e3 * np.array(a.tip) - pivot * np.array(d) for a, d in ((before, old), (case.applicators[0], new))]
    assert fixed[0] == pytest.approx(fixed[1], abs=1e-8)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("{kind: vessel_distance, vessel: vien, target: tumour, values: [1 mm]}", "no entry 'vien'.*mean 'vein'"),
        ("{kind: vessel_distance, vessel: vein, target: lesion, values: [1 mm]}", "no entry 'lesion'"),
        ("{kind: vessel_distance, vessel: vein, target: tumour, values: [1 s]}", "values.0: '1 s' has the wrong kind"),
        ("{kind: vessel_distance, vessel: vein, target: tumour, values: [none]}", "'none' is not a number"),
        ("{kind: vessel_distance, vessel: vein, target: tumour}", "neither a distribution nor values"),
        ("{kind: placement_lateral, applicator: needle, towards: [0, 0.3, -1], values: [1 mm]}", "parallel"),
        ("{kind: placement_angle, applicator: needle, values: [1 mm]}", "'1 mm' has the wrong kind of unit"),
        ("{kind: placement_sideways, applicator: needle, values: [1 mm]}", "there is no 'placement_sideways' here"),
        ("{kind: vessel_diameter, vessel: vein, values: [400 mm]}", None),
    ],
)
def test_what_cannot_be_transformed_is_refused_in_its_place(inputs, message, tmp_path):
    if message is None:
        plan(tmp_path, f"  x: {inputs}\n")  # a matter of the scene: the case itself says so when it is run
        return
    with pytest.raises(InputError, match=rf"cohort\.yaml, line 5: inputs\.x.*{message}"):
        plan(tmp_path, f"  x: {inputs}\n")


def test_vessels_that_would_leave_their_branches_behind_are_refused(tmp_path):
    forked = BASE.replace("20 cm/s", "20 cm/s\n    branches: [{path: [[90 mm, 9 mm, 9 mm]], diameter: 3 mm}]")
    with pytest.raises(InputError, match="has branches"):
        plan(tmp_path, "  x: {kind: vessel_distance, vessel: vein, target: tumour, values: [1 mm]}\n", base=forked)


def test_a_vessel_through_the_middle_of_the_target_has_no_side(tmp_path):
    through = BASE.replace("[-70 mm, 20 mm, 3 mm], [0 mm, 25 mm, 0 mm]", "[-70 mm, 2 mm, 3 mm], [1 mm, 2 mm, 3 mm]")
    with pytest.raises(InputError, match="goes through the centre"):
        plan(tmp_path, "  x: {kind: vessel_distance, vessel: vein, target: tumour, values: [1 mm]}\n", base=through)
