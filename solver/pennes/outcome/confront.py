"""Every stratum predicted by a fit that has not seen its series, by the hazard and by what it has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pennes.outcome.acceptance import Predicted, predicted
from pennes.outcome.cohort import VirtualSeries, simulate
from pennes.outcome.description import SeriesDescription
from pennes.outcome.fit import RATE_DEVIATION, Fit, fit, log_score, predict
from pennes.outcome.hazard import Onset
from pennes.outcome.models import Group, Model, PooledConstant, SizeLogistic, TwoLengths
from pennes.outcome.published import Stratum
from pennes.outcome.surface import directions
from pennes.outcome.zones import ZoneSampler

Zones = Callable[[SeriesDescription], ZoneSampler]


@dataclass(frozen=True)
class Cohorts:
    """Virtual patients of all series, and of each stratum that is published."""

    patients: Mapping[str, VirtualSeries]
    groups: Sequence[Group]
    nominal: Sequence[Group]
    """The same patients with the margins of a manufacturer's zone in the middle of the tumour."""

    def of(self, series: str, nominal: bool = False) -> list[Group]:
        return [g for g in (self.nominal if nominal else self.groups) if g.stratum.series == series]


def prepare(
    series: Mapping[str, SeriesDescription],
    strata: Sequence[Stratum],
    count: int,
    seed: int,
    onset: Onset,
    zones: Zones | None = None,
    nominal: bool = True,
    patients: Mapping[str, VirtualSeries] | None = None,
) -> Cohorts:
    """Steps 1 to 5 for all series, ``count`` patients each. ``zones`` gives an emulator for a description; without it
    zones are the described ellipsoids. ``patients`` were drawn already.

    Raises ValueError for a stratum that hardly any virtual patient is in.
    """
    if patients is None:
        patients = {
            name: simulate(one, count, seed, None if zones is None else zones(one)) for name, one in series.items()
        }

    def group(stratum: Stratum, of: Mapping[str, VirtualSeries]) -> Group:
        return Group(stratum, of[stratum.series], series[stratum.series], onset)

    plain = {name: with_nominal_margins(series[name], one) for name, one in patients.items()} if nominal else {}
    return Cohorts(
        patients=patients,
        groups=[group(stratum, patients) for stratum in strata],
        nominal=[group(stratum, plain) for stratum in strata] if nominal else [],
    )


def with_nominal_margins(series: SeriesDescription, patients: VirtualSeries) -> VirtualSeries:
    """The patients under one manufacturer's zone in the middle: no vessel, no error, no variation, no repetition."""
    count, points = patients.margins.shape
    zone = series.nominal_zone()
    middle, draws = np.zeros((count, 3)), np.full((count, zone.dimensions), 0.5)
    surface = patients.tumours.radius[:, None, None] * directions(points)
    return replace(patients, margins=zone.zones(patients.tumours, middle, draws).depth(surface))


@dataclass(frozen=True)
class HeldOut:
    """What one model says of series that it has not seen."""

    model: Model
    full: Fit
    """Of all series to calibrate on."""
    without: Mapping[str, Fit]
    """By the series that was left out."""
    scores: Mapping[str, float]
    """Log score by series; a series to be predicted is scored by the full fit."""

    @property
    def score(self) -> float:
        """Total over the series that were left out in turn: those marked ``calibrate``."""
        return float(sum(self.scores[name] for name in self.without))

    @property
    def test_score(self) -> float:
        """Total over the series marked ``test``."""
        return float(sum(score for name, score in self.scores.items() if name not in self.without))


def held_out(
    model: Model, groups: Sequence[Group], seed: int, draws: int, rate_deviation: float = RATE_DEVIATION
) -> HeldOut:
    """Fit to all calibrating series, to all but one in turn, and score each series by a fit that has not seen it."""
    calibrating = [group for group in groups if group.stratum.use == "calibrate"]
    names = list(dict.fromkeys(group.stratum.series for group in calibrating))
    full = fit(model, calibrating, seed, draws, rate_deviation)
    without = {
        name: fit(model, [g for g in calibrating if g.stratum.series != name], seed, draws, rate_deviation)
        for name in names
    }
    scores = {
        name: log_score(without.get(name, full), [g for g in groups if g.stratum.series == name], rate_deviation)
        for name in dict.fromkeys(group.stratum.series for group in groups)
    }
    return HeldOut(model, full, without, scores)


def predictions(found: HeldOut, groups: Sequence[Group], seed: int, draws: int = 800) -> list[Predicted]:
    """Every stratum of ``groups`` as predicted by a fit without its series."""
    rng = np.random.default_rng(seed)
    rows: list[Predicted] = []
    for name in dict.fromkeys(group.stratum.series for group in groups):
        members = [group for group in groups if group.stratum.series == name]
        seen = predict(found.without.get(name, found.full), members, seed, draws)
        rows += predicted([group.stratum for group in members], seen, rng)
    return rows


def compare(cohorts: Cohorts, seed: int, draws: int) -> dict[str, HeldOut]:
    """The hazard and its rivals, by name; the hazard comes first."""
    hazard, ellipsoid = TwoLengths(), TwoLengths("device ellipsoid without sink or error")
    return {
        hazard.name: held_out(hazard, cohorts.groups, seed, draws),
        PooledConstant.name: held_out(PooledConstant(), cohorts.groups, seed, draws),
        SizeLogistic.name: held_out(SizeLogistic(), cohorts.groups, seed, draws),
        ellipsoid.name: held_out(ellipsoid, cohorts.nominal, seed, draws),
    }
