"""A symmetric positive definite system on the graph of the elements, solved by preconditioned conjugate gradients."""

from __future__ import annotations

import numpy as np
from petsc4py import PETSc

from pennes.errors import SolverError

#: Options of the two preconditioners. Smoothed aggregation keeps its hierarchy (see ``SymmetricSystem.solve``).
PRECONDITIONERS = {
    "jacobi": {"pc_type": "jacobi"},
    "gamg": {
        "pc_type": "gamg",
        "pc_gamg_threshold": 0.02,
        "pc_gamg_aggressive_coarsening": 1,
        "mg_levels_ksp_type": "chebyshev",
        "mg_levels_pc_type": "jacobi",
        "mg_levels_ksp_max_it": 2,
    },
}


class SymmetricSystem:
    """A x = b with A = stiffness + diagonal, where some unknowns are fixed.

    Rows and columns of fixed unknowns keep their diagonal entry only, so that their scale is that of their
    neighbours. With ``keep`` the preconditioner is that of an earlier matrix B, made to fit by the
    congruence S^-1 B^-1 S^-1, S^2 = diag(A) / diag(B); it is made anew when iterations have doubled.
    """

    def __init__(
        self,
        elements,
        fixed: np.ndarray,
        *,
        name: str,
        preconditioner: str = "jacobi",
        keep: bool = False,
        relative_tolerance: float = 1e-8,
        max_iterations: int = 2000,
    ):
        self.elements, self.fixed, self.name = elements, fixed, name
        self.relative_tolerance = relative_tolerance
        self.iterations = 0
        self.builds = 0
        index_map = elements.index_map
        to_global = index_map.local_to_global(np.arange(elements.n_local, dtype=np.int32)).astype(np.int32)
        free = np.where(fixed, -1, to_global).astype(np.int32)
        first, second = elements.edges.T
        rows = np.concatenate([free[first], free[second], to_global])
        columns = np.concatenate([free[second], free[first], to_global])
        # An entry counts only where both its ends are free; PETSc skips negative indices.
        skipped = (rows < 0) | (columns < 0)
        rows[skipped] = columns[skipped] = -1
        size = (index_map.size_local, index_map.size_global)
        self.matrix = PETSc.Mat().create(elements.comm)
        self.matrix.setSizes((size, size))
        self.matrix.setType(PETSc.Mat.Type.AIJ)
        self.matrix.setPreallocationCOO(rows, columns)
        self.matrix.setOption(PETSc.Mat.Option.SPD, True)
        self._right, self._left = self.matrix.createVecs()
        to_fixed = fixed[first] != fixed[second]
        self._cut_edges = np.flatnonzero(to_fixed)
        ends = elements.edges[self._cut_edges]
        self._cut_fixed = np.where(fixed[ends[:, 0]], ends[:, 0], ends[:, 1])
        self._cut_free = np.where(fixed[ends[:, 0]], ends[:, 1], ends[:, 0])
        self._keep = keep
        self._kept_diagonal: np.ndarray | None = None
        self._kept_iterations = 0
        self._kept_matrix: PETSc.Mat | None = None
        self._scale: np.ndarray | None = None
        self._stale = False
        self.solver = PETSc.KSP().create(elements.comm)
        self.solver.setOptionsPrefix(f"pennes_{name}_")
        options = PETSc.Options()
        # What a preconditioner left unused because no solve was needed is not worth a warning.
        options.setValue("options_left", False)
        for key, value in {"ksp_type": "cg", **PRECONDITIONERS[preconditioner]}.items():
            full = f"pennes_{name}_{key}"
            if not options.hasName(full):
                options.setValue(full, value)
        self.solver.setTolerances(max_it=max_iterations)
        self.solver.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        self.solver.setFromOptions()

    def set(self, stiffness: np.ndarray, reaction: np.ndarray | None = None, conductance: np.ndarray | None = None):
        """Values of the matrix: stiffness (n_edges,), plus lumped reaction (n_local,) per volume, plus conductance
        (n_local,) of nodes."""
        elements = self.elements
        self._stiffness = stiffness
        self._stiffness_diagonal = elements.stiffness_diagonal(stiffness)
        self.diagonal = self._diagonal(reaction, conductance)
        self._write(self._off_diagonal(reaction), self.diagonal)

    def set_diagonal(self, reaction: np.ndarray, conductance: np.ndarray) -> None:
        """Change reaction and conductance only; not for a kept preconditioner."""
        self.diagonal = self._diagonal(reaction, conductance)
        if not self.elements.lumped:
            self._write(self._off_diagonal(reaction), self.diagonal)
            return
        self._right.array[:] = self.diagonal[: self.elements.n_owned]
        self.matrix.setDiagonal(self._right)

    def _off_diagonal(self, reaction: np.ndarray | None) -> np.ndarray:
        mass = None if reaction is None else self.elements.mass_edges(reaction)
        return self._stiffness if mass is None else self._stiffness + mass

    def _diagonal(self, reaction: np.ndarray | None, conductance: np.ndarray | None) -> np.ndarray:
        diagonal = self._stiffness_diagonal.copy()
        if reaction is not None:
            diagonal += self.elements.mass_diagonal(reaction)
        if conductance is not None:
            diagonal += conductance
        return diagonal

    def _write(self, edge_values: np.ndarray, diagonal: np.ndarray) -> None:
        n = self.elements.n_edges
        owned = self.elements.n_owned
        if self._stale:
            self._kept_matrix.destroy()
            self._kept_matrix = self._kept_diagonal = self._scale = None
            self._stale = False
        if self._keep and self._kept_diagonal is not None:
            self._scale = np.sqrt(self._kept_diagonal / diagonal)
            first, second = self.elements.edges.T
            edge_values = edge_values * (self._scale[first] * self._scale[second])
            diagonal = self._kept_diagonal
        values = self.elements.matrix_values
        values[:n] = edge_values
        values[n : 2 * n] = edge_values
        # The accumulated diagonal is complete on its owner.
        values[2 * n : 2 * n + owned] = diagonal[:owned]
        values[2 * n + owned :] = 0.0
        self.matrix.setValuesCOO(values, PETSc.InsertMode.INSERT_VALUES)

    def fixed_coupling(self, stiffness: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Stiffness between free and fixed unknowns times the fixed ``values`` (n_local,): accumulated (n_local,)."""
        coupling = np.zeros(self.elements.n_local)
        np.add.at(coupling, self._cut_free, stiffness[self._cut_edges] * values[self._cut_fixed])
        return self.elements.accumulate(coupling)

    def apply_stiffness(self, values: np.ndarray, coupling: np.ndarray) -> np.ndarray:
        """Stiffness times ``values`` (n_local,) on free unknowns, by the assembled matrix: several times faster than
        the product over edges. ``coupling`` is ``fixed_coupling`` of the fixed values; fixed rows hold no meaning."""
        owned = self.elements.n_owned
        self._right.array[:] = values[:owned]
        self.matrix.mult(self._right, self._left)
        result = np.empty_like(values)
        added = self.diagonal[:owned] - self._stiffness_diagonal[:owned]
        result[:owned] = self._left.array - added * values[:owned]
        return self.elements.update_ghosts(result) + coupling

    def solve_fixed(
        self, stiffness: np.ndarray, values: np.ndarray, guess: np.ndarray, right: np.ndarray | None = None
    ) -> np.ndarray:
        """Solution (n_local,) with the fixed unknowns at ``values`` (n_local,), for accumulated sources ``right``."""
        lifted = -self.fixed_coupling(stiffness, values)
        right = lifted if right is None else right + lifted
        # Fixed rows do not count for the stopping test: inside meshed metal they are so large that any guess would do.
        counted = np.where(self.fixed, 0.0, right if self._scale is None else self._scale * right)
        size = np.sqrt(self.elements.total(counted**2))
        right[self.fixed] = self.diagonal[self.fixed] * values[self.fixed]
        return self.solve(right, guess, absolute=self.relative_tolerance * size or None)

    def solve(self, right: np.ndarray, guess: np.ndarray | None, *, absolute: float | None = None) -> np.ndarray:
        """Solution (n_local,) for an accumulated right-hand side; fixed unknowns come out as ``right / diagonal``.

        ``guess`` (n_local,), or None for zero, which saves a product. The stopping test is on the true residual,
        relative to ``right`` or ``absolute`` where that is given. Raises SolverError when the iteration does not
        converge.
        """
        owned = self.elements.n_owned
        self._left.array[:] = right[:owned]
        self.solver.setInitialGuessNonzero(guess is not None)
        if self._scale is not None:
            self._left.array[:] *= self._scale[:owned]
        if guess is not None:
            self._right.array[:] = guess[:owned] if self._scale is None else guess[:owned] / self._scale[:owned]
        relative, absolute = (self.relative_tolerance, 1e-300) if absolute is None else (1e-50, absolute)
        self.solver.setTolerances(rtol=relative, atol=absolute)
        self._prepare()
        self.solver.solve(self._left, self._right)
        reason, count = self.solver.getConvergedReason(), self.solver.getIterationNumber()
        self.iterations += count
        if reason < 0:
            # The next matrix gets a new preconditioner: the kept one may be what failed.
            self._stale = self._keep
            raise SolverError(f"the {self.name} system did not converge in {count} iterations (reason {reason})")
        if self._keep:
            self._judge(count)
        result = np.empty(self.elements.n_local)
        result[:owned] = self._right.array
        if self._scale is not None:
            result[:owned] *= self._scale[:owned]
        return self.elements.update_ghosts(result)

    def _prepare(self) -> None:
        if not self._keep:
            self.solver.setOperators(self.matrix)
            return
        if self._kept_matrix is None:
            self._kept_matrix = self.matrix.copy()
            self._kept_diagonal = self.diagonal.copy()
            self.solver.getPC().setReusePreconditioner(False)
            self.solver.setOperators(self.matrix, self._kept_matrix)
            self.solver.setUp()
            self.solver.getPC().setReusePreconditioner(True)
            self.builds += 1
            self._kept_iterations = 0

    def _judge(self, count: int) -> None:
        """Drop a kept preconditioner that has become twice as slow as when it was new."""
        if self._kept_iterations == 0:
            self._kept_iterations = max(count, 6)
        elif count > 2 * self._kept_iterations:
            self._stale = True

    def destroy(self) -> None:
        """Free PETSc's memory."""
        for item in (self.solver, self.matrix, self._kept_matrix, self._left, self._right):
            if item is not None:
                item.destroy()
