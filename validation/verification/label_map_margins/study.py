"""Margins between label maps: analytic pairs, and SimpleITK's distance maps."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from pennes.assessment import Source, measure
from pennes.cli.validate import Figure, StudyResult
from pennes.imaging import Grid, LabelMap, write_image

sys.path.insert(0, str(Path(__file__).parent))
from bound import spread_of_shares

SPACINGS = {
    "0.5 mm": (0.5, 0.5, 0.5),
    "1 mm": (1.0, 1.0, 1.0),
    "3 mm": (3.0, 3.0, 3.0),
    "0.7 x 0.7 x 3 mm oblique": (0.7, 0.7, 3.0),
}
EDGES = (0.0, 5.0, 10.0)


class Ellipsoid:
    """Centre, semi-axes in mm, rotation; exact enough by sampling and Newton steps."""

    def __init__(self, centre, semi_axes, turn=(0, 0, 0)):
        self.centre, self.semi = np.array(centre, float), np.broadcast_to(np.array(semi_axes, float), 3)
        self.turn = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()

    def inside(self, points):
        return (np.square(((points - self.centre) @ self.turn) / self.semi).sum(axis=1)) <= 1.0

    def samples(self, count=60_000):
        """Points on the surface and the areas that they stand for."""
        k = np.arange(count) + 0.5
        polar, around = np.arccos(1 - 2 * k / count), np.pi * (1 + 5**0.5) * k
        unit = np.stack([np.cos(around) * np.sin(polar), np.sin(around) * np.sin(polar), np.cos(polar)], axis=1)
        stretch = np.prod(self.semi) * np.linalg.norm(unit / self.semi, axis=1)
        return (unit * self.semi) @ self.turn.T + self.centre, stretch * 4 * np.pi / count

    def margin(self, points):
        """Signed distance (n,) of points to the surface, positive inside."""
        local = (points - self.centre) @ self.turn
        foot = local / np.linalg.norm(local / self.semi, axis=1)[:, None]
        for _ in range(200):
            normal = foot / self.semi**2
            normal /= np.linalg.norm(normal, axis=1)[:, None]
            offset = local - foot
            foot = foot + 0.4 * (offset - np.einsum("ij,ij->i", offset, normal)[:, None] * normal)
            foot /= np.linalg.norm(foot / self.semi, axis=1)[:, None]
        return np.where(self.inside(points), 1, -1) * np.linalg.norm(local - foot, axis=1)


def pairs(rng):
    """Name -> target and zone; centres at random places between voxels."""
    shift = rng.uniform(-1.5, 1.5, 3)
    ball = Ellipsoid
    return {
        "concentric balls": (ball(shift, 11.3), ball(shift, 18.8)),
        "offset balls": (ball(shift, 12.4), ball(shift + [3, -2, 1.5], 21.7)),
        "touching balls": (ball(shift, 9.6), ball(shift + [4.0, 3.0, 0.0], 14.6)),
        "ball partly outside": (ball(shift, 10.7), ball(shift + [5.0, -6.0, 4.0], 16.3)),
        "concentric ellipsoids": (
            ball(shift, (14, 10.5, 9), (20, 40, 10)),
            ball(shift, (20.5, 17, 16.2), (20, 40, 10)),
        ),
        "offset ellipsoids": (
            ball(shift, (13.5, 10, 9.5), (70, -20, 35)),
            ball(shift + [2.5, 2, -2], (21, 18, 16.5), (10, 25, -40)),
        ),
        "ellipsoid partly outside": (
            ball(shift, (13, 10.4, 8.7), (15, 60, 0)),
            ball(shift + [7, 3, -2], (20, 16.6, 15.1), (0, -30, 55)),
        ),
    }


def exact(target, zone):
    points, areas = target.samples()
    margins = zone.margin(points)
    bins = np.bincount(np.digitize(margins, EDGES), areas, minlength=4) / areas.sum()
    return margins.min(), bins


def grid_of(spacing, oblique, rng, reach=30.0):
    counts = np.ceil(2 * reach / np.array(spacing)).astype(int)
    turn = Rotation.random(random_state=rng).as_matrix() if oblique else np.eye(3)
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing
    affine[:3, 3] = -affine[:3, :3] @ ((counts - 1) / 2)
    return Grid.from_lps_mm(tuple(counts), affine)


def voxels(shape, grid):
    points = 1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T)
    return LabelMap(grid, shape.inside(points).reshape(grid.shape).astype(np.uint8))


def bracket(target, zone):
    """Smallest and largest minimal margin (mm) that SimpleITK's distance maps allow.

    A signed Maurer map is zero at the centres of the outermost voxels of what it is given: of the zone, which lie
    inside of the zone's surface, or of the zone's complement, which lie outside. The target's surface likewise lies
    between its innermost and outermost layers of voxels. The true minimum is between those of the two extremes.
    """
    how = {"insideIsPositive": True, "squaredDistance": False, "useImageSpacing": True}
    inner = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(zone, **how))
    outer = -sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(1 - zone, **how))
    shell = sitk.GetArrayFromImage(sitk.BinaryDilate(target, [1, 1, 1], sitk.sitkCross) - target) > 0
    return float(inner[shell].min()), float(outer[sitk.GetArrayFromImage(sitk.LabelContour(target)) > 0].min())


def antialiased(target, zone):
    """Minimal margin (mm) between surfaces that SimpleITK's AntiAliasBinary puts between the voxels: a level set under
    curvature flow that no voxel's centre may cross. Points of a surface are the zeros on the edges of the lattice."""
    levels = [sitk.GetArrayFromImage(sitk.AntiAliasBinary(sitk.Cast(mask, sitk.sitkUInt8))) for mask in (target, zone)]
    on_target, on_zone = (_zeros(level, target) for level in levels)
    distance, _ = cKDTree(on_zone).query(on_target)
    origin, spacing = np.array(zone.GetOrigin()), np.array(zone.GetSpacing())
    turn = np.array(zone.GetDirection()).reshape(3, 3)
    index = ((on_target - origin) @ turn / spacing)[:, ::-1].T
    inside = ndimage.map_coordinates(levels[1], index, order=1) > 0
    return float(np.where(inside, distance, -distance).min())


def _zeros(level, image):
    """Points (n, 3) in mm where a field (k, j, i) changes its sign between neighbours."""
    found = []
    for axis in range(3):
        before, after = np.moveaxis(level, axis, 0)[:-1], np.moveaxis(level, axis, 0)[1:]
        cut = (before > 0) != (after > 0)
        place = np.argwhere(np.moveaxis(cut, 0, axis)).astype(float)
        one, other = (np.moveaxis(part, 0, axis)[np.moveaxis(cut, 0, axis)] for part in (before, after))
        place[:, axis] += one / (one - other)
        found.append(place[:, ::-1])
    turn = np.array(image.GetDirection()).reshape(3, 3)
    return np.concatenate(found) * image.GetSpacing() @ turn.T + image.GetOrigin()


def run(output: Path) -> StudyResult:
    """All pairs at all spacings: errors of minimal margin and shares, other ways to measure, speed at 256^3 voxels."""
    figures = []
    rows = [
        "| pair | spacing | exact | pennes | stated error | AntiAliasBinary | voxel maps | share error |",
        "|---" * 8 + "|",
    ]
    for number, (spacing_name, spacing) in enumerate(SPACINGS.items()):
        rng, found, open_ = np.random.default_rng([5, number]), [], []
        for repeat in range(2):
            for name, (target, zone) in pairs(rng).items():
                grid = grid_of(spacing, "oblique" in spacing_name or repeat, rng)
                case = one_pair(target, zone, grid, output)
                found.append(case)
                rows.append(f"| {name} | {spacing_name}{' turned' if repeat else ''} | {case.row()} |")
                # Thin voxels would take many times as long, and leave less open.
                if spacing == (3.0, 3.0, 3.0) and not repeat and not name.startswith("concentric"):
                    shares = spread_of_shares(target, zone, grid, EDGES, rng)
                    open_.append((case.share_error, np.abs(shares - shares.mean(axis=0)).max(axis=1)))
        if spacing_name == "1 mm":
            worst = max(abs(case.error) for case in found)
            figures.append(Figure.near("largest error of the minimal margin, 1 mm", worst, 0.0, 0.25, "mm"))
        inside = np.mean([abs(case.error) <= case.stated for case in found])
        figures.append(Figure.near(f"margins inside the stated error, {spacing_name}", inside, 1.0, 0.0, ""))
        worst = 100 * max(case.share_error for case in found)
        figures.append(Figure.near(f"largest error of a share, {spacing_name}", worst, 0.0, 2.0, "points"))
        figures += other_ways(found, spacing_name)
        if open_:
            figures.append(against_the_voxels(open_, spacing_name))
    figures += speed(output)
    return StudyResult("Margins between label maps", figures, "\n".join(rows))


@dataclass(frozen=True)
class Found:
    """Minimal margins in mm of one pair, and the largest error of a share."""

    exact: float
    measured: float
    stated: float
    voxel: float
    antialiased: float
    bracket: tuple[float, float]
    share_error: float

    @property
    def error(self) -> float:
        return self.measured - self.exact

    def row(self) -> str:
        low, high = self.bracket
        return (
            f"{self.exact:+.2f} | {self.measured:+.2f} | {self.stated:.2f} | {self.antialiased:+.2f} |"
            f" {low:+.2f} to {high:+.2f} | {100 * self.share_error:.1f}"
        )


def one_pair(target, zone, grid, output: Path) -> Found:
    files = []
    for what, shape in (("target", target), ("zone", zone)):
        files.append(output / f"{what}.nii")
        write_image(files[-1], voxels(shape, grid))
    found = measure([Source(files[0])], [Source(files[1])]).summary
    margin, bins = exact(target, zone)
    images = [sitk.ReadImage(str(file)) for file in files]
    return Found(
        margin,
        found["minimal_margin_mm"],
        found["error"]["minimal_margin_mm"],
        found["error"]["voxel_mm"],
        antialiased(*images),
        bracket(*images),
        float(np.abs(np.array(list(found["surface_share"].values())) - bins).max()),
    )


def other_ways(found: list[Found], spacing: str) -> list[Figure]:
    """Shares of pairs on which independent ways agree; see README for the criteria and why they are fair."""
    between = np.mean([case.bracket[0] <= case.measured <= case.bracket[1] for case in found])
    apart = [abs(case.antialiased - case.measured) / case.voxel for case in found]
    return [
        Figure.near(f"between SimpleITK's maps to voxels inside and outside, {spacing}", between, 1.0, 0.0, ""),
        Figure(f"largest difference to AntiAliasBinary, {spacing}", max(apart), 0.0, "0.5", "voxel", max(apart) <= 0.5),
    ]


def against_the_voxels(open_: list, spacing: str) -> Figure:
    """Errors of shares over the spread among shapes that fill the same voxels (root mean squares)."""
    ours = np.sqrt(np.mean([error**2 for error, _ in open_]))
    least = np.sqrt(np.mean([np.mean(spread**2) for _, spread in open_]))
    high = 100 * max(np.quantile(spread, 0.95) for _, spread in open_)
    name = (
        f"error of shares over what the voxels leave open ({100 * least:.1f} points, up to {high:.1f} in 1 shape of"
        f" 20), {spacing}"
    )
    return Figure(name, ours / least, 1.0, "<= 1.5", "", bool(ours <= 1.5 * least))


def speed(output: Path) -> list[Figure]:
    """256 voxels cubed at 1 mm, files packed, with the organ; CPU time and memory of a program of its own."""
    import resource
    import subprocess

    grid = Grid.from_lps_mm((256, 256, 256), np.diag([1.0, 1, 1, 1]))
    words = [sys.executable, "-c", "from pennes.cli import main; main()", "margin"]
    x, y, z = np.ogrid[:256, :256, :256]
    for name, centre, radius in (("target", 128, 20.3), ("zone", 131, 31.2), ("organ", 125, 96)):
        mask = (x - centre) ** 2 + (y - 127) ** 2 + (z - 128) ** 2 <= radius**2
        write_image(output / f"{name}.nii.gz", LabelMap(grid, mask.astype(np.uint8)))
        words += [f"--{name}", str(output / f"{name}.nii.gz")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*words, "--json"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = after.ru_maxrss / 2**20
    return [
        Figure("pennes margin, 256 voxels cubed, CPU time", seconds, 5.0, "<= 5", "s", seconds <= 5.0),
        Figure("its memory", memory, 2.0, "<= 2", "GiB", memory <= 2.0),
    ]
