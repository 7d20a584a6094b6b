"""Microwave cases that cannot be, at the command line: exit code 2, one message, nothing written."""

from __future__ import annotations

import pytest
from test_refused_input import check_refused, names, pennes  # noqa: F401  (a fixture)

from quick_antenna import QUICK_ANTENNA

TIP = "tip: [0 mm, 0 mm, -9 mm]"
DEVICE = "device: mwa_dual_slot"
MODE = "mode: pulsed_power, set_power: 90 W, period: 20 s, duty_cycle: 70 %"
SECOND = (
    "{name: antenna, device: mwa_dual_slot, tip: [0 mm, 0 mm, -9 mm], direction: [0, 0, -1], field: axisymmetric}\n"
    "  - {name: other, device: mwa_dual_slot, tip: [8 mm, 0 mm, -9 mm], direction: [0, 0, -1]}"
)
FIRST = "{name: antenna, device: mwa_dual_slot, tip: [0 mm, 0 mm, -9 mm], direction: [0, 0, -1]}"

# (what of the quick case is replaced, by what, what the message must hold)
SPOILT = {
    "antenna in air": (
        TIP,
        "tip: [0 mm, 0 mm, 30 mm]",
        "applicators.0.tip: the antenna 'antenna' radiates into air.*sticks",
    ),
    "tip outside the body": (TIP, "tip: [0 mm, 0 mm, -50 mm]", "applicators.0.tip: .*outside the body"),
    "frequency without properties": (
        DEVICE,
        "device: {name: mwa_dual_slot, generator: {frequency: 1.8 GHz}}",
        "generator.frequency: the tissue 'liver' has no dielectric properties at 1800 MHz; .*2400 to 2500 MHz",
    ),
    "tissue without properties": (
        "tissue: liver}",
        "tissue: {name: liver, dielectric: []}}",
        "the tissue 'liver' has no dielectric properties at microwave frequencies",
    ),
    "slot outside the antenna": (
        DEVICE,
        "device: {name: mwa_dual_slot, antenna: {slots: [{start: 1 mm, width: 1 mm}]}}",
        "antenna.slots.0.start: the slot lies outside the antenna.*at least 2.2 mm",
    ),
    "slot behind the body": (
        DEVICE,
        "device: {name: mwa_dual_slot, antenna: {slots: [{start: 70 mm, width: 1 mm}]}}",
        "radiates into air",
    ),
    "mesh too coarse for the wavelength": (
        "far: 15 mm}",
        "far: 15 mm, field: 5 mm}",
        "accuracy.mesh.field: 5 mm is too coarse: the wavelength in tissue is 18.5 mm",
    ),
    "volts for an antenna": (
        MODE,
        "mode: constant_voltage, set_voltage: 20 V",
        "protocol.mode: .*no meaning for a microwave",
    ),
    "no shaft to fit in": (
        DEVICE,
        "device: {name: mwa_dual_slot, antenna: {coax: {outer_diameter: 3 mm}}}",
        "antenna.coax.outer_diameter: 3 mm is wider than the needle",
    ),
    "a limit without a thermocouple": (
        MODE + ", duration: 30 s",
        "mode: temperature_limited, set_power: 50 W, limit_temperature: 50 degC, sensors: [tip], duration: 30 s",
        "there is no thermocouple 'tip'; .*antenna.shaft",
    ),
    "two antennas around one axis": (
        FIRST,
        SECOND,
        "applicators.1.field: an axisymmetric field is that of one antenna",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_microwave_case_is_refused_and_leaves_nothing(name, pennes, tmp_path):  # noqa: F811
    pytest.importorskip("dolfinx")
    old, new, pattern = SPOILT[name]
    assert QUICK_ANTENNA.count(old) >= 1
    (tmp_path / "case.yaml").write_text(QUICK_ANTENNA.replace(old, new, 1))
    before = names(tmp_path)
    check_refused(pennes("run", "case.yaml", "-o", "results/new", "--quiet"), pattern)
    assert names(tmp_path) == before


def test_radiofrequency_has_no_choice_of_field(pennes, tmp_path):  # noqa: F811
    from quick_case import QUICK

    (tmp_path / "case.yaml").write_text(QUICK.replace("direction: [0, 0, -1]}", "direction: [0, 0, -1], field: full}"))
    check_refused(pennes("run", "case.yaml"), "applicators.0.field: belongs to microwave antennas")
