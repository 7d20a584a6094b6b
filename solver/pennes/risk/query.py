"""A question to an atlas, and its answer: uncertain tissue and placement sampled on the emulator. NumPy only."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pennes.errors import InputError
from pennes.risk.distributions import SHARES
from pennes.risk.emulator import Margins

if TYPE_CHECKING:
    from pennes.risk.atlas import Atlas

EDGE = 0.02
"""How far beyond the smallest and largest simulated value, in shares of the range, a design's own end may lie."""
LATERAL_ERROR = 3.7
"""Mean distance (mm) of a needle from where it was meant to be, across itself (Rayleigh)."""
FAR = 1e4
GROUPS = ("tissue", "perfusion", "placement")


@dataclass(frozen=True)
class Question:
    """What is asked; lengths in mm. None: as in the atlas's base case."""

    tumour_mm: float
    vessel_mm: float | None = None
    """Diameter; None: there is no vessel."""
    distance_mm: float | None = None
    """From the tumour's surface to the vessel's wall."""
    duration_s: float | None = None
    power_w: float | None = None
    placement_error_mm: float = LATERAL_ERROR
    """Mean of the Rayleigh distribution of the lateral error; the axial one is normal, as wide as either of its
    sides."""
    reposition_beyond_mm: float | None = None
    """A needle seen farther than this from its aim, across itself, is placed again until it is nearer."""
    samples: int = 256
    seed: int | None = None
    """None: the atlas's own points."""


@dataclass(frozen=True)
class Answer:
    """Margins of the samples, and what follows from them."""

    atlas: Atlas
    question: Question
    margins: Margins
    error_shares: np.ndarray
    """(n,) quantiles of the emulator's error."""
    clipped: float
    """Share of samples in which the needle came nearer to the vessel, or farther from its aim, than any that was
    simulated: they count with the zone of the nearest such."""

    def probability(self, margin_mm: float) -> float:
        """That the minimal margin is at least ``margin_mm``."""
        return float(np.mean(reaching(self.margins, margin_mm)))

    @property
    def expected_mm(self) -> float:
        return float(self.margins.mean.mean())

    @cached_property
    def interval_mm(self) -> tuple[float, float]:
        """In which the minimal margin lies with 90 %."""
        error = np.interp(self.error_shares, SHARES, self.atlas.normal)
        low, high = np.quantile(self.margins.mean + self.margins.sd * error, [0.05, 0.95])
        return float(low), float(high)

    @cached_property
    def causes(self) -> dict[str, float]:
        """Shares of the margin's variance by cause. ``emulator`` is the variance of its error. The rest is split
        between the groups in proportion to what goes where a group is fixed at its median (placement: no error)."""
        spread, error = float(self.margins.mean.var()), float(np.mean(self.margins.sd**2))
        gone = {}
        for group in GROUPS:
            fixed = _margins(self.atlas, self.question, fixed=group)[0]
            gone[group] = max(0.0, spread - float(fixed.mean.var()))
        whole = sum(gone.values()) or 1.0
        shares = {group: part / whole * spread / (spread + error) for group, part in gone.items()}
        return shares | {"emulator": error / (spread + error)}

    @cached_property
    def without_vessel(self) -> Answer:
        """The same samples without the vessel."""
        return answer(self.atlas, replace(self.question, vessel_mm=None, distance_mm=None))

    def nearest_runs(self, count: int = 3) -> list[dict[str, float | str]]:
        """The simulated runs most like the question, in tumour, vessel, distance, time and power."""
        runs, asked = self.atlas.runs, filled(self.atlas, self.question)
        distance = np.where(runs["vessel_radius"] > 0, runs["gap"] - runs["x"] - runs["target_radius"], 0.0)
        columns = {"tumour_mm": 2 * runs["target_radius"], "vessel_mm": 2 * runs["vessel_radius"],
                   "distance_mm": distance, "duration_s": runs["duration"], "power_w": runs["power"]}  # fmt: skip
        away = np.where((runs["vessel_radius"] > 0) == (asked.vessel_mm is not None), 0.0, 100.0)
        for name, column in columns.items():
            low, high = self.atlas.header["ranges"][name]
            away = away + ((column - (getattr(asked, name) or 0.0)) / (high - low)) ** 2
        found = []
        for row in np.argsort(away)[:count]:
            given: dict[str, float | str] = {"key": str(runs["key"][row])}
            given |= {name: float(column[row]) for name, column in columns.items()}
            given["needle_off_mm"] = float(np.hypot(runs["x"][row], runs["y"][row]))
            found.append(given | {"minimal_margin_mm": float(runs["margin"][row])})
        return found


def answer(atlas: Atlas, question: Question) -> Answer:
    """Ask ``atlas``. Raises InputError for what lies outside the range of what was simulated."""
    check(atlas, question)
    asked = filled(atlas, question)
    margins, points, clipped = _margins(atlas, asked)
    return Answer(atlas, asked, margins, points[:, -1], clipped)


def reaching(margins: Margins, wanted: float) -> np.ndarray:
    """Probability (n,) that each sample's minimal margin is at least ``wanted`` mm, the emulator's error being
    normal."""
    score = (margins.mean - wanted) / (np.maximum(margins.sd, 1e-9) * math.sqrt(2.0))
    return np.array([0.5 * math.erfc(-x) for x in score.tolist()])


def filled(atlas: Atlas, question: Question) -> Question:
    """``question`` with the base case's protocol where it says nothing."""
    duration = atlas.header["duration_s"] if question.duration_s is None else question.duration_s
    power = atlas.header["power_w"] if question.power_w is None else question.power_w
    return replace(question, duration_s=duration, power_w=power)


OPTIONS = {"tumour_mm": ("--tumour", "mm", 1.0), "vessel_mm": ("--vessel", "mm", 1.0),
           "distance_mm": ("--distance", "mm", 1.0), "duration_s": ("--time", "min", 60.0),
           "power_w": ("--power", "W", 1.0)}  # fmt: skip
"""Option, unit and its size, of the inputs that have a range."""


def check(atlas: Atlas, question: Question) -> None:
    """Raise InputError where ``question`` cannot be answered: which input, and the range."""
    for name, (option, unit, size) in OPTIONS.items():
        value = getattr(filled(atlas, question), name)
        if value is None:
            continue
        low, high = atlas.header["ranges"][name]
        slack = EDGE * (high - low)
        if not low - slack <= value <= high + slack:
            problem = f"{value / size:g} {unit} is outside of what was simulated for {atlas.device}"
            raise InputError(problem, key=option, expected=f"{low / size:.3g} to {high / size:.3g} {unit}")
    if question.vessel_mm is not None and question.distance_mm is None:
        raise InputError("is needed where there is a vessel", key="--distance", expected="such as '3 mm'")
    if question.vessel_mm is None and not atlas.header["without_vessel"]:
        raise InputError("no run without a vessel was simulated", key="--vessel", expected="a diameter")
    if not 0 <= question.placement_error_mm <= 15:
        raise InputError(f"{question.placement_error_mm:g} mm is no error of a placement", key="--placement-error",
                         expected="0 to 15 mm")  # fmt: skip
    if question.reposition_beyond_mm is not None and question.reposition_beyond_mm <= 0:
        raise InputError("a needle is never on the spot", key="--reposition-beyond", expected="more than 0 mm")


def points_of(atlas: Atlas, question: Question) -> np.ndarray:
    """Quasi-random numbers (samples, inputs + 4)."""
    kept = len(atlas.points)
    if question.seed is None and question.samples <= kept:
        return atlas.points[: question.samples]
    from pennes.risk.build import sobol

    return sobol(question.samples, atlas.points.shape[1], question.seed or 0)


def placement(question: Question, points: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Errors (n, 3) in mm of the needle, x towards the vessel, from quasi-random ``points`` (n, 3): lateral distance,
    its direction, axial."""
    side = question.placement_error_mm * math.sqrt(2.0 / math.pi)
    if side == 0.0:
        return np.zeros((len(points), 3))
    share = points[:, 0]
    if question.reposition_beyond_mm is not None:
        share = share * (1.0 - math.exp(-0.5 * (question.reposition_beyond_mm / side) ** 2))
    lateral = side * np.sqrt(-2.0 * np.log1p(-np.minimum(share, 1.0 - 1e-9)))
    turn = 2.0 * math.pi * points[:, 1]
    return np.column_stack(
        [lateral * np.cos(turn), lateral * np.sin(turn), side * np.interp(points[:, 2], SHARES, normal)]
    )


def values_of(atlas: Atlas, question: Question, points: np.ndarray, error: np.ndarray) -> dict[str, np.ndarray]:
    """What the emulator asks for: ``points`` (n, inputs + 4) decide the tissue, ``error`` (n, 3) is the needle's."""
    count, radius = len(points), 0.5 * question.tumour_mm
    values = {given.name: np.clip(np.interp(points[:, number], SHARES, atlas.quantiles[number]), given.low, given.high)
              for number, given in enumerate(atlas.inputs)}  # fmt: skip
    if question.vessel_mm is None:
        # As the runs without a vessel: x is the side on which the target lies.
        x, y = np.hypot(error[:, 0], error[:, 1]), np.zeros(count)
        vessel, gap = 0.0, np.full(count, FAR)
    else:
        x, y = -error[:, 0], -error[:, 1]
        vessel, gap = 0.5 * question.vessel_mm, radius + (question.distance_mm or 0.0) - error[:, 0]
    return values | {
        "target_radius": np.full(count, radius), "vessel_radius": np.full(count, vessel), "gap": gap,
        "x": x, "y": y, "z": -error[:, 2],
        "duration": np.full(count, question.duration_s), "power": np.full(count, question.power_w),
    }  # fmt: skip


def _margins(atlas: Atlas, question: Question, fixed: str | None = None) -> tuple[Margins, np.ndarray, float]:
    """Margins of the samples; ``fixed`` is a group of causes that is held at its median."""
    points = points_of(atlas, question)
    used = points.copy()
    for number, given in enumerate(atlas.inputs):
        if given.group == fixed:
            used[:, number] = 0.5
    first = len(atlas.inputs)
    error = placement(question, used[:, first : first + 3], atlas.normal)
    if fixed == "placement":
        error = np.zeros_like(error)
    values = values_of(atlas, question, used, error)
    return atlas.emulator.margins(values, with_error=fixed is None), points, _clipped(atlas, values)


def _clipped(atlas: Atlas, values: dict[str, np.ndarray]) -> float:
    beyond = np.zeros(len(values["x"]), dtype=bool)
    for name in ("x", "y", "z", "gap"):
        if name in atlas.emulator.limits:
            low, high = atlas.emulator.limits[name]
            beyond |= (values[name] < low) | (values[name] > high)
    return float(beyond.mean())
