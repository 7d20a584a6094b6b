"""Which vessels and branches are switched off in turn, and vessels as surfaces."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pennes.treatment.costs import _cost, _switched_off
from pennes.treatment.tubes import drawing, tube


def branch(number, heat):
    return {"number": number, "name": str(number), "diameter_mm": 1.0, "cooling_power_w": 1.0, "heat_removed_j": heat}


def vessel(name, *heats):
    branches = [branch(number, heat) for number, heat in enumerate(heats)]
    return {"name": name, "cooling_power_w": 2.0, "heat_removed_j": sum(heats), "branches": branches}


def summary(margin, volume, *vessels):
    return {
        "targets": [{"name": "lesion", "minimal_margin_mm": margin}],
        "zone": {"volume_ml": volume},
        "vessels": list(vessels),
    }


def test_vessels_and_the_branches_that_took_most():
    found = _switched_off(
        summary(1.0, 9.0, vessel("single", 90.0), vessel("tree", 5.0, 70.0, 0.3), vessel("far", 0.2)), 5
    )
    assert [(v["name"], None if b is None else b["number"]) for v, b in found] == [
        ("single", None),
        ("tree", None),
        ("tree", 1),
        ("tree", 0),
    ]
    assert len(_switched_off(summary(1.0, 9.0, vessel("tree", 5.0, 70.0)), 0)) == 1


def test_cost_is_what_the_margin_gains():
    whole = vessel("tree", 5.0, 70.0)
    entry = _cost(summary(1.0, 9.0), summary(1.75, 11.0), whole, whole["branches"][1])
    assert entry["margin_cost_mm"] == {"lesion": pytest.approx(0.75)} and entry["volume_cost_ml"] == pytest.approx(2.0)
    assert (entry["branch"], entry["heat_removed_j"]) == (1, 70.0)
    assert _cost(summary(None, 0.0), summary(1.0, 2.0), whole, None)["margin_cost_mm"] == {"lesion": None}


def test_tubes_are_as_wide_as_their_vessels():
    points, faces = tube(np.array([[0.0, 0, 0], [0.01, 0, 0], [0.02, 0, 0]]), np.array([1e-3, 2e-3]))
    across = np.hypot(*points[:, 1:].T)
    for place, radius in ((0.0, 1e-3), (0.01, 1.5e-3), (0.02, 2e-3)):
        assert across[np.abs(points[:, 0] - place) < 1e-6] == pytest.approx(radius, rel=1e-5)
    a, b, c = np.moveaxis(points[faces], 1, 0)
    volume = abs(np.einsum("ij,ij->", np.cross(a, b), c)) / 6
    cones = np.pi * 0.01 / 3 * (1 + 1.5 + 2.25 + 2.25 + 3 + 4) * 1e-6
    assert volume == pytest.approx(cones, rel=0.08), "closed, with ten sides"


def test_walls_and_tubes_know_their_vessel():
    line = SimpleNamespace(points=np.array([[0.0, 0, 0], [0.01, 0, 0]]), radii=np.array([1e-3]))
    tree = SimpleNamespace(lines=(line, line))
    mixed = SimpleNamespace(tree=tree, models=["wall", "network"], line_heat=np.array([3.0, 4.0]))
    wall = (np.eye(3), np.array([[0, 1, 2]]))
    drawn = drawing([mixed, mixed], [wall, wall], [7.0, 7.0])
    each = 3 + len(tube(line.points, line.radii)[0])
    assert drawn.triangles.max() == len(drawn.points) - 1 and len(drawn.points) == 2 * each
    assert list(drawn.data["vessel"][[0, 3, each, each + 3]]) == [0, 0, 1, 1]
    assert list(drawn.data["branch"][[0, 3]]) == [-1, 1] and list(drawn.data["heat_removed_j"][[0, 3]]) == [7.0, 4.0]
