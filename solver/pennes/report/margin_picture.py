"""A picture of margins between label maps: the tumour's surface painted, and unrolled to longitude and latitude."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from pennes.assessment import MarginReport, Needle, TargetMargins
from pennes.errors import InputError
from pennes.report import palette, rendering
from pennes.report.style import house_style, margin_scale
from pennes.report.unrolled import angles, unroll
from pennes.report.viewpoint import Frame, make_camera
from pennes.result.surfaces import vtp_bytes

SIZE = (640, 600)


def draw_margins(report: MarginReport, path: Path, needle: Needle | None = None) -> None:
    """Write a PNG with a row for each tumour: painted surface from the worst side and unrolled map.

    Without off-screen OpenGL the painted surface is left out. Raises InputError where the file cannot be written.
    """
    frames = [_frame(target, needle) for target in report.targets]
    views = _painted(report, frames)
    with house_style():
        figure = Figure(figsize=(12.6, 4.6 * len(frames)), layout="none")
        FigureCanvasAgg(figure)
        for row, (target, frame, view) in enumerate(zip(report.targets, frames, views, strict=True)):
            low, high = 1 - (row + 1) / len(frames), 1 / len(frames)
            _surface_axes(figure.add_axes((0.005, low + 0.03 * high, 0.32, 0.86 * high)), target, view)
            axes = figure.add_axes((0.40, low + 0.14 * high, 0.50, 0.74 * high))
            _map_axes(axes, target, frame, needle)
            colours, norm = margin_scale()
            bar = Colorbar(
                figure.add_axes((0.925, low + 0.14 * high, 0.014, 0.74 * high)), cmap=colours, norm=norm, extend="both"
            )
            bar.set_label("signed margin, mm")
        try:
            figure.savefig(path, format="png", dpi=130)
        except OSError as problem:
            raise InputError(f"cannot be written ({problem.strerror})", file=path) from None


def _frame(target: TargetMargins, needle: Needle | None) -> Frame:
    """Up along the needle towards its hub, or towards the head; the side faces the patient's left or front."""
    points = 1e3 * target.segment.surface.points
    centre = points.mean(axis=0)
    up, origin = np.array([0.0, 0.0, 1.0]), centre
    if needle is not None:
        up = (needle.entry - needle.tip) / np.linalg.norm(needle.entry - needle.tip)
        origin = 1e3 * needle.tip
    towards, side = next(
        (name, axis)
        for name, axis in (("left", [1.0, 0, 0]), ("anterior", [0, -1.0, 0]))
        if abs(np.dot(axis, up)) < 0.8
    )
    side = np.asarray(side) - np.dot(side, up) * up
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    return Frame(centre, origin, up, side / np.linalg.norm(side), radius, 0.0, towards)


def _painted(report: MarginReport, frames: list[Frame]) -> list[np.ndarray | None]:
    """One rendered picture (height, width, 3) a tumour; None where the machine has no graphics."""
    with tempfile.TemporaryDirectory(prefix="pennes-margin-") as name:
        folder = Path(name)
        job = {"size": SIZE, "colours": palette.margin_colours().tolist(), "limits": palette.MARGIN_RANGE, "views": []}
        for number, (target, frame) in enumerate(zip(report.targets, frames, strict=True)):
            surface, file = target.segment.surface, folder / f"target-{number}.vtp"
            file.write_bytes(vtp_bytes(surface.points, surface.triangles, {"margin_mm": 1e3 * target.margins}))
            turn, rise = _worst_angles(target, frame)
            camera = make_camera(frame, turn, rise, 1.2 * frame.radius, 0.0)
            contours = sorted({*palette.MARGIN_CONTOURS, target.summary["required_margin_mm"]})
            part = {"file": str(file), "colour": palette.TUMOUR, "painted": True, "contours": contours}
            job["views"].append(
                {
                    "file": str(folder / f"view-{number}.npz"),
                    "centre": camera.centre.tolist(),
                    "towards": camera.towards.tolist(),
                    "up": camera.up.tolist(),
                    "half_height": camera.half_height,
                    "parts": [part | {"ink": palette.INK, "unknown": palette.NEEDLE}],
                }
            )
        (folder / "job.json").write_text(json.dumps(job))
        command = [sys.executable, "-m", rendering.__name__, str(folder / "job.json")]
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
        files = [folder / f"view-{number}.npz" for number in range(len(frames))]
        return [np.load(file)["picture"] if file.is_file() else None for file in files]


def _worst_angles(target: TargetMargins, frame: Frame) -> tuple[float, float]:
    worst = target.summary["worst_point_mm"]
    if worst is None:
        return 0.0, 15.0
    offset = np.array(worst) - frame.centre
    across, front, up = offset @ frame.side, offset @ frame.front, offset @ frame.up
    rise = np.degrees(np.arctan2(up, np.hypot(across, front)))
    return float(np.degrees(np.arctan2(across, front)) - 20.0), float(np.clip(rise, -70.0, 70.0))


def _surface_axes(axes: Axes, target: TargetMargins, picture: np.ndarray | None) -> None:
    axes.set_axis_off()
    axes.set_title(f"{target.segment.name}, seen from its worst side")
    if picture is None:
        axes.text(0.5, 0.5, "no off-screen graphics", ha="center", transform=axes.transAxes)
    else:
        axes.imshow(picture)


def _map_axes(axes: Axes, target: TargetMargins, frame: Frame, needle: Needle | None) -> None:
    margins, points = 1e3 * target.margins, 1e3 * target.segment.surface.points
    known = np.isfinite(margins)
    entry, (colours, norm) = target.summary, margin_scale()
    if known.sum() > 3:
        east, north, values = unroll(frame, points[known], margins[known])
        look = {"cmap": colours, "norm": norm, "aspect": "auto", "interpolation": "bilinear", "origin": "lower"}
        axes.imshow(values, extent=(-181, 181, -91, 91), **look)
        for level in sorted({*palette.MARGIN_CONTOURS, entry["required_margin_mm"]}):
            if np.nanmin(values) < level < np.nanmax(values):
                wide = 2.0 if level == entry["required_margin_mm"] else 0.9
                lines = axes.contour(east, north, values, levels=[level], colors=palette.INK, linewidths=wide)
                axes.clabel(lines, fmt=f"{level:g} mm", fontsize=8.5)
    if not known.all():
        hidden = angles(frame, points[~known])
        axes.plot(*hidden, ".", ms=3, color=palette.NEEDLE, label="left out: near the capsule")
        axes.legend(loc="lower right")
    if entry["worst_point_mm"] is not None:
        (longitude,), (latitude,) = angles(frame, np.array(entry["worst_point_mm"]))
        axes.plot(longitude, latitude, "o", ms=14, mfc="none", mec=palette.INK, mew=1.8)
        axes.annotate(
            f"smallest: {entry['minimal_margin_mm']:+.1f} mm",
            (longitude, latitude),
            xytext=(-14 if longitude > 90 else 14, -14 if latitude > 60 else 14),
            textcoords="offset points",
            ha="right" if longitude > 90 else "left",
            weight="bold",
            path_effects=[withStroke(linewidth=3.0, foreground="white")],
        )
    about = "the needle" if needle is not None else "the axis from feet to head"
    poles = ("tip", "hub") if needle is not None else ("feet", "head")
    axes.set(xlim=(-180, 180), ylim=(-90, 90), xlabel=f"longitude about {about}", ylabel="latitude")
    axes.set_xticks(range(-180, 181, 60), [f"{v}°" for v in range(-180, 181, 60)])
    axes.set_yticks([-90, -45, 0, 45, 90], [poles[0], "−45°", "0°", "45°", poles[1]])
    axes.set_title(f"Signed margin on {target.segment.name}, unrolled (0° faces the patient's {frame.towards})")
