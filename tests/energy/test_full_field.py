"""Antennas in three dimensions as the time loop sees them: heat, budgets, phases, vessels, what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.case import load
from pennes.energy.microwave.budget import FLOWS
from pennes.errors import InputError
from pennes.generator import Drive
from pennes.library.schedule import Pole
from pennes.scene import build
from pennes.tissue import complex_permittivity, dielectric_at
from pennes.treatment.assembly import assemble
from quick_antenna import write_antenna_case

ONE = """\
title: One antenna beside a vein
body: {shape: box, size: [70 mm, 70 mm, 90 mm], tissue: liver}
vessels:
  - {name: vein, diameter: 8 mm, path: [[-50 mm, 9 mm, 0 mm], [50 mm, 9 mm, 0 mm]], speed: 20 cm/s}
applicators:
  - {name: first, device: mwa_coaxial_slot, tip: [0 mm, 0 mm, -8 mm], direction: [0, 0, -1], field: full}
protocol: {mode: constant_power, set_power: 20 W, duration: 20 s}
accuracy:
  mesh: {applicator: 1.2 mm, shaft: 2.5 mm, lesion: 3 mm, vessel: 2.5 mm, far: 12 mm, field: 6.2 mm}
"""
TWO = """\
title: Two antennas
body: {shape: box, size: [90 mm, 70 mm, 90 mm], tissue: liver}
applicators:
  - {name: first, device: mwa_coaxial_slot, tip: [-7.5 mm, 0 mm, -8 mm], direction: [0, 0, -1]}
  - {name: second, device: mwa_coaxial_slot, tip: [7.5 mm, 0 mm, -8 mm], direction: [0, 0, -1]}
protocol: {mode: constant_power, set_power: 20 W, duration: 20 s, coherent: COHERENT}
accuracy:
  mesh: {applicator: 1.2 mm, shaft: 2.5 mm, lesion: 3 mm, vessel: 2.5 mm, far: 12 mm, field: 6.2 mm}
"""


def assembled(folder, text):
    case = load(write_antenna_case(folder, text))
    physics = assemble(case, build(case, MPI.COMM_WORLD))
    source, elements = physics.energy, physics.elements
    medium = source.medium(np.full(elements.n_local, 37.0))
    source.update(medium)
    return SimpleNamespace(case=case, source=source, elements=elements, medium=medium)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    return assembled(tmp_path_factory.mktemp("one"), ONE)


@pytest.fixture(scope="module")
def coherent(tmp_path_factory):
    return assembled(tmp_path_factory.mktemp("two"), TWO.replace("COHERENT", "true"))


def gone(flows, prefix=""):
    return sum(flows[prefix + name] for name in FLOWS if name not in ("set", "forward"))


def test_heat_is_what_is_delivered_and_every_watt_is_accounted_for(one):
    delivery, heat = one.source.heat(Drive("power", 20.0), 0.0, one.medium)
    assert heat.min() >= 0.0
    assert heat.sum() == pytest.approx(delivery.power, rel=1e-9)
    assert delivery.flows["set"] == 20.0
    assert gone(delivery.flows) == pytest.approx(20.0, rel=1e-4)
    assert 0.9 < delivery.flows["absorbed"] / (delivery.flows["absorbed"] + delivery.flows["elsewhere"]) < 0.99
    # How well the power is carried over before it is scaled.
    assert one.source.scale == pytest.approx(1.0, abs=0.05)


def test_blood_has_its_own_permittivity_where_the_treatment_has_a_hole(one):
    blood = dielectric_at(one.case.vessels[0].blood, one.source.frequency)
    expected = complex_permittivity(blood, one.source.frequency, 37.0, 0.0)
    middles = one.source.exchange.samples[:, -1]
    across = np.hypot(middles[:, 1] - 0.009, middles[:, 2])
    deep = across < 1e-3
    assert deep.any()
    assert one.source._solved_for[deep] == pytest.approx(np.full(deep.sum(), expected))
    liver = complex_permittivity(dielectric_at(one.case.body.tissue, one.source.frequency), 2.45e9, 37.0, 0.0)
    far = (across > 8e-3) & (np.linalg.norm(middles, axis=1) < 0.02)
    assert one.source._solved_for[far] == pytest.approx(np.full(far.sum(), liver))


def test_a_small_change_of_the_tissue_keeps_the_field_and_a_large_one_does_not(one):
    before = one.source.solves
    one.source.update(one.medium * 0.999)
    assert one.source.solves == before
    reflection = one.source.scattering[0, 0]
    one.source.update(one.medium * 0.8)
    assert one.source.solves == before + 1
    assert abs(one.source.scattering[0, 0] - reflection) > 1e-3
    one.source.update(one.medium)
    assert one.source.scattering[0, 0] == pytest.approx(reflection, abs=1e-4)


def test_two_antennas_are_alike_and_hear_each_other(coherent):
    scattering = coherent.source.scattering
    assert abs(scattering[0, 0]) == pytest.approx(abs(scattering[1, 1]), abs=0.02)
    # Reciprocity.
    assert scattering[0, 1] == pytest.approx(scattering[1, 0], abs=1e-5)
    assert 1e-3 < abs(scattering[0, 1]) < 0.2


def test_phases_decide_what_is_heated_between_antennas(coherent):
    source, elements = coherent.source, coherent.elements
    middles = elements.points[elements.cells].mean(axis=1)
    between = np.hypot(middles[:, 0], middles[:, 1]) < 2.5e-3
    between &= np.abs(middles[:, 2] + 1.5e-3) < 5e-3

    def heat(phase):
        delivery, cells = source.heat(
            Drive("power", 20.0, poles={"second.antenna": Pole(phase=f"{phase:g} deg")}), 0.0, coherent.medium
        )
        assert gone(delivery.flows) == pytest.approx(40.0, rel=1e-4)
        for name in ("first:", "second:"):
            assert gone(delivery.flows, name) == pytest.approx(20.0, rel=1e-4)
        return cells[between].sum()

    together, apart = heat(0.0), heat(180.0)
    # Half way the components along the antennas add when they are in step, those across when they are opposed.
    assert together > 1.3 * apart
    alone, cells = source.heat(
        Drive("power", 20.0, poles={"second.antenna": Pole(role="floating")}), 0.0, coherent.medium
    )
    assert alone.flows["second:set"] == 0.0
    # |E1 + E2|^2 + |E1 - E2|^2 = 2 |E1|^2 + 2 |E2|^2, on a mesh that is alike on both sides only by chance.
    assert together + apart == pytest.approx(4.0 * cells[between].sum(), rel=0.1)


def test_without_a_common_oscillator_powers_add(coherent):
    source, drives = coherent.source, []
    off = Pole(role="floating")
    for poles in ({}, {"second.antenna": off}, {"first.antenna": off}, {"second.antenna": Pole(phase="115 deg")}):
        drives.append(Drive("power", 20.0, poles=poles))
    source.coherent = False
    source._take_fields()
    both, first, second, shifted = (source.heat(drive, 0.0, coherent.medium)[1] for drive in drives)
    source.coherent = True
    source._take_fields()
    assert both == pytest.approx(first + second, rel=0.05, abs=1e-3 * both.max())
    assert both.sum() == pytest.approx(first.sum() + second.sum(), rel=1e-9)
    assert shifted == pytest.approx(both, rel=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tip: [7.5 mm,", "tip: [-4.5 mm,", "of each other"),
        ("field: 6.2 mm", "field: 9 mm", "too coarse"),
    ],
)
def test_impossible_arrays_are_refused(tmp_path, old, new, message):
    text = TWO.replace("COHERENT", "false").replace(old, new)
    with pytest.raises(InputError, match=message):
        assembled(tmp_path, text)


def test_an_axisymmetric_treatment_has_an_axisymmetric_field(tmp_path):
    body = "body: {shape: cylinder, diameter: 70 mm, height: 90 mm, tissue: liver, form: axisymmetric}"
    lines = [line for line in ONE.splitlines() if not line.startswith(("vessels", "  - {name: vein"))]
    text = "\n".join(body if line.startswith("body") else line for line in lines)
    with pytest.raises(InputError, match="three dimensions"):
        assembled(tmp_path, text)
