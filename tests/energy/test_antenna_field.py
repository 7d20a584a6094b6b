"""The axisymmetric field of an antenna: reflection, budget, convergence, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pennes.energy.microwave.field import AntennaField, edge_length, extent_around
from pennes.energy.microwave.section import Extent, cut_of
from pennes.errors import InputError
from pennes.library import find_device
from pennes.verification.exact.microwave import relative

LIVER = relative(43.03, 1.69, 2.45e9)


def field_of(name: str, **options) -> AntennaField:
    device = find_device(name)
    return AntennaField(device.antenna, device.shafts[0], 2.45e9, LIVER, **options)


def solved(field: AntennaField, value: complex = LIVER):
    return field.solve(np.full(len(field.tissue_cells), value))


def test_the_benchmark_antenna_absorbs_what_the_other_program_found():
    field = field_of("mwa_coaxial_slot", extent=Extent(30e-3, 9.5e-3, 70.5e-3))
    solution = solved(field)
    assert 10.0 * solution.tissue_power.sum() == pytest.approx(9.36, rel=0.02)
    assert solution.s11_db == pytest.approx(-19.13, abs=0.1)


@pytest.mark.parametrize("name", ["mwa_coaxial_slot", "mwa_cooled_slot_14g", "mwa_dual_slot", "mwa_monopole"])
def test_the_budget_closes_and_no_power_is_negative(name):
    solution = solved(field_of(name))
    assert abs(solution.residual) < 1e-9
    assert solution.tissue_power.min() >= 0.0 and solution.needle_power > -1e-15 and solution.radiated > 0.0
    assert 0.0 < solution.reflected < 0.2
    # Coolant water takes its share, plastics do not.
    assert (solution.needle_power > 0.01) == (name == "mwa_cooled_slot_14g")


@pytest.mark.parametrize("frequency", [915e6, 5.8e9])
def test_the_frequency_can_be_swept(frequency):
    from pennes.library import find_tissue
    from pennes.tissue import complex_permittivity, dielectric_at

    device = find_device("mwa_coaxial_slot")
    liver = complex(complex_permittivity(dielectric_at(find_tissue("liver"), frequency), frequency, 37.0, 0.0))
    field = AntennaField(device.antenna, device.shafts[0], frequency, liver)
    solution = solved(field, liver)
    assert abs(solution.residual) < 1e-9 and 0.05 < solution.tissue_power.sum() < 1.0
    finer = AntennaField(device.antenna, device.shafts[0], frequency, liver, refine=1.6)
    assert solved(finer, liver).tissue_power.sum() == pytest.approx(solution.tissue_power.sum(), rel=3e-3)


def test_finer_meshes_do_not_change_what_is_absorbed():
    coarse, fine = (solved(field_of("mwa_dual_slot", refine=refine)) for refine in (1.0, 1.7))
    assert coarse.tissue_power.sum() == pytest.approx(fine.tissue_power.sum(), rel=2e-3)
    assert abs(coarse.reflection - fine.reflection) < 3e-3


def test_the_cut_of_the_cable_only_turns_the_phase(monkeypatch):
    from pennes.energy.microwave import section

    near = solved(field_of("mwa_coaxial_slot"))
    monkeypatch.setattr(section, "CUT_BEHIND", 15.0)
    far = solved(field_of("mwa_coaxial_slot"))
    assert abs(near.reflection) == pytest.approx(abs(far.reflection), rel=1e-3)
    assert near.tissue_power.sum() == pytest.approx(far.tissue_power.sum(), rel=1e-4)
    turn = 2 * 10 * 0.94e-3 * 2 * math.pi * 2.45e9 / 299_792_458 * math.sqrt(2.03)
    assert near.reflection * np.exp(-1j * turn) == pytest.approx(far.reflection, rel=5e-3)


def test_squared_field_has_the_power_of_its_cells():
    field = field_of("mwa_coaxial_slot")
    tissue = np.full(len(field.tissue_cells), LIVER)
    solution = field.solve(tissue)
    squared = field.squared_field(solution, tissue)
    corners = field.section.triangles[field.tissue_cells]
    r = field.section.points[corners, 0]
    weights = (r.sum(axis=1, keepdims=True) + r) / (4 * r.sum(axis=1, keepdims=True))
    heat = 0.5 * 1.69 * field.problem.volumes[field.tissue_cells] * (squared[corners] * weights).sum(axis=1)
    assert heat.sum() == pytest.approx(solution.tissue_power.sum(), rel=0.01)
    assert np.abs(heat - solution.tissue_power).sum() < 0.02 * solution.tissue_power.sum()


def test_dry_tissue_lets_the_field_out():
    field = field_of("mwa_coaxial_slot")
    wet, dry = solved(field), solved(field, 3.5 - 0.4j)
    assert dry.radiated > 5 * wet.radiated
    assert abs(dry.residual) < 1e-9


def test_a_mesh_too_coarse_for_the_wavelength_is_refused_in_words():
    with pytest.raises(InputError, match=r"too coarse: the wavelength in tissue is 18\.5 mm") as refused:
        edge_length(4e-3, LIVER, 2.45e9)
    assert refused.value.key == "accuracy.mesh.field"
    assert edge_length(3e-3, LIVER, 2.45e9) == 3e-3
    assert edge_length(None, LIVER, 2.45e9) == pytest.approx(18.467e-3 / 6, rel=1e-4)


def test_an_antenna_that_radiates_behind_its_section_is_refused():
    antenna = find_device("mwa_coaxial_slot").antenna
    with pytest.raises(InputError, match="behind the cut"):
        field_of("mwa_coaxial_slot", extent=Extent(30e-3, 20e-3, cut_of(antenna) * 0.9))


def test_the_section_reaches_farther_where_waves_do():
    antenna = find_device("mwa_slot_915").antenna
    deep = extent_around(antenna, relative(46.76, 0.861, 915e6), 915e6)
    shallow = extent_around(antenna, LIVER, 2.45e9)
    assert deep.radius > 1.9 * shallow.radius and shallow.back > shallow.front
