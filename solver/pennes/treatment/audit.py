"""The energy budget of a run: deposited = stored + perfusion + vessels + cooled metal + surface, step by step."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np

from pennes.bioheat import BioheatEquation, Coefficients, HeatStep
from pennes.vessel import HeatSink

TERMS = {"vessel": "vessels", "cooling": "applicator_cooling", "surface": "surface"}


@dataclass
class EnergyAudit:
    """Heat in J since the start; ``last_residual`` is that of the last step, ``worst_residual`` of the worst one, as
    a share of the heat that moved in it."""

    deposited: float = 0.0
    stored: float = 0.0
    perfusion: float = 0.0
    vessels: float = 0.0
    applicator_cooling: float = 0.0
    surface: float = 0.0
    worst_residual: float = 0.0
    last_residual: float = 0.0
    sinks: dict[str, float] = field(default_factory=dict)
    sink_power: dict[str, float] = field(default_factory=dict)

    @property
    def residual_fraction(self) -> float:
        """|deposited - everything else| / deposited."""
        gone = self.stored + self.perfusion + self.vessels + self.applicator_cooling + self.surface
        return abs(self.deposited - gone) / self.deposited if self.deposited > 0.0 else 0.0

    def add(
        self,
        equation: BioheatEquation,
        at: Coefficients,
        before: np.ndarray,
        step: HeatStep,
        dt: float,
        sinks: list[tuple[HeatSink, np.ndarray]],
    ) -> None:
        """Account for one accepted step from the temperature ``before`` (n_local,)."""
        elements, mean = equation.elements, step.mean
        deposited = dt * elements.total(at.source)
        stored = elements.total(equation.storage(step.temperature) - equation.storage(before))
        perfusion = -dt * elements.total(equation.perfusion(at, mean))
        moved = abs(deposited) + abs(stored) + abs(perfusion)
        residual = deposited - stored - perfusion
        for sink, heat in sinks:
            power = elements.total(sink.conductance * mean - heat)
            term = TERMS[sink.kind]
            setattr(self, term, getattr(self, term) + dt * power)
            self.sinks[sink.name] = self.sinks.get(sink.name, 0.0) + dt * power
            self.sink_power[sink.name] = power
            residual -= dt * power
            moved += abs(dt * power)
        surface = dt * equation.surface_power(at, mean)
        residual -= surface
        self.deposited += deposited
        self.stored += stored
        self.perfusion += perfusion
        self.surface += surface
        # A step that moves next to no heat cannot fail by rounding: compare with a thousandth of the run's heat.
        floor = 1e-3 * self.deposited
        self.last_residual = abs(residual) / max(moved, floor, 1e-9)
        self.worst_residual = max(self.worst_residual, self.last_residual)

    def to_dict(self) -> dict:
        """Plain numbers for the checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict) -> EnergyAudit:
        """The audit that ``to_dict`` wrote."""
        return cls(**data)
