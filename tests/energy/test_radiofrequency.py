"""Potentials of the poles, and every pattern that is made of them."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from pennes.elements import LinearElements
from pennes.energy import Radiofrequency
from pennes.errors import InputError
from pennes.library.schedule import Pole
from small_meshes import jittered_block, varied

SIZE, TOLERANCE = 0.02, 1e-12
GROUND, FLOATING = Pole(role="ground"), Pole(role="floating")


@pytest.fixture(scope="module")
def elements():
    return LinearElements(jittered_block(MPI.COMM_SELF, 3, 6, SIZE))


def patches(elements) -> dict[str, np.ndarray]:
    """Three electrodes on the surface."""
    x, y, z = elements.points.T / SIZE
    return {
        "a": np.isclose(x, 0.0) & (y < 0.4),
        "b": np.isclose(x, 0.0) & (y > 0.6) & (z < 0.7),
        "c": np.isclose(x, 1.0) & (z > 0.4),
    }


def make(elements, names="abc", *, grounded=True, conductivity=None) -> Radiofrequency:
    ground = np.isclose(elements.points[:, 2], 0.0) if grounded else np.zeros(elements.n_local, dtype=bool)
    poles = {name: patches(elements)[name] & ~ground for name in names}
    source = Radiofrequency(elements, poles, ground, TOLERANCE)
    source.update(varied(elements) if conductivity is None else conductivity)
    return source


def solution(elements, held: list[tuple[complex, np.ndarray]], conductivity) -> np.ndarray:
    """Potential (n_local,), complex, with the nodes of masks held at given values, by a dense solve."""
    stiffness = elements.stiffness(conductivity)
    first, second = elements.edges.T
    matrix = np.diag(elements.stiffness_diagonal(stiffness))
    matrix[first, second] = matrix[second, first] = stiffness
    fixed, values = np.zeros(elements.n_local, dtype=bool), np.zeros(elements.n_local, dtype=complex)
    for value, mask in held:
        fixed |= mask
        values[mask] = value
    right = -matrix[np.ix_(~fixed, fixed)] @ values[fixed]
    values[~fixed] = np.linalg.solve(matrix[np.ix_(~fixed, ~fixed)], right)
    return values


def dissipated(elements, potential, conductivity) -> np.ndarray:
    """sigma |grad V|^2 of each cell, from gradients of the cells' linear functions."""
    corners = elements.points[elements.cells]
    edges = corners[:, 1:] - corners[:, :1]
    rise = potential[elements.cells[:, 1:]] - potential[elements.cells[:, :1]]
    gradients = np.linalg.solve(edges.astype(complex), rise[:, :, None])[:, :, 0]
    return conductivity * elements.volumes * np.square(np.abs(gradients)).sum(axis=1)


def currents(source, amplitudes, conductivity) -> np.ndarray:
    """Current (poles,) that each pole sends into the tissue, from the flow at its nodes."""
    potential = sum(a * u for a, u in zip(amplitudes, source.unit_potentials, strict=True))
    stiffness = source.elements.stiffness(conductivity)
    flow = source.elements.apply(stiffness, np.real(potential)) + 1j * source.elements.apply(
        stiffness, np.imag(potential)
    )
    return np.array([flow[mask].sum() for mask in source.masks])


PATTERNS = {
    "one active": {"b": GROUND, "c": GROUND},
    "amplitudes": {"a": Pole(amplitude=0.7), "b": Pole(amplitude=0.3), "c": GROUND},
    "phases": {"a": Pole(), "b": Pole(phase="90 deg"), "c": Pole(amplitude=0.5, phase="210 deg")},
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_superposition_of_unit_potentials(elements, pattern):
    source, conductivity = make(elements), varied(elements)
    held = [(0.0, np.isclose(elements.points[:, 2], 0.0))]
    for name, mask in zip(source.names, source.masks, strict=True):
        pole = pattern.get(name, Pole())
        held.append((pole.amplitude * np.exp(1j * pole.phase) if pole.role == "active" else 0.0, mask))
    expected = solution(elements, held, conductivity)
    found = source.pattern(pattern, conductivity)
    potential = sum(a * u for a, u in zip(found.amplitudes, source.unit_potentials, strict=True))
    assert potential == pytest.approx(expected, abs=1e-9)
    heat = dissipated(elements, expected, conductivity)
    assert source.cell_power(found, conductivity) == pytest.approx(heat, abs=1e-9 * heat.max())
    assert found.conductance == pytest.approx(heat.sum(), rel=1e-9)
    assert found.impedance == pytest.approx(1.0 / heat.sum(), rel=1e-9)


def test_admittance_is_reciprocal(elements):
    """What flows into pole j while pole i is at 1 V is what flows into i while j is; both are the matrix's entry."""
    source, conductivity = make(elements), varied(elements)
    admittance = source.admittance(conductivity)
    measured = np.array([currents(source, row, conductivity).real for row in np.eye(3)])
    assert measured == pytest.approx(measured.T, abs=1e-9 * measured.max())
    assert admittance == pytest.approx(measured, abs=1e-9 * measured.max())
    assert np.all(admittance[~np.eye(3, dtype=bool)] < 0.0) and np.all(admittance.sum(axis=1) > 0.0)


@pytest.mark.parametrize("grounded", [True, False])
def test_a_floating_pole_carries_no_net_current(elements, grounded):
    source, conductivity = make(elements, grounded=grounded), varied(elements)
    roles = {"b": FLOATING} if grounded else {"b": FLOATING, "c": GROUND}
    pattern = source.pattern(roles, conductivity)
    flow = currents(source, pattern.amplitudes, conductivity)
    assert abs(flow[1]) < 1e-9 * abs(flow[0])
    assert abs(flow[0]) == pytest.approx(pattern.conductance if not grounded else abs(flow[0]), rel=1e-9)
    assert 0.0 < pattern.amplitudes[1].real < 1.0 and abs(pattern.amplitudes[1].imag) < 1e-12
    absent = make(elements, "ac", grounded=grounded).pattern({"c": roles.get("c", Pole())}, conductivity)
    assert pattern.conductance > absent.conductance, "its metal still conducts"


def test_two_floating_poles_between_phases(elements):
    source, conductivity = make(elements, grounded=False), varied(elements)
    pattern = source.pattern({"a": Pole(phase="50 deg"), "b": FLOATING, "c": FLOATING}, conductivity)
    # Nothing but floating metal: all of it follows the one pole, and no current flows.
    assert pattern.amplitudes == pytest.approx(np.full(3, np.exp(1j * np.deg2rad(50.0))), abs=1e-9)
    assert abs(pattern.conductance) < 1e-12 * source.admittance(conductivity).max()


def test_phases(elements):
    source, conductivity = make(elements), varied(elements)

    def power(phase):
        return source.pattern({"b": Pole(phase=f"{phase} deg"), "c": GROUND}, conductivity).conductance

    assert power(180) > 1.2 * power(0)
    assert power(90) == pytest.approx(0.5 * (power(0) + power(180)), rel=1e-9)
    assert power(270) == pytest.approx(power(90), rel=1e-9)
    assert power(60) == pytest.approx(0.75 * power(0) + 0.25 * power(180), rel=1e-9)


def test_bipolar_without_ground(elements):
    source, conductivity = make(elements, "ac", grounded=False), varied(elements)
    pattern = source.pattern({"c": GROUND}, conductivity)
    there, back = currents(source, pattern.amplitudes, conductivity)
    assert there == pytest.approx(-back, rel=1e-9)
    assert there.real == pytest.approx(pattern.conductance, rel=1e-9)
    opposed = source.pattern({"a": Pole(amplitude=0.5), "c": Pole(amplitude=0.5, phase="180 deg")}, conductivity)
    assert opposed.conductance == pytest.approx(pattern.conductance, rel=1e-9), "the same voltage between them"


def test_a_bar_has_the_resistance_of_a_bar(elements):
    x = elements.points[:, 0]
    source = Radiofrequency(elements, {"end": np.isclose(x, SIZE)}, np.isclose(x, 0.0), TOLERANCE)
    conductivity = np.full(elements.n_cells, 0.4)
    source.update(conductivity)
    pattern = source.pattern({}, conductivity)
    assert pattern.impedance == pytest.approx(SIZE / (0.4 * SIZE**2), rel=1e-10)
    heat = source.cell_power(pattern, conductivity)
    assert heat == pytest.approx(0.4 * elements.volumes / SIZE**2, rel=1e-8)


def test_admittance_of_a_shifted_conductivity_is_of_second_order(elements):
    """The last potentials serve for tissue that has changed a little since."""
    base = varied(elements)
    source = make(elements, conductivity=base)
    direction = np.cos(400.0 * elements.points[elements.cells].mean(axis=1)[:, 1])
    errors, changes = [], []
    for size in (0.2, 0.1, 0.05):
        shifted = base * (1.0 + size * direction)
        found = source.admittance(shifted)
        exact = make(elements, conductivity=shifted).admittance(shifted)
        errors.append(np.abs(found - exact).max())
        changes.append(np.abs(exact - source.admittance(base)).max())
        assert np.all(np.diag(found) >= np.diag(exact)), "the true potential takes the least power"
    ratios = np.array(errors[:-1]) / errors[1:]
    assert ratios == pytest.approx([4.0, 4.0], rel=0.15)
    assert errors[-1] < 0.1 * changes[-1]


def test_potentials_are_taken_up_from_an_earlier_run(elements):
    first, conductivity = make(elements), varied(elements)
    ground = np.isclose(elements.points[:, 2], 0.0)
    poles = dict(zip(first.names, first.masks, strict=True))
    again = Radiofrequency(elements, poles, ground, 1e-8)
    again.restore([potential.copy() for potential in first.unit_potentials])
    assert again.admittance(conductivity) == pytest.approx(first.admittance(conductivity), rel=1e-12)
    again.update(conductivity)
    assert again.system.iterations == 0, "they solve the problem already"


def test_where_no_current_can_flow(elements):
    poles, nowhere = patches(elements), np.zeros(elements.n_local, dtype=bool)
    ground = np.isclose(elements.points[:, 2], 0.0)
    with pytest.raises(InputError, match="one pole and no ground"):
        Radiofrequency(elements, {"a": poles["a"]}, nowhere, TOLERANCE)
    with pytest.raises(InputError, match="b: this pole has no surface"):
        Radiofrequency(elements, {"a": poles["a"] & ~ground, "b": nowhere}, ground, TOLERANCE)
    with pytest.raises(InputError, match="b: this pole touches another one"):
        Radiofrequency(elements, {"a": poles["a"], "b": poles["a"] | poles["b"]}, nowhere, TOLERANCE)
    with pytest.raises(InputError, match="a: this pole touches another one or the ground"):
        Radiofrequency(elements, {"a": poles["a"]}, poles["a"] | ground, TOLERANCE)
