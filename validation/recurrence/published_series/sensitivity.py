"""What becomes of the conclusions when an assumption is another one: patients are drawn and the hazard fitted anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from pennes.outcome.confront import Zones, prepare
from pennes.outcome.description import SeriesDescription
from pennes.outcome.fit import RATE_DEVIATION, fit
from pennes.outcome.hazard import Onset
from pennes.outcome.models import Prior, TwoLengths
from pennes.outcome.slopes import published_share, slopes
from pennes.outcome.surface import Array, Tumours
from pennes.outcome.zones import EllipsoidZone

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
    zones: Zones | None = None


def part(field: str, **values) -> Callable[[SeriesDescription], SeriesDescription]:
    """Change numbers inside one block of a description; a function is applied to the number that is there."""

    def change(one: SeriesDescription) -> SeriesDescription:
        block = getattr(one, field)
        new = {key: value(getattr(block, key)) if callable(value) else value for key, value in values.items()}
        return one.model_copy(update={field: block.model_copy(update=new)})

    return change


@dataclass(frozen=True)
class ChosenBySize:
    """An operator who takes the described electrode, or one 1.25 or 1.6 times as wide where the tumour asks for it."""

    zones: tuple[EllipsoidZone, ...]
    wanted: float
    dimensions: int = 2

    @property
    def half_width(self) -> float:
        return self.zones[0].half_width

    def margins(self, tumours: Tumours, centres: Array, draws: Array, directions: Array) -> Array:
        """As of ``ZoneSampler``."""
        widths = np.array([zone.half_width for zone in self.zones])
        taken = np.minimum(np.searchsorted(widths, tumours.radius + self.wanted), len(widths) - 1)
        found = np.empty((len(tumours), len(directions)))
        for number, zone in enumerate(self.zones):
            mask = taken == number
            found[mask] = zone.margins(tumours.part(mask), centres[mask], draws[mask], directions)
        return found


def chosen_by_size(one: SeriesDescription) -> ChosenBySize:
    zone = one.zone_of()
    sizes = (replace(zone, half_width=f * zone.half_width, half_length=f * zone.half_length) for f in (1.0, 1.25, 1.6))
    return ChosenBySize(tuple(sizes), one.policy.wanted)


def larger_zones(one: SeriesDescription) -> SeriesDescription:
    return part("zone", half_width=lambda x: 1.2 * x, half_length=lambda x: 1.2 * x)(one)


VARIANTS = (
    Variant("as described"),
    Variant("no application repeated", part("policy", applications=1)),
    Variant("twice as many applications allowed", part("policy", applications=lambda n: 2 * n)),
    Variant("needles 1.5 times as far off", part("guidance", lateral=lambda x: 1.5 * x)),
    Variant("needles never placed again", part("guidance", tolerated=None)),
    Variant("zones a fifth larger", larger_zones),
    Variant("no rim beside vessels", part("zone", rim=0.0)),
    Variant("RAS mutant in 55 %", lambda one: one.model_copy(update={"ras_mutant": 0.55})),
    Variant("time to progression: gamma", onset=Onset(form="gamma")),
    Variant("scatter between centres held at 0.3", tau=0.3),
    Variant("scatter between centres held at 0.6", tau=0.6),
    Variant("rates without counts: deviation 0.3", rate_deviation=0.3),
    Variant("rates without counts: deviation 1.0", rate_deviation=1.0),
    Variant("electrodes chosen by size, up to 1.6 times as wide", zones=chosen_by_size),
)


def sensitivity(series: Series, strata: list, count: int, seed: int, draws: int) -> list[dict[str, float | str]]:
    """A row a variant: lengths, probability of a plan, slope in slices, and the strata that are only predicted."""
    return [_row(variant, series, strata, count, seed, draws) for variant in VARIANTS]


def _row(variant: Variant, series: Series, strata: list, count: int, seed: int, draws: int) -> dict[str, float | str]:
    changed = {name: variant.change(one) for name, one in series.items()}
    cohorts = prepare(changed, strata, count, seed, variant.onset, variant.zones, nominal=False)
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
        "near": float(np.exp(values[2])),
        "far": float(np.exp(values[3])),
        "tau": float(np.exp(values[-1])),
        "plan": float(1.0 - np.exp(-np.exp(burden) * variant.onset.seen_by(24.0))),
        "slope": flat.pooled_margin,
        "ratio": float(published.sum() / seen.sum()),
        "rank": float(stats.spearmanr(seen, published).statistic),
    }
