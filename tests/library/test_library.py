"""The library's records: complete, physical, with sources; found by name; shown in words."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from rich.console import Console

from pennes.errors import InputError
from pennes.library import find_device, find_tissue, list_records
from pennes.library.devices import Arc, Polyline, Tine
from pennes.library.records import Property
from pennes.library.show import as_data, show

TISSUES = [record.name for record in list_records() if record.kind == "tissues"]
DEVICES = [record.name for record in list_records() if record.kind == "devices"]


def printed(what: str | None = None) -> str:
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(show(what))
    return console.export_text()


def test_what_is_promised_is_there():
    assert {"liver", "liver_cirrhotic", "colorectal_metastasis", "hcc", "blood", "lung", "kidney"} <= set(TISSUES)
    cooled = {"cooled_tip_1cm", "cooled_tip_2cm", "cooled_tip_3cm", "cooled_tip_cluster"}
    assert cooled | {"umbrella_10_tines", "christmas_tree_9_tines", "bipolar_pair"} <= set(DEVICES)


FLUIDS = ("dextrose_5_percent",)
"""Of hydrodissection: not perfused, no tissue."""


@pytest.mark.parametrize("name", TISSUES)
def test_tissue_is_physical_and_every_property_has_a_source(name):
    tissue = find_tissue(name)
    properties = [getattr(tissue, key) for key in type(tissue).model_fields]
    properties = [item for item in properties if isinstance(item, Property)]
    assert len(properties) == 6
    assert all(len(item.source) > 10 for item in properties)
    if name in FLUIDS:
        assert tissue.perfusion.value == 0 and tissue.water_fraction.value > 0.9
        assert tissue.electric_conductivity.value < 0.01
        return
    if name != "blood":
        assert all(item.distribution is not None for item in properties)
    for item in properties:
        if item.distribution is not None:
            assert item.distribution.low < 1 < item.distribution.high
    water = tissue.water_fraction.value
    assert 0.6 < water < 0.9
    # what is left of the heat capacity without its water must be positive
    assert tissue.heat_capacity.value > 0.8 * water * 4180
    assert 0.05 < tissue.electric_conductivity.value < 1.5


def test_liver_has_the_figures_of_the_physics_note():
    liver = find_tissue("liver")
    assert liver.density.value == 1079 and liver.heat_capacity.value == 3540
    assert liver.thermal_conductivity.value == 0.52 and liver.electric_conductivity.value == 0.333
    assert liver.perfusion.value == 6.4e-3
    contrast = find_tissue("colorectal_metastasis").electric_conductivity.value / liver.electric_conductivity.value
    assert 2 <= contrast <= 5


@pytest.mark.parametrize("name", DEVICES)
def test_device_has_a_source_protocols_and_bare_metal(name):
    device = find_device(name)
    assert device.source and device.protocols and device.poles
    for protocol in device.protocols.values():
        assert protocol.source != "stated by the case"
        assert set(protocol.poles) <= set(device.poles)


def test_device_dimensions():
    for centimetres in (1, 2, 3):
        shaft = find_device(f"cooled_tip_{centimetres}cm").shafts[0]
        assert shaft.diameter == pytest.approx(1.47e-3)
        assert shaft.exposures[0].end == pytest.approx(centimetres / 100)
        assert shaft.cooling is not None
    cluster = [shaft.offset for shaft in find_device("cooled_tip_cluster").shafts]
    for index in range(3):
        assert math.dist(cluster[index], cluster[index - 1]) == pytest.approx(5e-3, rel=1e-3)
        assert sum(point[index] for point in cluster) == pytest.approx(0, abs=1e-6)
    assert sum(tine.count for tine in find_device("umbrella_10_tines").tines) == 10
    tree = find_device("christmas_tree_9_tines")
    assert sum(tine.count for tine in tree.tines) == 9
    assert len(tree.thermocouples) == 5
    assert find_device("bipolar_pair").poles == ("front", "back")


@pytest.mark.parametrize("name", DEVICES)
def test_tines_leave_from_inside_the_shaft_without_touching_each_other(name):
    device = find_device(name)
    for tine in device.tines:
        start = math.hypot(*tine.path.points[0][:2])
        assert start + tine.diameter / 2 < device.shafts[0].diameter / 2
        assert 2 * start * math.sin(math.pi / tine.count) > tine.diameter


def test_lengths_of_tines():
    half_circle = Arc(points=(["0 mm"] * 3, ["5 mm", "0 mm", "5 mm"], ["10 mm", "0 mm", "0 mm"]))
    assert half_circle.length == pytest.approx(math.pi * 5e-3)
    most_of_a_circle = Arc(points=(["1 mm", "0 mm", "0 mm"], ["-1 mm", "0 mm", "0 mm"], ["0 mm", "-1 mm", "0 mm"]))
    assert most_of_a_circle.length == pytest.approx(1.5 * math.pi * 1e-3)
    bent = Polyline(points=(["0 mm"] * 3, ["3 mm", "4 mm", "0 mm"], ["3 mm", "4 mm", "2 mm"]))
    assert bent.length == pytest.approx(7e-3)
    with pytest.raises(ValueError, match="on one line"):
        Arc(points=(["0 mm"] * 3, ["1 mm", "0 mm", "0 mm"], ["2 mm", "0 mm", "0 mm"]))
    with pytest.raises(ValueError, match="beyond the part"):
        Tine(name="t", diameter="0.4 mm", path=bent, exposures=[{"end": "8 mm"}])


def test_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"there is no tissue 'lver'.*did you mean 'liver'"):
        find_tissue("lver")
    with pytest.raises(InputError, match=r"there is no device 'cooled_tip_3m'.*did you mean 'cooled_tip_3cm'"):
        find_device("cooled_tip_3m")
    with pytest.raises(InputError, match="there is no device"):
        find_device("../tissues/liver")


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        ("shafts:", "shaft:", "shaft: unknown key.*did you mean 'shafts'"),
        ("tine: hook", "tine: hok", "thermocouples.0.tine: there is no tine 'hok'.*did you mean 'hook'"),
        ("copy_number: 0", "copy_number: 2", "thermocouples.0.copy_number: there is no copy 2"),
        ("kind: polyline ", "kind: spiral ", "tines.0.path.kind: there is no 'spiral' here"),
        ("end: 9.5 mm", "end: 20 mm", "tines.0.exposures.0: lies beyond the part"),
        ("count: 2 ", "count: 2.5 ", "tines.0.count: "),
        ("diameter: 1.6 mm", "diameter: 1.6", "shafts.0.diameter: .*no unit"),
        ("name: hooked_needle", "name: other", "name: the name 'other' differs from the file's name"),
        ("set_temperature: 75 degC", "set_power: 5 W", "gentle.schedule.0.set_power: does not belong to this mode"),
    ],
)
def test_bad_device_file_is_refused_at_its_line(tmp_path, old, new, pattern):
    text = (Path(__file__).parents[2] / "configs" / "cases" / "library" / "hooked_needle.yaml").read_text()
    assert text.count(old) == 1
    file = tmp_path / "hooked_needle.yaml"
    file.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=pattern) as caught:
        find_device("hooked_needle", [tmp_path])
    assert caught.value.file == str(file)
    assert new.split(":")[0].split(" ")[0] in file.read_text().splitlines()[caught.value.line - 1]


def test_files_of_other_kinds_in_the_folder_are_passed_over(tmp_path):
    (tmp_path / "liver.yaml").write_text("title: a case\nbody: {}\napplicators: []\n")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    assert find_tissue("liver", [tmp_path]) == find_tissue("liver")
    assert {record.name for record in list_records([tmp_path])} == {record.name for record in list_records()}


@pytest.mark.parametrize("name", [*TISSUES, *DEVICES])
def test_record_is_shown_with_its_sources(name):
    text = "".join(printed(name).split())
    record = find_tissue(name) if name in TISSUES else find_device(name)
    assert name in text
    source = record.source if name in DEVICES else record.water_fraction.source
    assert source.split()[0] in text
    assert as_data(name)["name"] == name


def test_lists_are_shown():
    assert "umbrella_10_tines" in printed("devices") and "umbrella_10_tines" not in printed("tissues")
    assert {entry["name"] for entry in as_data()} == {*TISSUES, *DEVICES}
    with pytest.raises(InputError, match="did you mean 'liver'"):
        show("livr")
