"""The cut of a two-conductor line: its TEM wave comes in, what returns is absorbed and measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sparse
import ufl
from dolfinx import fem, mesh
from scipy.sparse.linalg import spsolve

from pennes.energy.helmholtz.constants import IMPEDANCE_OF_VACUUM
from pennes.errors import InputError


class CoaxialPort:
    """A port on facets of the boundary, filled with a lossless insulator.

    Its TEM wave is -grad of the potential that is 1 V on the inner conductor and 0 V on the outer one, found on the
    port's own facets with elements one degree of which the edge elements contain: conductors that the mesh makes
    polygons get the wave of polygons. ``norm`` is the integral of |e|^2 (dimensionless), so that 1 V carries
    norm / (2 eta) W with eta the insulator's wave impedance, and the line's impedance is eta / norm.
    """

    def __init__(
        self,
        domain_mesh: mesh.Mesh,
        measure: ufl.Measure,
        facets: np.ndarray,
        metal_facets: np.ndarray,
        is_inner: Callable[[np.ndarray], np.ndarray],
        permittivity: float,
        degree: int,
    ):
        """``measure``: ds on the port; ``facets`` its facets and ``metal_facets`` those of all conductors (of this
        rank); ``is_inner`` says of points (n, 3) on conductors which are on the inner one. Collective. Raises
        InputError where a conductor is missing."""
        self.permittivity, self.measure = permittivity, measure
        space = fem.functionspace(domain_mesh, ("Lagrange", degree))
        self.potential = fem.Function(space, dtype=np.complex128)
        here = fem.locate_dofs_topological(space, 2, facets)
        on_metal = np.intersect1d(here, fem.locate_dofs_topological(space, 2, metal_facets))
        inner = on_metal[is_inner(space.tabulate_dof_coordinates()[on_metal])]
        self.norm = self._solve(space, here, on_metal, inner)

    @property
    def impedance(self) -> float:
        """Characteristic impedance of the line in ohm."""
        return IMPEDANCE_OF_VACUUM / np.sqrt(self.permittivity) / self.norm

    @property
    def wave(self):
        """The tangential electric field of 1 V, in V/m (UFL)."""
        normal = ufl.FacetNormal(self.potential.function_space.mesh)
        return -_tangential(ufl.grad(self.potential), normal)

    def power(self, voltage: complex = 1.0) -> float:
        """Power in W of a wave of this (peak) voltage."""
        return abs(voltage) ** 2 / (2.0 * self.impedance)

    def _solve(self, space, here: np.ndarray, on_metal: np.ndarray, inner: np.ndarray) -> float:
        """The potential, by every rank for itself: a port has few unknowns. Returns the norm."""
        u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
        normal = ufl.FacetNormal(space.mesh)
        form = ufl.inner(_tangential(ufl.grad(u), normal), _tangential(ufl.grad(v), normal)) * self.measure
        matrix = fem.assemble_matrix(fem.form(form, dtype=np.float64))
        matrix.scatter_reverse()
        index_map, comm = space.dofmap.index_map, space.mesh.comm
        rows = np.repeat(np.arange(index_map.size_local), np.diff(matrix.indptr[: index_map.size_local + 1]))
        data, columns = matrix.data[: len(rows)], matrix.indices[: len(rows)]
        on_port = np.zeros(index_map.size_local + index_map.num_ghosts, dtype=bool)
        on_port[here] = True
        used = (data != 0.0) & on_port[rows]
        to_global = index_map.local_to_global
        i = to_global(rows[used].astype(np.int32))
        j = matrix.index_map(1).local_to_global(columns[used].astype(np.int32))
        i, j, data = (np.concatenate(comm.allgather(part)) for part in (i, j, data[used]))
        every, fixed, high = (
            np.unique(np.concatenate(comm.allgather(to_global(dofs.astype(np.int32)))))
            for dofs in (here, on_metal, inner)
        )
        if len(high) == 0 or len(high) == len(fixed):
            raise InputError("a port needs two conductors", expected="an inner and an outer one")
        inside = np.isin(j, every)
        i, j, data = i[inside], j[inside], data[inside]
        shape = (len(every), len(every))
        stiffness = sparse.csr_matrix((data, (np.searchsorted(every, i), np.searchsorted(every, j))), shape=shape)
        values = np.isin(every, high).astype(float)
        free = np.flatnonzero(~np.isin(every, fixed))
        if len(free):
            values[free] = spsolve(stiffness[free][:, free].tocsc(), -(stiffness @ values)[free])
        mine = to_global(np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32))
        place = np.minimum(np.searchsorted(every, mine), len(every) - 1)
        self.potential.x.array[:] = np.where(every[place] == mine, values[place], 0.0)
        return float(values @ (stiffness @ values))


def _tangential(vector, normal):
    return vector - ufl.dot(vector, normal) * normal
