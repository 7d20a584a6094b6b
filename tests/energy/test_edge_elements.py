"""Edge elements against waves in closed form, and the solver that keeps its factor."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from dolfinx import mesh
from mpi4py import MPI

from pennes.energy.helmholtz import PortFacets, VectorHelmholtz
from pennes.verification.exact.microwave import CoaxialLine, TwoRegionCylinder, relative, wave_constant
from pennes.verification.runs import microwave_waves

FREQUENCY = 2.45e9
LIVER = relative(43.03, 1.69, FREQUENCY)
COMM = MPI.COMM_WORLD


@pytest.mark.parametrize(("degree", "coarse", "finest_error"), [(1, 4, 0.25), (2, 2, 0.11)])
def test_a_plane_wave_converges_with_the_elements_order(degree, coarse, finest_error):
    first, second = (
        microwave_waves.plane_wave_error(COMM, n, degree, LIVER, FREQUENCY, 0.02) for n in (coarse, 2 * coarse)
    )
    assert degree - 0.2 < np.log2(first / second) < degree + 0.2
    assert second < finest_error


def test_an_absorbing_end_takes_up_a_wave_in_liver():
    size = (1e-3, 1e-3, 18.5e-3)
    line = microwave_waves.parallel_plates(COMM, [1, 1, 40], 1, 43.03, FREQUENCY, size)
    assert 20 * np.log10(line.reflection) < -60.0
    assert line.leaving == pytest.approx(line.incoming, rel=5e-3)
    assert line.absorbed == pytest.approx(0.0, abs=1e-12)


def test_an_absorbing_boundary_takes_up_the_wave_of_a_dipole():
    back = microwave_waves.dipole_reflection(COMM, 6, 2, LIVER, FREQUENCY, 0.03)
    assert -60.0 < 20 * np.log10(back) < -30.0


def test_a_coaxial_line_carries_its_power():
    inner, outer, length = 0.145e-3, 0.47e-3, 20e-3
    line = microwave_waves.coaxial_line(COMM, 32, 10, 6, 1, 2.03, FREQUENCY, (inner, outer, length))
    # The wave r H_phi = 1 A carries pi Z ln(b / a); it has 2 pi A in the conductor, hence a voltage of 2 pi times the
    # line's impedance.
    exact = CoaxialLine(inner, outer, 2.03, FREQUENCY).power
    assert 0.5 * (2.0 * np.pi) ** 2 * line.impedance == pytest.approx(exact, rel=5e-3)
    assert abs(line.transmission) == pytest.approx(1.0, abs=1e-4)
    assert line.leaving == pytest.approx(line.incoming, rel=1e-4)
    phase = wave_constant(2.03, FREQUENCY).real * length
    assert -np.angle(line.transmission) == pytest.approx(phase, rel=5e-3)


def test_a_layered_cylinder_has_the_known_field():
    exact = TwoRegionCylinder()
    assert abs(exact.electric_field(0.0)) == pytest.approx(0.319208, abs=1e-6)
    assert abs(exact.electric_field(0.12)) == pytest.approx(0.370232, abs=1e-6)
    found = microwave_waves.layered_cylinder(COMM, 32, 24, 1, exact)
    assert abs(found["axis"]) == pytest.approx(0.319208, rel=5e-3)
    assert abs(found["boundary"]) == pytest.approx(0.370232, rel=5e-3)


def plates(permittivity):
    """Two plates around a medium (a function of z) between a port and an absorbing end."""
    box = mesh.create_box(COMM, [[0.0] * 3, [1e-3, 1e-3, 0.02]], [2, 2, 30], mesh.CellType.tetrahedron)
    box.topology.create_connectivity(2, 3)

    def facets(axis, value):
        return mesh.locate_entities_boundary(box, 2, lambda x: np.isclose(x[axis], value))

    port = PortFacets(facets(2, 0.0), lambda points: points[:, 1] > 5e-4, 43.03)
    metal = np.concatenate([facets(1, 0.0), facets(1, 1e-3)])
    problem = VectorHelmholtz(box, FREQUENCY, metal=metal, absorbing=facets(2, 0.02), ports=[port])
    middle = mesh.compute_midpoints(box, 3, np.arange(problem.n_cells, dtype=np.int32))
    return problem, permittivity(middle[:, 2])


def test_power_is_neither_lost_nor_made():
    problem, medium = plates(lambda z: np.where(z < 0.008, 43.03 + 0j, LIVER))
    problem.set_permittivity(medium)
    problem.solve_ports()
    field, port = problem.fields[0], problem.ports[0]
    absorbed = COMM.allreduce(float(problem.cell_loss() @ problem.cell_products(field, field).real))
    accepted = port.power() * (1.0 - abs(problem.scattering()[0, 0]) ** 2)
    # The port takes up what is not its TEM wave (a few parts in a million here) without accounting for it.
    assert absorbed + problem.radiated(field) == pytest.approx(accepted, rel=1e-5)
    assert 0.5 * accepted < absorbed < accepted


def test_a_kept_factor_solves_for_a_changed_medium():
    problem, medium = plates(lambda z: np.full(len(z), LIVER))
    problem.set_permittivity(medium)
    problem.solve_ports()
    first = problem.iterations
    drying = medium * 0.85
    problem.set_permittivity(drying)
    problem.solve_ports()
    assert problem.factorisations == 1 and 2 <= problem.iterations - first <= 20
    fresh, _ = plates(lambda z: np.full(len(z), LIVER))
    fresh.set_permittivity(drying)
    fresh.solve_ports()
    assert problem.fields[0] == pytest.approx(fresh.fields[0], rel=1e-5, abs=1e-6 * np.abs(fresh.fields[0]).max())


def test_a_port_without_an_inner_conductor_is_refused():
    from pennes.errors import InputError

    box = mesh.create_box(COMM, [[0.0] * 3, [1e-3] * 3], [2, 2, 2], mesh.CellType.tetrahedron)
    box.topology.create_connectivity(2, 3)
    start = mesh.locate_entities_boundary(box, 2, lambda x: np.isclose(x[2], 0.0))
    metal = mesh.locate_entities_boundary(box, 2, lambda x: np.isclose(x[1], 0.0))
    port = PortFacets(start, lambda points: points[:, 1] > 5e-4, 2.0)
    with pytest.raises(InputError, match="two conductors"):
        VectorHelmholtz(box, FREQUENCY, metal=metal, absorbing=np.empty(0, np.int32), ports=[port])
