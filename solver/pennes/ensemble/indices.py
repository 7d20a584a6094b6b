"""Which inputs decide a result: Morris' elementary effects and Sobol' indices with bootstrap intervals, by SALib.

- a ``morris`` design: mean absolute elementary effect (mu*, in the result's unit over the whole range of an input) and
  the standard deviation of the effects (sigma: interaction and curvature), Campolongo et al. 2007;
- a ``saltelli`` design: first-order and total Sobol' indices, Saltelli et al. 2010;
- ``sobol`` and ``latin_hypercube``: first-order indices from any sample (RBD-FAST, Tarantola et al. 2006; Plischke's
  correction of its bias).

Cases that failed leave gaps: the trajectory or the base sample that a gap belongs to is left out as a whole.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pennes.ensemble.designs import problem
from pennes.ensemble.folder import CohortFolder
from pennes.ensemble.manifest import read_shares
from pennes.ensemble.table import Table, collect
from pennes.errors import InputError, nearest_name

RESAMPLES = 1000
CONFIDENCE = 0.95
SEED = 1
"""Of the bootstrap."""
FEWEST = 4
"""Trajectories or base samples that an analysis needs."""
FEWEST_ALONE = 64
"""Cases that RBD-FAST needs: its ten harmonics several times over."""
METHODS = {
    "morris": "Morris' elementary effects",
    "saltelli": "Sobol' indices",
    "sobol": "first-order indices (RBD-FAST)",
    "latin_hypercube": "first-order indices (RBD-FAST)",
}


@dataclass(frozen=True)
class Effect:
    """Of one input. ``index``: mu* (Morris), total index (Saltelli), first-order index (the others)."""

    input: str
    meaning: str
    index: float
    half_width: float
    """Of the 95 % bootstrap interval of ``index``."""
    second: float | None
    """sigma (Morris), first-order index (Saltelli)."""
    second_half_width: float | None


@dataclass(frozen=True)
class Sensitivity:
    """Of one result, most influential input first."""

    output: str
    method: str
    used: int
    """Cases."""
    left_out: int
    """Cases without this result, and what stands and falls with them."""
    mean: float
    sd: float
    effects: tuple[Effect, ...]

    def text(self) -> str:
        """A ranking table."""
        names = {"morris": ("mu*", "sigma"), "saltelli": ("total", "first order")}.get(self.method, ("first order", ""))
        width = max(len(effect.input) for effect in self.effects)
        lines = [
            f"{self.output}: mean {self.mean:.3g}, standard deviation {self.sd:.3g}; {METHODS[self.method]} of "
            f"{self.used} cases" + (f" ({self.left_out} left out)" if self.left_out else ""),
            f"  {'':3}{'input':<{width}}  {names[0]:>18}  {names[1]:>18}".rstrip(),
        ]
        for rank, effect in enumerate(self.effects, start=1):
            second = "" if effect.second is None else f"{effect.second:.3f}"
            if effect.second_half_width is not None:
                second += f" +- {effect.second_half_width:.3f}"
            first = f"{effect.index:.3f} +- {effect.half_width:.3f}"
            lines.append(f"  {rank:<3}{effect.input:<{width}}  {first:>18}  {second:>18}".rstrip())
        return "\n".join(lines)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def sensitivity(folder: CohortFolder, outputs: tuple[str, ...] = ()) -> list[Sensitivity]:
    """The influence of every input on ``outputs``, columns of the table; none: minimal margins and the zone's volume.

    Raises InputError: no such column, a design without an analysis, too few cases, a result that does not vary.
    """
    table = collect(folder)
    design = table.header["design"]
    if design["kind"] not in METHODS:
        raise InputError(
            f"a {design['kind']} has no indices", key="design.kind", expected=" | ".join(METHODS), file=folder.path
        )
    numeric = [name for name, values in table.columns.items() if not name.startswith(("case", "run.")) and
               any(isinstance(value, (int, float)) for value in values)]  # fmt: skip
    chosen = outputs or tuple(
        name for name in numeric
        if name == "zone.volume_ml" or (name.startswith("targets.") and name.endswith(".minimal_margin_mm"))
    )  # fmt: skip
    for name in chosen:
        if name not in numeric:
            raise InputError(
                f"the table has no numbers '{name}'", key="--of", nearest=nearest_name(name, numeric),
                expected="a column of the table of 'pennes ensemble collect'",
            )  # fmt: skip
    if not chosen:
        raise InputError("no case is done: there is nothing to analyse", file=folder.path)
    shares = np.array(read_shares(folder, len(table.header["inputs"])))
    return [_analyse(table, shares, name) for name in chosen]


def _analyse(table: Table, shares: np.ndarray, output: str) -> Sensitivity:
    header = table.header
    design, size = header["design"], header["block"]
    result = np.array([np.nan if value is None else float(value) for value in table.columns[output]])
    kept = np.repeat(np.isfinite(result).reshape(-1, size).all(axis=1), size)
    x, y = shares[kept], result[kept]
    fewest = FEWEST_ALONE if size == 1 else FEWEST
    if len(y) // size < fewest:
        raise InputError(
            f"{len(y) // size} of {len(result) // size} {'cases' if size == 1 else 'groups of cases'} have '{output}'",
            expected=f"at least {fewest}; 'pennes ensemble run' first",
        )
    if np.ptp(y) == 0.0:
        raise InputError(f"'{output}' is the same in all cases ({y[0]:g}): nothing decides it")
    index, half, second, second_half = _indices(design, problem([i["name"] for i in header["inputs"]]), x, y)
    effects = [
        Effect(given["name"], given["meaning"], float(index[i]), float(half[i]),
               None if second is None else float(second[i]),
               None if second_half is None else float(second_half[i]))
        for i, given in enumerate(header["inputs"])
    ]  # fmt: skip
    effects.sort(key=lambda effect: -effect.index)
    return Sensitivity(
        output, design["kind"], len(y), len(result) - len(y), float(y.mean()), float(y.std()), tuple(effects)
    )


def _indices(design: dict[str, Any], asked: dict[str, Any], x: np.ndarray, y: np.ndarray) -> tuple[Any, ...]:
    """Index, half width of its interval, second index and its half width (None where there is none)."""
    options = {"num_resamples": RESAMPLES, "conf_level": CONFIDENCE, "seed": SEED}
    with warnings.catch_warnings():
        # SALib divides by variances of resamples, which may be 0; and calls what pandas has renamed.
        warnings.simplefilter("ignore", (RuntimeWarning))
        warnings.simplefilter("ignore", (FutureWarning))
        if design["kind"] == "morris":
            from SALib.analyze import morris

            found = morris.analyze(asked, x, y, num_levels=design["levels"], **options)
            return found["mu_star"], found["mu_star_conf"], found["sigma"], None
        if design["kind"] == "saltelli":
            from SALib.analyze import sobol

            # Centred: the estimators' error grows with the mean.
            found = sobol.analyze(asked, y - y.mean(), calc_second_order=design["second_order"], **options)
            return found["ST"], found["ST_conf"], found["S1"], found["S1_conf"]
        from SALib.analyze import rbd_fast

        found = rbd_fast.analyze(asked, x, y, **options)
        return np.array(found["S1"]), np.array(found["S1_conf"]), None, None


def picture(found: list[Sensitivity], title: str) -> bytes:
    """PNG: a panel a result, a bar an input with its interval."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = max(len(one.effects) for one in found)
    figure = Figure(figsize=(5.2 * len(found) + 0.8, 1.6 + 0.34 * count), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11)
    labels = {"morris": "mean absolute elementary effect", "saltelli": "share of the variance"}
    for axes, one in zip(np.atleast_1d(figure.subplots(1, len(found))), found, strict=True):
        place = np.arange(len(one.effects))[::-1]
        values = [effect.index for effect in one.effects]
        axes.barh(place, values, color="#3b6ea5", height=0.62, label="total" if one.method == "saltelli" else None)
        axes.errorbar(values, place, xerr=[e.half_width for e in one.effects], fmt="none", ecolor="#222222", capsize=3)
        if one.method == "saltelli":
            axes.plot([e.second for e in one.effects], place, "D", color="#e08a1e", markersize=5, label="first order")
            axes.legend(loc="lower right", fontsize=8, frameon=False)
        axes.set_yticks(place, [e.input.replace("_", " ") for e in one.effects], fontsize=9)
        axes.set_xlabel(labels.get(one.method, "first-order share of the variance"), fontsize=9)
        axes.set_title(one.output, fontsize=9)
        axes.axvline(0.0, color="#222222", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
