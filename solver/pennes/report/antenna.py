"""Pictures of a microwave antenna: absorption in its plane, reflection over time, where the generator's power went."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from pennes import units
from pennes.errors import InputError
from pennes.report import palette
from pennes.report.fields import FieldFile
from pennes.report.folder import Result
from pennes.report.planes import cut_field, draw_outlines, heated_time, needle_planes, window
from pennes.report.style import png, svg
from pennes.report.viewpoint import make_frame

RANGE = (10.0, 1e5)
"""W/kg shown."""
_SHADES = colormaps["viridis"]

FLOWS = (
    ("cable", "lost in the cable", "#5b6570"),
    ("shaft", "lost in the shaft", "#9aa4ad"),
    ("reflected", "reflected", "#cc79a7"),
    ("absorbed", "absorbed by the tissue", "#d55e00"),
    ("elsewhere", "absorbed outside the mesh's tissue", "#f0a830"),
    ("needle", "taken up inside the needle", "#56b4e9"),
    ("radiated", "radiated farther", "#009e73"),
)
"""Key of the summary's budget, words, colour, in the order in which the power is lost."""


def has_antenna(result: Result) -> bool:
    """Whether the run had a microwave antenna that was switched on."""
    return bool(result.summary["antennas"])


def draw_absorption(result: Result, fields: FieldFile) -> tuple[str, float, float]:
    """Specific absorption rate in the antenna's plane when power first flowed and at the end of heating, as a data URI,
    and both times in s."""
    times = fields.times("power_density")
    first, last = float(times[min(1, len(times) - 1)]), heated_time(result, times)
    density = _density(result)
    points, cells = fields.mesh()
    planes = needle_planes(make_frame(result))
    half, low, high = window(result, planes, points)
    width = 4.15
    height = float(np.clip(width * (high - low) / (2.0 * half), 3.0, 7.0))
    total = height + 0.95
    figure = Figure(figsize=(10.2, total), layout="none")
    norm = LogNorm(*RANGE)
    for number, time in enumerate((first, last)):
        axes = figure.add_axes((0.06 + 0.445 * number, 0.5 / total, width / 10.2, height / total))
        section = cut_field(points, cells, fields.values("power_density", time) / density, planes[0])
        if section is not None:
            triangles, values = section
            levels = np.geomspace(*RANGE, 49)
            clipped = np.clip(values, RANGE[0], RANGE[1])
            axes.tricontourf(triangles, clipped, levels=levels, cmap=_SHADES, norm=norm, antialiased=False)
            lines = [level for level in (1e2, 1e3, 1e4) if values.min() < level < values.max()]
            if lines:
                axes.tricontour(triangles, clipped, levels=lines, colors="white", linewidths=0.6)
        draw_outlines(axes, result, planes[0])
        axes.set(xlim=(-half, half), ylim=(low, high), aspect="equal", xlabel="across the needle, mm")
        axes.set_title(f"After {time / 60.0:.1f} min")
        axes.spines[["top", "right"]].set_visible(True)
        if number == 0:
            axes.set_ylabel("along the needle, mm")
    bar = figure.colorbar(
        ScalarMappable(norm, _SHADES), cax=figure.add_axes((0.932, 0.5 / total, 0.013, height / total)), extend="both"
    )
    bar.set_label("specific absorption rate, W/kg", labelpad=2)
    return png(figure), first, last


def _density(result: Result) -> float:
    """Density of the body's tissue in kg/m3. Raises InputError where the case does not hold it."""
    try:
        return units.parse_quantity(result.case["body"]["tissue"]["density"]["value"], "kg/m^3", "1079 kg/m^3")
    except (KeyError, TypeError, ValueError) as problem:
        raise InputError(f"not a resolved case ({problem})", file=result.folder / "case.yaml") from None


def draw_flows(result: Result) -> str:
    """Where the generator's energy went, one bar an antenna, as inline SVG."""
    antennas = result.summary["antennas"]
    figure = Figure(figsize=(10.2, 1.55 + 0.75 * len(antennas)))
    axes = figure.add_axes((0.10, 0.24, 0.885, 0.36 if len(antennas) == 1 else 0.5))
    used = []
    for row, antenna in enumerate(antennas):
        left, whole = 0.0, antenna["budget_j"]["set"]
        for key, words, colour in FLOWS:
            value = antenna["budget_j"].get(key, 0.0)
            if value <= 1e-4 * whole:
                continue
            label = words if key not in used else None
            used.append(key)
            axes.barh(row, value / 1e3, left=left / 1e3, color=colour, height=0.62, label=label, edgecolor="white")
            if value > 0.035 * whole:
                text = f"{100 * value / whole:.0f} %"
                dark = key in ("cable", "absorbed", "radiated")
                axes.text((left + value / 2) / 1e3, row, text, ha="center", va="center", fontsize=8.5,
                          color="white" if dark else palette.INK)  # fmt: skip
            left += value
    axes.set_yticks(range(len(antennas)), [antenna["name"] for antenna in antennas])
    axes.set_xlim(0.0, max(antenna["budget_j"]["set"] for antenna in antennas) / 1e3)
    axes.set_xlabel("energy, kJ")
    figure.legend(loc="upper left", bbox_to_anchor=(0.09, 1.0), ncols=4, fontsize=8.5)
    return svg(figure, "flows", "Where the generator's energy went, from the cable to what is radiated")
