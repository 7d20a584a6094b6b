"""The axisymmetric transverse-magnetic field: quadratic triangles in psi = r H_phi.

Time factor exp(j omega t). With E from Ampere's law, E_r = -d psi/dz / (j omega eps r) and
E_z = d psi/dr / (j omega eps r), Faraday's law becomes

    div((1 / (eps_r r)) grad psi) + k0^2 psi / r = 0

in the (r, z) half plane. Perfect conductors are natural boundaries (no tangential E), psi = 0 on the axis. psi and not
H_phi is the unknown, because it runs like r^2 at the axis, which quadratic functions hold exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import basix
import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg as sparse_linalg

from pennes.errors import SolverError

LIGHT_SPEED = 299_792_458.0
VACUUM_IMPEDANCE = 376.730313668
"""ohm."""
ON_AXIS = 1e-9
"""m; points this close to the axis lie on it."""
ELEMENT = basix.create_element(basix.ElementFamily.P, basix.CellType.triangle, 2, basix.LagrangeVariant.equispaced)
"""Quadratic functions: vertices, then middles of the edges opposite to them."""
LARGEST_RESIDUAL = 1e-7
"""Relative residual beyond which a direct solution is refused."""


def wavenumber(frequency: float) -> float:
    """k0 in 1/m of vacuum at a frequency in Hz."""
    return 2.0 * math.pi * frequency / LIGHT_SPEED


@dataclass(frozen=True)
class Edges:
    """Boundary edges: their cells (m,), unknowns (m, 3), outward normals (m, 2), middles (m, 2), and the integrals of
    1/r times the products (m, 3, 3) and of 1/r times each (m, 3) of the unknowns' functions."""

    cells: np.ndarray
    unknowns: np.ndarray
    normals: np.ndarray
    middles: np.ndarray
    products: np.ndarray
    integrals: np.ndarray

    def part(self, chosen: np.ndarray) -> Edges:
        """Some of the edges (mask or indices)."""
        return Edges(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


class MagneticProblem:
    """Integrals of quadratic triangles in psi on ``points`` (n, 2) in m and ``triangles`` (m, 3).

    ``unknowns`` (m, 6) of each cell: its vertices, then the middles of the edges opposite to them.
    """

    def __init__(self, points: np.ndarray, triangles: np.ndarray, frequency: float):
        self.points, self.triangles, self.frequency = points, triangles, frequency
        self.k0 = wavenumber(frequency)
        self._number()
        self._integrate()

    def _number(self) -> None:
        ends = self.triangles[:, [[1, 2], [0, 2], [0, 1]]]
        edges, inverse, count = np.unique(
            np.sort(ends, axis=2).reshape(-1, 2), axis=0, return_inverse=True, return_counts=True
        )
        inverse = inverse.reshape(-1, 3)
        n = len(self.points)
        self.unknowns = np.concatenate([self.triangles, n + inverse], axis=1)
        self.size = n + len(edges)
        self.places = np.concatenate([self.points, self.points[edges].mean(axis=1)])
        self.free = self.places[:, 0] > ON_AXIS
        self._outer = np.argwhere(count[inverse] == 1)

    def _integrate(self) -> None:
        points, weights = basix.make_quadrature(basix.CellType.triangle, 6)
        table = ELEMENT.tabulate(1, points)[..., 0]
        corners = self.points[self.triangles]
        jacobian = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
        determinant = np.abs(np.linalg.det(jacobian))
        self.areas = 0.5 * determinant
        barycentric = np.concatenate([1.0 - points.sum(axis=1, keepdims=True), points], axis=1)
        radius = corners[:, :, 0] @ barycentric.T
        factor = weights * determinant[:, None] / radius
        gradients = np.einsum("dqi,cde->cqie", table[1:], np.linalg.inv(jacobian))
        self.stiffness = np.einsum("cq,cqie,cqje->cij", factor, gradients, gradients, optimize=True)
        self.mass = np.einsum("cq,qi,qj->cij", factor, table[0], table[0], optimize=True)
        #: Volumes of revolution of the cells in m3.
        self.volumes = 2.0 * math.pi * self.areas * corners[:, :, 0].mean(axis=1)

    @cached_property
    def boundary(self) -> Edges:
        """All boundary edges that are not on the axis."""
        cells, local = self._outer.T
        order = np.array([[1, 2], [0, 2], [0, 1]])
        ends = self.triangles[cells[:, None], order[local]]
        start, end = self.points[ends[:, 0]], self.points[ends[:, 1]]
        along = end - start
        length = np.linalg.norm(along, axis=1)
        normals = np.stack([along[:, 1], -along[:, 0]], axis=1) / length[:, None]
        middles = 0.5 * (start + end)
        outward = np.sum(normals * (middles - self.points[self.triangles[cells]].mean(axis=1)), axis=1)
        normals *= np.sign(outward)[:, None]
        unknowns = np.concatenate([ends, self.unknowns[cells, 3 + local][:, None]], axis=1)
        s, weights = np.polynomial.legendre.leggauss(10)
        s, weights = 0.5 * (s + 1.0), 0.5 * weights
        shape = np.stack([(1 - s) * (1 - 2 * s), s * (2 * s - 1), 4 * s * (1 - s)], axis=1)
        radius = start[:, :1] + s * along[:, :1]
        factor = weights * length[:, None] / np.maximum(radius, ON_AXIS)
        products = np.einsum("eq,qi,qj->eij", factor, shape, shape)
        edges = Edges(cells, unknowns, normals, middles, products, factor @ shape)
        return edges.part(middles[:, 0] > ON_AXIS)

    @cached_property
    def _pattern(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Places of the entries of all cells in the matrix of free unknowns: positions (-1: fixed), indices, starts."""
        numbers = np.where(self.free, np.cumsum(self.free) - 1, -1)
        local = numbers[self.unknowns]
        rows, columns = np.repeat(local, 6, axis=1).ravel(), np.tile(local, (1, 6)).ravel()
        kept = (rows >= 0) & (columns >= 0)
        n = int(self.free.sum())
        keys = columns[kept].astype(np.int64) * n + rows[kept]
        distinct, inverse = np.unique(keys, return_inverse=True)
        starts = np.searchsorted(distinct, np.arange(n + 1, dtype=np.int64) * n)
        return np.flatnonzero(kept), inverse, distinct % n, starts

    def matrix(self, permittivity: np.ndarray, edges: Edges | None = None, robin: np.ndarray | None = None):
        """Matrix (CSC, free unknowns) for the complex relative ``permittivity`` (m,) of the cells.

        ``robin`` (edges,) is gamma of d psi/dn = -gamma psi + ... on ``edges``.
        """
        kept, inverse, indices, starts = self._pattern
        values = (self.stiffness / permittivity[:, None, None] - self.k0**2 * self.mass).reshape(-1)[kept]
        size = len(indices)
        data = np.bincount(inverse, values.real, size) + 1j * np.bincount(inverse, values.imag, size)
        n = len(starts) - 1
        result = sparse.csc_matrix((data, indices, starts), shape=(n, n))
        if edges is not None:
            numbers = np.cumsum(self.free) - 1
            values = edges.products * (robin / permittivity[edges.cells])[:, None, None]
            rows = np.repeat(numbers[edges.unknowns], 3, axis=1).ravel()
            columns = np.tile(numbers[edges.unknowns], (1, 3)).ravel()
            kept = self.free[np.repeat(edges.unknowns, 3, axis=1)] & self.free[np.tile(edges.unknowns, (1, 3))]
            kept = kept.ravel()
            extra = (values.ravel()[kept], (rows[kept], columns[kept]))
            result = result + sparse.coo_matrix(extra, shape=(n, n)).tocsc()
        return result

    def load(self, permittivity: np.ndarray, edges: Edges, flux: np.ndarray) -> np.ndarray:
        """Right-hand side (free unknowns) for d psi/dn = ``flux`` on the edges (edges,) or at their unknowns
        (edges, 3)."""
        inverse = 1.0 / permittivity[edges.cells]
        if flux.ndim == 1:
            values = edges.integrals * (flux * inverse)[:, None]
        else:
            values = np.einsum("eij,ej,e->ei", edges.products, flux, inverse)
        total = np.zeros(self.size, dtype=complex)
        np.add.at(total, edges.unknowns, values)
        return total[self.free]

    def spread(self, free_values: np.ndarray) -> np.ndarray:
        """All unknowns (size,) from the free ones."""
        result = np.zeros(self.size, dtype=complex)
        result[self.free] = free_values
        return result

    def gradient_energy(self, psi: np.ndarray) -> np.ndarray:
        """Integral of |grad psi|^2 / r over each cell (m,)."""
        local = psi[self.unknowns]
        return np.einsum("ci,cij,cj->c", local.conj(), self.stiffness, local, optimize=True).real

    def dissipation(self, psi: np.ndarray, permittivity: np.ndarray) -> np.ndarray:
        """Heat of each cell (m,) in W, volume of revolution, for peak phasors psi in A: sigma |E|^2 / 2 integrated."""
        factor = math.pi * VACUUM_IMPEDANCE / self.k0 * (-permittivity.imag) / np.abs(permittivity) ** 2
        return factor * self.gradient_energy(psi)

    def electric_field(self, psi: np.ndarray, permittivity: np.ndarray) -> np.ndarray:
        """E_r and E_z (m, 3, 2) in V/m at the vertices of each cell; on the axis that of the cell's middle."""
        corners = self.points[self.triangles]
        jacobian = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
        inverse = np.linalg.inv(jacobian)
        at = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1 / 3, 1 / 3]])
        table = ELEMENT.tabulate(1, at)[1:, ..., 0]
        gradients = np.einsum("dqi,cde,ci->cqe", table, inverse, psi[self.unknowns], optimize=True)
        radius = np.concatenate([corners[:, :, 0], corners[:, :, :1].mean(axis=1)], axis=1)
        scale = VACUUM_IMPEDANCE / (1j * self.k0 * permittivity)
        with np.errstate(divide="ignore", invalid="ignore"):
            field = (
                scale[:, None, None] * np.stack([-gradients[..., 1], gradients[..., 0]], axis=-1) / radius[..., None]
            )
        return np.where((radius[:, :3] > ON_AXIS)[..., None], field[:, :3], field[:, 3:])


def solve(matrix: sparse.csc_matrix, right: np.ndarray) -> np.ndarray:
    """Solution of a complex symmetric system by its factors. Raises SolverError where they are of no use.

    Factors of an earlier state kept as a preconditioner do not pay here: while water boils the permittivity of whole
    rows of cells falls tenfold from one step to the next, and GMRES needed more time than new factors (0.05 s).
    """
    # Rows of quadratic triangles are short: without panels the factors take 0.03 s for 10 000 unknowns, not 0.055 s.
    factors = sparse_linalg.splu(
        matrix,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        relax=1,
        panel_size=1,
        options={"SymmetricMode": True},
    )
    found = factors.solve(right)
    residual = np.linalg.norm(matrix @ found - right)
    if not residual <= LARGEST_RESIDUAL * np.linalg.norm(right):
        raise SolverError(f"the field of the antenna could not be solved for (residual {residual:.2g})")
    return found
