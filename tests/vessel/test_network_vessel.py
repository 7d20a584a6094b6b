"""Vessels without a mesh: what they take from the tissue is what their blood gains, whatever the mesh."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from pennes.bioheat import BioheatEquation, Coefficients
from pennes.case.vessels import GrownVessel
from pennes.elements import LinearElements
from pennes.errors import InputError
from pennes.library import find_tissue
from pennes.scene.locate import PointLocator, Spaces
from pennes.vasculature import build_tree
from pennes.verification.runs.operators import steady, uniform_enthalpy
from pennes.vessel import MODELS, Site
from pennes.vessel.contact import SMEAR
from small_meshes import half_tube, jittered_block, wall_of
from veins import make_vessel

ACROSS = [["-2 mm", "11 mm", "13 mm"], ["26 mm", "12 mm", "12 mm"]]


def network(**changes):
    return make_vessel(**{"diameter": "2 mm", "path": ACROSS, "model": "network", "speed": "2 cm/s"} | changes)


def veins(**changes):
    """A grown tree of veins: many confluences."""
    grow = {
        "root": ["26 mm", "12 mm", "12 mm"],
        "centre": ["12 mm", "12 mm", "12 mm"],
        "diameters": ["20 mm", "20 mm", "20 mm"],
        "ends": 12,
    }
    values = {"name": "veins", "grow": grow, "diameter": "3 mm", "speed": "5 cm/s", "blood": find_tissue("blood")}
    return GrownVessel.model_validate(values | {"direction": "to_root"} | changes)


def hot(elements):
    x, y, z = elements.points.T
    return 50.0 + 800.0 * x + 15.0 * np.sin(250.0 * y) * np.cos(190.0 * z)


def gained(sink, outlet) -> float:
    """W that the blood carries out of the tree beyond what it brings in, from what crosses its ends alone."""
    lines = sink.tree.lines
    capacity = sink.vessel.blood.density.value * sink.vessel.blood.heat_capacity.value
    starts, ends = {line.start for line in lines}, {line.end for line in lines}
    out = sum(f * t for line, f, t in zip(lines, sink.flows, outlet, strict=True) if line.end not in starts)
    into = sum(f for line, f in zip(lines, sink.flows, strict=True) if line.start not in ends)
    return capacity * (out - into * sink.vessel.inlet_temperature)


@pytest.mark.parametrize("degree", [1, 2])
def test_wall_temperature_of_a_linear_field_is_that_on_the_axis(block, degree):
    on = block(degree)
    sink = on.sink(network())
    x, y, z = on.elements.points.T
    means = sink.wall_temperature(40.0 + 1000.0 * x - 400.0 * y + 700.0 * z)
    axis = sink.pieces.along(np.array([0.5]))[0][:, 0]
    inside = (axis[:, 0] > 2e-3) & (axis[:, 0] < 22e-3)
    assert inside.sum() > 8
    assert means[inside] == pytest.approx((40.0 + axis @ [1000.0, -400.0, 700.0])[inside], abs=1e-9)


@pytest.mark.parametrize("vessel", [network(), veins(), veins(direction="from_root"), veins(model="perfusion")])
def test_tissue_loses_what_blood_gains(block, vessel):
    on = block(1)
    sink = on.sink(vessel)
    temperature = hot(on.elements)
    heat = sink.update(temperature)
    power = (sink.conductance * temperature - heat).sum()
    assert power > 0.5
    assert power == pytest.approx(gained(sink, sink.outlet_temperature), rel=1e-10)
    # Over a step whose mean is not the middle that the blood was marched for.
    mean = temperature + 1.0 + 3.0 * np.cos(300.0 * on.elements.points[:, 0])
    sink.accept(mean, np.zeros(len(mean), bool), 2.0)
    moved = (sink.conductance * mean - heat).sum()
    assert abs(moved - power) > 1e-3 * power
    assert moved == pytest.approx(gained(sink, sink.outlet_temperature), rel=1e-10)
    assert sink.line_heat.sum() == pytest.approx(2.0 * moved, rel=1e-10)


def test_dry_tissue_is_cooled_to_its_blood_whatever_was_predicted(block):
    """Past drying a node's predicted temperature is far off; a sink that trusts it would hold the node there."""
    on = block(1)
    sink = on.sink(network())
    predicted = hot(on.elements)
    predicted[::3] = 3000.0
    towards = sink.update(predicted)
    touched = sink.conductance > 1e-9
    blood = [sink.vessel.inlet_temperature, sink.outlet_temperature.max()]
    assert blood[1] < 1000.0
    found = towards[touched] / sink.conductance[touched]
    assert blood[0] - 1e-9 < found.min() and found.max() < blood[1] + 1e-9
    power = (sink.conductance * predicted - towards).sum()
    assert power == pytest.approx(gained(sink, sink.outlet_temperature), rel=1e-10)
    # Cold tissue is left as uneven as it is: the blood takes heat by the mean.
    towards = sink.update(hot(on.elements))
    assert (towards[touched] / sink.conductance[touched]).max() > sink.outlet_temperature.max() + 5.0


def test_blood_warms_by_the_exact_exponential(block):
    on = block(1)
    sink = on.sink(network(speed="2 mm/s"))
    sink.update(np.full(on.elements.n_local, 80.0))
    capacity = 1050.0 * 3617.0 * 2e-3 * np.pi * 1e-6
    units = sink.segment_conductance.sum() / capacity
    assert 0.3 < units < 5.0
    assert sink.outlet_temperature[0] == pytest.approx(80.0 - 43.0 * np.exp(-units), rel=1e-9)


def test_blood_mixes_where_veins_join(block):
    sink = block(1).sink(veins())
    sink.update(hot(sink.elements))
    first, last = sink.pieces.first[:-1], sink.pieces.first[1:] - 1
    arriving = sink.blood.arriving(sink.wall_temperature(hot(sink.elements)))
    leaving = sink.blood.leaving
    for number, line in enumerate(sink.tree.lines):
        above = [k for k, other in enumerate(sink.tree.lines) if other.end == line.start]
        if above:
            mixed = np.average(leaving[last[above]], weights=sink.flows[above])
            assert arriving[first[number]] == pytest.approx(mixed, rel=1e-12)
    assert np.ptp(arriving[first]) > 3.0


def test_the_warmest_blood_is_that_of_the_ends_where_it_leaves(block):
    """Not of a thin branch on the way; kept when the tissue cools, and through a checkpoint."""
    sink = block(1).sink(veins())
    alive, temperature = np.zeros(sink.elements.n_local, bool), hot(sink.elements)
    sink.update(temperature)
    sink.accept(temperature, alive, 1.0)
    (root,) = {line.end for line in sink.tree.lines} - {line.start for line in sink.tree.lines}
    outlet = next(t for line, t in zip(sink.tree.lines, sink.outlet_temperature, strict=True) if line.end == root)
    assert sink.warmest_outlet == outlet > 38.0
    assert sink.outlet_temperature.max() > outlet + 1.0
    cooler = np.full_like(temperature, 38.0)
    sink.update(cooler)
    sink.accept(cooler, alive, 1.0)
    assert sink.warmest_outlet == outlet
    again = block(1).sink(sink.vessel)
    assert again.warmest_outlet == 37.0
    again.restore(sink.to_dict())
    assert again.warmest_outlet == outlet


def test_no_flow_takes_no_heat_and_half_the_flow_less(block):
    on = block(1)
    temperature = hot(on.elements)
    sink = on.sink(network(coefficient=None))
    powers = []
    for fraction in (1.0, 0.5, 0.0, 1.0):
        sink.set_flow(fraction)
        powers.append((sink.conductance * temperature - sink.update(temperature)).sum())
    assert powers[0] == powers[3] and powers[2] == 0.0 and not 0.9 < powers[1] / powers[0] <= 1.0
    for off in (network(cooling=False), network(without=(0,))):
        assert not on.sink(off).conductance.any()


def test_network_with_a_wide_mesh_takes_what_a_wall_takes():
    """E4 in a block, edges of one and two radii and any place of the axis: within 5 % of the exact heat."""
    radius, h, k, perfusion, heating = 1e-3, 900.0, 0.5, 20e3, 3e5
    from scipy.special import k0, k1

    m = np.sqrt(perfusion / k)
    far = heating / perfusion
    # The lumen is heated tissue in the model: its heat reaches the blood as well.
    wall = h * far * k0(m * radius) / (h * k0(m * radius) + k * m * k1(m * radius))
    exact = 2.0 * np.pi * radius * h * (far - wall) + heating * np.pi * radius**2
    for intervals in (12, 24):
        domain_mesh = jittered_block(MPI.COMM_SELF, 3, intervals, 24e-3)
        elements, spaces = LinearElements(domain_mesh), Spaces(domain_mesh)
        path = [["-2 mm", "12.3 mm", "11.8 mm"], ["26 mm", "12.3 mm", "11.8 mm"]]
        vessel = network(path=path, coefficient=f"{h} W/m^2/K", speed="100 m/s")
        sink = MODELS["network"](
            elements, vessel, build_tree(vessel), Site(None, lambda p, s=spaces: PointLocator(s, p), k)
        )
        body = np.full(elements.n_local, 37.0)
        equation = BioheatEquation(elements, uniform_enthalpy(elements, 1.0), 37.0, np.zeros(len(body), bool), body)
        temperature = body
        for _ in range(12):
            wall_heat = sink.update(temperature)
            at = Coefficients(
                elements.stiffness(np.full(elements.n_cells, k)),
                np.full(elements.n_local, perfusion),
                elements.lump(heating * elements.volumes),
                sink.conductance,
                wall_heat,
            )
            temperature = steady(equation, at, temperature)
        sink.update(temperature)
        power = sink.heat(temperature).sum() / 24e-3
        assert power == pytest.approx(exact, rel=0.05), intervals


def test_mesh_correction_goes_away_with_the_mesh(block):
    sink = block(1).sink(network(diameter="1 mm"))
    (contact,) = sink._contacts
    assert (contact.ring >= 0.5e-3).all() and (contact.distance > contact.ring).all()
    wide = block(1).sink(network(diameter="8 mm"))._contacts[0]
    assert wide.ring == pytest.approx(4e-3)
    size = (wide.distance**2 - wide.ring**2) ** 0.5 / SMEAR
    assert (size > 1e-3).all() and (size < 5e-3).all()


def test_a_thin_vessel_stops_where_its_wall_is_dead_all_around(block):
    on = block(1)
    branches = [{"path": [["26 mm", "20 mm", "12 mm"]], "diameter": "1.6 mm"}]
    branches.append({"path": [["26 mm", "4 mm", "12 mm"]], "diameter": "0.7 mm"})
    sink = on.sink(network(path=[ACROSS[0], ["12 mm", "12 mm", "12 mm"]], branches=branches))
    temperature = hot(on.elements)
    before = sink.flows.copy()
    for dead in (on.elements.points[:, 0] < 0.0, np.ones(on.elements.n_local, bool)):
        sink.update(temperature)
        sink.accept(temperature, dead, 1.0)
        if not dead.any():
            assert sink.flows == pytest.approx(before)
    assert sink.flows[2] == 0.0 and sink.flows[1] == pytest.approx(before[1])
    assert sink.flows[0] == pytest.approx(before[0] - before[2])
    assert [entry["coagulated"] for entry in sorted(sink.branches(), key=lambda b: b["number"])] == [False, False, True]
    again = on.sink(sink.vessel)
    again.restore(sink.to_dict())
    assert again.flows == pytest.approx(sink.flows) and again.line_heat == pytest.approx(sink.line_heat)
    assert again.conductance == pytest.approx(sink.conductance)


def test_a_vessel_outside_the_tissue_is_refused(block):
    away = network(path=[["0 mm", "80 mm", "0 mm"], ["24 mm", "80 mm", "0 mm"]])
    with pytest.raises(InputError, match="'vein' lies outside the body"):
        block(1).sink(away)


def test_a_meshed_stem_with_a_branch_of_the_network():
    """One blood: the branch begins with what the stem's wall warmed."""
    domain_mesh = half_tube(MPI.COMM_SELF, 1.5e-3, 6e-3, 60e-3, (4, 8, 24))
    elements, spaces = LinearElements(domain_mesh), Spaces(domain_mesh)
    branch = {"path": [["58 mm", "0 mm", "5 mm"]], "diameter": "1 mm"}
    vessel = make_vessel(
        path=[["0 mm", "0 mm", "0 mm"], ["50 mm", "0 mm", "0 mm"]],
        branches=[branch],
        by_diameter={"wall_from": "2 mm", "network_from": "0.5 mm"},
    )
    site = Site(wall_of(domain_mesh, 1.5e-3), lambda points: PointLocator(spaces, points), 0.5)
    sink = MODELS["wall"](elements, vessel, build_tree(vessel), site)
    assert list(sink.models) == ["wall", "network"]
    temperature = np.full(elements.n_local, 70.0)
    power = (sink.conductance * temperature - sink.update(temperature)).sum()
    assert power == pytest.approx(gained(sink, sink.outlet_temperature), rel=1e-10)
    assert sink.outlet_temperature[1] > sink.outlet_temperature[0] > 40.0
