"""A label map as a body: mesh, names, comparison with the image, refusals."""

import numpy as np
import pytest

from pennes.case import load
from pennes.errors import InputError
from pennes.imaging import Grid, LabelMap, write_image
from pennes.scene.arrays import radius_ratios
from pennes.scene.label_mesh import load_label_mesh

CASE = """
title: Ball and tube as labels
body:
  labels: patient.nrrd
  tissue: liver
  margin: 14 mm
  vessels: [{{label: portal vein, diameter: 6 mm, speed: 12 cm/s}}]
targets:
  - {{name: tumour, shape: region, region: lesion, tissue: colorectal_metastasis, margin: 5 mm}}
organs:
  - {{name: duct, shape: region, region: bile duct}}
applicators:
  - {{name: needle, device: cooled_tip_2cm, tip: [{tip}], entry: [{entry}]}}
protocol: {{mode: constant_power, set_power: 30 W, duration: 60 s, cool_down: 5 s}}
accuracy: screening
output: {{report: false}}
"""
CENTRE = np.array([-40.0, 20.0, 900.0])


def write_patient(folder):
    """An oblique grid of 1.2 mm about ``CENTRE``: liver, a 16 mm lesion, a 6 mm vessel 14 mm away, a thin duct."""
    from scipy.spatial.transform import Rotation

    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", (8, -5, 12), degrees=True).as_matrix() * 1.2
    affine[:3, 3] = CENTRE - affine[:3, :3] @ np.full(3, 39.5)
    grid = Grid.from_lps_mm((80, 80, 80), affine)
    x, y, z = (1e3 * grid.points(np.indices(grid.shape).reshape(3, -1).T) - CENTRE).T
    labels = np.ones(len(x), dtype=np.uint8)
    labels[np.hypot(y - 14, z) < 3] = 3
    labels[np.hypot(x + 13, y + 3) < 0.7] = 4
    labels[np.sqrt(x**2 + y**2 + z**2) < 8] = 2
    names = {1: "liver", 2: "lesion", 3: "portal vein", 4: "bile duct"}
    write_image(folder / "patient.nrrd", LabelMap(grid, labels.reshape(grid.shape), names))
    return grid


def points(*offset):
    return ", ".join(f"{c + o} mm" for c, o in zip(CENTRE, offset, strict=True))


def write_case(folder, tip=(0, 0, -8), entry=(0, 0, 60), **changes):
    text = CASE.format(tip=points(*tip), entry=points(*entry))
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "case.yaml").write_text(text)
    return load(folder / "case.yaml")


@pytest.fixture(scope="module")
def meshed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patient")
    write_patient(folder)
    case = write_case(folder)
    return case, *load_label_mesh(case)


def test_mesh_follows_the_labels(meshed):
    case, mesh, names, quality, _ = meshed
    assert [name for name, _ in names.regions] == ["body", "lesion", "bile duct"]
    assert {s.name for s in names.surfaces} >= {"outer", "portal vein/wall"}
    found = {entry.name: entry for entry in names.comparison}
    needle = np.pi * (case.applicators[0].device.shafts[0].diameter / 2) ** 2 * 16e-3
    # Voxels of 1.2 mm and edges of 1.4 mm on a ball of 8 mm: 6 % smaller than the ball that the voxels were made from.
    # 5.3 % less than the ball of 8 mm, in parts: 2.7 % the voxels themselves, 0.2 % their smooth surface, 2.4 % chords.
    ball = 4 / 3 * np.pi * 8e-3**3
    assert found["lesion"].image_volume == pytest.approx(0.973 * ball - needle, rel=0.002)
    assert found["lesion"].mesh_volume == pytest.approx(found["lesion"].image_volume, rel=0.04)
    assert found["lesion"].surface_rms < 0.3e-3
    assert found["portal vein"].mesh_volume == pytest.approx(found["portal vein"].image_volume, rel=0.08)
    assert radius_ratios(mesh.points, mesh.cells).min() > 0.01
    assert quality.vertices < 40_000
    # The wall is a tube of 6 mm: its facets' middles lie 3 mm from the axis.
    wall = next(s for s in names.surfaces if s.name == "portal vein/wall")
    middles = 1e3 * mesh.points[mesh.facets[mesh.facet_tags == wall.tag]].mean(axis=1) - CENTRE
    radius = np.hypot(middles[:, 1] - 14, middles[:, 2])
    assert radius.mean() == pytest.approx(3, abs=0.2) and radius.std() < 0.2


def test_needle_is_where_the_plan_says(meshed):
    """In the patient's coordinates: the tip's metal ends at the tip, on the line to the point of entry."""
    case, mesh, names, _, _ = meshed
    assert case.applicators[0].direction == pytest.approx((0, 0, -1))
    tags = [s.tag for s in names.surfaces if s.applicator == "needle" and s.kind == "electrode"]
    metal = 1e3 * mesh.points[np.unique(mesh.facets[np.isin(mesh.facet_tags, tags)])] - CENTRE
    assert metal[:, 2].min() == pytest.approx(-8, abs=0.05)
    assert np.hypot(metal[:, 0], metal[:, 1]).max() < 1.0
    assert metal[:, 2].max() == pytest.approx(12, abs=0.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"region: lesion": "region: leison"}, "did you mean 'lesion'"),
        ({"label: portal vein": "label: aorta"}, "no label 'aorta'"),
        ({"patient.nrrd": "absent.nrrd"}, "no file"),
        ({"shape: region, region: lesion": "shape: ball, diameter: 10 mm"}, "label map"),
        ({"tip": (0, 14, -8), "entry": (0, 14, 60)}, "runs into the portal vein"),
        ({"tip": (0, 0, -8), "entry": (0, 0, -8)}, "entry and tip give no direction"),
    ],
)
def test_plans_that_cannot_be(tmp_path, change, words):
    write_patient(tmp_path)
    with pytest.raises(InputError, match=words):
        load_label_mesh(write_case(tmp_path, **change))
