"""What a case file may leave out or say with a name, and what ``--set`` does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pennes.case
from pennes.case import models
from pennes.case.accuracy import Accuracy
from pennes.errors import InputError
from pennes.library import find_device, find_tissue
from pennes.library.records import LinearLaw, TableLaw

DEMO = Path(__file__).parents[2] / "configs" / "cases" / "rfa_perivascular.yaml"


def load(*overrides: str) -> models.Case:
    return pennes.case.load(DEMO, overrides)


def load_text(folder: Path, text: str, *overrides: str) -> models.Case:
    file = folder / "case.yaml"
    file.write_text(text)
    return pennes.case.load(file, overrides)


MINIMAL = """\
title: Minimal
body: {shape: box, size: [80 mm, 80 mm, 80 mm], tissue: liver}
targets:
  - {diameter: 2 cm, tissue: hcc}
applicators:
  - {device: cooled_tip_2cm, tip: [0 mm, 0 mm, -10 mm], direction: [0, 0, -1]}
protocol: standard_12min
"""


def test_names_become_records():
    case = load()
    assert case.body.tissue == find_tissue("liver")
    assert case.body.blood == case.vessels[0].blood == find_tissue("blood")
    assert case.targets[0].tissue == find_tissue("colorectal_metastasis")
    assert case.applicators[0].device == find_device("cooled_tip_3cm")
    assert case.protocol.name == "standard_12min"
    own = case.applicators[0].device.protocols["standard_12min"]
    assert case.protocol.model_copy(update={"name": own.name}) == own


def test_quantities_are_si_inside():
    case = load()
    assert case.targets[0].geometry.diameter == 0.025
    assert case.vessels[0].speed == 0.2
    assert case.vessels[0].path[0] == (-0.06, 0.0205, 0.0)
    assert case.protocol.duration == 720.0
    assert case.protocol.ramp == pytest.approx(20 / 60)
    assert case.body.tissue.electric_conductivity.law.rate == 0.015


def test_demo_vein_passes_five_millimetres_from_the_tumour():
    case = load()
    target, vein = case.targets[0].geometry, case.vessels[0]
    gap = vein.path[0][1] - target.centre[1] - target.diameter / 2 - vein.diameter / 2
    assert gap == pytest.approx(0.005)


def test_defaults_by_name(tmp_path):
    case = load_text(tmp_path, MINIMAL)
    assert (case.targets[0].name, case.applicators[0].name) == ("target", "applicator")
    assert isinstance(case.targets[0].geometry, models.Ball)
    assert case.body.blood.name == "blood"
    assert case.accuracy == Accuracy()


def test_shape_may_stand_beside_or_in_geometry(tmp_path):
    beside = load_text(tmp_path, MINIMAL)
    inside = load_text(tmp_path, MINIMAL.replace("diameter: 2 cm,", "geometry: {shape: ball, diameter: 2 cm},"))
    mixed = load_text(tmp_path, MINIMAL.replace("diameter: 2 cm,", "shape: ball, geometry: {diameter: 2 cm},"))
    assert beside == inside == mixed


@pytest.mark.parametrize("tissue", ["liver", "{name: liver}", "{name: liver, title: 'Liver, healthy'}"])
def test_property_of_a_named_tissue_can_be_set(tmp_path, tissue):
    text = MINIMAL.replace("tissue: liver}", f"tissue: {tissue}}}")
    case = load_text(tmp_path, text, "body.tissue.perfusion.value=0.01 1/s")
    library = find_tissue("liver")
    assert case.body.tissue.perfusion.value == 0.01
    assert case.body.tissue.perfusion.source == "stated by the case"
    assert case.body.tissue.perfusion.distribution == library.perfusion.distribution
    assert case.body.tissue.model_copy(update={"perfusion": library.perfusion}) == library


def test_bare_value_stands_for_value(tmp_path):
    block = load_text(
        tmp_path, MINIMAL.replace("tissue: liver}", "tissue: {name: liver, perfusion: {value: 0.01 1/s}}}")
    )
    bare = load_text(tmp_path, MINIMAL.replace("tissue: liver}", "tissue: {name: liver, perfusion: 0.01 1/s}}"))
    assert block == bare != load_text(tmp_path, MINIMAL)


def test_a_law_of_another_kind_replaces_the_law():
    case = load(
        "body.tissue.electric_conductivity.law={kind: table, temperatures: [37 degC, 99 degC], factors: [1, 2]}"
    )
    assert isinstance(case.body.tissue.electric_conductivity.law, TableLaw)
    assert isinstance(
        load("body.tissue.electric_conductivity.law.rate=2 %/K").body.tissue.electric_conductivity.law, LinearLaw
    )
    assert load("body.tissue.electric_conductivity.law=null").body.tissue.electric_conductivity.law is None


def test_named_protocol_with_changes():
    case = load("protocol.set_power=150 W")
    assert (case.protocol.set_power, case.protocol.duration, case.protocol.name) == (150.0, 720.0, "standard_12min")
    assert load("protocol={name: standard_12min, set_power: 150 W}") == case


def test_protocol_of_another_mode_replaces_the_whole():
    case = load("protocol={mode: constant_power, set_power: 20 W, duration: 1 min}")
    assert isinstance(case.protocol, pennes.library.protocols.ConstantPower)
    assert case.protocol.name == "own"


def test_device_can_be_changed_in_place():
    case = load("applicators.needle.device.generator.max_power=100 W")
    assert case.applicators[0].device.generator.max_power == 100.0
    assert case.applicators[0].device.shafts == find_device("cooled_tip_3cm").shafts


@pytest.mark.parametrize("key", ["targets.0", "targets.metastasis"])
def test_entries_of_lists_go_by_index_or_name(key):
    assert load(f"{key}.diameter=30 mm").targets[0].geometry.diameter == 0.03
    assert load(f"{key}.geometry.diameter=30 mm").targets[0].geometry.diameter == 0.03


def test_later_overrides_win_and_names_with_spaces_work():
    case = load("vessels.hepatic vein.diameter=4 mm", "vessels.hepatic vein.diameter=8 mm")
    assert case.vessels[0].diameter == 0.008


def test_overrides_create_missing_blocks(tmp_path):
    case = load_text(
        tmp_path, MINIMAL, "death.arrhenius.set=hepg2", "output.probes=[{name: a, point: [0 m, 0 m, 0 m]}]"
    )
    assert case.death.arrhenius.set == "hepg2"
    assert case.output.probes[0].name == "a"


def test_accuracy_presets_and_blocks(tmp_path):
    fine, screening = load("accuracy=fine").accuracy, load("accuracy=screening").accuracy
    assert fine.level == "fine" and screening.level == "screening"
    assert fine.mesh.lesion < Accuracy().mesh.lesion < screening.mesh.lesion
    assert fine.time_tolerance < Accuracy().time_tolerance < screening.time_tolerance
    seeded = load("accuracy={level: fine, mesh: {seed: 5}}").accuracy
    assert seeded == load("accuracy=fine", "accuracy.mesh.seed=5").accuracy
    assert seeded.mesh == fine.mesh.model_copy(update={"seed": 5})
    explicit = load("accuracy={mesh: {lesion: 1 mm}}").accuracy
    assert (explicit.level, explicit.mesh.lesion, explicit.mesh.far) == ("explicit", 0.001, Accuracy().mesh.far)


def test_a_pole_named_alone_means_that_pole_of_every_applicator():
    case = pennes.case.load(DEMO.with_name("rfa_bipolar.yaml"))
    roles = {name: pole.role for name, pole in case.protocol.poles.items()}
    assert roles == {"left.front": "active", "left.back": "ground", "right.front": "active", "right.back": "ground"}
    assert list(case.protocol.pole_cycle[0]) == list(roles)


def test_poles_and_sensors_of_scheduled_changes_are_checked():
    bipolar, tree = DEMO.with_name("rfa_bipolar.yaml"), DEMO.with_name("rfa_christmas_tree.yaml")
    change = pennes.case.load(bipolar, ["protocol.schedule=[{at: 1 min, pole_cycle: [{front: {role: floating}}]}]"])
    assert list(change.protocol.schedule[0].pole_cycle[0]) == ["left.front", "right.front"]
    with pytest.raises(InputError, match=r"schedule.0.pole_cycle.0.frnt: there is no pole 'frnt'"):
        pennes.case.load(bipolar, ["protocol.schedule=[{at: 1 min, pole_cycle: [{frnt: {role: floating}}]}]"])
    assert pennes.case.load(tree, ["protocol.sensors=[front 1, tree.front 2]"])
    with pytest.raises(InputError, match=r"protocol.sensors.1: there is no thermocouple 'front 9'"):
        pennes.case.load(tree, ["protocol.sensors=[front 1, front 9]"])
    with pytest.raises(InputError, match=r"protocol.schedule.0.sensors.0: there is no thermocouple 'front 9'"):
        pennes.case.load(tree, ["protocol.schedule=[{at: 1 min, sensors: [front 9]}]"])


def test_user_record_hides_the_library_and_errors_name_its_file(tmp_path):
    text = (pennes.library.find.PACKAGE_DATA / "tissues" / "liver.yaml").read_text()
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "liver.yaml").write_text(text.replace("value: 6.4e-3 1/s", "value: 0.02 1/s"))
    assert load_text(tmp_path, MINIMAL).body.tissue.perfusion.value == 0.02
    (folder / "liver.yaml").write_text(text.replace("value: 6.4e-3 1/s", "value: 0.02"))
    with pytest.raises(InputError, match=r"perfusion.value: .*no unit") as caught:
        load_text(tmp_path, MINIMAL)
    assert caught.value.file == str(folder / "liver.yaml")
    assert "0.02" in (folder / "liver.yaml").read_text().splitlines()[caught.value.line - 1]


def test_a_resolved_case_needs_no_library(tmp_path):
    case = pennes.case.load(DEMO.with_name("own_electrode.yaml"))
    assert load_text(tmp_path, pennes.case.dump(case)) == case


def test_a_tissue_of_ones_own_may_stand_in_the_case(tmp_path):
    tissue = find_tissue("liver").model_dump(mode="json", exclude_unset=True)
    case = load_text(tmp_path, MINIMAL, f"body.tissue={ {**tissue, 'name': 'mine'} }".replace("None", "null"))
    assert case.body.tissue.name == "mine"
    assert case.body.tissue.perfusion == find_tissue("liver").perfusion


def test_mesh_is_found_beside_the_case_and_hashed_by_content(tmp_path):
    mesh = tmp_path / "phantom.msh"
    mesh.write_text("one")
    text = MINIMAL.replace("{shape: box, size: [80 mm, 80 mm, 80 mm],", "{mesh: phantom.msh,")
    case = load_text(tmp_path, text)
    assert Path(case.body.mesh) == mesh.resolve()
    first = pennes.case.case_sha256(case)
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "phantom.msh").write_text("one")
    assert pennes.case.case_sha256(load_text(moved, text)) == first
    mesh.write_text("two")
    assert pennes.case.case_sha256(case) != first


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    diameter=st.floats(1e-6, 10),
    rate=st.floats(0, 0.02),
    temperature=st.floats(0, 45),
    energy=st.floats(1, 1e7),
    direction=st.tuples(*[st.floats(-1, 1).filter(bool)] * 3),
)
def test_any_number_survives_being_written_out(tmp_path, diameter, rate, temperature, energy, direction):
    """Text in millimetres and percent reads back as exactly the same SI number."""
    case = load(
        f"targets.0.diameter={diameter!r} m",
        f"body.tissue.electric_conductivity.law.rate={rate!r} 1/K",
        f"body.temperature={temperature!r} degC",
        f"death.arrhenius={{set: own, frequency_factor: 1e40 1/s, activation_energy: {energy!r} J/mol}}",
        f"applicators.0.direction={list(direction)}",
    )
    assert case.targets[0].geometry.diameter == diameter
    assert load_text(tmp_path, pennes.case.dump(case)) == case


def test_case_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load().title = "other"


def test_lists_inside_a_named_record_can_be_overridden(tmp_path):
    demo = Path(__file__).parents[2] / "configs" / "cases" / "rfa_perivascular.yaml"
    case = pennes.case.load(demo, ["applicators.needle.device.shafts.0.exposures.0.end=25 mm"])
    device = case.applicators[0].device
    assert device.shafts[0].exposures[0].end == pytest.approx(0.025)
    assert device.shafts[0].diameter == pytest.approx(1.47e-3)
    with pytest.raises(InputError, match="no entry '7'"):
        pennes.case.load(demo, ["applicators.needle.device.shafts.7.diameter=2 mm"])
