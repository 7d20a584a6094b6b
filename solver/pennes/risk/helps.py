"""What would help: the alternatives that the atlases hold, by the probability of a margin of 5 mm, then of full
cover."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pennes.errors import InputError
from pennes.risk.atlas import Atlas
from pennes.risk.query import (
    Answer,
    Question,
    answer,
    check,
    filled,
    placement,
    points_of,
    reaching,
    values_of,
)  # fmt: skip

STEPS = (1.25, 1.5)
"""Factors on time and power that are tried, besides the largest simulated value."""
OFFSETS = (4.0, 6.0, 8.0)
"""Half distances (mm) between two applications, along the vessel, that are tried."""
SPHERE = 80
"""Points of the target's surface at which the margin of united zones is measured."""
UNITED_SAMPLES = 128
"""Samples of two applications, at most: they take longest."""
NEARER = 3.0
"""Distance from the aim (mm) beyond which the needle is placed again, where that is not asked for already."""


@dataclass(frozen=True)
class Alternative:
    """Something else to do, and what it would bring."""

    change: str
    at_least_5: float
    at_least_10: float
    covered: float
    expected_mm: float


def alternatives(given: Answer, others: tuple[Atlas, ...] = ()) -> list[Alternative]:
    """Alternatives to what ``given`` answers, best first: more time, more power, placing again, two overlapping
    applications, the standard protocols of ``others``. What lies outside of what was simulated is left out."""
    found = [_of(change, answer(atlas, question)) for change, atlas, question in _single(given, others)]
    found.append(_overlapping(given))
    return sorted(found, key=lambda a: (-round(a.at_least_5, 3), -round(a.covered, 3), -a.expected_mm))


def _of(change: str, found: Answer) -> Alternative:
    return Alternative(
        change, found.probability(5.0), found.probability(10.0), found.probability(0.0), found.expected_mm
    )


def _single(given: Answer, others: tuple[Atlas, ...]) -> Iterator[tuple[str, Atlas, Question]]:
    asked, ranges = given.question, given.atlas.header["ranges"]
    for name, words in (("duration_s", "{:.3g} min instead of {:.3g}"), ("power_w", "{:.3g} W instead of {:.3g}")):
        now, most = getattr(asked, name), ranges[name][1]
        size = 60.0 if name == "duration_s" else 1.0
        most = round(most / size) * size
        for value in sorted(
            {step * now for step in STEPS if step * now < most} | ({most} if most > 1.02 * now else set())
        ):
            yield words.format(value / size, now / size), given.atlas, replace(asked, **{name: value})
    if asked.reposition_beyond_mm is None and asked.placement_error_mm > 0:
        again = replace(asked, reposition_beyond_mm=NEARER)
        yield f"placing the needle again where it is more than {NEARER:g} mm off", given.atlas, again
    for other in others:
        question = filled(other, replace(asked, duration_s=None, power_w=None))
        try:
            check(other, question)
        except InputError:
            continue
        yield f"{other.device}, {other.header['protocol']}", other, question


def _overlapping(given: Answer) -> Alternative:
    """The best of some distances between two applications. Each zone is that of a needle alone: what the first has
    warmed is not counted."""
    tried = [(offset, *_united(given.atlas, given.question, offset)) for offset in OFFSETS]
    offset, margins, sd = max(tried, key=lambda one: float(np.mean(_reaches(one[1], one[2], 5.0))))
    share = [float(np.mean(_reaches(margins, sd, wanted))) for wanted in (5.0, 10.0, 0.0)]
    where = "along the vessel" if given.question.vessel_mm is not None else "across the needle"
    return Alternative(f"two applications, {2 * offset:g} mm apart {where}", *share, float(margins.mean()))


def _united(atlas: Atlas, question: Question, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Minimal margins (n,) of two zones together and their errors (n,), each needle ``offset`` mm from the middle and
    with an error of its own."""
    points = points_of(atlas, question)[:UNITED_SAMPLES]
    first = len(atlas.inputs)
    surface = 0.5 * question.tumour_mm * fibonacci_sphere(SPHERE)
    best, sd = None, np.zeros(len(points))
    for side, shift in ((1.0, 0), (-1.0, len(points) // 2)):
        error = placement(question, np.roll(points[:, first : first + 3], shift, axis=0), atlas.normal)
        error[:, 1] += side * offset
        values = values_of(atlas, question, points, error)
        sd = np.maximum(sd, atlas.emulator.margins(values).sd)
        zones = atlas.emulator.zones(values, with_error=False)
        centre = np.column_stack([values["x"], values["y"], values["z"]])
        seen = centre[:, None, :] + turned(surface, error, question)
        seen[..., 1] *= np.where(values["y"] < 0, -1.0, 1.0)[:, None]
        distance = zones.signed_distance(seen)
        best = distance if best is None else np.maximum(best, distance)
    assert best is not None
    return best.min(axis=1), sd


def turned(surface: np.ndarray, error: np.ndarray, question: Question) -> np.ndarray:
    """Offsets (n, p, 3) of the target's surface in each needle's frame. Without a vessel its x axis points to the
    target, away from the needle's ``error`` (n, 3)."""
    if question.vessel_mm is not None:
        return np.broadcast_to(surface, (len(error), *surface.shape))
    length = np.maximum(np.hypot(error[:, 0], error[:, 1]), 1e-12)
    x, y = -error[:, 0] / length, -error[:, 1] / length
    turn = np.stack(
        [np.stack([x, y, 0 * x], -1), np.stack([-y, x, 0 * x], -1), np.stack([0 * x, 0 * x, 0 * x + 1], -1)], 1
    )
    return np.einsum("nij,pj->npi", turn, surface)


def fibonacci_sphere(count: int) -> np.ndarray:
    """Unit vectors (count, 3), evenly spread (Gonzalez 2010, Math Geosci 42:49)."""
    number = np.arange(count) + 0.5
    z = 1.0 - 2.0 * number / count
    turn = math.pi * (1.0 + math.sqrt(5.0)) * number
    across = np.sqrt(1.0 - z**2)
    return np.column_stack([across * np.cos(turn), across * np.sin(turn), z])


def _reaches(margins: np.ndarray, sd: np.ndarray, wanted: float) -> np.ndarray:
    from pennes.risk.emulator import Margins

    return reaching(Margins(margins, sd, np.zeros(len(margins), dtype=bool)), wanted)
