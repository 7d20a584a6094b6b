"""Zones with known margins, instead of simulations: ellipsoids about the needle, less a tube around the vessel."""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from pennes.risk.cohort import CohortRuns, Input, Property
from pennes.risk.directions import POLAR
from pennes.risk.distributions import quantiles
from pennes.risk.features import GEOMETRY
from pennes.risk.fit import Runs
from pennes.risk.zone import STATIONS

INPUTS = ("liver_perfusion", "liver_electric_conductivity", "blood_speed")
SPREADS = {
    "liver_perfusion": {"kind": "lognormal", "sd": 0.4, "low": 0.5, "high": 2.5},
    "liver_electric_conductivity": {"kind": "uniform", "low": 0.7, "high": 1.3},
    "blood_speed": {"kind": "lognormal", "sd": 0.3, "low": 0.4, "high": 2.5},
}
LONG = 1.25


def half_widths(values) -> np.ndarray:
    """(n,) of the ellipsoids across the needle, mm; along it they are ``LONG`` times that."""
    growth = (values["duration"] / 600.0) ** 0.25 * (values["power"] / 100.0) ** 0.3
    tissue = values["liver_perfusion"] ** -0.2 * values["liver_electric_conductivity"] ** 0.15
    return 19.0 * growth * tissue


def rims(values) -> np.ndarray:
    """(n,) mm of living tissue on a vessel that the ellipsoid would reach."""
    return 0.4 + 0.25 * values["vessel_radius"] * values["liver_perfusion"] ** 0.5 * values["blood_speed"] ** 0.3


def ellipsoid_distance(half_width: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Signed distances (n,), positive inside, by the nearest of many points in the half-plane of each point."""
    angle = np.linspace(0.0, np.pi, 4001)
    across, along = np.sin(angle), LONG * np.cos(angle)
    found = np.empty(len(points))
    for number, (width, point) in enumerate(zip(half_width, points, strict=True)):
        off = np.hypot(point[0], point[1])
        inside = np.hypot(off, point[2] / LONG) < width
        distance = np.sqrt((width * across - off) ** 2 + (width * along - point[2]) ** 2).min()
        found[number] = distance if inside else -distance
    return found


def fronts(values) -> np.ndarray:
    """(n, 3) how far dead tissue reaches towards the vessel at the stations, mm; nan without a vessel."""
    reach = half_widths(values)[:, None] ** 2 - (values["z"][:, None] / LONG) ** 2 - STATIONS**2
    reach = np.sqrt(np.maximum(reach, 0.0))
    wall = values["gap"][:, None] - rims(values)[:, None]
    front = np.minimum(reach, np.maximum(wall, 0.0))
    return np.where(values["vessel_radius"][:, None] > 0, front, np.nan)


def margins(values) -> np.ndarray:
    """(n,) exact minimal margins, mm."""
    centre = np.column_stack([values["x"], values["y"], values["z"]])
    outer = ellipsoid_distance(half_widths(values), centre)
    tube = values["gap"] - values["x"] - rims(values)
    tube = np.where(values["vessel_radius"] > 0, tube, np.inf)
    return np.minimum(outer, tube) - values["target_radius"]


def shapes(values) -> np.ndarray:
    """(n, 24, 4)"""
    radius = half_widths(values)[:, None] / np.sqrt(np.sin(POLAR) ** 2 + (np.cos(POLAR) / LONG) ** 2)
    return np.stack([np.log(radius), *[np.zeros_like(radius)] * 3], axis=-1)


def draw(count: int, seed: int) -> dict[str, np.ndarray]:
    """Inputs of ``count`` runs, spread evenly."""
    u = qmc.Sobol(11, rng=seed).random(count)
    radius, distance = 5 + 15 * u[:, 0], 15 * u[:, 2]
    vessel = np.where(u[:, 1] < 0.15, 0.0, 1 + 4 * (u[:, 1] - 0.15) / 0.85)
    x, y, z = (14 * (u[:, k] - 0.5) for k in (3, 4, 5))
    gone = vessel == 0
    x, y = np.where(gone, np.hypot(x, y), x), np.where(gone, 0.0, y)
    gap = np.where(gone, np.inf, np.maximum(radius + distance + x, 2.0))
    values = dict(zip(GEOMETRY, (radius, vessel, gap, x, y, z, 300 + 900 * u[:, 6], 60 + 90 * u[:, 7]), strict=True))
    return values | {name: 0.4 * 6.25 ** u[:, 8 + k] for k, name in enumerate(INPUTS)}


def cohort(count: int = 256, seed: int = 1) -> CohortRuns:
    """What would be read from a cohort's folder."""
    values = draw(count, seed)
    keys = tuple(f"{number:016x}" for number in range(count))
    runs = Runs(keys, INPUTS, values, shapes(values), fronts(values), margins(values))
    inputs = tuple(
        Input(Property(name, name.replace("_", " "), "tissue" if "cond" in name else "perfusion", "", ()), 1.0,
              quantiles(SPREADS[name]), 0.4, 2.5) for name in INPUTS
    )  # fmt: skip
    device = {"name": "analytic_needle", "title": "Ellipsoids"}
    base = {
        "applicators": [{"device": device}],
        "protocol": {"name": "standard", "duration": "600 s", "set_power": "100 W"},
        "death": {"criterion": "arrhenius"},
    }
    header = {"title": "analytic", "base": {"sha256": "0" * 64}}
    return CohortRuns(runs, inputs, base, 15.0, header, tuple("0" * 64 for _ in keys), ("0",), ())
