"""Random synthetic patients as cases: a phantom cropped to its tumour, and a needle that keeps clear of vessels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from pennes.errors import InputError
from pennes.imaging import LabelMap, write_image
from pennes.imaging.phantom import PhantomRecipe, make_phantom

VESSELS = {"portal vein": "12 cm/s", "hepatic vein": "20 cm/s"}
PLACES = ("perivascular", "perivascular", "subcapsular")
BEYOND = 15e-3
"""From the tumour's middle to the needle's tip, m: half of the bare metal."""
SHAFT = 80e-3
"""Length of the needle, from its tip, that keeps clear of vessels, m."""
RIM = 52e-3
"""Of image around the tumour, m: more than the simulated box needs."""
CASE = """\
title: Synthetic patient {seed} ({place}, {diameter:.1f} mm)
body:
  labels: patient_{seed}.nrrd
  tissue: liver
  smallest_vessel: {smallest:.1f} mm
  network_from: 1 mm
  vessels:
{vessels}
targets:
  - {{name: tumour, shape: region, region: tumour, tissue: colorectal_metastasis, margin: 5 mm}}
applicators:
  - {{name: needle, device: cooled_tip_3cm, tip: {tip}, entry: {entry}}}
protocol: {{mode: constant_power, set_power: 40 W, duration: 60 s, cool_down: 10 s}}
death: {{criterion: arrhenius}}
accuracy: {accuracy}
output: {{report: false}}
"""


@dataclass(frozen=True)
class Patient:
    """What was drawn for a seed; lengths in m."""

    seed: int
    place: str
    diameter: float
    clearance: float
    """Of the needle's axis from the nearest vessel."""


def write_patient(seed: int, folder: Path, *, spacing: float = 1e-3, accuracy: str = "screening") -> Patient:
    """Write ``patient_<seed>.nrrd`` and ``case_<seed>.yaml`` into ``folder``: equal seeds give equal files.

    Two of three tumours are perivascular, one is subcapsular; they have 15 to 32 mm, less where nothing larger fits,
    and lobes of 10 to 30 % of their radius. Of 400 ways through the tumour's middle the needle takes the one farthest
    from vessels.
    Vessels of less than 3 mm, or of two voxels, are not meshed.
    """
    rng = np.random.default_rng(seed)
    place, diameter = PLACES[seed % 3], rng.uniform(15e-3, 32e-3)
    lobulation = f"{rng.uniform(10, 30):.2f} %"
    while True:
        tumour = {"diameter": f"{1e3 * diameter:.3f} mm", "place": place, "lobulation": lobulation}
        recipe = PhantomRecipe(
            phantom="liver_patient", seed=seed, spacing=f"{spacing} m", smallest_vessel="2 mm", tumours=(tumour,)
        )
        try:
            whole = make_phantom(recipe).labels
            break
        except InputError:  # no place between the vessels is so large
            diameter *= 0.85
    found = np.argwhere(whole.mask(["tumour"]))
    rim = np.ceil(RIM / whole.grid.spacing).astype(int)
    low = np.maximum(found.min(axis=0) - rim, 0)
    high = np.minimum(found.max(axis=0) + 1 + rim, whole.grid.shape)
    grid = whole.grid.cropped(low, high)
    labels = LabelMap(grid, whole.labels[tuple(map(slice, low, high))].copy(), whole.names)
    present = {name: speed for name, speed in VESSELS.items() if labels.mask([name]).any()}
    middle = whole.grid.points(found).mean(axis=0)
    direction, clearance = _clear_way(labels, list(present), middle, rng)
    write_image(folder / f"patient_{seed}.nrrd", labels)
    vessels = [f"    - {{label: {name}, diameter: 5 mm, speed: {speed}}}" for name, speed in present.items()]
    text = CASE.format(
        seed=seed, place=place, smallest=max(3.0, 2e3 * spacing), diameter=1e3 * diameter, accuracy=accuracy,
        vessels="\n".join(vessels),
        tip=_point(middle + BEYOND * direction), entry=_point(middle + (BEYOND - SHAFT) * direction),
    )  # fmt: skip
    (folder / f"case_{seed}.yaml").write_text(text)
    return Patient(seed, place, diameter, clearance)


def _clear_way(
    labels: LabelMap, vessels: list[str], middle: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Direction (3,) from entry to tip through ``middle`` that stays farthest from vessels, and how far, m."""
    apart = ndimage.distance_transform_edt(~labels.mask(vessels), sampling=labels.grid.spacing)
    ways = rng.normal(size=(400, 3))
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    along = np.arange(BEYOND - SHAFT, BEYOND + 2e-3, 0.5e-3)
    points = middle + along[:, None] * ways[:, None, :]
    index = labels.grid.indices(points.reshape(-1, 3)).T
    free = ndimage.map_coordinates(apart, index, order=1, mode="nearest").reshape(len(ways), -1).min(axis=1)
    return ways[int(free.argmax())], float(free.max())


def _point(place: np.ndarray) -> str:
    return "[" + ", ".join(f"{1e3 * x:.2f} mm" for x in place) + "]"
