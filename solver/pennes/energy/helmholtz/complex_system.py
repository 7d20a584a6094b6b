"""A complex symmetric system A x = b, solved by real arithmetic.

With A = R + j I the real form [R -I; -I -R] [re x; im x] = [re b; -im b] is symmetric too, so that MUMPS can factor it
as L D L'. Real and imaginary part of an unknown stand next to each other. The factor of an earlier matrix is kept and
preconditions GMRES for later ones, until it has become slow.
"""

from __future__ import annotations

import numpy as np
from dolfinx import la
from petsc4py import PETSc

from pennes.errors import SolverError

COMPRESSION = 1e-7
"""Block low-rank factors drop this much of a block, relative to the largest entry; GMRES makes up for it."""
SLOW = 14
"""GMRES iterations a solve beyond which the factor is replaced before the next solve: about what a new one costs."""
MOST_ITERATIONS = 30


class ComplexSymmetricSystem:
    """Solves with matrices of one sparsity pattern (``la.MatrixCSR``, complex, all rows owned accumulated).

    ``relative_tolerance`` is of the true residual. ``factorisations`` and ``iterations`` count the work done.
    """

    def __init__(self, matrix: la.MatrixCSR, *, relative_tolerance: float = 1e-8, name: str = "field"):
        self.relative_tolerance, self.name = relative_tolerance, name
        self.factorisations = self.iterations = 0
        rows, columns = matrix.index_map(0), matrix.index_map(1)
        self.comm, self.n_owned = rows.comm, rows.size_local
        indptr = matrix.indptr[: self.n_owned + 1].astype(np.int64)
        self._entries = int(indptr[-1])
        row = np.repeat(np.arange(self.n_owned, dtype=np.int64), np.diff(indptr)) + rows.local_range[0]
        column = columns.local_to_global(matrix.indices[: self._entries].astype(np.int32)).astype(np.int64)
        i = np.stack([2 * row, 2 * row, 2 * row + 1, 2 * row + 1], axis=1).ravel()
        j = np.stack([2 * column, 2 * column + 1, 2 * column, 2 * column + 1], axis=1).ravel()
        size = (2 * self.n_owned, 2 * rows.size_global)
        self._matrix = PETSc.Mat().create(self.comm)
        self._matrix.setSizes((size, size))
        self._matrix.setType("aij")
        self._matrix.setPreallocationCOO(i.astype(PETSc.IntType), j.astype(PETSc.IntType))
        self._kept: PETSc.Mat | None = None
        self._solver: PETSc.KSP | None = None
        self._right, self._left = self._matrix.createVecRight(), self._matrix.createVecLeft()
        self._stale = True
        self.set(matrix)

    def set(self, matrix: la.MatrixCSR) -> None:
        """Take another matrix of the same pattern; the factor of the last one is kept."""
        data = matrix.data[: self._entries]
        self._matrix.setValuesCOO(np.stack([data.real, -data.imag, -data.imag, -data.real], axis=1).ravel())
        self._matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)

    def solve(self, right: np.ndarray, guess: np.ndarray | None = None) -> np.ndarray:
        """The solution (n_owned,) complex for ``right`` (n_owned,), from ``guess`` where there is one (collective).

        Raises SolverError where the factorisation fails or the iteration does not converge.
        """
        self._left.array[:] = np.stack([right.real, -right.imag], axis=1).ravel()
        start = np.zeros(self.n_owned, complex) if guess is None else guess
        for fresh in (False, True):
            if self._stale or fresh:
                self._factor()
            self._right.array[:] = np.stack([start.real, start.imag], axis=1).ravel()
            self._solver.setInitialGuessNonzero(guess is not None)
            self._solver.solve(self._left, self._right)
            count, reason = self._solver.getIterationNumber(), self._solver.getConvergedReason()
            self.iterations += count
            if reason > 0:
                self._stale = count > SLOW
                return self._right.array.reshape(-1, 2) @ np.array([1.0, 1j])
        raise SolverError(f"the {self.name} system did not converge in {count} iterations (reason {reason})")

    def _factor(self) -> None:
        if self._solver is not None:
            self._solver.destroy()
            self._kept.destroy()
        # PETSc's operators keep a reference: the factor belongs to a copy that later values do not reach.
        self._kept = self._matrix.copy()
        self._kept.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        self._solver = PETSc.KSP().create(self.comm)
        self._solver.setType("gmres")
        self._solver.setGMRESRestart(MOST_ITERATIONS)
        self._solver.setPCSide(PETSc.PC.Side.RIGHT)
        self._solver.setOperators(self._matrix, self._kept)
        self._solver.setTolerances(rtol=self.relative_tolerance, atol=1e-300, max_it=MOST_ITERATIONS)
        factor = self._solver.getPC()
        factor.setType("cholesky")
        factor.setFactorSolverType("mumps")
        factor.setFactorSetUpSolverType()
        mumps = factor.getFactorMatrix()
        mumps.setMumpsIcntl(35, 2)
        mumps.setMumpsCntl(7, COMPRESSION)
        # Room for pivoting on meshes with long, thin cells.
        mumps.setMumpsIcntl(14, 50)
        try:
            self._solver.setUp()
        except PETSc.Error as problem:
            raise SolverError(f"the {self.name} system could not be factored: {problem}") from None
        self._solver.getPC().setReusePreconditioner(True)
        self.factorisations += 1
        self._stale = False

    def destroy(self) -> None:
        """Free PETSc's memory."""
        for item in (self._solver, self._matrix, self._kept, self._right, self._left):
            if item is not None:
                item.destroy()
