"""Flow over time: occlusions of the case as shares of the flow of vessels and of the perfusion of tissue."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pennes.case.vessels import Occlusion, VesselBase

PORTAL, ARTERIAL = 0.75, 0.25
"""Shares of the liver's inflow (Lautt 2009, Hepatic Circulation: Physiology and Pathophysiology)."""
CLOSED = {"pringle": ("portal", "arterial"), "portal": ("portal",), "embolisation": ("arterial",)}


class Circulation:
    """What the ``occlusions`` leave of the flow of each vessel, and of the perfusion, at any time."""

    def __init__(self, occlusions: Sequence[Occlusion] = (), vessels: Sequence[VesselBase] = ()):
        self.occlusions = occlusions
        self._kinds = {vessel.name: vessel.circulation for vessel in vessels}

    def at(self, time: float) -> tuple[dict[str, float], float]:
        """Share of the flow by vessel and of the perfusion from ``time`` on; entries that overlap multiply."""
        flows, supply = dict.fromkeys(self._kinds, 1.0), 1.0
        for occlusion in self.occlusions:
            if not occlusion.start <= time < (math.inf if occlusion.end is None else occlusion.end):
                continue
            inflow = self._inflow(occlusion)
            supply *= inflow if occlusion.perfusion is None else occlusion.perfusion
            for name in flows:
                flows[name] *= self._share(occlusion, name, inflow)
        return flows, supply

    def next_change(self, time: float) -> float:
        """The first time after ``time`` at which anything changes, inf for none."""
        times = [moment for o in self.occlusions for moment in (o.start, o.end) if moment is not None]
        return min((moment for moment in times if moment > time), default=math.inf)

    def _inflow(self, occlusion: Occlusion) -> float:
        """Share of the liver's inflow that is left."""
        closed = CLOSED.get(occlusion.kind, ())
        return sum(
            share * (occlusion.remaining if kind in closed else 1.0)
            for kind, share in (("portal", PORTAL), ("arterial", ARTERIAL))
        )

    def _share(self, occlusion: Occlusion, name: str, inflow: float) -> float:
        closed = CLOSED.get(occlusion.kind)
        if occlusion.vessels or closed is None:
            return occlusion.remaining if name in occlusion.vessels or not occlusion.vessels else 1.0
        kind = self._kinds[name]
        # What does not flow in cannot flow out.
        return occlusion.remaining if kind in closed else inflow if kind == "hepatic" else 1.0
