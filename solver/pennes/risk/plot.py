"""A picture of an answer: risk over tumour size and distance, for this vessel, the asked point marked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pennes.errors import InputError
from pennes.risk.query import Answer, answer

STEPS = 13
SAMPLES = 128
WANTED = 5.0
"""Minimal margin, mm."""


def draw(found: Answer, path: Path) -> None:
    """Write the picture (the ending says the format). Raises InputError where that cannot be done."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    asked, ranges = found.question, found.atlas.header["ranges"]
    tumours = np.linspace(*ranges["tumour_mm"], STEPS)
    distances = np.array([0.0, 1.0]) if asked.vessel_mm is None else _distances(*ranges["distance_mm"])
    risk = np.empty((len(distances), len(tumours)))
    for row, distance in enumerate(distances):
        for column, tumour in enumerate(tumours):
            if asked.vessel_mm is None and row:
                risk[row, column] = risk[0, column]
                continue
            there = None if asked.vessel_mm is None else float(distance)
            question = replace(asked, tumour_mm=float(tumour), distance_mm=there, samples=SAMPLES)
            risk[row, column] = 1.0 - answer(found.atlas, question).probability(WANTED)
    figure, axes = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    levels = np.linspace(0.0, 1.0, 11)
    filled = axes.contourf(tumours, distances, risk, levels=levels, cmap="RdYlGn_r", vmin=0.0, vmax=1.0)
    lines = axes.contour(tumours, distances, risk, levels=[0.1, 0.25, 0.5, 0.75, 0.9], colors="black", linewidths=0.7)
    axes.clabel(lines, fmt=lambda level: f"{100 * level:.0f} %", fontsize=8)
    height = 0.5 if asked.vessel_mm is None else asked.distance_mm
    own = 1.0 - found.probability(WANTED)
    axes.plot(asked.tumour_mm, height, "o", markersize=9, markerfacecolor="white", markeredgecolor="black", zorder=5)
    right = asked.tumour_mm < tumours.mean()
    axes.annotate(f"{100 * own:.0f} %", (asked.tumour_mm, height), xytext=(9 if right else -9, 7),
                  textcoords="offset points", fontweight="bold", ha="left" if right else "right",
                  bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"})  # fmt: skip
    axes.set_xlabel("tumour's diameter, mm")
    header = found.atlas.header
    if asked.vessel_mm is None:
        axes.set_yticks([])
        vessel = "no vessel"
    else:
        axes.set_ylabel("distance from the vessel, mm")
        vessel = f"vessel of {asked.vessel_mm:g} mm"
    axes.set_title(f"Probability of a minimal margin below {WANTED:g} mm: {vessel}\n{header['device']}, "
                   f"{asked.duration_s / 60:g} min, {asked.power_w:g} W. Research use only", fontsize=10)  # fmt: skip
    figure.colorbar(filled, label="probability", ticks=levels[::2])
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot write this picture: {error}", file=path, key="--plot", expected="a PNG or PDF file"
        ) from None
    finally:
        plt.close(figure)


def _distances(low: float, high: float) -> np.ndarray:
    """Even steps, and finer ones where the vessel itself begins to allow the margin: risk falls steeply there."""
    finer = WANTED + np.array([-0.5, -0.1, 0.25, 0.5, 1.0])
    even = np.linspace(low, high, STEPS)
    even = even[(even <= finer[0]) | (even >= finer[-1])]
    return np.unique(np.concatenate([even, finer[(finer > low) & (finer < high)]]))
