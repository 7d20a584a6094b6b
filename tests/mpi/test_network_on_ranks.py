"""A treatment in a grown tree with a clamp: killed on three ranks, resumed on two, it ends as on one."""

from __future__ import annotations

import json

import pytest
from test_interrupted_runs import kill

from quick_case import QUICK, complete, finish, margin, rows, start, wait_for, write_case

VESSELS = """\
vessels:
  - name: vein
    diameter: 5 mm
    path: [[-40 mm, 12 mm, 0 mm], [40 mm, 12 mm, 0 mm]]
    speed: 20 cm/s
    circulation: hepatic
  - name: tree
    grow:
      root: [-29 mm, -15 mm, 0 mm]
      centre: [0 mm, 0 mm, 0 mm]
      diameters: [50 mm, 50 mm, 50 mm]
      ends: 12
      focus: {centre: [0 mm, 0 mm, 0 mm], diameter: 30 mm, ends: 20}
    diameter: 6 mm
    speed: 15 cm/s
    circulation: portal
    by_diameter: {wall_from: null, network_from: 0.7 mm}
occlusions:
  - {kind: pringle, start: 6 s, end: 11 s}
"""


def text() -> str:
    """The quick case, shorter, with a tree."""
    before, _, after = QUICK.partition("vessels:\n")
    after = after[after.index("applicators:") :]
    return (before + VESSELS + after).replace("duration: 60 s", "duration: 16 s").replace("every: 10 s", "every: 20 s")


def heats(summary) -> dict[str, float]:
    """J by vessel and branch."""
    return {
        f"{vessel['name']}/{branch['number']}": branch["heat_removed_j"]
        for vessel in summary["vessels"]
        for branch in vessel["branches"]
    }


def test_killed_on_three_ranks_and_resumed_on_two(tmp_path):
    case = write_case(tmp_path, text())
    alone = complete(case, tmp_path / "alone", None)
    process = start(case, tmp_path / "several", 3)
    wait_for(process, tmp_path / "several", 9.0)
    kill(process)
    several = complete(case, tmp_path / "several", 2, "--resume")
    assert len(several["provenance"]["resumed_at_s"]) == 1
    assert several["zone"]["volume_ml"] == pytest.approx(alone["zone"]["volume_ml"], rel=1e-5)
    assert margin(several) == pytest.approx(margin(alone), abs=1e-3)
    found = heats(alone)
    assert len(found) > 10
    assert heats(several) == pytest.approx(found, rel=1e-4, abs=1e-3)
    for vessel in alone["vessels"]:
        total = sum(branch["heat_removed_j"] for branch in vessel["branches"])
        assert total == pytest.approx(vessel["heat_removed_j"], rel=1e-9, abs=0.2 * len(vessel["branches"]))
    assert alone["energy"]["residual_fraction"] < 1e-3
    clamped = [float(row["vessel:tree_w"]) for row in rows(tmp_path / "alone") if 6.1 < float(row["time_s"]) < 10.9]
    assert clamped and not any(clamped), "nothing is taken under the clamp"


def test_what_each_vessel_costs(tmp_path):
    """Paired runs by one flag, on two ranks."""
    case = write_case(tmp_path, text().replace("duration: 16 s", "duration: 6 s"))
    code, out, err = finish(start(case, tmp_path / "result", 2, "--vessel-costs", "0"))
    assert code == 0, err
    found = json.loads((tmp_path / "result" / "vessel_costs.json").read_text())
    entries = [(entry["vessel"], entry["branch"]) for entry in found["costs"]]
    assert sorted(entries) == [("tree", None), ("vein", None)]
    assert "Without tree" in out
    whole = next(entry for entry in found["costs"] if (entry["vessel"], entry["branch"]) == ("tree", None))
    assert whole["volume_cost_ml"] > 0.0
