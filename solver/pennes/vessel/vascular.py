"""A vessel whose blood is marched along its tree: with a meshed wall, as a network without one, or as perfusion.

Of a piece of the tree with the mean wall temperature T_wall the blood takes G (T_wall - T_in): G, from the exact
exponential, is C (1 - exp(-U / C)) with the conductance U between wall and blood and the blood's capacity flow C. The
tissue's temperature is implicit; only the arriving blood's is that of the predicted middle of the step. What the
tissue lost over the step is what warms the blood on its way, to rounding.

Around an unmeshed piece heat passes by the mean over its circle, whatever the differences around it. A diagonal that
bounds this makes it implicit, and what the diagonal takes too much comes back as of the predicted middle. Where the
tissue boils or is dry no prediction is good enough for that: such a piece passes its heat where it is warm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from mpi4py import MPI

from pennes.case.vessels import VesselBase
from pennes.errors import InputError
from pennes.vasculature import Tree, models_of
from pennes.vasculature.stop import Stoppage
from pennes.vessel.blood import Blood
from pennes.vessel.contact import CONTACTS, Contact, Site
from pennes.vessel.exchange import coefficients, mean_conductance, uneven_conductance
from pennes.vessel.pieces import Pieces, cut

COAGULATED = 0.95
"""Share of a wall's circumference that is dead where the vessel is coagulated."""
SHOWN = 0.1
"""Branches that took less heat than this, in J, are not worth a row."""
BOILS = (85.0, 95.0)
"""C of the warmest node around an unmeshed piece, from not at all to wholly by where it is warm."""
LEAST_SEEN = 1e-6
"""Weight from which a node is around a piece."""


@dataclass(frozen=True, eq=False)
class _Sheet:
    """Evens out the first wave around the unmeshed pieces (k,) of a contact: rows of the ``waves``, half the
    conductance ``full`` (k,) in W/K, of which ``strength`` (k,) is left now, and ``bound`` (k, n_local), which times
    the strength is a diagonal that bounds it and makes it implicit."""

    contact: Contact
    waves: tuple[sparse.csr_matrix, ...]
    full: np.ndarray
    strength: np.ndarray
    bound: sparse.csr_matrix


LEAST_HEAT = 0.05
"""W; errors of less heat than this do not count."""


class VascularSink:
    """One vessel as a heat sink (a ``VesselModel``).

    ``conductance`` (n_local,) in W/K, accumulated over ranks; ``segment_conductance`` (p,) of each piece between wall
    and blood; ``blood_temperature`` (p,) mean of each piece and ``outlet_temperature`` (lines,) in C of the last
    update; ``warmest_outlet`` in C of the ends where blood leaves the tree, of all steps accepted. Raises InputError
    where the vessel does not touch the tissue.
    """

    kind = "vessel"

    def __init__(self, elements, vessel: VesselBase, tree: Tree, site: Site):
        self.elements, self.vessel, self.tree, self.name = elements, vessel, tree, vessel.name
        self.pieces: Pieces = cut(tree)
        self.n_segments = len(self.pieces)
        self.models = np.array(models_of(tree, vessel.model, vessel.by_diameter))
        self._site = site
        self._contacts = self._touch()
        self._sheets = [self._sheet(contact) for contact in self._contacts if contact.waves]
        n_lines = len(tree.lines)
        self._asked, self._stopped = 1.0, np.zeros(n_lines, dtype=bool)
        self.line_heat, self.line_peak, self.line_power = np.zeros(n_lines), np.zeros(n_lines), np.zeros(n_lines)
        self.blood = Blood(self.pieces, vessel.inlet_temperature)
        self._outlets = ~np.isin([line.end for line in tree.lines], [line.start for line in tree.lines])
        self.warmest_outlet = vessel.inlet_temperature
        self._capacity = vessel.blood.density.value * vessel.blood.heat_capacity.value
        self._arrived = self._middle = None
        self._undisturbed, self._stoppage = tree.flows, Stoppage(tree)
        self._boils = np.zeros(len(self.pieces))
        self._set()

    def _touch(self) -> list[Contact]:
        found = []
        of_piece = self.models[self.pieces.line]
        for model, make in CONTACTS.items():
            chosen = np.flatnonzero(of_piece == model)
            if len(chosen):
                found.append(make(self.elements, self.pieces, chosen, self._site))
        if found and not any(contact.area.any() for contact in found):
            meshed = bool((self.models == "wall").any())
            raise InputError(
                f"the vessel '{self.name}' " + ("has no wall in the mesh" if meshed else "lies outside the body"),
                key="vessels",
                expected="a meshed vessel" if meshed else "a vessel that runs through the body",
            )
        return found

    def _flows_now(self) -> np.ndarray:
        """Flow (lines,) in m3/s with what has been asked and what has stopped."""
        if not self._stopped.any():
            return self._asked * self._undisturbed
        return self._asked * self._stoppage.remaining(~self._stopped) * self._undisturbed

    def set_flow(self, fraction: float) -> None:
        if fraction != self._asked:
            self._asked = fraction
            self._set()

    def _set(self) -> None:
        """Conductances and the blood's matrices for the flow now."""
        pieces = self.pieces
        self.flows = flows = self._flows_now()
        cools = (flows > 0.0)[pieces.line] & self.vessel.cooling
        cools &= ~np.isin(pieces.line, self.vessel.without)
        h = coefficients(self.vessel, pieces, flows)
        self.segment_conductance = np.zeros(len(pieces))
        uneven = np.zeros(len(pieces))
        for contact in self._contacts:
            radius, chosen = pieces.radius[contact.pieces], contact.pieces
            on = cools[chosen]
            k = self._site.conductivity
            self.segment_conductance[chosen] = on * mean_conductance(contact, h[chosen], radius, k)
            if contact.local:
                uneven[chosen] = on * contact.area * h[chosen]
        self.blood.set(self._capacity * flows, self.segment_conductance)
        self._taken, self._wall = self.blood.conductance, uneven
        for sheet in self._sheets:
            chosen = sheet.contact.pieces
            strength = uneven_conductance(
                sheet.contact, self.vessel, h[chosen], pieces.radius[chosen], self._site.conductivity
            )
            sheet.full[:] = 0.5 * strength * cools[chosen]
        self._assemble()
        self._middle = None
        self.blood_temperature = np.full(len(pieces), self.vessel.inlet_temperature)
        self.outlet_temperature = np.full(len(self.tree.lines), self.vessel.inlet_temperature)

    def _assemble(self) -> None:
        """Conductances of the nodes, with the pieces that boil as they are now."""
        self._uneven = np.maximum(self._wall, self._boils * self._taken)
        self._implicit = np.maximum(self._taken, self._uneven)
        local = np.zeros((2, self.elements.n_local))
        for contact in self._contacts:
            rows = contact.pieces
            local[0] += contact.weights.T @ self._implicit[rows]
            local[1] += contact.weights.T @ (self._implicit - self._uneven)[rows]
        for sheet in self._sheets:
            sheet.strength[:] = (1.0 - self._boils[sheet.contact.pieces]) * sheet.full
            local += sheet.bound.T @ sheet.strength
        self.conductance, self._slack = (self.elements.accumulate(values) for values in local)

    def _follow_boiling(self, temperature: np.ndarray) -> None:
        """Take note of which unmeshed pieces boil in tissue at ``temperature`` (n_local,) (collective)."""
        warmest = np.full(len(self.pieces), -np.inf)
        for sheet in self._sheets:
            weights = sheet.contact.weights
            rows = np.repeat(sheet.contact.pieces, np.diff(weights.indptr))
            # Which nodes have next to no weight depends on the partition.
            seen = weights.data > LEAST_SEEN
            np.maximum.at(warmest, rows[seen], temperature[weights.indices[seen]])
        self.elements.comm.Allreduce(MPI.IN_PLACE, warmest, op=MPI.MAX)
        boils = np.clip((warmest - BOILS[0]) / (BOILS[1] - BOILS[0]), 0.0, 1.0)
        if (boils != self._boils).any():
            self._boils = boils
            self._assemble()

    def _sheet(self, contact: Contact) -> _Sheet:
        sizes = contact.waves[1::2]
        bound = sum(sparse.diags(self._rows(size)) @ size for size in sizes).tocsr()
        count = len(contact.pieces)
        return _Sheet(contact, contact.waves[::2], np.zeros(count), np.zeros(count), bound)

    def _rows(self, matrix: sparse.csr_matrix) -> np.ndarray:
        """Sums of rows over all ranks (collective)."""
        return self.elements.comm.allreduce(np.asarray(matrix.sum(axis=1)).ravel())

    def wall_temperature(self, temperature: np.ndarray) -> np.ndarray:
        """Mean wall temperature of each piece (p,) in C; the inlet's where it touches no tissue (collective)."""
        return self._means(temperature, self.vessel.inlet_temperature)

    def _means(self, values: np.ndarray, elsewhere: float) -> np.ndarray:
        found = np.zeros(len(self.pieces))
        for contact in self._contacts:
            found[contact.pieces] = contact.weights @ values
        found = self.elements.comm.allreduce(found)
        for contact in self._contacts:
            found[contact.pieces[contact.area == 0.0]] = elsewhere
        untouched = np.ones(len(found), dtype=bool)
        for contact in self._contacts:
            untouched[contact.pieces] = False
        found[untouched] = elsewhere
        return found

    def update(self, temperature: np.ndarray) -> np.ndarray:
        """March the blood for tissue at ``temperature`` (n_local,): conductance x T_sink of each node (n_local,) in W.

        Blood that does not flow takes the temperature of the wall, as ever slower blood does.
        """
        if self._sheets:
            self._follow_boiling(temperature)
        wall = self.wall_temperature(temperature)
        arriving = self.blood.arriving(wall)
        self._middle, self._arrived = wall, arriving
        self.blood_temperature = wall + (arriving - wall) * self.blood.mean_kept
        self.outlet_temperature = self.blood.leaving[self.pieces.first[1:] - 1]
        heat = (self._uneven - self._taken) * wall + self._taken * arriving
        local = np.zeros(self.elements.n_local)
        for contact in self._contacts:
            local += contact.weights.T @ heat[contact.pieces]
        for sheet in self._sheets:
            for wave in sheet.waves:
                local -= wave.T @ (sheet.strength * self.elements.comm.allreduce(wave @ temperature))
        self._tissue = temperature
        return self._slack * temperature + self.elements.accumulate(local)

    def mismatch(self, temperature: np.ndarray) -> float:
        """What the implicit conductance took too much, over the heat of all pieces: blood in a thin vessel follows its
        wall, which a conductance to the blood of a predicted wall would hold where it was predicted."""
        beyond = self._implicit - self._taken
        if not beyond.any():
            return 0.0
        taken = self._taken * (self._middle - self._arrived)
        excess = beyond * (self.wall_temperature(temperature) - self._middle)
        return float(np.abs(excess).sum() / max(np.abs(taken).sum(), LEAST_HEAT))

    def heat(self, mean: np.ndarray) -> np.ndarray:
        """W that each piece (p,) takes from tissue at ``mean`` (n_local,) with the blood of the last update."""
        wall = self.wall_temperature(mean)
        taken = self._implicit * (wall - self._middle) + self._taken * (self._middle - self._arrived)
        for sheet in self._sheets:
            moved = self.elements.comm.allreduce(sheet.bound @ (mean - self._tissue))
            taken[sheet.contact.pieces] += sheet.strength * moved
        return taken

    def accept(self, mean: np.ndarray, dead: np.ndarray, dt: float) -> None:
        heat = self.heat(mean)
        self.outlet_temperature = self.blood.warmed(heat)[self.pieces.first[1:] - 1]
        leaving = self.outlet_temperature[self._outlets & (self.flows > 0.0)]
        self.warmest_outlet = max(self.warmest_outlet, float(leaving.max(initial=-np.inf)))
        self.line_power = np.bincount(self.pieces.line, heat, minlength=len(self.tree.lines))
        self.line_heat += dt * self.line_power
        self.line_peak = np.maximum(self.line_peak, self.line_power)
        self._coagulate(dead)

    def _coagulate(self, dead: np.ndarray) -> None:
        """Stop thin vessels of the network whose wall is dead all around."""
        pieces = self.pieces
        thin = (2.0 * pieces.radius < self.vessel.coagulates_below) & (self.models[pieces.line] == "network")
        if not thin.any():
            return
        stops = thin & (self._means(dead.astype(float), 0.0) >= COAGULATED)
        newly = np.setdiff1d(pieces.line[stops], np.flatnonzero(self._stopped))
        if len(newly):
            self._stopped[newly] = True
            self._set()

    def branches(self) -> list[dict]:
        rows = np.flatnonzero(np.abs(self.line_heat) > SHOWN)
        rows = rows[np.argsort(-self.line_heat[rows], kind="stable")]
        return [
            {
                "number": int(row),
                "name": self.tree.lines[row].label,
                "model": str(self.models[row]),
                "diameter_mm": 2e3 * float(self.pieces.radius[self.pieces.line == row].mean()),
                "cooling_power_w": float(self.line_peak[row]),
                "heat_removed_j": float(self.line_heat[row]),
                "coagulated": bool(self._stopped[row]),
            }
            for row in rows
        ]

    def to_dict(self) -> dict:
        return {
            "heat": self.line_heat.tolist(),
            "peak": self.line_peak.tolist(),
            "stopped": np.flatnonzero(self._stopped).tolist(),
            "warmest_outlet": self.warmest_outlet,
        }

    def restore(self, saved: dict) -> None:
        self.line_heat, self.line_peak = np.array(saved["heat"]), np.array(saved["peak"])
        self.warmest_outlet = saved["warmest_outlet"]
        self._stopped[saved["stopped"]] = True
        self._set()

    def nearest_wall_point(self, point: np.ndarray) -> np.ndarray:
        """The point (3,) of the wall nearest to ``point`` (3,), from centrelines and radii."""
        starts = np.concatenate([line.points[:-1] for line in self.tree.lines])
        steps = np.concatenate([np.diff(line.points, axis=0) for line in self.tree.lines])
        radii = np.concatenate([line.radii for line in self.tree.lines])
        share = np.clip(((point - starts) * steps).sum(axis=1) / (steps**2).sum(axis=1), 0.0, 1.0)
        axis = starts + share[:, None] * steps
        length = np.linalg.norm(point - axis, axis=1)
        best = int(np.argmin(np.abs(length - radii)))
        return axis[best] + (point - axis[best]) / max(length[best], 1e-12) * radii[best]
