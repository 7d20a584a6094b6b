"""One antenna as the time loop sees it: power, heat, losses, what is refused."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from mpi4py import MPI

from pennes.case import load
from pennes.energy.microwave.budget import FLOWS, Losses
from pennes.errors import InputError
from pennes.generator import Drive
from pennes.scene import build
from pennes.treatment.assembly import assemble
from quick_antenna import QUICK_ANTENNA, write_antenna_case


def assembled(folder, *overrides: str, text: str = QUICK_ANTENNA):
    case = load(write_antenna_case(folder, text), overrides)
    physics = assemble(case, build(case, MPI.COMM_WORLD))
    source, elements = physics.energy, physics.elements
    medium = source.medium(np.full(elements.n_local, 37.0))
    source.update(medium)
    return SimpleNamespace(case=case, source=source, elements=elements, medium=medium, physics=physics)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    return assembled(tmp_path_factory.mktemp("antenna"))


def test_the_medium_is_the_tissues_permittivity(quick):
    values = np.unique(np.round(quick.medium.real, 6))
    assert values == pytest.approx([43.03, 48.2])
    hot = quick.source.medium(np.full(quick.elements.n_local, 120.0))
    assert hot.real == pytest.approx(np.full(len(hot), 3.5))


def test_heat_is_what_is_delivered_and_every_watt_is_accounted_for(quick):
    delivery, heat = quick.source.heat(Drive("power", 50.0), 0.0, quick.medium)
    flows = delivery.flows
    assert heat.min() >= 0.0
    assert heat.sum() == pytest.approx(delivery.power, rel=1e-9)
    gone = sum(flows[name] for name in FLOWS if name not in ("set", "forward"))
    assert flows["set"] == 50.0 and gone == pytest.approx(50.0, rel=1e-9)
    # 0.5 dB in the cable, 0.135 dB along the shaft.
    assert flows["cable"] == pytest.approx(50.0 * (1 - 10**-0.05))
    assert flows["forward"] == pytest.approx(50.0 * 10**-0.05 * 10**-0.0135)
    # What is not absorbed but heats: part of the shaft's loss, on the stretch that lies in the body.
    assert 0.1 * flows["shaft"] < delivery.power - flows["absorbed"] < flows["shaft"]
    assert quick.source.scale == pytest.approx(1.0, abs=0.1)


def test_a_ramp_and_the_generators_limit_are_obeyed(quick):
    first = quick.source.deliver(Drive("power", 20.0, 2.0), 5.0, quick.medium)
    assert first.flows["set"] == pytest.approx(30.0) and first.limited_by is None
    most = quick.source.deliver(Drive("power", 500.0), 0.0, quick.medium)
    assert most.flows["set"] == 120.0 and most.limited_by == "power"
    assert math.isnan(most.impedance)


def test_power_heats_most_beside_the_slots_and_falls_outwards(quick):
    _, heat = quick.source.heat(Drive("power", 50.0), 0.0, quick.medium)
    middles = quick.elements.points[quick.elements.cells].mean(axis=1)
    density = heat / quick.elements.volumes
    distance = np.hypot(middles[:, 0], middles[:, 1])
    level = np.abs(middles[:, 2] + 9e-3 - 9e-3) < 5e-3
    rings = [density[level & (distance > low) & (distance < low + 3e-3)].mean() for low in (2e-3, 6e-3, 12e-3, 20e-3)]
    assert rings[0] > 3 * rings[1] > 6 * rings[2] > 9 * rings[3] > 0


def test_a_small_change_of_the_tissue_needs_no_new_field(quick):
    before = quick.source.solves
    quick.source.update(quick.medium * (1 + 1e-5))
    assert quick.source.solves == before
    quick.source.update(quick.medium * 0.9)
    assert quick.source.solves == before + 1
    quick.source.update(quick.medium)


def test_an_inefficient_antenna_heats_its_shaft_instead(tmp_path, quick):
    half = assembled(tmp_path, "applicators.antenna.device.antenna.efficiency=50 %")
    drive = Drive("power", 50.0)
    full, flows = quick.source.deliver(drive, 0.0, quick.medium), half.source.deliver(drive, 0.0, half.medium).flows
    assert flows["absorbed"] == pytest.approx(0.5 * full.flows["absorbed"], rel=1e-6)
    gained = flows["shaft"] - full.flows["shaft"]
    assert gained == pytest.approx(0.5 * (flows["forward"] - flows["reflected"]), rel=1e-6)
    # All of it along the radiating part, which lies in the body.
    heated = half.source.deliver(drive, 0.0, half.medium).power - flows["absorbed"]
    before = full.power - full.flows["absorbed"]
    assert heated - before == pytest.approx(gained, rel=0.1)


def test_coolant_takes_the_shafts_heat(tmp_path):
    cooling = (
        "applicators.antenna.device.shafts.0.cooling={coefficient: 900 W/m^2/K, temperature: 20 degC, source: own}"
    )
    cooled = assembled(tmp_path, cooling)
    delivery = cooled.source.deliver(Drive("power", 50.0), 0.0, cooled.medium)
    assert delivery.power == pytest.approx(delivery.flows["absorbed"], rel=1e-12)
    assert [sink.kind for sink in cooled.physics.sinks].count("cooling") >= 1


def test_axis_spread_is_nil_in_even_tissue_and_grows_with_a_slope(quick):
    temperature = np.full(quick.elements.n_local, 60.0)
    assert quick.source.axis_spread(temperature) == pytest.approx(0.0, abs=1e-5)
    sloping = temperature + 1000.0 * quick.elements.points[:, 0]
    assert quick.source.axis_spread(sloping) > 1.0


def test_losses_of_a_cable_in_decibels():
    from pennes.library import find_device

    antenna = find_device("mwa_cooled_slot_14g").antenna
    losses = Losses.of(antenna)
    assert losses.cable == pytest.approx(1 - 10**-0.1)
    assert losses.line == pytest.approx(1 - 10 ** -(1.6 * 0.15 / 10))
    z = -np.linspace(0.0, 0.3, 3001)
    assert np.trapezoid(losses.line_heat(antenna, z), -z) == pytest.approx(losses.line, rel=1e-2)


def test_an_antenna_beside_the_meshs_tissue_is_refused(tmp_path):
    """Found from the field: in a mesh of one's own no shape says where the body ends."""
    small = assembled(tmp_path)
    small.source.rings.coverage[:] = 0.3
    with pytest.raises(InputError, match="does not lie in tissue: only 30 %") as refused:
        small.source._check_tissue()
    assert refused.value.key == "applicators.0.tip"
