"""Synthetic series made with known hazards, in the strata that are published: do the intervals hold them?"""

import resource
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from pennes.cli.validate import Figure, StudyResult
from pennes.outcome.confront import prepare
from pennes.outcome.description import read_all_series
from pennes.outcome.fit import fit
from pennes.outcome.hazard import Onset
from pennes.outcome.models import TwoLengths
from pennes.outcome.published import read_strata
from pennes.outcome.recovery import synthetic, truths
from pennes.risk.sampler import simulated_zone

FOLDER = Path(__file__).resolve().parents[1]
SEED = 11
COUNT = 600
"""Virtual patients of a series."""
REPEATS = 100
DRAWS = 400
LEVELS = np.array([0.5, 0.8, 0.9, 0.95])


def run(output: Path) -> StudyResult:
    """A hundred times: parameters from what is known beforehand, patients' strata from them, a fit."""
    started = _cpu_seconds()
    series = read_all_series(FOLDER / "series")
    strata = [stratum for stratum in read_strata(FOLDER / "data", series) if stratum.use == "calibrate"]
    groups = prepare(series, strata, COUNT, SEED, Onset(), simulated_zone, nominal=False).groups
    model, rng = TwoLengths(), np.random.default_rng(SEED)
    known = truths(model, groups, REPEATS, rng)
    inside = np.zeros((len(LEVELS), len(model.prior.names)))
    narrowed = np.zeros(len(model.prior.names))
    effective = []
    for number, truth in enumerate(known):
        found = fit(model, synthetic(model, groups, truth, rng), SEED + number, DRAWS)
        effective.append(found.effective)
        narrowed += found.draws.std(axis=0) / model.prior.deviations / REPEATS
        for place, level in enumerate(LEVELS):
            low, high = found.interval(level)
            inside[place] += (low <= truth) & (truth <= high)
    inside /= REPEATS
    figures = [
        Figure(f"inside the 95 % interval: {name}", share, ">= 0.9", f"of {REPEATS} repeats", "", bool(share >= 0.9))
        for name, share in zip(model.prior.names, inside[-1], strict=True)
    ]
    spent = _cpu_seconds() - started
    figures.append(Figure("CPU time of the study", spent, "<= 600", "", "s", spent <= 600.0))
    head = "| interval | " + " | ".join(model.prior.names) + " |"
    lines = [
        f"| {100 * level:.0f} % | " + " | ".join(f"{100 * share:.0f} %" for share in row) + " |"
        for level, row in zip(LEVELS, inside, strict=True)
    ]
    width = "| deviation / prior's | " + " | ".join(f"{value:.2f}" for value in narrowed) + " |"
    notes = [
        f"{len(strata)} strata as published (counts where there are counts, rates where not), {REPEATS} sets of "
        f"parameters drawn from the prior with the tie of contiguous progressions. Seed {SEED}. Fewest independent "
        f"draws of a fit: {min(effective):.0f} of {DRAWS}.",
        "\n".join([head, "|---" * (len(model.prior.names) + 1) + "|", *lines, width]),
        "The last line says what the published strata can teach: a deviation near the prior's is a parameter that they "
        "leave as it was.",
    ]
    picture = _picture(inside, model.prior.names, output / "recovery.png")
    rows = [f"| {f.name} | {f.measured:.3g} | {f.expected} | {'pass' if f.passed else '**FAIL**'} |" for f in figures]
    table = "\n".join(["| figure | measured | expected | |", "|---|---|---|---|", *rows])
    page = [
        "# Result of the last committed run",
        "Written by `pennes validate recovery`.",
        table,
        "![recovery](recovery.png)",
    ]
    (output / "result.md").write_text("\n\n".join([*page, *notes]) + "\n", encoding="utf-8")
    return StudyResult("Recovery of known hazards from synthetic series", figures, "\n\n".join(notes), [picture])


def _picture(inside: np.ndarray, names: tuple[str, ...], file: Path) -> Path:
    figure, axes = plt.subplots(figsize=(5.5, 4.6), layout="constrained")
    axes.plot([0.4, 1.0], [0.4, 1.0], color="grey", lw=1)
    sampling = 1.96 * np.sqrt(LEVELS * (1.0 - LEVELS) / REPEATS)
    axes.fill_between(LEVELS, LEVELS - sampling, LEVELS + sampling, color="grey", alpha=0.2, label="95 % of sampling")
    for name, shares in zip(names, inside.T, strict=True):
        axes.plot(LEVELS, shares, "o-", ms=4, lw=1, label=name)
    axes.set(
        xlabel="level of the interval", ylabel=f"share of {REPEATS} repeats inside", xlim=(0.4, 1.0), ylim=(0.3, 1.02)
    )
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=110)
    plt.close(figure)
    return file


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
