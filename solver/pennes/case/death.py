"""What counts as dead: the criterion of the zone and the parameters of every model of cell death."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pennes import units
from pennes.library.records import Record, refuse


class ArrheniusDeath(Record):
    """Omega = int A exp(-Ea / R T) dt, no rate below ``cut_off``."""

    set: Literal["liver_jacques", "hepg2", "bhk_borrelli", "cho_he", "flow_stasis", "own"] = "liver_jacques"
    frequency_factor: units.Rate | None = None
    """Only with ``set: own``."""
    activation_energy: units.MolarEnergy | None = None
    """Only with ``set: own``."""
    cut_off: units.Temperature = "43 degC"
    threshold: units.Number = 1.0

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        own = (self.frequency_factor, self.activation_energy)
        if self.set == "own" and (None in own or self.frequency_factor == 0):
            raise refuse("own needs a frequency_factor and an activation_energy, both greater than 0", "set")
        if self.set != "own" and own != (None, None):
            raise refuse(
                f"a frequency_factor or an activation_energy does not go with '{self.set}'", "set", expected="own"
            )
        if self.threshold <= 0:
            raise refuse(f"{self.threshold:g} is not above 0", "threshold", expected="a number greater than 0")
        return self


class Cem43Death(Record):
    """Cumulative equivalent minutes at 43 C, no dose below ``cut_off``."""

    threshold: units.PositiveDuration = "240 min"
    cut_off: units.Temperature = "39 degC"


class ThreeStateDeath(Record):
    """O'Neill 2011, nothing changes below ``cut_off``."""

    kf0: units.Rate = "3.33e-3 1/s"
    kb: units.Rate = "7.77e-3 1/s"
    tk: units.Real = Field(default=40.5, gt=0)
    """C."""
    alive: units.Fraction = 0.99
    vulnerable: units.Fraction = 0.01
    threshold: units.Fraction = 0.2
    """Viability below which tissue counts as dead."""
    cut_off: units.Temperature = "43 degC"
    """Below it neither killing nor recovery proceeds. 0 degC gives the published equations, which slowly kill healthy
    tissue at 37 C."""

    @model_validator(mode="after")
    def _starts_viable(self) -> Self:
        if abs(self.alive + self.vulnerable - 1) > 1e-9:
            raise refuse(
                f"{self.alive:g} and vulnerable {self.vulnerable:g} do not add up to 1: healthy tissue is viable",
                "alive",
            )
        if not 0 < self.threshold < 1:
            raise refuse(f"{self.threshold:g} is not between 0 and 1", "threshold")
        return self


class IsothermDeath(Record):
    threshold: units.Temperature = "60 degC"

    @model_validator(mode="after")
    def _spares_healthy_tissue(self) -> Self:
        if self.threshold <= 38:
            raise refuse(
                f"{self.threshold:g} degC makes healthy tissue at 37 degC count as dead",
                "threshold",
                expected="a temperature above 38 degC",
            )
        return self


class Death(Record):
    criterion: Literal["arrhenius", "cem43", "three_state", "isotherm"] = "arrhenius"
    arrhenius: ArrheniusDeath = ArrheniusDeath()
    cem43: Cem43Death = Cem43Death()
    three_state: ThreeStateDeath = ThreeStateDeath()
    isotherm: IsothermDeath = IsothermDeath()
