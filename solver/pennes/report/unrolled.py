"""The signed margin on a target's surface, unrolled: longitude about the needle, latitude along it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.tri import LinearTriInterpolator, Triangulation

from pennes.report import palette
from pennes.report.folder import Result
from pennes.report.style import margin_scale, png
from pennes.report.viewpoint import Frame, make_frame, nearest_vessel
from pennes.report.words import number

BESIDE = [
    (right, up, side)
    for far in (14, 30, 50, 75)
    for right, up, side in ((14, far, "left"), (-14, far, "right"), (14, -far, "left"), (-14, -far, "right"))
]
"""Where a name may stand beside its mark, nearest first: offsets in points, and the side that it begins or ends on."""


def angles(frame: Frame, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Longitude (n,) about the needle, 0 towards ``frame.side``, and latitude (n,), 90 towards the hub; degrees."""
    offset = np.atleast_2d(points) - frame.centre
    across, front, up = offset @ frame.side, offset @ frame.front, offset @ frame.up
    return np.degrees(np.arctan2(front, across)), np.degrees(np.arctan2(up, np.hypot(across, front)))


def unroll(frame: Frame, points: np.ndarray, values: np.ndarray, step: float = 2.0) -> tuple[np.ndarray, ...]:
    """Longitudes (a,), latitudes (b,) in degrees and values (b, a), interpolated linearly in these angles."""
    longitude, latitude = angles(frame, points)
    poles = [values[latitude.argmax()], values[latitude.argmin()]]
    ring = np.arange(-220.0, 221.0, 10.0)
    known = np.column_stack(
        [
            np.concatenate([longitude - 360.0, longitude, longitude + 360.0, ring, ring]),
            np.concatenate([np.tile(latitude, 3), np.full_like(ring, 90.0), np.full_like(ring, -90.0)]),
        ]
    )
    given = np.concatenate([np.tile(values, 3), np.full_like(ring, poles[0]), np.full_like(ring, poles[1])])
    near = np.abs(known[:, 0]) <= 220.0
    east, north = np.arange(-180.0, 180.0 + step, step), np.arange(-90.0, 90.0 + step, step)
    surface = LinearTriInterpolator(Triangulation(*known[near].T), given[near])
    found = surface(*np.meshgrid(east, north)).filled(np.nan)
    return east, north, found


def draw_unrolled(result: Result, target: str) -> str | None:
    """The map and the shares of the surface as a data URI; None where the target has no margins (no zone)."""
    figure = unrolled_figure(result, target)
    return None if figure is None else png(figure)


def unrolled_figure(result: Result, target: str) -> Figure | None:
    """The same as a figure."""
    mesh = result.targets[target].mesh
    margins = np.asarray(mesh["margin_mm"], dtype=float)
    known = np.isfinite(margins)
    if not known.any():
        return None
    entry = next(entry for entry in result.summary["targets"] if entry["name"] == target)
    frame = make_frame(result, target)
    east, north, values = unroll(frame, np.asarray(mesh.points)[known], margins[known])
    figure = Figure(figsize=(10.2, 4.35), layout="none")
    axes = figure.add_axes((0.07, 0.13, 0.605, 0.78))
    colours, norm = margin_scale()
    axes.imshow(
        values,
        extent=(-181, 181, -91, 91),
        origin="lower",
        cmap=colours,
        norm=norm,
        aspect="auto",
        interpolation="bilinear",
    )
    axes.set(xlim=(-180, 180), ylim=(-90, 90), xlabel="longitude about the needle", ylabel="latitude along the needle")
    axes.set_xticks(
        range(-180, 181, 60),
        [f"{v:+d}°".replace("+0", "0").replace("-", "\N{MINUS SIGN}") for v in range(-180, 181, 60)],
    )
    axes.set_yticks([-90, -45, 0, 45, 90], ["tip", "\N{MINUS SIGN}45°", "0°", "45°", "hub"])
    facing = f" (0° faces {frame.towards})" if frame.towards else ""
    axes.set_title(f"Signed margin on {target}, unrolled{facing}")
    taken, lines = _contours(axes, east, north, values, float(entry["required_margin_mm"]))
    _marks(axes, result, frame, entry, taken, lines)
    _shares(figure, entry)
    return figure


def _contours(
    axes: Axes, east: np.ndarray, north: np.ndarray, values: np.ndarray, required: float
) -> tuple[list[Artist], np.ndarray]:
    """Draw the lines; returns their labels, and their corners (n, 2) in pixels."""
    labels, corners = [], [np.empty((0, 2))]
    for level in sorted({*palette.MARGIN_CONTOURS, required}):
        if not values.min() < level < values.max():
            continue
        width = 2.0 if level == required else 0.9
        lines = axes.contour(east, north, values, levels=[level], colors=palette.INK, linewidths=width)
        lines.set(path_effects=[withStroke(linewidth=width + 1.4, foreground="white", alpha=0.7)])
        for label in axes.clabel(lines, fmt=f"{level:g} mm", fontsize=8.5):
            label.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
            labels.append(label)
        corners += [axes.transData.transform(path.vertices) for path in lines.get_paths()]
    return labels, np.concatenate(corners)


def _named(
    axes: Axes, text: str, place: tuple[float, float], taken: list[Artist], lines: np.ndarray, **look: Any
) -> None:
    """Write a name beside ``place`` where it covers nothing that is ``taken`` and, if that can be, no corner of
    ``lines`` (n, 2, in pixels); it takes its place."""
    renderer = FigureCanvasAgg(axes.figure).get_renderer()
    covered = [artist.get_window_extent(renderer) for artist in taken]
    inside = axes.get_window_extent(renderer)
    tried = []
    for right, up, side in BESIDE:
        label = axes.annotate(text, place, xytext=(right, up), textcoords="offset points", ha=side, va="center", **look)
        box = label.get_window_extent(renderer).expanded(1.02, 1.1)
        beyond = box.x0 < inside.x0 or box.x1 > inside.x1 or box.y0 < inside.y0 or box.y1 > inside.y1
        crossed = int(((lines > box.min) & (lines < box.max)).all(axis=1).sum())
        tried.append((beyond, sum(box.overlaps(other) for other in covered), crossed, label))
        if tried[-1][:3] == (False, 0, 0):
            break
    best = min(tried, key=lambda entry: entry[:3])[3]
    for *_, label in tried:
        if label is not best:
            label.remove()
    taken.append(best)


def _marks(
    axes: Axes, result: Result, frame: Frame, entry: dict[str, Any], taken: list[Artist], lines: np.ndarray
) -> None:
    halo = [withStroke(linewidth=3.0, foreground="white")]
    named: list[tuple[str, tuple[float, float], dict[str, Any]]] = []
    vessel = nearest_vessel(result.tubes, frame.centre)
    if vessel is not None:
        (longitude,), (latitude,) = angles(frame, vessel[2])
        taken += axes.plot(
            longitude, latitude, marker="D", ms=8, mfc=palette.VESSEL, mec=palette.INK, mew=1.2, ls="none"
        )
        named.append((f"direction of {vessel[0].name}", (longitude, latitude), {}))
    if entry["worst_point_mm"] is not None:
        (longitude,), (latitude,) = angles(frame, np.array(entry["worst_point_mm"]))
        axes.plot(longitude, latitude, marker="o", ms=15, mfc="none", mec="white", mew=3.5, ls="none")
        taken += axes.plot(longitude, latitude, marker="o", ms=15, mfc="none", mec=palette.INK, mew=1.8, ls="none")
        text = f"smallest: {number(entry['minimal_margin_mm'], unit='mm')}"
        named.insert(0, (text, (longitude, latitude), {"weight": "bold"}))
    for text, place, look in named:
        _named(axes, text, place, taken, lines, path_effects=halo, **look)


def _shares(figure: Figure, entry: dict[str, Any]) -> None:
    """Bars: share of the surface in each class of margin."""
    axes = figure.add_axes((0.80, 0.13, 0.17, 0.78))
    shares = [100.0 * entry["surface_share"][key] for key, _, _ in palette.MARGIN_CLASSES]
    places = np.arange(len(shares))
    axes.barh(places, shares, color=[colour for _, _, colour in palette.MARGIN_CLASSES], height=0.62)
    for place, share in zip(places, shares, strict=True):
        axes.text(share + 2.0, place, f"{share:.1f} %", va="center")
    axes.set_yticks(places, [name for _, name, _ in palette.MARGIN_CLASSES])
    axes.set(xlim=(0, 128), xticks=[0, 50, 100], xlabel="share of surface, %")
    axes.set_title("By class", loc="left")
    axes.tick_params(axis="y", length=0)
