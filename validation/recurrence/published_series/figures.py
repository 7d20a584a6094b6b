"""Pictures of the comparison."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from pennes.outcome.acceptance import Predicted
from pennes.outcome.slopes import Slopes

SEEN, PREDICTED = "#1c2733", "#2a78b5"
TESTED = "#c2571a"


def strata(rows: Sequence[Predicted], by: str, file: Path) -> Path:
    """Published rates beside predictions, a line a stratum."""
    shown = [row for row in rows if row.stratum.by == by]
    figure, axes = plt.subplots(figsize=(8.5, 0.34 * len(shown) + 1.5), layout="constrained")
    for place, row in enumerate(shown):
        low, high = row.interval()
        colour = TESTED if row.stratum.use == "test" else PREDICTED
        axes.plot([100 * low, 100 * high], [place, place], color=colour, lw=5, alpha=0.35, solid_capstyle="butt")
        axes.plot(100 * row.mean, place, "|", color=colour, ms=12, mew=2.5)
        axes.plot(100 * row.stratum.rate, place, "o", color=SEEN, ms=6, zorder=3)
    counts = [f" (n = {row.stratum.n})" if row.stratum.n else "" for row in shown]
    labels = [_words(row.stratum.name) + count for row, count in zip(shown, counts, strict=True)]
    axes.set_yticks(range(len(shown)), labels)
    axes.invert_yaxis()
    axes.set_xlim(-2, 102)
    axes.set_xlabel("local tumour progression, %")
    axes.plot([], [], "o", color=SEEN, label="published")
    axes.plot([], [], color=PREDICTED, lw=5, alpha=0.35, label="95 % prediction, series left out of the fit")
    if any(row.stratum.use == "test" for row in shown):
        axes.plot([], [], color=TESTED, lw=5, alpha=0.35, label="95 % prediction, never fitted")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.12 - 0.6 / len(shown)), ncols=3, frameon=False, fontsize=8)
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, file)


def _words(name: str) -> str:
    """Sizes are in cm in the table."""
    head, tail = name.split(", ", 1)
    return f"{head}, {tail}" + ("" if "mm" in tail or "any" in tail else " cm")


def calibration(rows: Sequence[Predicted], file: Path) -> Path:
    """Published against predicted rates."""
    figure, axes = plt.subplots(figsize=(5.5, 5.2), layout="constrained")
    axes.plot([0, 100], [0, 100], color="grey", lw=1)
    for use, colour in (("calibrate", PREDICTED), ("test", TESTED)):
        for marker, counted in (("o", True), ("D", False)):
            shown = [r for r in rows if r.stratum.use == use and (r.stratum.n is not None) == counted]
            if not shown:
                continue
            said = "series left out" if use == "calibrate" else "never fitted"
            axes.plot(
                [100 * r.mean for r in shown],
                [100 * r.stratum.rate for r in shown],
                marker,
                color=colour,
                mfc=colour if counted else "white",
                label=f"{said}, {'with counts' if counted else 'rate only'}",
            )
    axes.set(xlabel="predicted, %", ylabel="published, %", xlim=(-2, 102), ylim=(-2, 102), aspect="equal")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, file)


def margins(rows: Sequence[Mapping[str, float | str]], file: Path) -> Path:
    """Achieved margins beside those of CLOCC."""
    figure, axes = plt.subplots(figsize=(6.0, 3.4), layout="constrained")
    places = np.arange(len(rows))
    share = np.array([row["predicted"] for row in rows])
    ends = np.array([[row["low"], row["high"]] for row in rows]).T
    axes.bar(places - 0.2, 100 * share, 0.38, color=PREDICTED, alpha=0.6, label="predicted (95 % of samples as large)")
    axes.errorbar(places - 0.2, 100 * share, 100 * np.abs(ends - share), fmt="none", ecolor=SEEN, capsize=4)
    label = f"published (CLOCC, {rows[0]['n']} with known margin)"
    axes.bar(places + 0.2, [100 * row["published"] for row in rows], 0.38, color=SEEN, label=label)
    axes.set_xticks(places, [row["margin"] for row in rows])
    axes.set_ylabel("share, %")
    axes.set_ylim(0, 100)
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, file)


def slope(found: Mapping[str, Slopes], published: Mapping[str, tuple[float, float]], file: Path) -> Path:
    """Hazard ratios per 5 mm, predicted and published."""
    lines = [("margin 2D", found["2D"], "margin"), ("margin 3D", found["3D"], "margin"), ("size", found["2D"], "size")]
    figure, axes = plt.subplots(figsize=(7.5, 2.8), layout="constrained")
    for place, (key, one, which) in enumerate(lines):
        axes.plot(one.interval(which), [place, place], color=PREDICTED, lw=6, alpha=0.35, solid_capstyle="butt")
        axes.plot(getattr(one, f"pooled_{which}"), place, "|", color=PREDICTED, ms=14, mew=2.5)
        axes.plot(published[key], [place, place], "o-", color=SEEN, ms=6)
    axes.axvline(1.0, color="grey", lw=1)
    axes.set_yticks(range(3), ["margin in slices,\nafter weeks", "margin on the surface,\nduring", "size"])
    axes.set_ylim(2.5, -0.5)
    axes.set_xscale("log")
    ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("hazard ratio for each 5 mm (bars: predicted, 95 %; dots: published)")
    axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, file)


def _save(figure, file: Path) -> Path:
    figure.savefig(file, dpi=110)
    plt.close(figure)
    return file
