"""curl curl E - k0^2 eps E = 0 with Nédélec elements of the first kind, for the time factor exp(j omega t).

``eps`` is the complex relative permittivity eps' - j sigma / (omega eps0) of each cell; amplitudes are peak values.
Boundaries: perfect conductors (no tangential field), an absorbing one, n x curl E = j k E_t (Silver-Müller; exact for
waves that meet it at a right angle), ports of coaxial lines, and the natural n x curl E = 0, a magnetic wall.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import ufl
from dolfinx import fem, la, mesh

from pennes.energy.helmholtz.complex_system import ComplexSymmetricSystem
from pennes.energy.helmholtz.constants import SPEED_OF_LIGHT, VACUUM_PERMEABILITY
from pennes.energy.helmholtz.port import CoaxialPort

ABSORBING = 1
"""Tag of the absorbing facets in the form; ports follow."""
FIRST_PORT = 2


@dataclass(frozen=True)
class PortFacets:
    """A port to be: facets of this rank, which points (n, 3) of its conductors are the inner one's, the insulator's
    relative permittivity."""

    facets: np.ndarray
    is_inner: Callable[[np.ndarray], np.ndarray]
    permittivity: float


class VectorHelmholtz:
    """Fields of all ports on ``domain_mesh`` (tetrahedra, m) at a ``frequency`` in Hz, for the permittivity of cells.

    ``metal`` and ``absorbing``: facets of the outer boundary (of this rank). Every method is collective. Fields are
    those of 1 V (peak) coming in at one port while the others absorb.
    """

    def __init__(
        self,
        domain_mesh: mesh.Mesh,
        frequency: float,
        *,
        metal: np.ndarray,
        absorbing: np.ndarray,
        ports: Sequence[PortFacets] = (),
        degree: int = 1,
        relative_tolerance: float = 1e-8,
        incident=None,
    ):
        """``incident``: a wave (UFL, 3) that comes in through the absorbing boundary, see ``solve_incident``."""
        self.mesh, self.comm, self.frequency = domain_mesh, domain_mesh.comm, frequency
        self.wave_number = 2.0 * math.pi * frequency / SPEED_OF_LIGHT
        self.relative_tolerance = relative_tolerance
        self.space = fem.functionspace(domain_mesh, ("N1curl", degree))
        self.index_map = self.space.dofmap.index_map
        self.n_owned = self.index_map.size_local
        self.unknowns = self.index_map.size_global
        self.n_cells = domain_mesh.topology.index_map(3).size_local
        cellwise = fem.functionspace(domain_mesh, ("Discontinuous Lagrange", 0))
        self._permittivity = fem.Function(cellwise, dtype=np.complex128)
        self._index = fem.Function(cellwise, dtype=np.complex128)
        self._field = fem.Function(self.space, dtype=np.complex128)
        self._other = fem.Function(self.space, dtype=np.complex128)
        self._ds = self._measure(absorbing, [port.facets for port in ports])
        self.ports = [
            CoaxialPort(
                domain_mesh, self._ds(FIRST_PORT + n), port.facets, metal, port.is_inner, port.permittivity, degree
            )
            for n, port in enumerate(ports)
        ]
        self._dofs = fem.locate_dofs_topological(self.space, 2, metal)
        self._boundary = fem.Function(self.space, dtype=np.complex128)
        self._fixed = [fem.dirichletbc(self._boundary, self._dofs)]
        self._form = fem.form(self._bilinear(), dtype=np.complex128)
        self._matrix = fem.create_matrix(self._form)
        self._port_rows = [self._port_row(port) for port in self.ports]
        self._incident = None if incident is None else fem.form(self._incoming(incident), dtype=np.complex128)
        tests = ufl.TestFunction(cellwise)
        self._squared = fem.form(ufl.inner(ufl.inner(self._other, self._field), tests) * ufl.dx, dtype=np.complex128)
        outgoing = ufl.inner(self._cross(self._other), self._cross(self._field))
        outgoing = ufl.real(self._index) * outgoing * self._ds(ABSORBING)
        self._outgoing = fem.form(outgoing, dtype=np.complex128)
        self._system: ComplexSymmetricSystem | None = None
        self.fields = [np.zeros(self.n_owned, complex) for _ in self.ports]
        self.solves = 0

    def _measure(self, absorbing: np.ndarray, ports: list[np.ndarray]) -> ufl.Measure:
        groups = [np.asarray(absorbing, dtype=np.int32), *(np.asarray(p, dtype=np.int32) for p in ports)]
        facets = np.concatenate(groups)
        values = np.concatenate([np.full(len(g), ABSORBING + n, dtype=np.int32) for n, g in enumerate(groups)])
        order = np.argsort(facets, kind="stable")
        tags = mesh.meshtags(self.mesh, 2, facets[order], values[order])
        return ufl.Measure("ds", domain=self.mesh, subdomain_data=tags)

    def _cross(self, field):
        return ufl.cross(ufl.FacetNormal(self.mesh), field)

    def _constant(self, value: complex) -> fem.Constant:
        return fem.Constant(self.mesh, np.complex128(value))

    def _bilinear(self):
        u, v = ufl.TrialFunction(self.space), ufl.TestFunction(self.space)
        squared = self._constant(self.wave_number**2)
        form = ufl.inner(ufl.curl(u), ufl.curl(v)) * ufl.dx - squared * self._permittivity * ufl.inner(u, v) * ufl.dx
        tangential = ufl.inner(self._cross(u), self._cross(v))
        form += self._constant(1j * self.wave_number) * self._index * tangential * self._ds(ABSORBING)
        for number, port in enumerate(self.ports):
            form += self._constant(self._port_number(port)) * tangential * self._ds(FIRST_PORT + number)
        return form

    def _port_number(self, port: CoaxialPort) -> complex:
        return 1j * self.wave_number * math.sqrt(port.permittivity)

    def _port_row(self, port: CoaxialPort) -> np.ndarray:
        """Integrals (n_owned,) of the port's wave times the test functions: the source, and what measures a field."""
        v = ufl.TestFunction(self.space)
        row = fem.assemble_vector(fem.form(ufl.inner(port.wave, v) * port.measure, dtype=np.complex128))
        row.scatter_reverse(la.InsertMode.add)
        return self._free(row.array[: self.n_owned].copy())

    def _incoming(self, wave):
        v, normal = ufl.TestFunction(self.space), ufl.FacetNormal(self.mesh)
        data = ufl.cross(normal, ufl.curl(wave)) + self._constant(1j * self.wave_number) * self._index * ufl.cross(
            normal, ufl.cross(normal, wave)
        )
        return -ufl.inner(data, v) * self._ds(ABSORBING)

    def _free(self, vector: np.ndarray) -> np.ndarray:
        vector[self._dofs[self._dofs < self.n_owned]] = 0.0
        return vector

    def set_permittivity(self, permittivity: np.ndarray) -> None:
        """Take the complex relative permittivity of this rank's cells (n_cells,)."""
        for function, values in ((self._permittivity, permittivity), (self._index, np.sqrt(permittivity + 0j))):
            function.x.array[: self.n_cells] = values
            function.x.scatter_forward()
        self._matrix.set_value(0.0)
        fem.assemble_matrix(self._matrix, self._form, bcs=self._fixed)
        self._matrix.scatter_reverse()
        if self._system is None:
            self._system = ComplexSymmetricSystem(self._matrix, relative_tolerance=self.relative_tolerance)
        else:
            self._system.set(self._matrix)

    def solve_ports(self) -> None:
        """Fields of all ports, each from its last one. Raises SolverError where that does not converge."""
        for number, (port, row) in enumerate(zip(self.ports, self._port_rows, strict=True)):
            right = 2.0 * self._port_number(port) * row
            guess = self.fields[number] if self.solves else None
            self.fields[number] = self._system.solve(right, guess)
        self.solves += 1

    def solve_incident(self) -> np.ndarray:
        """The field (n_owned,) of the incident wave; metal holds no tangential field."""
        right = fem.assemble_vector(self._incident)
        right.scatter_reverse(la.InsertMode.add)
        return self._system.solve(self._free(right.array[: self.n_owned].copy()))

    def solve_given(self, tangential: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """The field (n_owned,) where the boundary called metal has the tangential field of ``tangential``, a function
        of points (3, n) with values (3, n)."""
        self._boundary.interpolate(tangential)
        keep = np.zeros(len(self._boundary.x.array), dtype=bool)
        keep[self._dofs] = True
        self._boundary.x.array[~keep] = 0.0
        right = la.vector(self.index_map, dtype=np.complex128)
        fem.apply_lifting(right.array, [self._form], [self._fixed])
        right.scatter_reverse(la.InsertMode.add)
        self._fixed[0].set(right.array)
        field = self._system.solve(right.array[: self.n_owned].copy())
        self._boundary.x.array[:] = 0.0
        return field

    def function(self, field: np.ndarray) -> fem.Function:
        """The field (n_owned,) as a function with its ghosts; the same object every time."""
        self._field.x.array[: self.n_owned] = field
        self._field.x.scatter_forward()
        return self._field

    def scattering(self) -> np.ndarray:
        """Scattering matrix (ports, ports): the wave that leaves port i for a wave of equal power entering port j."""
        count = len(self.ports)
        result = np.empty((count, count), complex)
        for i, (port, row) in enumerate(zip(self.ports, self._port_rows, strict=True)):
            for j, field in enumerate(self.fields):
                voltage = self.comm.allreduce(complex(row @ field)) / port.norm
                leaving = voltage - 1.0 if i == j else voltage
                result[i, j] = leaving * math.sqrt(self.ports[j].impedance / port.impedance)
        return result

    def _pair(self, first: np.ndarray, second: np.ndarray) -> None:
        self.function(first)
        self._other.x.array[: self.n_owned] = second
        self._other.x.scatter_forward()

    def cell_products(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Integral of conj(E_first) . E_second over each of this rank's cells (n_cells,), from fields (n_owned,)."""
        self._pair(first, second)
        return fem.assemble_vector(self._squared).array[: self.n_cells].copy()

    def cell_loss(self) -> np.ndarray:
        """Half the conductivity of each cell (n_cells,) in S/m: times ``cell_products`` it is the absorbed power."""
        omega, loss = 2.0 * math.pi * self.frequency, -self._permittivity.x.array[: self.n_cells].imag
        return 0.5 * loss * omega / (VACUUM_PERMEABILITY * SPEED_OF_LIGHT**2)

    def radiated(self, field: np.ndarray) -> float:
        """Power in W that leaves through the absorbing boundary."""
        return self.radiated_product(field, field).real

    def radiated_product(self, first: np.ndarray, second: np.ndarray) -> complex:
        """The Hermitian form in W whose diagonal is ``radiated``."""
        self._pair(first, second)
        flux = self.comm.allreduce(complex(fem.assemble_scalar(self._outgoing)))
        return 0.5 * self.wave_number / (2.0 * math.pi * self.frequency * VACUUM_PERMEABILITY) * flux

    @property
    def factorisations(self) -> int:
        return 0 if self._system is None else self._system.factorisations

    @property
    def iterations(self) -> int:
        return 0 if self._system is None else self._system.iterations
