"""Antennas of the library, and records of antennas that cannot be."""

from __future__ import annotations

import pytest

from pennes.errors import InputError
from pennes.library import find_device, list_records
from pennes.library.devices import DeviceRecord
from pennes.library.validation import validate
from pennes.library.written import parse_yaml

ANTENNAS = [r.name for r in list_records() if r.kind == "devices" and r.name.startswith("mwa_")]


def test_the_promised_antennas_are_there():
    types = {find_device(name).antenna.type for name in ANTENNAS}
    assert types == {"slot", "monopole", "dipole"}
    assert {find_device(name).generator.frequency for name in ANTENNAS} == {915e6, 2.45e9}
    assert sum(find_device(name).shafts[0].cooling is not None for name in ANTENNAS) >= 1
    assert max(len(find_device(name).antenna.slots) for name in ANTENNAS) == 2


@pytest.mark.parametrize("name", ANTENNAS)
def test_an_antenna_has_one_pole_and_radiates_within_its_needle(name):
    device = find_device(name)
    assert device.kind == "microwave" and device.poles == ("antenna",)
    assert 0 <= device.antenna.radiating_start < device.antenna.radiating_end < 40e-3


RECORD = """
name: own
title: own
kind: microwave
source: a test
shafts: [{{diameter: 1.79 mm}}]
antenna:
  type: slot
  coax: {{inner_diameter: 0.29 mm, dielectric_diameter: 0.94 mm, outer_diameter: 1.19 mm, inner_end: 3 mm,
         dielectric_end: 3.1 mm, outer_end: 3 mm, shorted: {shorted}}}
  slots: {slots}
  layers: {layers}
generator: {{frequency: 2.45 GHz}}
"""


def record(slots="[{start: 8 mm, width: 1 mm}]", layers="[]", shorted="true", change=None):
    text = RECORD.format(slots=slots, layers=layers, shorted=shorted)
    return validate(DeviceRecord, parse_yaml(text if change is None else change(text), "own.yaml"))


def test_an_own_antenna_is_read():
    device = record()
    assert device.antenna.slots[0].end == pytest.approx(9e-3)
    assert device.antenna.radiating_end == pytest.approx(9e-3)


@pytest.mark.parametrize(
    ("options", "key", "words"),
    [
        ({"slots": "[{start: 2 mm, width: 1 mm}]"}, "antenna.slots.0.start", "outside the antenna"),
        ({"slots": "[]"}, "antenna.slots", "does not radiate"),
        ({"slots": "[{start: 8 mm, width: 2 mm}, {start: 9 mm, width: 1 mm}]"}, "antenna.slots.1.start", "overlaps"),
        ({"layers": "[{name: tube, material: metal, diameter: 2 mm}]"}, "antenna.layers.0.diameter", "wider"),
        (
            {"layers": "[{name: a, material: metal, diameter: 1 mm, start: 5 mm, end: 4 mm}]"},
            "antenna.layers.0.end",
            "",
        ),
        ({"change": lambda text: text.replace("0.94 mm", "0.2 mm")}, "antenna.coax.dielectric_diameter", "ascend"),
        ({"change": lambda text: text.replace("kind: microwave\n", "")}, "antenna", "does not belong"),
        ({"change": lambda text: text.partition("antenna:")[0] + "generator: {}"}, "antenna", "is missing"),
        (
            {
                "change": lambda text: text.replace(
                    "{diameter: 1.79 mm}", "{diameter: 1.79 mm, exposures: [{end: 3 mm}]}"
                )
            },
            "shafts.0.exposures",
            "does not belong",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(options, key, words):
    with pytest.raises(InputError) as refused:
        record(**options)
    assert refused.value.key == key
    assert words in str(refused.value) and "own.yaml" in str(refused.value)
