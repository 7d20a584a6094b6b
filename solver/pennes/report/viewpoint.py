"""From where one looks: the frame of the needle, the nearest vessel, the planes and the cameras. Lengths in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.report.folder import Result, Tube


@dataclass(frozen=True)
class Frame:
    """A right-handed frame: ``up`` along the needle towards its hub, ``side`` across it towards the nearest vessel."""

    centre: np.ndarray
    """Middle of the target that has the smallest margin (else of the zone, else the tip), (3,)."""
    axis_point: np.ndarray
    """A point on the needle's axis, (3,)."""
    up: np.ndarray
    side: np.ndarray
    radius: float
    """Of the region of interest about ``centre``: zone, targets and a rim."""
    vessel_reach: float
    """Distance from ``centre`` that takes in the nearest vessel where it is near; 0 without one."""
    towards: str
    """What lies in the direction ``side``, in words; empty where nothing does."""

    @property
    def front(self) -> np.ndarray:
        """Third axis (3,): towards the viewer of the plane of needle and vessel."""
        return np.cross(self.side, self.up)


def nearest_on_tube(tube: Tube, point: np.ndarray) -> tuple[float, np.ndarray]:
    """Distance from a point to a vessel's wall (negative inside) and the nearest point of its centreline."""
    start, end = tube.path[:-1], tube.path[1:]
    along = end - start
    squared = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((point - start) * along).sum(axis=1) / squared, 0.0, 1.0)
    feet = start + share[:, None] * along
    distance = np.linalg.norm(feet - point, axis=1)
    best = int(distance.argmin())
    return float(distance[best] - tube.radius), feet[best]


def nearest_vessel(tubes: list[Tube], point: np.ndarray) -> tuple[Tube, float, np.ndarray] | None:
    """The vessel with the wall nearest to a point, that distance, the foot on its centreline; None without vessels."""
    found = [(tube, *nearest_on_tube(tube, point)) for tube in tubes]
    return min(found, key=lambda entry: entry[1], default=None)


def worst_target(result: Result) -> str | None:
    """Name of the target with the smallest signed margin (one without a margin counts as smallest)."""
    entries = result.summary["targets"]
    if not entries:
        return None
    margins = [-np.inf if e["minimal_margin_mm"] is None else e["minimal_margin_mm"] for e in entries]
    return str(entries[int(np.argmin(margins))]["name"])


def make_frame(result: Result, target: str | None = None) -> Frame:
    """The frame about one target; None: the target with the smallest margin."""
    target = target or worst_target(result)
    needle = result.needles[0]
    up = -needle.direction
    surfaces = [surface.mesh for surface in result.targets.values()]
    if result.zone is not None:
        surfaces.append(result.zone.mesh)
    own = result.targets[target].mesh if target else (surfaces[0] if surfaces else None)
    centre = np.array(own.center) if own is not None else needle.tip.copy()
    entry = next((e for e in result.summary["targets"] if e["name"] == target), {})
    worst = entry.get("worst_point_mm")
    vessel = nearest_vessel(result.tubes, np.array(worst) if worst else centre)
    side, towards, near = None, "", 0.0
    if vessel is not None and vessel[1] < 40.0:
        side, towards = _across(vessel[2] - centre, up), vessel[0].name
        near = float(np.linalg.norm(vessel[2] - centre)) + vessel[0].radius + 4.0
    if side is None and worst:
        side, towards = _across(np.array(worst) - centre, up), "the worst point"
    if side is None:
        side, towards = _across(np.eye(3)[int(np.abs(up).argmin())], up), ""
    points = np.concatenate([m.points for m in surfaces]) if surfaces else centre[None] + 15.0 * np.eye(3)
    radius = float(np.linalg.norm(points - centre, axis=1).max()) + 6.0
    return Frame(centre, needle.tip, up, side, min(max(radius, near, 18.0), 120.0), near, towards)


def _across(vector: np.ndarray, axis: np.ndarray) -> np.ndarray | None:
    part = vector - (vector @ axis) * axis
    length = np.linalg.norm(part)
    return part / length if length > 1e-6 else None


@dataclass(frozen=True)
class Camera:
    """A parallel projection: unit vectors (3,) of the picture's right, up and towards the viewer; half height in mm."""

    centre: np.ndarray
    right: np.ndarray
    up: np.ndarray
    towards: np.ndarray
    half_height: float
    reach: float
    """Distance from the centre beyond which vessels and applicators are cut off, mm."""

    def project(self, points: np.ndarray) -> np.ndarray:
        """Picture coordinates (n, 2) in mm, x to the right, y up, of points (n, 3)."""
        offset = np.atleast_2d(points) - self.centre
        return np.column_stack([offset @ self.right, offset @ self.up])


def make_camera(frame: Frame, azimuth: float, elevation: float, half_height: float, reach: float) -> Camera:
    """Camera at angles in degrees: azimuth 0 faces the plane of needle and vessel, 90 looks from the vessel's side."""
    turn, rise = np.radians(azimuth), np.radians(elevation)
    level = np.cos(turn) * frame.front + np.sin(turn) * frame.side
    towards = np.cos(rise) * level + np.sin(rise) * frame.up
    right = np.cross(frame.up, level)
    return Camera(frame.centre, right, np.cross(towards, right), towards, half_height, reach)
