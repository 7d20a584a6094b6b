"""A straight vessel that cools hot tissue around it: as a network on coarse meshes, and resolved on a fine one."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI

from dolfinx import mesh as dolfinx_mesh  # isort: skip

from pennes.bioheat import BioheatEquation, Coefficients
from pennes.case.vessels import Vessel
from pennes.elements import LinearElements
from pennes.library import find_tissue
from pennes.scene.locate import PointLocator, Spaces
from pennes.vasculature import build_tree
from pennes.verification.runs.operators import steady, uniform_enthalpy
from pennes.vessel import MODELS, Site

CONDUCTIVITY = 0.52
HOT, BLOOD = 67.0, 37.0
REACH, LENGTH, WIDTH = 6.0, 12.0, 14.0
"""Radius at which the tissue is hot, length and width of the tissue, in diameters."""
PASSES, SETTLED = 150, 1e-4


def vessel_of(
    diameter: float, speed: float, model: str, coefficient: float | None, offset: tuple[float, float]
) -> Vessel:
    """A vessel along x through the tissue at ``offset`` (y, z) m."""
    length, (y, z) = LENGTH * diameter, (1e3 * value for value in offset)
    return Vessel.model_validate(
        {
            "name": "vessel",
            "diameter": f"{1e3 * diameter} mm",
            "path": [["0 mm", f"{y} mm", f"{z} mm"], [f"{1e3 * length} mm", f"{y} mm", f"{z} mm"]],
            "speed": f"{100.0 * speed} cm/s",
            "model": model,
            "blood": find_tissue("blood"),
            "heated_length": f"{1e3 * length} mm",
            "coefficient": None if coefficient is None else f"{coefficient} W/m^2/K",
        }
    )


def exact(diameter: float, coefficient: float) -> float:
    """W per m from tissue at ``HOT`` at the reach to blood that stays cold, for a fixed wall ``coefficient``."""
    radius = diameter / 2.0
    wall = 1.0 / (2.0 * np.pi * radius * coefficient)
    return (HOT - BLOOD) / (wall + np.log(2.0 * REACH) / (2.0 * np.pi * CONDUCTIVITY))


def resolved(diameter: float, speed: float) -> float:
    """W per m, mean over the length, by the resolved flow in a tube of tissue."""
    radius = diameter / 2.0
    # Slit open along the tube: nothing crosses the slit in a problem that is the same all around.
    made = dolfinx_mesh.create_unit_cube(MPI.COMM_SELF, 14, 24, 36)
    across, around, along = made.geometry.x.T.copy()
    r = radius * (2.0 * REACH) ** across  # geometric: even steps of the logarithm
    angle = 2.0 * np.pi * around
    made.geometry.x[:] = np.column_stack([LENGTH * diameter * along, r * np.cos(angle), r * np.sin(angle)])
    elements = LinearElements(made)
    place = np.hypot(*elements.points[:, 1:].T)
    walls = dolfinx_mesh.locate_entities_boundary(made, 2, lambda x: np.hypot(x[1], x[2]) < 1.001 * radius)
    sink_vessel = vessel_of(diameter, speed, "resolved", None, (0.0, 0.0))
    sink = MODELS["resolved"](elements, sink_vessel, build_tree(sink_vessel), Site(walls, None, CONDUCTIVITY))
    fixed = place > 0.999 * REACH * diameter
    return _heat(elements, sink, fixed, np.full(len(place), HOT)) / (LENGTH * diameter)


def network(
    diameter: float,
    speed: float,
    size: float,
    offset: tuple[float, float],
    beyond: float,
    coefficient: float | None = None,
) -> float:
    """W per m by the network on an irregular mesh of edges ``size`` m whose axis lies at ``offset``.

    From the reach outwards the tissue has the logarithmic profile of ``beyond`` W per m.
    """
    counts = [max(2, round(width * diameter / size)) for width in (LENGTH, WIDTH, WIDTH)]
    half = WIDTH * diameter / 2.0
    corners = [[0.0, -half, -half], [LENGTH * diameter, half, half]]
    made = dolfinx_mesh.create_box(MPI.COMM_SELF, corners, counts)
    x = made.geometry.x
    inner = (np.abs(x[:, 1:]) < half - 1e-9).all(axis=1) & (x[:, 0] > 1e-9) & (x[:, 0] < corners[1][0] - 1e-9)
    phase = x / size @ np.array([[41.0, 67.0, 29.0], [73.0, 31.0, 59.0], [37.0, 53.0, 83.0]])
    x += np.where(inner[:, None], 0.2 * size * np.sin(phase), 0.0)
    elements, spaces = LinearElements(made), Spaces(made)
    vessel = vessel_of(diameter, speed, "network", coefficient, offset)
    site = Site(np.empty(0, np.int32), lambda points: PointLocator(spaces, points), CONDUCTIVITY)
    sink = MODELS["network"](elements, vessel, build_tree(vessel), site)
    place = np.hypot(elements.points[:, 1] - offset[0], elements.points[:, 2] - offset[1])
    profile = HOT + beyond / (2.0 * np.pi * CONDUCTIVITY) * np.log(np.maximum(place, 1e-6) / (REACH * diameter))
    return _heat(elements, sink, place > REACH * diameter, profile) / (LENGTH * diameter)


def _heat(elements: LinearElements, sink, fixed: np.ndarray, held: np.ndarray) -> float:
    """W that the vessel takes from tissue in steady state with its ``fixed`` nodes at ``held`` (n_local,)."""
    equation = BioheatEquation(elements, uniform_enthalpy(elements, 1.0), BLOOD, fixed, held)
    stiffness, none = elements.stiffness(np.full(elements.n_cells, CONDUCTIVITY)), np.zeros(elements.n_local)
    temperature = np.where(fixed, held, HOT)
    for _ in range(PASSES):
        wall_heat = sink.update(temperature)
        at = Coefficients(stiffness, none, none, sink.conductance, wall_heat)
        new = steady(equation, at, temperature)
        change, temperature = float(np.abs(new - temperature).max()), new
        if change < SETTLED:
            break
    else:
        raise RuntimeError(f"tissue and blood did not settle in {PASSES} passes")
    sink.update(temperature)
    return float(sink.heat(temperature).sum())
