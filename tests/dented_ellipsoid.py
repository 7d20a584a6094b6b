"""A zone as a closed surface: an ellipsoid less a tube around a vessel, and the case that it belongs to."""

from __future__ import annotations

import numpy as np
import pyvista

WIDTH, LENGTH, RIM, VESSEL = 20.0, 26.0, 1.5, 3.0


def mm(point) -> list[str]:
    return [f"{x!r} mm" for x in np.asarray(point, dtype=float).tolist()]


def case(turn: np.ndarray, gap: float | None, centre=(0.0, 0.0, 0.0), radius: float = 10.0) -> dict:
    """A needle along z with its aim 15 mm behind its tip at (1, 2, 3) mm, turned; the vessel on the side of x."""
    middle = np.array([1.0, 2.0, 3.0])
    vessels = []
    if gap is not None:
        axis = middle + turn @ np.array([gap + VESSEL, 0.0, 0.0])
        along = turn @ np.array([0.0, 60.0, 0.0])
        path = [mm(axis - along), mm(axis + along)]
        vessels = [{"name": "vein", "model": "wall", "path": path, "diameter": f"{2 * VESSEL} mm"}]
    return {
        "applicators": [
            {
                "direction": (turn @ [0.0, 0.0, 1.0]).tolist(),
                "tip": mm(middle + turn @ [0.0, 0.0, 15.0]),
                "device": {"shafts": [{"diameter": "1.5 mm"}]},
            }
        ],
        "targets": [
            {"name": "t", "shape": "ball", "centre": mm(middle + turn @ centre), "diameter": f"{2 * radius} mm"}
        ],
        "vessels": vessels,
    }


def surface(turn: np.ndarray, gap: float | None, *, hole: bool = True, flip: bool = False) -> pyvista.PolyData:
    """An ellipsoid less a tube around the vessel, open where the needle passes; in the case's coordinates."""
    ball = pyvista.Icosphere(radius=1.0, nsub=6)
    d = np.asarray(ball.points, dtype=float)
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    radius = 1.0 / np.sqrt((d[:, 0] ** 2 + d[:, 1] ** 2) / WIDTH**2 + d[:, 2] ** 2 / LENGTH**2)
    if gap is not None:
        # Where a ray enters the tube of radius VESSEL + RIM around the line x = gap + VESSEL, z = 0.
        a, b = d[:, 0] ** 2 + d[:, 2] ** 2, d[:, 0] * (gap + VESSEL)
        inside = b**2 - a * ((gap + VESSEL) ** 2 - (VESSEL + RIM) ** 2)
        enters = np.where((inside > 0) & (b > 0), (b - np.sqrt(np.maximum(inside, 0.0))) / np.maximum(a, 1e-9), np.inf)
        radius = np.minimum(radius, enters)
    points = d * radius[:, None]
    faces = ball.regular_faces
    if hole:
        middle = points[faces].mean(axis=1)
        faces = faces[(np.hypot(middle[:, 0], middle[:, 1]) > 0.9) | (middle[:, 2] > 0)]
    if flip:
        faces = faces[:, ::-1]
    return pyvista.PolyData.from_regular_faces(points @ turn.T + [1.0, 2.0, 3.0], faces)


def rotation(seed: int) -> np.ndarray:
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return matrix * np.sign(np.linalg.det(matrix))
