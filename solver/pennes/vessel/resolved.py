"""A vessel whose flow is resolved: developed laminar flow in a straight lumen, conjugate with the tissue at its wall.

The reference for the other models: nothing in it comes from a correlation. Its wall is cut into patches, sectors of
pieces; tissue and blood meet in the patches' mean temperature and exchange the flux that the flow takes there. The
coefficient of the correlation only makes the tissue's step implicit; what it misses is taken from the middle of the
step, so that it drops out.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from pennes.errors import InputError, SolverError
from pennes.vessel.contact import nearest_piece
from pennes.vessel.correlations import LAMINAR_LIMIT
from pennes.vessel.exchange import coefficients
from pennes.vessel.lumen import Lumen, Stretch
from pennes.vessel.pieces import frames
from pennes.vessel.vascular import LEAST_HEAT, VascularSink

SECTORS = 16
WAVES = SECTORS // 2 + 1
"""All waves that sectors can show: a hot spot as narrow as a sector passes its heat too."""
SAMPLES = 4
"""Every facet is sampled at the middles of SAMPLES^2 triangles: patches may be smaller than facets."""
WHOLE = 0.85
"""A piece whose wall is covered by facets to this share lies wholly in the tissue; facets are a little smaller than
the cylinder."""

SLACK = 1.0
"""Blood this much (K) beyond inlet and walls is an error of the computation."""


class ResolvedVessel(VascularSink):
    """A straight vessel without branches (a ``VesselModel``). Raises InputError for any other."""

    def _touch(self):
        vessel, tree = self.vessel, self.tree
        directions = np.diff(tree.lines[0].points, axis=0) / tree.lines[0].lengths[:, None]
        if len(tree.lines) > 1 or (directions @ directions[0] < 0.9998).any():
            raise InputError(
                f"the vessel '{self.name}' is not straight, or has branches: its flow cannot be resolved",
                key="vessels.model",
                expected="model: wall, or a straight path",
            )
        reynolds = vessel.speed * vessel.diameter / vessel.kinematic_viscosity
        if reynolds > LAMINAR_LIMIT:
            raise InputError(
                f"the flow of '{self.name}' has a Reynolds number of {reynolds:.0f}: it is not laminar",
                key="vessels.model",
                expected="model: wall, whose coefficient knows turbulence",
            )
        self._patches(directions[0])
        return []

    def _patches(self, direction: np.ndarray) -> None:
        """Weights (patches, n_local) of the nodes in the mean temperature of each patch, and its area."""
        elements, pieces = self.elements, self.pieces
        areas, nodes, _, _ = elements.facet_shares(self._site.facets)
        nodes = nodes[:, :3]
        shape = _samples(SAMPLES)
        points = np.einsum("sv,fvd->fsd", shape, elements.points[nodes])
        piece = nearest_piece(pieces, np.arange(len(pieces)), points.reshape(-1, 3))
        one, two = frames(direction)
        across = points.reshape(-1, 3) - self.tree.lines[0].points[0]
        angle = np.arctan2(across @ two, across @ one) % (2.0 * np.pi)
        sector = np.minimum((angle * SECTORS / (2.0 * np.pi)).astype(int), SECTORS - 1)
        rows = np.repeat(piece * SECTORS + sector, 3)
        values = (areas[:, None, None] / len(shape) * shape).ravel()
        columns = np.repeat(nodes[:, None, :], len(shape), axis=1).ravel()
        size = (len(pieces) * SECTORS, elements.n_local)
        weights = sparse.coo_matrix((values, (rows, columns)), size).tocsr()
        area = elements.comm.allreduce(np.asarray(weights.sum(axis=1)).ravel())
        if not area.any():
            raise InputError(
                f"the vessel '{self.name}' has no wall in the mesh", key="vessels", expected="a meshed vessel"
            )
        scale = np.divide(1.0, area, out=np.zeros_like(area), where=area > 0.0)
        self._weights = (sparse.diags(scale) @ weights).tocsr()
        self._met = (area > 0.0).reshape(-1, SECTORS)
        around = 2.0 * np.pi * pieces.radius
        covered = np.minimum(area.reshape(-1, SECTORS).sum(axis=1) / (around * pieces.length), 1.0)
        covered[covered > WHOLE] = 1.0
        self._length = covered * pieces.length
        #: Area of each patch: of the cylinder, shared among the sectors that the mesh has.
        met = np.maximum(self._met.sum(axis=1), 1)
        self._area = (around * self._length / met)[:, None] * self._met

    def _set(self) -> None:
        elements, pieces, vessel = self.elements, self.pieces, self.vessel
        self.flows = self._flows_now()
        flow = float(self.flows[0]) if vessel.cooling and 0 not in vessel.without else 0.0
        self.blood.set(self._capacity * self.flows, np.zeros(len(pieces)))
        h = coefficients(vessel, pieces, self.flows) if flow > 0.0 else np.zeros(len(pieces))
        self._coefficient = h[:, None] * self._area
        self.segment_conductance = self._coefficient.sum(axis=1)
        self.conductance = elements.accumulate(self._weights.T @ self._coefficient.ravel())
        self._lumen = None
        if flow > 0.0:
            blood, radius = vessel.blood, pieces.radius[0]
            speed = flow / (np.pi * radius**2)
            self._lumen = Lumen(radius, speed, self._capacity, blood.thermal_conductivity.value, WAVES)
            made = {length: Stretch(self._lumen, length) for length in np.unique(self._length) if length > 0.0}
            self._stretches = [made.get(length) for length in self._length]
        self._middle = None
        self.blood_temperature = np.full(len(pieces), vessel.inlet_temperature)
        self.outlet_temperature = np.array([vessel.inlet_temperature])

    def _walls(self, temperature: np.ndarray) -> np.ndarray:
        """Mean temperature (pieces, sectors) of the patches; where a sector has no facet, the mean of its piece."""
        values = self.elements.comm.allreduce(self._weights @ temperature).reshape(-1, SECTORS)
        count = self._met.sum(axis=1)
        mean = np.divide(values.sum(axis=1), count, out=np.full(len(values), np.nan), where=count > 0)
        mean = np.where(count > 0, mean, self.vessel.inlet_temperature)
        return np.where(self._met, values, mean[:, None])

    def wall_temperature(self, temperature: np.ndarray) -> np.ndarray:
        return self._walls(temperature).mean(axis=1)

    def update(self, temperature: np.ndarray) -> np.ndarray:
        walls = self._walls(temperature)
        self._middle, self._flux_heat = walls, np.zeros_like(walls)
        if self._lumen is not None:
            self._flux_heat, mixed = self._taken_at(walls)
            self.blood_temperature, self.outlet_temperature = mixed, mixed[-1:]
        local = self._weights.T @ (self._coefficient * walls - self._flux_heat).ravel()
        return self.elements.accumulate(local)

    def _taken_at(self, walls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W that the flow takes from each patch (pieces, sectors) with these wall temperatures, and the mixed
        temperature (pieces,) of the blood. Raises SolverError for blood beyond inlet and walls."""
        inlet = self.vessel.inlet_temperature
        flux, mixed = self._lumen.march(self._stretches, walls, inlet)
        lowest, highest = min(inlet, walls.min()) - SLACK, max(inlet, walls.max()) + SLACK
        if not lowest <= mixed.min() <= mixed.max() <= highest:
            raise SolverError(
                f"the blood of '{self.name}' would be at {mixed.min():.4g} to {mixed.max():.4g} C between walls at "
                f"{walls.min():.4g} to {walls.max():.4g} C"
            )
        # The whole circumference heats the blood; sectors without facets hand their part to the others.
        total = flux.sum(axis=1) * 2.0 * np.pi * self.pieces.radius * self._length / SECTORS
        part = flux * self._area
        missing = total - part.sum(axis=1)
        count = np.maximum(self._met.sum(axis=1), 1)
        return part + (missing / count)[:, None] * self._met, mixed

    def mismatch(self, temperature: np.ndarray) -> float:
        if self._lumen is None:
            return 0.0
        walls = self._walls(temperature)
        found = self._taken_at(walls)[0]
        used = self._coefficient * (walls - self._middle) + self._flux_heat
        return float(np.abs(found - used).sum() / max(np.abs(found).sum(), LEAST_HEAT))

    def heat(self, mean: np.ndarray) -> np.ndarray:
        by_patch = self._coefficient * (self._walls(mean) - self._middle) + self._flux_heat
        return by_patch.sum(axis=1)


def _samples(count: int) -> np.ndarray:
    """Barycentric coordinates (count^2, 3) of the middles of the triangles into which a triangle is cut."""
    corners = [(i, j) for i in range(count) for j in range(count - i)]
    upward = [(i + 1 / 3, j + 1 / 3) for i, j in corners]
    downward = [(i + 2 / 3, j + 2 / 3) for i, j in corners if i + j < count - 1]
    x = np.array(upward + downward) / count
    return np.column_stack([1.0 - x.sum(axis=1), x])
