"""Parametric scenes: what is meshed has the volumes, areas and names that the case says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pennes.scene import check, shapes
from pennes.scene.arrays import signed_volumes
from pennes.scene.build import planned_mesh
from pennes.scene.plan import make_plan

TINE = {
    "name": "tine",
    "diameter": "0.4 mm",
    "count": 4,
    "path": {
        "kind": "arc",
        "points": [["0.6 mm", "0 mm", "-0.5 mm"], ["7 mm", "0 mm", "7 mm"], ["14 mm", "0 mm", "0 mm"]],
    },
}
UMBRELLA = [
    {
        "name": "umbrella",
        "device": {"name": "umbrella_10_tines", "tines": [TINE]},
        "tip": ["0 mm", "0 mm", "0 mm"],
        "direction": [0, 0, 1],
    }
]


@pytest.fixture
def meshed(make_case, mesh_cache):
    """Mesh a case; returns the case, its arrays, measured volumes (m3) and areas (m2) by name."""

    def mesh(*settings, **changes):
        case = make_case(*settings, **changes)
        plan = make_plan(case)
        arrays, quality, _ = planned_mesh(case, plan, mesh_cache)
        volumes = signed_volumes(arrays.points, arrays.cells)
        assert volumes.min() > 0
        assert quality.min_radius_ratio > 0.03
        a, b, c = np.moveaxis(arrays.points[arrays.facets], 1, 0)
        areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        by_region = {r.name: volumes[arrays.cell_tags == r.tag].sum() for r in plan.regions}
        by_surface = {s.name: areas[arrays.facet_tags == s.tag].sum() for s in plan.surfaces}
        return case, plan, arrays, by_region, by_surface

    return mesh


def test_the_needle_beside_the_vein(meshed):
    _, plan, _, volumes, areas = meshed()
    needle, vein = math.pi * 0.735e-3**2 * 65e-3, math.pi * 3e-3**2 * 0.1
    assert sum(volumes.values()) == pytest.approx(1e-3 - needle - vein, rel=2e-3)
    inside_target = math.pi * 0.735e-3**2 * 25e-3
    assert volumes["metastasis"] == pytest.approx(math.pi / 6 * 0.025**3 - inside_target, rel=0.06)
    assert areas["vein/wall"] == pytest.approx(math.pi * 6e-3 * 0.1, rel=0.03)
    slant = math.hypot(2e-3, 0.8 * 0.735e-3)
    bare = 2 * math.pi * 0.735e-3 * 28e-3 + math.pi * 1.2 * 0.735e-3 * slant + math.pi * (0.2 * 0.735e-3) ** 2
    assert areas["needle/active/shaft"] == pytest.approx(bare, rel=0.08)
    assert areas["needle/insulation/shaft"] == pytest.approx(2 * math.pi * 0.735e-3 * 35e-3, rel=0.12)
    assert areas["outer"] == pytest.approx(6e-2, rel=2e-3)
    kinds = {surface.name: surface.kind for surface in plan.surfaces}
    assert kinds == {
        "outer": "outer",
        "vein/wall": "wall",
        "needle/active/shaft": "electrode",
        "needle/insulation/shaft": "insulation",
    }
    poles = {surface.pole for surface in plan.surfaces if surface.kind == "electrode"}
    assert poles == {"needle.active"}
    cooled = {surface.name for surface in plan.surfaces if surface.cooling is not None}
    assert cooled == {"needle/active/shaft", "needle/insulation/shaft"}


def test_a_needle_that_grazes_the_seam_of_a_ball(meshed):
    # The needle's side is 3 um beyond the half-plane y = 0 in which the geometry kernel has an edge from pole to pole.
    target = {"name": "metastasis", "diameter": "20 mm", "tissue": "colorectal_metastasis"}
    tip = ["0.65 mm", "-0.738 mm", "-11.5 mm"]
    needle = {"name": "needle", "device": "cooled_tip_3cm", "tip": tip, "direction": [0, 0, -1]}
    body = {"shape": "box", "size": ["50 mm", "50 mm", "50 mm"], "tissue": "liver"}
    _, _, _, volumes, _ = meshed(body=body, targets=[target], vessels=[], applicators=[needle], accuracy="screening")
    assert volumes["metastasis"] == pytest.approx(math.pi / 6 * 0.02**3 - math.pi * 0.735e-3**2 * 20e-3, rel=0.03)


def test_facets_of_a_surface_lie_on_it(meshed):
    _, plan, arrays, _, _ = meshed()
    tags = {surface.name: surface.tag for surface in plan.surfaces}

    def points(name):
        return arrays.points[np.unique(arrays.facets[arrays.facet_tags == tags[name]])]

    vein = points("vein/wall")
    np.testing.assert_allclose(np.hypot(vein[:, 1] - 0.0205, vein[:, 2]), 3e-3, atol=1e-8)
    bare = points("needle/active/shaft")
    assert bare[:, 2].min() == pytest.approx(-0.015) and bare[:, 2].max() == pytest.approx(0.015)
    side = bare[bare[:, 2] > -0.013 + 1e-6]
    np.testing.assert_allclose(np.hypot(side[:, 0], side[:, 1]), 0.735e-3, atol=1e-8)
    assert points("needle/insulation/shaft")[:, 2].min() == pytest.approx(0.015)
    assert np.abs(points("outer")).max(axis=1).min() == pytest.approx(0.05)


def test_edges_are_short_at_metal_and_long_far_away(meshed):
    _, _, arrays, _, _ = meshed()
    edges = np.linalg.norm(arrays.points[arrays.cells[:, 0]] - arrays.points[arrays.cells[:, 1]], axis=1)
    centres = arrays.points[arrays.cells].mean(axis=1)
    near = (np.hypot(centres[:, 0], centres[:, 1]) < 1.2e-3) & (np.abs(centres[:, 2]) < 0.014)
    target = np.linalg.norm(centres, axis=1) < 0.0125
    far = (np.hypot(centres[:, 0], centres[:, 1]) > 0.04) & (np.abs(centres[:, 2]) > 0.03)
    assert np.median(edges[near]) < 1.3e-3 < np.median(edges[target]) < 5e-3 < 9e-3 < np.median(edges[far])


def test_a_branching_vein_is_one_hole(meshed):
    branches = [
        {"path": [["55 mm", "10 mm", "0 mm"]], "diameter": "4 mm"},
        {"path": [["55 mm", "35 mm", "10 mm"]], "diameter": "6 mm"},
    ]
    stem = [["-60 mm", "20.5 mm", "0 mm"], ["0 mm", "24.5 mm", "0 mm"], ["20 mm", "24.5 mm", "0 mm"]]
    vein = {"name": "vein", "diameter": "6 mm", "path": stem, "speed": "20 cm/s", "branches": branches}
    _, _, _, volumes, areas = meshed(vessels=[vein])
    lengths = {"stem": 70.1e-3, "thin": 32.5e-3, "thick": 32.5e-3}
    hole = 1e-3 - math.pi * 0.735e-3**2 * 65e-3 - sum(volumes.values())
    expected = math.pi * (9e-6 * (lengths["stem"] + lengths["thick"]) + 4e-6 * lengths["thin"])
    assert hole == pytest.approx(expected, rel=0.1)
    assert areas["vein/wall"] == pytest.approx(
        2 * math.pi * (3e-3 * (lengths["stem"] + lengths["thick"]) + 2e-3 * lengths["thin"]), rel=0.1
    )


def test_the_pieces_of_a_bent_vein_leave_no_tiny_edges(meshed):
    path = [["-10 mm", "24 mm", "-70 mm"], ["0 mm", "24 mm", "-10 mm"], ["-14 mm", "26 mm", "12 mm"]]
    path.append(["-26 mm", "28 mm", "70 mm"])
    vein = {"name": "vein", "diameter": "4 mm", "path": path, "speed": "20 cm/s"}
    _, plan, arrays, _, _ = meshed(vessels=[vein])
    wall = arrays.facets[arrays.facet_tags == plan.surfaces[1].tag]
    edges = np.linalg.norm(arrays.points[wall] - arrays.points[np.roll(wall, 1, axis=1)], axis=2)
    assert edges.min() > 0.2e-3


@pytest.mark.parametrize(
    "target",
    [
        {"shape": "ellipsoid", "diameters": ["20 mm", "25 mm", "32 mm"], "axis": [1, 1, 0], "roll": "20 deg"},
        {"shape": "lobulated", "diameter": "22 mm", "amplitude": "20 %", "seed": 4},
    ],
    ids=lambda target: target["shape"],
)
def test_a_target_of_another_shape_is_meshed_conformingly(target, meshed):
    target |= {"name": "metastasis", "tissue": "colorectal_metastasis"}
    case, plan, arrays, volumes, _ = meshed(targets=[target])
    geometry = case.targets[0].geometry
    assert volumes["metastasis"] == pytest.approx(shapes.volume(geometry), rel=0.06)
    centres = arrays.points[arrays.cells].mean(axis=1)
    assert (shapes.contains(geometry, centres) == (arrays.cell_tags == plan.regions[1].tag)).mean() > 0.998
    # Conforming: no cell has vertices well inside and well outside.
    distance = shapes.signed_distance(geometry, arrays.points)[arrays.cells]
    cut = np.minimum(distance.max(axis=1), -distance.min(axis=1))
    assert cut.max() < 0.6e-3


def test_tines_are_meshed_around_the_shaft_under_one_name(meshed):
    case, plan, arrays, _, areas = meshed(vessels=[], targets=[], applicators=UMBRELLA)
    length = case.applicators[0].device.tines[0].path.length
    assert areas["umbrella/active/tine"] == pytest.approx(4 * math.pi * 0.4e-3 * length, rel=0.1)
    assert len([s for s in plan.surfaces if s.applicator]) == 2
    tines = arrays.points[np.unique(arrays.facets[arrays.facet_tags == plan.surfaces[-1].tag])]
    outward = np.hypot(tines[:, 0], tines[:, 1])
    assert outward.max() == pytest.approx(14.2e-3, abs=1e-4)
    turned = np.degrees(np.arctan2(tines[:, 1], tines[:, 0]))[outward > 0.013] % 90
    assert np.minimum(turned, 90 - turned).max() < 1.0


@pytest.mark.parametrize(
    ("body", "volume", "free"),
    [
        ({"shape": "ball", "diameter": "90 mm"}, math.pi / 6 * 0.09**3, None),
        ({"shape": "cylinder", "diameter": "90 mm", "height": "80 mm", "axis": [1, 0, 1]}, math.pi / 4 * 6.48e-4, None),
        ({"shape": "half_space", "extent": "60 mm"}, 8.64e-4, 0.0144),
    ],
    ids=["ball", "cylinder", "half_space"],
)
def test_bodies(body, volume, free, meshed):
    needle = {"name": "needle", "device": "cooled_tip_3cm", "tip": ["0 mm", "0 mm", "-35 mm"], "direction": [0, 0, -1]}
    _, _, _, volumes, areas = meshed(body=body | {"tissue": "liver"}, targets=[], vessels=[], applicators=[needle])
    assert sum(volumes.values()) == pytest.approx(volume, rel=0.03)
    assert areas.get("free") == (None if free is None else pytest.approx(free, rel=1e-3))


def test_organs_with_a_tissue_become_regions_and_targets_win_over_them(meshed):
    gut = {"name": "gut", "shape": "tube", "diameter": "20 mm", "tissue": "kidney"}
    gut["path"] = [["-60 mm", "-18 mm", "0 mm"], ["60 mm", "-18 mm", "0 mm"]]
    watched = {"name": "watched", "shape": "box", "size": ["5 mm", "5 mm", "5 mm"], "centre": ["0 mm", "0 mm", "40 mm"]}
    case, plan, arrays, volumes, _ = meshed(organs=[gut, watched], vessels=[])
    assert [region.name for region in plan.regions] == ["body", "gut", "metastasis"]
    assert volumes["metastasis"] == pytest.approx(math.pi / 6 * 0.025**3, rel=0.06)
    overlap = (
        shapes.contains(case.organs[0].geometry, arrays.points[arrays.cells].mean(axis=1)) & (arrays.cell_tags == 3)
    ).sum()
    assert overlap > 10
    assert volumes["gut"] < math.pi * 1e-4 * 0.1


def test_uniform_refinement_keeps_volumes(meshed):
    _, _, coarse, volumes, areas = meshed(vessels=[])
    _, _, fine, fine_volumes, fine_areas = meshed("accuracy.refinements=1", vessels=[])
    assert len(fine.cells) == 8 * len(coarse.cells)
    assert fine_volumes == pytest.approx(volumes)
    assert fine_areas == pytest.approx(areas)


def test_check_describes_the_scene(make_case, mesh_cache):
    description = check(make_case(), mesh_cache)
    clearances = {(c.first, c.second): c.distance_mm for c in description.clearances}
    assert clearances["needle", "vein"] == pytest.approx(20.5 - 3 - 0.735, abs=5e-3)
    assert clearances["metastasis", "vein"] == pytest.approx(20.5 - 3 - 12.5, abs=1e-3)
    assert sum(region.cells for region in description.regions) == description.quality.cells
    text = str(description)
    for words in ("region metastasis: ", "surface vein/wall: wall, ", "needle - vein: 16.8 mm apart"):
        assert words in text
