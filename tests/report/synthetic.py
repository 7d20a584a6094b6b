"""A result folder made from formulas: realistic enough to look at, small enough for quick tests."""

from __future__ import annotations

import contextlib
import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvista as pv

with contextlib.suppress(ImportError):  # the wheel's loader; DOLFINx of conda or of a cluster needs none
    import dolfinx_solver  # noqa: F401
from dolfinx import fem, io, mesh
from mpi4py import MPI

HEATED = (-8.0, 8.0)  # z of the middle of the heated sleeve, mm
VEIN = {"name": "hepatic vein", "axis_y": 20.5, "radius": 3.0}
TARGETS = {"metastasis": ((0.0, 0.0, 0.0), 12.5), "satellite": ((0.0, -6.0, 16.5), 2.0)}
END = 720.0
TERMS = ("stored", "perfusion", "vessels", "surface", "applicator_cooling")


@dataclass(frozen=True)
class Settings:
    """What the folder holds."""

    targets: tuple[str, ...] = ("metastasis",)
    vessel: bool = True
    heat: float = 1.0
    """Factor on the temperature rise: 0.05 leaves nothing dead."""
    cells: int = 18
    times: int = 5
    cool_down: float = 60.0


def temperature(points: np.ndarray, time: float, settings: Settings) -> np.ndarray:
    """Temperature in C at points (n, 3) in mm: a warm sleeve round a cooled needle, cooled again by the vein."""
    along = np.clip(points[:, 2], *HEATED)
    radius = np.hypot(np.hypot(points[:, 0], points[:, 1]), points[:, 2] - along)
    sleeve = np.exp(-((radius / 15.5) ** 2)) * (1.0 - 0.5 * np.exp(-((radius / 1.8) ** 2)))
    growth = (1.0 - np.exp(-min(time, END) / 150.0)) * np.exp(-max(time - END, 0.0) / 90.0)
    rise = 68.0 * settings.heat * growth * sleeve
    if settings.vessel:
        to_wall = np.hypot(points[:, 1] - VEIN["axis_y"], points[:, 2]) - VEIN["radius"]
        rise = rise * (1.0 - 0.92 * np.exp(-np.maximum(to_wall, 0.0) / 5.0))
    return 37.0 + rise


def _graded_box(cells: int):
    """A box of 100 mm whose vertices are gathered in the middle (metres), on the world communicator."""
    box = mesh.create_box(MPI.COMM_WORLD, [[-1.0] * 3, [1.0] * 3], [cells] * 3)
    unit = box.geometry.x
    box.geometry.x[:] = 0.05 * (0.45 * unit + 0.55 * unit**3)
    return box


def _write_fields(folder: Path, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Write fields.xdmf and return points in mm and the final damage."""
    box = _graded_box(settings.cells)
    space = fem.functionspace(box, ("Lagrange", 1))
    points = 1e3 * space.tabulate_dof_coordinates()
    names = ("temperature", "damage", "viability", "power_density", "dryness")
    functions = {name: fem.Function(space, name=name) for name in names}
    damage = np.zeros(len(points))
    last = 0.0
    with io.XDMFFile(box.comm, str(folder / "fields.xdmf"), "w") as file:
        file.write_mesh(box)
        for time in np.linspace(0.0, END + settings.cool_down, settings.times):
            warm = temperature(points, time, settings)
            damage = damage + (time - last) * np.where(warm > 43.0, np.exp((warm - 55.0) / 1.8) / 60.0, 0.0)
            last = time
            functions["temperature"].x.array[:] = warm
            functions["damage"].x.array[:] = damage
            functions["viability"].x.array[:] = np.exp(-damage)
            functions["power_density"].x.array[:] = 1e6 * np.exp(-np.hypot(points[:, 0], points[:, 1]))
            functions["dryness"].x.array[:] = np.clip((warm - 99.0) / 2.0, 0.0, 1.0)
            for function in functions.values():
                file.write_function(function, time)
    return points, damage


def _zone(folder: Path, damage_at) -> pv.PolyData:
    axis = np.linspace(-30.0, 30.0, 61)
    grid = pv.RectilinearGrid(axis, axis, axis)
    grid["level"] = damage_at(np.asarray(grid.points))
    zone = grid.contour([0.0], "level")
    zone.clear_data()
    zone.save(folder / "zone.vtp")
    return zone


def _final_level(points: np.ndarray, settings: Settings) -> np.ndarray:
    return temperature(points, END, settings) - 54.0


def _write_surfaces(folder: Path, settings: Settings) -> tuple[pv.PolyData, dict[str, pv.PolyData]]:
    zone = _zone(folder, lambda points: _final_level(points, settings))
    targets = {}
    for name in settings.targets:
        centre, radius = TARGETS[name]
        surface = pv.Icosphere(radius=radius, center=centre, nsub=3)
        inside = _final_level(np.asarray(surface.points), settings) > 0.0
        if zone.n_points:
            distance = np.abs(surface.compute_implicit_distance(zone)["implicit_distance"])
            surface.clear_data()
            surface["margin_mm"] = np.where(inside, distance, -distance)
        else:
            surface["margin_mm"] = np.full(surface.n_points, np.nan)
        surface["inside"] = inside.astype(np.int8)
        surface.save(folder / ("target.vtp" if len(settings.targets) == 1 else f"target_{name}.vtp"))
        targets[name] = surface
    if settings.vessel:
        centre = (0.0, VEIN["axis_y"], 0.0)
        shape = {"radius": VEIN["radius"], "height": 100.0, "resolution": 32, "capping": False}
        pv.Cylinder(center=centre, direction=(1, 0, 0), **shape).save(folder / "vessels.vtp")
    shaft = pv.Cylinder(center=(0, 0, 18.5), direction=(0, 0, 1), radius=0.75, height=63.0, resolution=24)
    cone = pv.Cone(center=(0, 0, -14.0), direction=(0, 0, -1), height=2.0, radius=0.75, resolution=24)
    (shaft + cone).extract_surface(algorithm="dataset_surface").save(folder / "applicators.vtp")
    return zone, targets


def _history(folder: Path, settings: Settings) -> dict[str, float]:
    """Write history.csv (a pulsed treatment) and return the last row."""
    time = np.concatenate([np.linspace(1.0, END, 400), END + np.linspace(5.0, max(settings.cool_down, 5.0), 12)])
    time = time[time <= END + settings.cool_down]
    phase = np.mod(np.maximum(time - 200.0, 0.0), 60.0)
    on = ((time < 200.0) | (phase < 45.0)) & (time <= END)
    impedance = np.where(time < 200.0, 62.0 - 9.0 * (1 - np.exp(-time / 40.0)), 53.0) + np.where(
        (time > 140.0) & on, 60.0 * np.exp((phase - 45.0) / 6.0), 0.0
    )
    power = np.where(on, np.minimum(60.0 + time / 3.0, 130.0), 0.0)
    dt = np.diff(time, prepend=0.0)
    deposited = np.cumsum(power * dt)
    growth = 1.0 - np.exp(-time / 300.0)
    shares = {"perfusion": 0.18 * growth, "vessels": 0.12 * growth, "surface": 0.002 * growth}
    shares["applicator_cooling"] = 0.25 + 0.0 * growth
    if not settings.vessel:
        shares["vessels"] = 0.0 * growth
    columns = {
        "time_s": time,
        "dt_s": dt,
        "max_temperature_c": np.minimum(37.0 + 66.0 * settings.heat * (1 - np.exp(-time / 60.0)), 101.5),
        "sensor:tip_c": 25.0 + 20.0 * growth,
        "probe:edge_c": 37.0 + 22.0 * growth * settings.heat,
        "voltage_v": np.where(on, np.sqrt(power * impedance), np.nan),
        "current_a": np.where(on, np.sqrt(power / impedance), np.nan),
        "power_w": power,
        "impedance_ohm": np.where(on, impedance, np.nan),
        "generator_state": np.where(on, "on", np.where(time <= END, "pause", "off")),
        "zone_volume_ml": 22.0 * np.clip(growth - 0.2, 0.0, None) * (settings.heat > 0.5),
    }
    for name in settings.targets:
        columns[f"covered_fraction:{name}"] = np.clip(1.3 * growth - 0.2, 0.0, 0.97) * (settings.heat > 0.5)
    columns["deposited_j"] = deposited
    columns["stored_j"] = deposited * (1.0 - sum(shares.values()))
    for name, share in shares.items():
        columns[f"{name}_j"] = deposited * share
    columns["residual_fraction"] = 2e-4 * np.sin(time / 50.0)
    if settings.vessel:
        columns[f"vessel:{VEIN['name']}_w"] = 16.0 * growth
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(["" if isinstance(v, float) and np.isnan(v) else v for v in row])
    return {name: values[-1] for name, values in columns.items()}


def _target_entry(name: str, surface: pv.PolyData) -> dict:
    margin = np.asarray(surface["margin_mm"])
    known = bool(np.isfinite(margin).any())
    worst = int(np.nanargmin(margin)) if known else None
    edges = {"below_0": (-99, 0), "0_to_5": (0, 5), "5_to_10": (5, 10), "above_10": (10, 99)}
    shares = {key: float(np.mean((margin >= low) & (margin < high))) for key, (low, high) in edges.items()}
    return {
        "name": name,
        "volume_ml": surface.volume / 1e3,
        "required_margin_mm": 5.0,
        "minimal_margin_mm": float(margin[worst]) if known else None,
        "worst_point_mm": [float(v) for v in surface.points[worst]] if known else None,
        "worst_direction": "towards the hepatic vein (5.0 mm from it)" if known else None,
        "covered_fraction": 0.97 if known else 0.0,
        "share_below_required": float(np.mean(margin < 5.0)) if known else 1.0,
        "surface_share": shares if known else {"below_0": 1.0, "0_to_5": 0.0, "5_to_10": 0.0, "above_10": 0.0},
        "achieved": bool(known and margin[worst] >= 5.0),
    }


def _summary(settings: Settings, zone: pv.PolyData, targets: dict[str, pv.PolyData], last: dict[str, float]) -> dict:
    entries = [_target_entry(name, surface) for name, surface in targets.items()]
    volume = float(zone.volume / 1e3) if zone.n_points else 0.0
    size = [float(zone.bounds[2 * i + 1] - zone.bounds[2 * i]) for i in (2, 0, 1)] if zone.n_points else [0.0] * 3
    margins = {e["name"]: e["minimal_margin_mm"] for e in entries}

    def shifted(by: float) -> dict:
        return {
            "volume_ml": volume * (1 + by / 8),
            "minimal_margin_mm": {k: None if v is None else v + by for k, v in margins.items()},
        }

    events = [
        {"time_s": 200.0 + 60.0 * i + 45.0, "kind": "roll_off", "message": "impedance rose by 50 ohm"} for i in range(8)
    ]
    events.append({"time_s": END, "kind": "end", "message": "12 min are over"})
    return {
        "schema": "pennes.summary/1",
        "title": "Cooled-tip RF of a metastasis beside a hepatic vein",
        "provenance": {
            "version": "0.1.0",
            "packages": {"dolfinx": "0.11.0", "numpy": np.__version__},
            "ranks": 2,
            "case_sha256": "9f2c" * 16,
            "recipe_hash": "77ab" * 8,
            "date": "2026-01-31T12:00:00+00:00",
            "platform": "Linux x86_64",
        },
        "mesh": {"vertices": 29817, "cells": 171204, "h_min_mm": 0.36, "quality": {"min_dihedral_deg": 9.1}},
        "time": {
            "simulated_s": float(last["time_s"]),
            "steps": 412,
            "wall_s": 31.0,
            "loop_wall_s": 13.2,
            "setup_wall_s": 9.4,
        },
        "temperature": {"max_c": float(last["max_temperature_c"])},
        "zone": {"criterion": "arrhenius", "volume_ml": volume, "diameters_mm": size},
        "targets": entries,
        "vessels": [{"name": VEIN["name"], "cooling_power_w": 14.8, "heat_removed_j": 9400.0}]
        if settings.vessel
        else [],
        "generator": {"energy_delivered_j": 71400.0, "mean_power_w": 99.2, "roll_offs": 8, "events": events},
        "energy": {f"{t}_j": float(last[f"{t}_j"]) for t in ("deposited", *TERMS)} | {"residual_fraction": 1.9e-4},
        "organs": [{"name": "gallbladder", "max_c": 41.3, "max_cem43_min": 2.4}],
        "criteria": {
            "arrhenius": shifted(0.0),
            "cem43": shifted(0.9),
            "three_state": shifted(-0.4),
            "isotherm": shifted(-1.6),
        },
        "solver": {"newton": 950, "linear_iterations": 8123, "rejected_steps": 12, "failed_solves": 0},
        "warnings": ["conductivity was clipped at 2 <vertices>"],
    }


def _case_text(settings: Settings) -> str:
    lines = [
        "title: Cooled-tip RF of a metastasis beside a hepatic vein",
        "targets:" + ("" if settings.targets else " []"),
    ]
    for name in settings.targets:
        (x, y, z), radius = TARGETS[name]
        lines.append(
            f"  - {{name: {name}, shape: ball, diameter: {2 * radius} mm, margin: 5 mm, "
            f"centre: [{x} mm, {y} mm, {z} mm]}}"
        )
    if settings.vessel:
        path = "[[-60 mm, 20.5 mm, 0 mm], [60 mm, 20.5 mm, 0 mm]]"
        lines += ["vessels:", f"  - {{name: hepatic vein, diameter: 6 mm, path: {path}, speed: 20 cm/s, branches: []}}"]
    lines += ["applicators:", "  - {name: needle, tip: [0 mm, 0 mm, -15 mm], direction: [0, 0, -1]}"]
    lines += ["death: {criterion: arrhenius}"]
    return "\n".join(lines) + "\n"


def write_result(folder: Path, settings: Settings = Settings()) -> Path:
    """Write a complete result folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_fields(folder, settings)
    zone, targets = _write_surfaces(folder, settings)
    last = _history(folder, settings)
    (folder / "summary.json").write_text(json.dumps(_summary(settings, zone, targets, last), indent=1))
    (folder / "case.yaml").write_text(_case_text(settings))
    return folder
