"""Curves over time: temperature, power, impedance, voltage and current, zone, energy budget."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pennes.report import palette
from pennes.report.folder import Result
from pennes.report.style import svg


def _columns(result: Result, start: str, end: str) -> dict[str, np.ndarray]:
    """Columns ``start:<name>_<end>`` of the history by name, without those that hold no number."""
    tail = f"_{end}" if end else ""
    found = {
        name[len(start) + 1 : len(name) - len(tail)]: values
        for name, values in result.history.items()
        if name.startswith(f"{start}:") and name.endswith(tail)
    }
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def _shade_off(axes: Axes, minutes: np.ndarray, result: Result) -> None:
    """Grey where the generator delivers nothing."""
    power = np.nan_to_num(result.history["power_w"])
    off = power <= 1e-9
    low, high = axes.get_ylim()
    axes.fill_between(minutes, low, high, where=off, step="pre", color="#eceff2", linewidth=0, zorder=0)
    axes.set_ylim(low, high)


def _mark_events(axes: Axes, result: Result) -> None:
    for event in result.events:
        if event["kind"] in ("roll_off", "limit", "end", "schedule"):
            axes.axvline(event["time_s"] / 60.0, color="#8a939c", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)


def _finish(axes: Axes, label: str, title: str) -> None:
    axes.set_ylabel(label)
    axes.set_title(title)
    axes.grid(True, axis="y")


def draw_course(result: Result) -> str:
    """Temperature, power, impedance, voltage and current, zone over time in minutes, as inline SVG. Of an antenna: its
    reflection instead of impedance, voltage and current."""
    history = result.history
    minutes = history["time_s"] / 60.0
    antenna = "s11_db" in history
    figure = Figure(figsize=(10.2, 7.6 if antenna else 9.2))
    frame = {"left": 0.065, "right": 0.935, "bottom": 0.055, "top": 0.97, "hspace": 0.32}
    heights = [1.25, 1, 1, 1] if antenna else [1.25, 1, 1, 1, 1]
    rows = figure.subplots(len(heights), 1, sharex=True, gridspec_kw={"height_ratios": heights, **frame})
    heat, power, zone = rows[0], rows[1], rows[-1]
    heat.plot(minutes, history["max_temperature_c"], color=palette.SERIES[1], label="highest in tissue")
    others = {**_columns(result, "sensor", "c"), **_columns(result, "probe", "c")}
    for number, (name, values) in enumerate(others.items()):
        colour = palette.SERIES[(number + 2) % len(palette.SERIES)]
        heat.plot(minutes, values, color=colour, linewidth=1.2, label=name)
    heat.axhline(100.0, color=palette.MUTED, linewidth=0.8, linestyle=":")
    _finish(heat, "°C", "Temperature")
    power.plot(minutes, history["power_w"], color=palette.SERIES[0])
    _finish(power, "W", "Power delivered to tissue")
    if antenna:
        _reflection(rows[2], minutes, history)
    else:
        rows[2].plot(minutes, history["impedance_ohm"], color=palette.SERIES[3])
        _finish(rows[2], "Ω", "Impedance")
        _voltage_and_current(rows[3], minutes, history)
    _growth(zone, minutes, result)
    for axes in rows:
        _shade_off(axes, minutes, result)
        _mark_events(axes, result)
    if len(others) > 0:
        heat.legend(
            loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=min(len(others) + 1, 6), fontsize=8, borderpad=0.1
        )
    rows[-1].set_xlabel("time, min")
    rows[-1].set_xlim(0.0, minutes[-1])
    what = "reflection" if antenna else "impedance, voltage and current,"
    label = f"Temperature, power, {what} and zone volume over time"
    return svg(figure, "course", label)


def _reflection(axes: Axes, minutes: np.ndarray, history: dict[str, np.ndarray]) -> None:
    axes.plot(minutes, history["s11_db"], color=palette.SERIES[3])
    axes.set_ylabel("dB", color="#a0407f")
    axes.set_title("Reflection |S11| at the antenna's port (left) and reflected power (right)")
    axes.grid(True, axis="y")
    other = axes.twinx()
    other.plot(minutes, history["reflected_w"], color=palette.SERIES[4], linestyle=(0, (5, 1.5)))
    other.set_ylabel("W", color="#9a6a00")
    other.set_ylim(bottom=0.0)
    other.spines["right"].set_visible(True)


def _voltage_and_current(axes: Axes, minutes: np.ndarray, history: dict[str, np.ndarray]) -> None:
    axes.plot(minutes, history["voltage_v"], color=palette.SERIES[2])
    axes.set_ylabel("V", color=palette.SERIES[2])
    axes.set_title("Voltage (left) and current (right), root mean square")
    axes.grid(True, axis="y")
    other = axes.twinx()
    other.plot(minutes, history["current_a"], color=palette.SERIES[4], linestyle=(0, (5, 1.5)))
    other.set_ylabel("A", color="#9a6a00")
    other.spines["right"].set_visible(True)


def _growth(axes: Axes, minutes: np.ndarray, result: Result) -> None:
    axes.plot(minutes, result.history.get("zone_volume_ml", np.full_like(minutes, np.nan)), color=palette.INK)
    covered = _columns(result, "covered_fraction", "")
    title = "Volume of the zone"
    if covered:
        title += " (left) and covered share of the tumour's volume (right)"
        other = axes.twinx()
        for number, (name, values) in enumerate(covered.items()):
            colour = (palette.TUMOUR, *palette.SERIES)[number % 7]
            other.plot(minutes, 100.0 * values, color=colour, linestyle=(0, (5, 1.5)), label=name)
        other.set(ylim=(0, 105), yticks=[0, 50, 100])
        other.set_ylabel("%", color="#00664a")
        other.spines["right"].set_visible(True)
        if len(covered) > 1:
            other.legend(loc="center right", fontsize=8)
    _finish(axes, "ml", title)
    axes.set_ylim(bottom=0.0)


def draw_budget(result: Result) -> str:
    """Where the deposited energy went, stacked over time, and the residual of the budget, as inline SVG."""
    return svg(budget_figure(result), "budget", "Energy budget over time, stacked, and its residual")


def budget_figure(result: Result) -> Figure:
    """The same as a figure."""
    count = len(result.history["time_s"])
    kept = np.unique(
        np.linspace(0, count - 1, min(count, 400)).round().astype(int)
    )  # areas are not thinned by the writer
    history = {name: values[kept] for name, values in result.history.items()}
    minutes = history["time_s"] / 60.0
    terms = {
        name: np.nan_to_num(history[f"{name}_j"]) / 1e3
        for name in palette.ENERGY
        if f"{name}_j" in history and np.nanmax(np.abs(history[f"{name}_j"]), initial=0.0) > 0.0
    }
    figure = Figure(figsize=(10.2, 4.9))
    # Room on the left for the figures of a small residual, on the right for the names.
    frame = {"left": 0.09, "right": 0.74, "bottom": 0.1, "top": 0.94, "hspace": 0.22}
    axes, rest = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3.2, 1], **frame})
    top, bottom = np.zeros_like(minutes), np.zeros_like(minutes)
    for name, energy in terms.items():
        label, colour = palette.ENERGY[name]
        # what a term gives back is stacked downwards from zero
        gained, returned = np.maximum(energy, 0.0), np.minimum(energy, 0.0)
        axes.fill_between(minutes, top, top + gained, color=colour, linewidth=0, label=label)
        if returned.any():
            axes.fill_between(minutes, bottom, bottom + returned, color=colour, linewidth=0)
        top, bottom = top + gained, bottom + returned
    axes.plot(minutes, history["deposited_j"] / 1e3, color=palette.INK, linewidth=1.8, label="deposited")
    _finish(axes, "kJ", "Where the deposited energy went")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    rest.plot(minutes, 100.0 * history.get("residual_fraction", np.full_like(minutes, np.nan)), color=palette.SERIES[1])
    rest.axhline(0.0, color=palette.MUTED, linewidth=0.8)
    _finish(rest, "%", "Residual: share of the deposited energy that is not accounted for")
    rest.set_xlabel("time, min")
    rest.set_xlim(0.0, minutes[-1])
    return figure
