"""What becomes of the conclusions when an assumption is another one: patients are drawn and the hazard fitted anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from pennes.outcome.cohort import VirtualSeries, simulate
from pennes.outcome.confront import Zones, prepare
from pennes.outcome.description import SeriesDescription
from pennes.outcome.fit import RATE_DEVIATION, fit
from pennes.outcome.hazard import Onset
from pennes.outcome.models import FEWEST, Prior, TwoLengths
from pennes.outcome.slopes import published_share, slopes
from pennes.outcome.surface import Array, Tumours
from pennes.risk.sampler import SimulatedZone, SimulatedZones, simulated_zone

Series = Mapping[str, SeriesDescription]


@dataclass(frozen=True)
class Variant:
    """One assumption changed."""

    name: str
    change: Callable[[SeriesDescription], SeriesDescription] = lambda one: one
    onset: Onset = field(default_factory=Onset)
    tau: float | None = None
    """Held at this."""
    rate_deviation: float = RATE_DEVIATION
    zones: Zones = simulated_zone


def part(field: str, **values) -> Callable[[SeriesDescription], SeriesDescription]:
    """Change numbers inside one block of a description; a function is applied to the number that is there."""

    def change(one: SeriesDescription) -> SeriesDescription:
        block = getattr(one, field)
        new = {key: value(getattr(block, key)) if callable(value) else value for key, value in values.items()}
        return one.model_copy(update={field: block.model_copy(update=new)})

    return change


@dataclass(frozen=True)
class WithoutVessels:
    """The same zones where no vessel is near."""

    zone: SimulatedZone

    @property
    def dimensions(self) -> int:
        return self.zone.dimensions

    def counted_on(self, tumours: Tumours) -> Array:
        """As of ``ZoneSampler``."""
        return self.zone.counted_on(tumours)

    def zones(self, tumours: Tumours, needles: Array, draws: Array) -> SimulatedZones:
        """As of ``ZoneSampler``."""
        return self.zone.zones(replace(tumours, vessel_radius=np.zeros(len(tumours))), needles, draws)


def scaled(factor: float) -> Zones:
    """Zones ``factor`` times as wide and long; the operator counts on what he counted on."""

    def zones(one: SeriesDescription) -> SimulatedZone:
        zone = simulated_zone(one)
        wider = (replace(e, width=factor * (e.width or zone.width)) for e in zone.electrodes)
        return replace(zone, electrodes=tuple(wider))

    return zones


VARIANTS = (
    Variant("as described"),
    Variant("analytic stand-in zones", zones=lambda one: one.zone_of()),
    Variant("zones a fifth larger", zones=scaled(1.2)),
    Variant("zones a fifth smaller", zones=scaled(0.8)),
    Variant("no large vessels", zones=lambda one: WithoutVessels(simulated_zone(one))),
    Variant("emulator without error", zones=lambda one: replace(simulated_zone(one), error=False)),
    Variant("no overlap planned", part("policy", planned=False)),
    Variant("one application only", part("policy", applications=1)),
    Variant("needles 1.5 times as far off", part("guidance", lateral=lambda x: 1.5 * x)),
    Variant("needles never placed again", part("guidance", tolerated=None)),
    Variant("RAS mutant in 55 %", lambda one: one.model_copy(update={"ras_mutant": 0.55})),
    Variant("time to progression: gamma", onset=Onset(form="gamma")),
    Variant("scatter between centres held at 0.3", tau=0.3),
    Variant("scatter between centres held at 0.6", tau=0.6),
    Variant("rates without counts: deviation 0.3", rate_deviation=0.3),
    Variant("rates without counts: deviation 1.0", rate_deviation=1.0),
)


def sensitivity(series: Series, strata: list, count: int, seed: int, draws: int) -> list[dict[str, float | str]]:
    """A row a variant: lengths, probability of a plan, slope in slices, and the strata that are only predicted."""
    drawn = {name: simulate(one, count, seed, simulated_zone(one)) for name, one in series.items()}
    return [_row(variant, series, strata, count, seed, draws, drawn) for variant in VARIANTS]


def _row(
    variant: Variant,
    series: Series,
    strata: list,
    count: int,
    seed: int,
    draws: int,
    drawn: Mapping[str, VirtualSeries],
) -> dict[str, float | str]:
    """``drawn``: the patients where nothing of steps 1 to 5 is changed. Strata that hardly any patient is in are left
    out and counted."""
    changed = {name: variant.change(one) for name, one in series.items()}
    if variant.zones is not simulated_zone or changed != dict(series):
        drawn = {name: simulate(one, count, seed, variant.zones(one)) for name, one in changed.items()}
    kept = [s for s in strata if s.members(drawn[s.series], changed[s.series]).sum() >= FEWEST]
    cohorts = prepare(changed, kept, count, seed, variant.onset, nominal=False, patients=drawn)
    model = TwoLengths()
    if variant.tau is not None:
        means, deviations = model.prior.means.copy(), model.prior.deviations.copy()
        means[-1], deviations[-1] = np.log(variant.tau), 1e-3
        model.prior = Prior(model.prior.names, means, deviations)
    fitted = fit(
        model, [g for g in cohorts.groups if g.stratum.use == "calibrate"], seed, draws, variant.rate_deviation
    )
    tests = [g for g in cohorts.groups if g.stratum.use == "test"]
    seen = np.array([model.probability(g, fitted.best, np.zeros(1))[0] for g in tests])
    published = np.array([g.stratum.rate for g in tests])
    wang = cohorts.patients["Wang"]
    flat = slopes(fitted, wang, "2D", 94, 1, seed, variant.onset, published_share(strata, "Wang"))
    values = np.median(fitted.draws, axis=0)
    margins = np.full((1, 60), 5.0)
    areas = np.full(60, 4.0 * np.pi * 12.5**2 / 60)
    burden = model.hazard(values).log_burden(margins, areas, 0.4)[0]
    return {
        "assumption": variant.name,
        "left_out": len(strata) - len(kept),
        "near": float(np.exp(values[2])),
        "far": float(np.exp(values[3])),
        "tau": float(np.exp(values[-1])),
        "plan": float(1.0 - np.exp(-np.exp(burden) * variant.onset.seen_by(24.0))),
        "slope": flat.pooled_margin,
        "ratio": float(published.sum() / seen.sum()),
        "rank": float(stats.spearmanr(seen, published).statistic),
    }
