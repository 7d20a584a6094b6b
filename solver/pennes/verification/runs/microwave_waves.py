"""Edge elements against waves in closed form: a plane wave, lines with a matched end, a layered cylinder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ufl
from dolfinx import fem, mesh

from pennes.energy.helmholtz import PortFacets, VectorHelmholtz
from pennes.energy.microwave.revolved import Revolution, grid_triangles
from pennes.verification import meshes
from pennes.verification.arrays import make_arrays, to_dolfinx
from pennes.verification.exact.microwave import TwoRegionCylinder, relative, wave_constant

NONE = np.empty(0, np.int32)
DIRECTION, POLARISATION = np.array([1.0, 2.0, 2.0]) / 3.0, np.array([2.0, 1.0, -2.0]) / 3.0


def plane_wave_error(comm, divisions: int, degree: int, permittivity: complex, frequency: float, size: float) -> float:
    """Relative error of E in the L2 norm on a cube of ``size`` m that a plane wave crosses at an angle.

    The wave comes in and leaves through absorbing boundaries: its own data are the incident ones.
    """
    box = mesh.create_box(comm, [[0.0] * 3, [size] * 3], [divisions] * 3, mesh.CellType.tetrahedron)
    box.topology.create_connectivity(2, 3)
    x = ufl.SpatialCoordinate(box)
    k = fem.Constant(box, np.complex128(wave_constant(permittivity, frequency)))
    phase = ufl.exp(-1j * k * sum(float(part) * x[i] for i, part in enumerate(DIRECTION)))
    wave = ufl.as_vector([float(part) * phase for part in POLARISATION])
    outer = mesh.exterior_facet_indices(box.topology)
    problem = VectorHelmholtz(box, frequency, metal=NONE, absorbing=outer, degree=degree, incident=wave)
    problem.set_permittivity(np.full(problem.n_cells, permittivity))
    field = problem.function(problem.solve_incident())
    difference = field - wave

    def square(value) -> float:
        return comm.allreduce(fem.assemble_scalar(fem.form(ufl.inner(value, value) * ufl.dx, dtype=np.complex128)).real)

    return float(np.sqrt(square(difference) / square(wave)))


def dipole_reflection(comm, divisions: int, degree: int, permittivity: complex, frequency: float, size: float) -> float:
    """What an absorbing boundary sends back of the wave of a short dipole, over the wave, both in the L2 norm.

    An eighth of a cube, ``size`` m from the dipole to its faces, around a sixth of it in which the wave is given; waves
    meet the faces at up to 55 degrees. The same elements are solved once with the absorbing boundary and once with the
    exact wave there: what the elements do not resolve is in both.
    """
    arrays = meshes.block(3, size, divisions)
    hole = size / 6
    kept = arrays.cells[np.any(arrays.points[arrays.cells].mean(axis=1) > hole, axis=1)]
    used, cells = np.unique(kept, return_inverse=True)
    points, cells = arrays.points[used], cells.reshape(kept.shape)
    facets = meshes.exterior_facets(cells)
    middle = points[facets].mean(axis=1)
    far = np.any(middle > size * (1 - 1e-9), axis=1)
    mirror = np.any(middle[:, :2] < 1e-9, axis=1) & ~far
    parts = {"open": facets[far], "mirror": facets[mirror], "given": facets[~far & ~mirror]}
    domain = to_dolfinx(make_arrays(points, cells, parts), comm)
    k = wave_constant(permittivity, frequency)

    def wave(x: np.ndarray) -> np.ndarray:
        r = np.linalg.norm(x, axis=0)
        phase = np.exp(-1j * k * r)
        along = 2.0 * x[2] / r * (r**-2 + r**-3 / (1j * k)) * phase
        turning = (1j * k / r + r**-2 + r**-3 / (1j * k)) * phase
        # sin(theta) times the unit vector of theta.
        across = np.stack([x[0] * x[2], x[1] * x[2], -(x[0] ** 2 + x[1] ** 2)]) / r**2
        return along * x / r + turning * across

    given, open_ = domain.facets("given"), domain.facets("open")
    fields = []
    for metal, absorbing in ((given, open_), (np.concatenate([given, open_]), NONE)):
        problem = VectorHelmholtz(domain.mesh, frequency, metal=metal, absorbing=absorbing, degree=degree)
        problem.set_permittivity(np.full(problem.n_cells, permittivity))
        fields.append(problem.solve_given(wave))

    def square(field: np.ndarray) -> float:
        return comm.allreduce(float(problem.cell_products(field, field).real.sum()))

    return float(np.sqrt(square(fields[0] - fields[1]) / square(fields[1])))


@dataclass(frozen=True)
class LineResult:
    """A line between two ports: ``reflection`` |S11| and ``transmission`` S21, ``impedance`` in ohm, and the powers in
    W of 1 V coming in: ``incoming``, ``absorbed`` in the line, ``leaving`` by the field at the far end."""

    reflection: float
    transmission: complex
    impedance: float
    incoming: float
    absorbed: float
    leaving: float


def parallel_plates(comm, divisions: int, degree: int, permittivity: complex, frequency: float, size) -> LineResult:
    """A TEM wave between two plates (size = across, between the plates, along, m) that an absorbing end takes up."""
    box = mesh.create_box(comm, [[0.0] * 3, list(size)], divisions, mesh.CellType.tetrahedron)
    box.topology.create_connectivity(2, 3)
    _, height, length = size

    def facets(where) -> np.ndarray:
        return mesh.locate_entities_boundary(box, 2, where)

    metal = np.concatenate([facets(lambda x, y=y: np.isclose(x[1], y)) for y in (0.0, height)])
    start = facets(lambda x: np.isclose(x[2], 0.0))
    end = facets(lambda x: np.isclose(x[2], length))
    port = PortFacets(start, lambda points: points[:, 1] > height / 2, permittivity)
    problem = VectorHelmholtz(box, frequency, metal=metal, absorbing=end, ports=[port], degree=degree)
    return _through(problem, np.full(problem.n_cells, permittivity), second=None)


def coaxial_line(
    comm, sectors: int, across: int, along: int, degree: int, permittivity: float, frequency: float, size
) -> LineResult:
    """A coaxial line (size = inner radius, outer radius, length, m) between two ports."""
    inner, outer, length = size
    r, z = np.geomspace(inner, outer, across + 1), np.linspace(0.0, length, along + 1)
    section = np.stack(np.meshgrid(r, z), axis=-1).reshape(-1, 2)
    triangles, _ = grid_triangles(across + 1, along + 1)
    turned = Revolution(section, sectors)
    rows = np.arange(along + 1) * (across + 1)
    sides = {"inner": rows, "outer": rows + across}
    parts = {name: turned.facets(np.stack([side[:-1], side[1:]], axis=1))[0] for name, side in sides.items()}
    for name, row in (("start", 0), ("end", along)):
        nodes = row * (across + 1) + np.arange(across + 1)
        parts[name] = turned.facets(np.stack([nodes[:-1], nodes[1:]], axis=1))[0]
    domain = to_dolfinx(make_arrays(turned.points, turned.cells(triangles)[0], parts), comm)
    metal = np.concatenate([domain.facets("inner"), domain.facets("outer")])
    middle = np.sqrt(inner * outer)
    ports = [
        PortFacets(domain.facets(name), lambda x: np.hypot(x[:, 0], x[:, 1]) < middle, permittivity)
        for name in ("start", "end")
    ]
    problem = VectorHelmholtz(domain.mesh, frequency, metal=metal, absorbing=NONE, ports=ports, degree=degree)
    return _through(problem, np.full(problem.n_cells, complex(permittivity)), second=1)


def _through(problem: VectorHelmholtz, permittivity: np.ndarray, second: int | None) -> LineResult:
    problem.set_permittivity(permittivity)
    problem.solve_ports()
    scattering, port, field = problem.scattering(), problem.ports[0], problem.fields[0]
    absorbed = problem.comm.allreduce(float(problem.cell_loss() @ problem.cell_products(field, field).real))
    transmission = complex("nan") if second is None else complex(scattering[second, 0])
    leaving = problem.radiated(field) if second is None else port.power() * abs(transmission) ** 2
    return LineResult(
        float(abs(scattering[0, 0])), transmission, port.impedance, port.power(), absorbed, float(leaving)
    )


def layered_cylinder(comm, sectors: int, rings: int, degree: int, exact: TwoRegionCylinder) -> dict[str, complex]:
    """E_z on the axis and at the boundary ``a`` of two media, on one layer of cells between two metal plates."""
    inside = max(2, round(rings * exact.radius / exact.outside))
    r = np.concatenate(
        [np.linspace(0.0, exact.radius, inside + 1), np.linspace(exact.radius, exact.outside, rings - inside + 1)[1:]]
    )
    height = exact.outside / rings
    section = np.stack(np.meshgrid(r, [0.0, height]), axis=-1).reshape(-1, 2)
    triangles, _ = grid_triangles(len(r), 2)
    turned = Revolution(section, sectors)
    side = turned.facets(np.array([[len(r) - 1, 2 * len(r) - 1]]))[0]
    plates = [turned.facets(np.stack([row[:-1], row[1:]], 1))[0] for row in np.arange(2 * len(r)).reshape(2, -1)]
    domain = to_dolfinx(
        make_arrays(turned.points, turned.cells(triangles)[0], {"side": side, "plates": np.concatenate(plates)}), comm
    )
    metal = np.concatenate([domain.facets("side"), domain.facets("plates")])
    problem = VectorHelmholtz(domain.mesh, exact.frequency, metal=metal, absorbing=NONE, degree=degree)
    cells = np.arange(problem.n_cells, dtype=np.int32)
    middle = mesh.compute_midpoints(domain.mesh, 3, cells)
    radius = np.hypot(middle[:, 0], middle[:, 1])
    problem.set_permittivity(
        np.where(radius < exact.radius, relative(*exact.core, exact.frequency), relative(*exact.shell, exact.frequency))
    )
    field = problem.solve_given(lambda x: np.stack([0 * x[0], 0 * x[0], 1 + 0 * x[0]]).astype(complex))
    return {"axis": _near(problem, field, 0.0, middle), "boundary": _near(problem, field, exact.radius, middle)}


def _near(problem: VectorHelmholtz, field: np.ndarray, radius: float, middle: np.ndarray) -> complex:
    """E_z at a radius: the mean over the vertical edges there, where tangential fields are continuous."""
    function = problem.function(field)
    points = problem.mesh.geometry.x
    nodes = problem.mesh.geometry.dofmaps[0][: problem.n_cells]
    r = np.hypot(points[:, 0], points[:, 1])
    # Vertices lie on the circle of the polygon with its area.
    nearest = np.abs(r[nodes] - radius).min(axis=1)
    corner = np.abs(r[nodes] - radius).argmin(axis=1)
    tolerance = problem.comm.allreduce(float(nearest.min(initial=np.inf)), op=_minimum())
    cells = np.flatnonzero(nearest <= tolerance + 1e-9).astype(np.int32)
    reference = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    values = (
        fem.Expression(function, reference, dtype=np.complex128).eval(problem.mesh, cells).reshape(len(cells), 4, 3)
    )
    found = values[np.arange(len(cells)), corner[cells], 2]
    total = problem.comm.allreduce(np.array([found.sum(), len(found)], dtype=complex))
    return complex(total[0] / total[1])


def _minimum():
    from mpi4py import MPI

    return MPI.MIN
