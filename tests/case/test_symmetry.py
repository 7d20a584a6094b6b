"""What breaks the symmetry of an axisymmetric treatment is refused with one message that names the place."""

from __future__ import annotations

import pytest

from pennes.case import load
from pennes.errors import InputError

ROUND = """\
title: Round
body: {shape: cylinder, form: axisymmetric, diameter: 80 mm, height: 90 mm, tissue: liver}
targets:
  - {name: lesion, diameter: 20 mm, tissue: liver}
organs: []
vessels: []
applicators:
  - {name: needle, device: cooled_tip_2cm, tip: [0 mm, 0 mm, -10 mm], direction: [0, 0, -1]}
protocol: {mode: constant_power, set_power: 20 W, duration: 1 min}
"""
CYLINDER = "shape: cylinder, form: axisymmetric, diameter: 80 mm, height: 90 mm"
TARGET = "{name: lesion, diameter: 20 mm, tissue: liver}"
NEEDLE = "{name: needle, device: cooled_tip_2cm, tip: [0 mm, 0 mm, -10 mm], direction: [0, 0, -1]}"
SECOND = NEEDLE + "\n  - {name: b, device: cooled_tip_2cm, tip: [9 mm, 0 mm, -10 mm], direction: [0, 0, -1]}"
VEIN = "vessels: [{name: vein, diameter: 5 mm, path: [[-60 mm, 20 mm, 0 mm], [60 mm, 20 mm, 0 mm]], speed: 20 cm/s}]"
DUCT = "organs: [{name: duct, shape: tube, diameter: 4 mm, path: [[-40 mm, 26 mm, 0 mm], [40 mm, 26 mm, 0 mm]]}]"

# what is replaced, by what, line, key, words
BROKEN = {
    "box": (CYLINDER, "shape: box, form: axisymmetric, size: [80 mm, 80 mm, 90 mm]", 2, "body.form", "a box is not"),
    "half-space": (CYLINDER, "shape: half_space, form: axisymmetric, extent: 80 mm", 2, "body.form", "a half space"),
    "form": ("form: axisymmetric", "form: axisymetric", 2, "body.form", "axisymmetric"),
    "target aside": (TARGET, TARGET[:-1] + ", centre: [3 mm, 0 mm, 0 mm]}", 4, "targets.0.centre", "3 mm beside"),
    "lobulated": (TARGET, TARGET[:-1] + ", shape: lobulated}", 4, "targets.0.shape", "not a body of revolution"),
    "ellipsoid": (
        TARGET,
        "{name: lesion, shape: ellipsoid, diameters: [20 mm, 24 mm, 20 mm], tissue: liver}",
        4,
        "targets.0.diameters",
        "not round about",
    ),
    "lying ellipsoid": (
        TARGET,
        "{name: lesion, shape: ellipsoid, diameters: [20 mm, 20 mm, 24 mm], axis: [1, 0, 0], tissue: liver}",
        4,
        "targets.0.diameters",
        "not round about",
    ),
    "vessel": ("vessels: []", VEIN, 6, "vessels.0", "the vessel 'vein' runs beside the axis"),
    "organ": ("organs: []", DUCT, 5, "organs.0.shape", "the organ 'duct' is not a body of revolution"),
    "second needle": (NEEDLE, SECOND, 9, "applicators.1", "a second applicator"),
    "tines": ("cooled_tip_2cm", "umbrella_10_tines", 8, "applicators.0", "the tines of"),
    "cluster": ("cooled_tip_2cm", "cooled_tip_cluster", 8, "applicators.0", "3 shafts"),
    "needle aside": ("tip: [0 mm, 0 mm,", "tip: [0 mm, 2 mm,", 8, "applicators.0.tip", "2 mm beside the axis"),
    "oblique": ("direction: [0, 0, -1]", "direction: [0, 0.1, -1]", 8, "applicators.0.direction", "not inserted along"),
    "degree": ("1 min}", "1 min}\naccuracy: {element_degree: 2}", 10, "accuracy.element_degree", "no quadratic"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_refused(tmp_path, name):
    old, new, line, key, words = BROKEN[name]
    assert old in ROUND
    path = tmp_path / "case.yaml"
    path.write_text(ROUND.replace(old, new))
    with pytest.raises(InputError) as raised:
        load(path)
    text = str(raised.value)
    assert f"{path}, line {line}: {key}" in text
    assert words in text
    assert len(text.splitlines()) == 1
    if name != "form":
        assert "body.form: full" in text


def test_the_round_case_and_its_like_are_accepted(tmp_path):
    path = tmp_path / "case.yaml"
    changes = (
        ("", ""),
        (TARGET, "{name: lesion, shape: ellipsoid, diameters: [20 mm, 20 mm, 30 mm], axis: [0, 0, -2], tissue: liver}"),
        ("direction: [0, 0, -1]", "direction: [0, 0, 3]"),
        (CYLINDER, "shape: ball, form: axisymmetric, diameter: 90 mm"),
    )
    for old, new in changes:
        path.write_text(ROUND.replace(old, new) if old else ROUND)
        assert load(path).body.form == "axisymmetric"
    # What breaks the symmetry belongs to the full form.
    path.write_text(ROUND.replace(NEEDLE, SECOND).replace("form: axisymmetric", "form: full"))
    assert len(load(path).applicators) == 2
