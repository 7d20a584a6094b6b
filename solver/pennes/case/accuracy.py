"""How fine: mesh sizes and tolerances, as one word or as explicit values."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from pennes import units
from pennes.library.records import Record, refuse


class MeshSizes(Record):
    """Edge lengths asked of the mesh."""

    applicator: units.EdgeLength = "0.4 mm"
    """At bare metal."""
    shaft: units.EdgeLength = "1.5 mm"
    """At insulated metal."""
    lesion: units.EdgeLength = "2 mm"
    """In and around the targets and where the lesion is expected."""
    vessel: units.EdgeLength = "1.5 mm"
    """At vessel walls."""
    far: units.EdgeLength = "10 mm"
    """At the outer surface."""
    field: units.EdgeLength | None = None
    """Longest edge in tissue of the mesh for antennas' fields; none: a sixth of the wavelength, of a field in three
    dimensions about a quarter (a third for several antennas), reached far from the needles."""
    seed: units.Whole = Field(default=1, ge=0)


class Accuracy(Record):
    level: Literal["screening", "default", "fine", "explicit"] = "default"
    """Which preset the values below came from."""
    mesh: MeshSizes = MeshSizes()
    refinements: units.Whole = Field(default=0, ge=0, le=3)
    """Uniform refinements of the mesh: each halves every edge."""
    element_degree: Literal[1, 2] = 1
    """1 for production; 2 for verification, without boiling."""
    time_tolerance: units.PositiveTemperatureDifference = "0.3 K"
    """Tolerated error of a time step, root mean square over the heated tissue."""
    max_step: units.PositiveDuration = "20 s"
    min_step: units.PositiveDuration = "1e-4 s"
    linear_tolerance: units.Real = Field(default=3e-6, gt=0, lt=1e-2)
    """Relative residual of the heat step; that of the potential is ten times as large."""
    electric_update: units.Real = Field(default=0.1, gt=0, lt=1)
    """Tolerated power-weighted error of the conductivity that a step predicts."""

    @model_validator(mode="after")
    def _steps_fit(self) -> Self:
        if self.max_step < self.min_step:
            raise refuse(f"{self.max_step:g} s is shorter than min_step ({self.min_step:g} s)", "max_step")
        return self


PRESETS: dict[str, dict[str, Any]] = {
    "screening": {
        "mesh": {"shaft": "2 mm", "lesion": "3 mm", "vessel": "2 mm", "far": "12 mm"},
        "time_tolerance": "0.6 K",
        "electric_update": 0.2,
    },
    "default": {},
    "fine": {
        "mesh": {"applicator": "0.3 mm", "shaft": "0.8 mm", "lesion": "0.9 mm", "vessel": "0.9 mm", "far": "6 mm"},
        "time_tolerance": "0.05 K",
        "linear_tolerance": 1e-6,
        "electric_update": 0.02,
    },
}
"""What each level changes in the values above."""
