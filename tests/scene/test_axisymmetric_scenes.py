"""Scenes in the half-plane: what is meshed sweeps out the volumes and areas that the case says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mpi4py import MPI

from pennes.scene import build, check
from pennes.scene.build import planned_mesh
from pennes.scene.plan import make_plan
from pennes.scene.triangles import swept_volumes

BODY = {"shape": "cylinder", "form": "axisymmetric", "diameter": "80 mm", "height": "90 mm", "tissue": "liver"}
FINE = {"mesh": {"applicator": "0.3 mm", "shaft": "1 mm", "lesion": "0.7 mm", "far": "6 mm"}}


def described(make_case, mesh_cache, *settings, **changes):
    """Volumes (mm3) and areas (mm2) by name."""
    scene = check(make_case(*settings, **({"body": BODY, "vessels": []} | changes)), mesh_cache)
    assert "triangles" in str(scene)
    volumes = {region.name: 1e3 * region.volume_ml for region in scene.regions}
    return scene, volumes, {surface.name: surface.area_mm2 for surface in scene.surfaces}


def needle_volume(length: float, radius: float = 0.735, cone: float = 2.0) -> float:
    """mm3; the cone's point is a fifth of the radius wide."""
    return math.pi * radius**2 * (length - cone) + math.pi / 3 * cone * radius**2 * (1 + 0.2 + 0.04)


def test_volumes_and_areas(make_case, mesh_cache):
    scene, volumes, areas = described(make_case, mesh_cache, accuracy=FINE)
    device = make_case(body=BODY, vessels=[]).applicators[0].device.shafts[0]
    radius, cone = 1e3 * device.diameter / 2, 1e3 * device.tip_length
    in_target, in_body = needle_volume(27.5, radius, cone), needle_volume(60.0, radius, cone)
    assert volumes["metastasis"] == pytest.approx(math.pi / 6 * 25**3 - in_target, rel=2e-3)
    assert sum(volumes.values()) == pytest.approx(math.pi * 40**2 * 90 - in_body, rel=1e-9)
    assert areas["outer"] == pytest.approx(2 * math.pi * 40**2 + math.pi * 80 * 90 - math.pi * radius**2, rel=1e-9)
    bare = math.pi * (0.2 * radius) ** 2 + math.pi * 1.2 * radius * math.hypot(cone, 0.8 * radius)
    assert areas["needle/active/shaft"] == pytest.approx(bare + 2 * math.pi * radius * (30 - cone), rel=1e-9)
    assert areas["needle/insulation/shaft"] == pytest.approx(2 * math.pi * radius * 30, rel=1e-9)
    assert scene.quality.min_radius_ratio > 0.3
    assert set(areas) == {"outer", "needle/active/shaft", "needle/insulation/shaft"}, "the axis is no surface"


@pytest.mark.parametrize("tip", ["flat", "round"])
def test_tips(make_case, mesh_cache, tip):
    _, volumes, areas = described(
        make_case, mesh_cache, f"applicators.0.device.shafts.0.tip={tip}", accuracy=FINE, targets=[]
    )
    radius = 1e3 * make_case(body=BODY, vessels=[]).applicators[0].device.shafts[0].diameter / 2
    head = 2 / 3 * math.pi * radius**3 - math.pi * radius**3 if tip == "round" else 0.0
    assert sum(volumes.values()) == pytest.approx(
        math.pi * 40**2 * 90 - math.pi * radius**2 * 60 - head, abs=0.05 if tip == "round" else 1e-3
    )
    lid = 2 * math.pi * radius**2 - 2 * math.pi * radius**2 if tip == "round" else math.pi * radius**2
    bare = areas["needle/active/shaft"]
    assert bare == pytest.approx(2 * math.pi * radius * 30 + lid, rel=5e-3)


def test_ellipsoid_organ_and_ball(make_case, mesh_cache):
    """A long ellipsoid, an organ in front of the needle, in a ball; the organ's tissue is meshed."""
    _, volumes, areas = described(
        make_case,
        mesh_cache,
        accuracy=FINE,
        body={"shape": "ball", "form": "axisymmetric", "diameter": "90 mm", "tissue": "liver"},
        targets=[{"name": "t", "shape": "ellipsoid", "diameters": ["16 mm", "16 mm", "30 mm"], "tissue": "hcc"}],
        organs=[{"name": "o", "diameter": "8 mm", "centre": ["0 mm", "0 mm", "-30 mm"], "tissue": "kidney"}],
    )
    device = make_case(body=BODY, vessels=[]).applicators[0].device.shafts[0]
    inside = needle_volume(30.0, 1e3 * device.diameter / 2, 1e3 * device.tip_length)
    # Edges of 0.7 mm lie 0.01 mm inside a circle of 4 mm, on average.
    assert volumes["o"] == pytest.approx(4 / 3 * math.pi * (4.0 - 0.7**2 / 8 / 4 * 2 / 3) ** 3, rel=2e-3)
    assert volumes["t"] == pytest.approx(math.pi / 6 * 16**2 * 30 - inside, rel=5e-3)
    assert areas["outer"] == pytest.approx(math.pi * 90**2, rel=5e-3)


def test_a_tilted_axis(make_case, mesh_cache):
    upright = make_case(body=BODY, vessels=[])
    along = np.array([0.6, 0.0, 0.8])
    centre = [3.0, -4.0, 5.0]
    tilted = make_case(
        body=BODY | {"axis": along.tolist(), "centre": [f"{x} mm" for x in centre]},
        targets=[{"name": "metastasis", "diameter": "25 mm", "centre": [f"{x} mm" for x in centre], "tissue": "hcc"}],
        applicators=[
            {
                "name": "needle",
                "device": "cooled_tip_3cm",
                "tip": [f"{x:.12g} mm" for x in centre - 15 * along],
                "direction": (-along).tolist(),
            }
        ],
        vessels=[],
    )
    found = []
    for case in (upright, tilted):
        plan = make_plan(case)
        arrays, _, _ = planned_mesh(case, plan, mesh_cache)
        place = plan.axis.coordinates(arrays.points)
        assert arrays.points == pytest.approx(plan.axis.points(place), abs=1e-12)
        volumes = swept_volumes(place, arrays.cells)
        found.append((place.min(axis=0), place.max(axis=0), np.bincount(arrays.cell_tags, volumes)))
    for upright_value, tilted_value in zip(*found, strict=True):
        assert tilted_value == pytest.approx(upright_value, rel=1e-3, abs=1e-12)


def test_refinement_halves_every_edge(make_case, mesh_cache):
    coarse, volumes, areas = described(make_case, mesh_cache)
    fine, fine_volumes, fine_areas = described(make_case, mesh_cache, "accuracy.refinements=1")
    assert fine.quality.cells == 4 * coarse.quality.cells
    assert fine.quality.h_max == pytest.approx(coarse.quality.h_max / 2)
    assert fine_volumes == pytest.approx(volumes)
    assert fine_areas == pytest.approx(areas)


def test_points_anywhere_are_found_in_the_half_plane(make_case, mesh_cache):
    """A linear function of distance and height, at points all around, inside the needle and outside the body."""
    domain = build(make_case(body=BODY, vessels=[]), MPI.COMM_SELF, mesh_cache)
    r, z = domain.axis.coordinates(domain.mesh.geometry.x).T
    values = 2.0 * r + 3.0 * z
    points = np.random.default_rng(5).uniform(-0.025, 0.025, (300, 3))
    place = domain.axis.coordinates(points)
    locator = domain.locate(points)
    clear = place[:, 0] > 1e-3
    assert locator.inside[clear].all()
    assert locator.evaluate(values)[clear] == pytest.approx(2.0 * place[clear, 0] + 3.0 * place[clear, 1], abs=1e-12)
    outside = domain.locate(np.array([[0.0, 0.0, 0.02], [0.06, 0.0, 0.0]]))
    assert not outside.inside.any()
    assert outside.evaluate(values, nearest=True) == pytest.approx([2 * 0.735e-3 + 0.06, 0.08], abs=1e-4)
