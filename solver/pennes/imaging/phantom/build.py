"""From a recipe to the label map of a synthetic patient."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from pennes.errors import InputError
from pennes.imaging.grid import Grid
from pennes.imaging.label_map import LabelMap
from pennes.imaging.phantom.anatomy import CAVA, CAVA_RADIUS, COLON, COLON_RADIUS, HILUM, Anatomy
from pennes.imaging.phantom.recipe import PhantomRecipe, PhantomTumour
from pennes.imaging.phantom.trees import Tree, companion, draw, grow

LABELS = {
    1: "soft tissue", 2: "liver", 3: "portal vein", 4: "hepatic vein", 5: "hepatic artery", 6: "bile duct",
    7: "gallbladder", 8: "colon", 9: "stomach", 10: "inferior vena cava", 11: "diaphragm",
}  # fmt: skip
FIRST_TUMOUR = 20
PORTAL_RADIUS, HEPATIC_RADIUS = 6.0, 4.5
ENTRY = np.array([14.0, 6.0, -22.0])
"""From the hilum to where the portal vein begins."""
DESCENT = np.array([0.0, 0.0, 0.3])
LARGE_VESSEL = 1.5
"""mm of radius from which on a vessel cools an ablation and is kept clear of tumours."""
DIAPHRAGM = 3.0


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic patient: its ``labels``, and its ``trees`` as centrelines in mm LPS by the name of their label."""

    labels: LabelMap
    trees: dict[str, Tree]


def make_phantom(recipe: PhantomRecipe) -> Phantom:
    """The patient of a recipe. Raises InputError where a tumour finds no place."""
    rng = np.random.default_rng(recipe.seed)
    spacing, half = 1e3 * recipe.spacing, 0.5e3 * np.array(recipe.size)
    turn = Rotation.from_euler("xyz", recipe.tilt).as_matrix()
    shape = tuple(int(n) for n in np.round(2 * half / spacing))
    origin = -turn @ ((np.array(shape) - 1) / 2 * spacing)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * spacing, origin
    points = _points(shape, affine)
    anatomy = Anatomy.drawn(rng)
    liver = anatomy.liver(points) > 0
    labels = np.zeros(shape, dtype=np.uint8)
    labels[np.broadcast_to(anatomy.body(points, half) > 0, shape)] = 1
    _abdomen(labels, liver, anatomy, points, affine, spacing)
    trees = _trees(liver, affine, recipe, rng)
    large = np.zeros(shape, dtype=bool)
    hilar = np.hypot(points[0] - CAVA[0], points[1] - CAVA[1]) < 30.0
    hilar = hilar | (sum((p - c) ** 2 for p, c in zip(points, HILUM, strict=True)) < 35.0**2)
    for number in (5, 6, 4, 3):
        tree = trees[LABELS[number]]
        mask = draw(tree, origin, spacing, shape, turn)
        labels[mask & (liver | (hilar & (labels == 1)))] = number
        thick = [i for i, radius in enumerate(tree.radius) if radius >= LARGE_VESSEL]
        large |= draw(_part(tree, thick), origin, spacing, shape, turn)
    names = dict(LABELS)
    for number, tumour in enumerate(recipe.tumours):
        mask = _tumour(tumour, liver, large, labels >= FIRST_TUMOUR, affine, spacing, rng, number)
        labels[mask] = FIRST_TUMOUR + number
        names[FIRST_TUMOUR + number] = "tumour" if len(recipe.tumours) == 1 else f"tumour {number + 1}"
    grid = Grid.from_lps_mm(shape, affine)
    note = f"a synthetic patient (recipe '{recipe.phantom}', seed {recipe.seed}), no person"
    return Phantom(LabelMap(grid, labels, names, notes=(note,), source=f"{recipe.phantom} {recipe.seed}"), trees)


def _points(shape: tuple[int, ...], affine: NDArray) -> tuple[NDArray[np.float32], ...]:
    """x, y, z of the voxels, as arrays that broadcast where the axes are not turned."""
    axes = [
        np.arange(n, dtype=np.float32).reshape([-1 if a == b else 1 for b in range(3)]) for a, n in enumerate(shape)
    ]
    found = []
    for row in affine[:3].astype(np.float32):
        found.append(sum((row[a] * axes[a] for a in range(3) if abs(row[a]) > 1e-7), start=row[3]))
    return tuple(found)


def _abdomen(labels: NDArray, liver: NDArray, anatomy: Anatomy, points, affine: NDArray, spacing: float) -> None:
    """Write all organs but the vessels in the liver, later ones over earlier ones."""
    z = np.broadcast_to(points[2], labels.shape)
    inside = labels == 1
    labels[(anatomy.stomach(points) > 0) & inside] = 9
    apart = ndimage.distance_transform_edt(~liver, sampling=spacing)
    labels[(apart <= DIAPHRAGM) & inside & (z > 18)] = 11
    shift = _colon_shift(apart, anatomy, affine)
    labels[(anatomy.colon(points, shift) > 0) & inside & ~liver] = 8
    labels[(anatomy.gallbladder(points) > 0) & inside] = 7
    labels[liver] = 2
    labels[np.broadcast_to(anatomy.cava(points) > 0, labels.shape)] = 10


def _colon_shift(apart: NDArray, anatomy: Anatomy, affine: NDArray) -> float:
    """How far the colon is moved up to lie ``anatomy.gap`` below the liver, by bisection on its centreline."""
    share = np.linspace(0, 1, 40)[:, None]
    line = np.concatenate([a + share * (b - a) for a, b in pairwise(COLON)])
    low, high = 0.0, 60.0
    for _ in range(20):
        shift = (low + high) / 2
        index = (np.add(line, [0, 0, shift]) - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
        index = np.clip(np.round(index).astype(int), 0, np.array(apart.shape) - 1)
        gap = apart[tuple(index.T)].min() - COLON_RADIUS
        low, high = (shift, high) if gap > anatomy.gap else (low, shift)
    return low


def _trees(liver: NDArray, affine: NDArray, recipe: PhantomRecipe, rng: np.random.Generator) -> dict[str, Tree]:
    """Portal vein with artery and bile duct beside it, and the hepatic veins, which drain into the cava."""
    smallest = 0.5e3 * recipe.smallest_vessel
    deep = ndimage.binary_erosion(liver, iterations=max(1, round(4e-3 / recipe.spacing)))
    voxels = np.argwhere(deep)
    count = int(np.clip((PORTAL_RADIUS / smallest) ** 3, 60, 1800))
    places = voxels[rng.choice(len(voxels), size=2 * count, replace=False)] @ affine[:3, :3].T + affine[:3, 3]
    portal = grow(HILUM + ENTRY, -ENTRY, PORTAL_RADIUS, places[:count], smallest, [], rng)
    hepatic, others = Tree(), [portal]
    # Three veins, right, middle and left, each with its share of the places by angle about the cava.
    own = places[count:]
    angle = np.arctan2(own[:, 1] - CAVA[1], own[:, 0] - CAVA[0])
    third = np.argsort(np.argsort((angle + 2.5 * np.pi) % (2 * np.pi))) * 3 // len(own)
    for part in range(3):
        towards = own[third == part].mean(axis=0) - [*CAVA, 40.0]
        across = towards * [1, 1, 0] / np.linalg.norm(towards[:2])
        root = np.array([*CAVA, 42.0]) + across * (CAVA_RADIUS - 2.0)
        vein = grow(root, across - DESCENT, HEPATIC_RADIUS, own[third == part], smallest, others, rng)
        shift = len(hepatic.radius)
        hepatic.start += vein.start
        hepatic.end += vein.end
        hepatic.radius += vein.radius
        hepatic.parent += [p + shift if p >= 0 else -1 for p in vein.parent]
    return {
        "portal vein": portal,
        "hepatic vein": hepatic,
        "hepatic artery": companion(portal, np.array([0.3, -1.0, 0.2]), 0.3, 0.6, smallest),
        "bile duct": companion(portal, np.array([-1.0, -0.4, 0.3]), 0.35, 0.6, smallest),
    }


def _part(tree: Tree, members: list[int]) -> Tree:
    return Tree(
        [tree.start[i] for i in members], [tree.end[i] for i in members], [tree.radius[i] for i in members],
        [-1] * len(members),
    )  # fmt: skip


def _tumour(
    tumour: PhantomTumour, liver, large, taken, affine, spacing: float, rng: np.random.Generator, number: int
) -> NDArray[np.bool_]:  # fmt: skip
    """Voxels of a lobulated tumour at a place that fits."""
    radius = 0.5e3 * tumour.diameter
    depth = ndimage.distance_transform_edt(liver, sampling=spacing)
    apart = ndimage.distance_transform_edt(~large, sampling=spacing)
    reach = radius * (1 + tumour.lobulation / 2)
    allowed = (depth > 0) & (apart > reach + 1.0)
    if taken.any():
        allowed &= ndimage.distance_transform_edt(~taken, sampling=spacing) > reach + 10.0
    if tumour.place == "deep":
        allowed &= (depth > reach + 15) & (apart > reach + 10)
    elif tumour.place == "perivascular":
        allowed &= (depth > reach + 6) & (apart > reach + 2) & (apart < reach + 8)
    else:
        allowed &= (depth > reach + 0.5) & (depth < reach + 5)
    spots = np.argwhere(allowed)
    if len(spots) == 0:
        raise InputError(
            f"there is no {tumour.place} place for a tumour of {2 * radius:g} mm in this patient",
            key=f"tumours.{number}",
            expected="a smaller tumour, another place or another seed",
        )
    centre = spots[rng.integers(len(spots))] + rng.uniform(-0.5, 0.5, 3)
    return _lobulated(centre, radius / spacing, tumour.lobulation, liver.shape, affine[:3, :3] / spacing, rng) & liver


def _lobulated(centre, radius: float, depth: float, shape, turn, rng: np.random.Generator) -> NDArray[np.bool_]:
    """A ball with six bulges and dents, of the ball's volume; lengths in voxels."""
    lobes = rng.normal(size=(6, 3))
    lobes /= np.linalg.norm(lobes, axis=1)[:, None]
    signs = np.array([1, 1, 1, 1, -1, -1])
    low = np.maximum(np.floor(centre - radius * (1 + depth) - 2).astype(int), 0)
    high = np.minimum(np.ceil(centre + radius * (1 + depth) + 3).astype(int), shape)
    offset = (np.indices(tuple(high - low)).reshape(3, -1).T + low - centre) @ turn.T
    length = np.maximum(np.linalg.norm(offset, axis=1), 1e-9)

    def surface(unit):
        return 1 + depth * (signs * np.exp(5.0 * (unit @ lobes.T - 1))).sum(axis=1) / 1.6

    k = np.arange(2000) + 0.5
    polar, around = np.arccos(1 - k / 1000), np.pi * (1 + 5**0.5) * k
    ball = np.stack([np.cos(around) * np.sin(polar), np.sin(around) * np.sin(polar), np.cos(polar)], axis=1)
    scale = radius / np.mean(surface(ball) ** 3) ** (1 / 3)
    mask = np.zeros(shape, dtype=bool)
    inside = (length <= scale * surface(offset / length[:, None])).reshape(tuple(high - low))
    mask[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = inside
    return mask
