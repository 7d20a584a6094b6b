"""One antenna in a round body, in three dimensions and in the half-plane beside its axis: the same treatment."""

from __future__ import annotations

import pytest

from quick_antenna import write_antenna_case
from quick_case import complete

ROUND = """\
title: An antenna in a round body
body: {shape: cylinder, FORMdiameter: 60 mm, height: 80 mm, tissue: liver}
targets:
  - {name: lesion, diameter: 12 mm, centre: [0 mm, 0 mm, 0 mm], tissue: colorectal_metastasis, margin: 1 mm}
applicators:
  - {name: antenna, device: mwa_dual_slot, tip: [0 mm, 0 mm, -9 mm], direction: [0, 0, -1]}
protocol: {mode: constant_power, set_power: 60 W, duration: 25 s}
accuracy:
  mesh: {applicator: 0.7 mm, shaft: 1.5 mm, lesion: 2 mm, far: 12 mm}
output: {every: 20 s, report: false}
"""


def test_both_forms_agree(tmp_path):
    found = {}
    for name, form in (("full", ""), ("plane", "form: axisymmetric, ")):
        (tmp_path / name).mkdir()
        case = write_antenna_case(tmp_path / name, ROUND.replace("FORM", form))
        found[name] = complete(case, tmp_path / name / "result", None)
    full, plane = found["full"], found["plane"]
    assert plane["mesh"]["cells"] < full["mesh"]["cells"] / 10
    antennas = [summary["antennas"][0] for summary in (full, plane)]
    # The reflection feels the first dry vertices at the needle, not the same ones: as a share of what was sent.
    sent = antennas[0]["budget_j"]["set"]
    for key in ("reflected", "absorbed", "shaft", "radiated"):
        assert antennas[1]["budget_j"][key] == pytest.approx(antennas[0]["budget_j"][key], abs=0.015 * sent), key
    assert plane["zone"]["volume_ml"] == pytest.approx(full["zone"]["volume_ml"], rel=0.03)
    along, across, _ = (abs(a - b) for a, b in zip(*(s["zone"]["diameters_mm"] for s in (full, plane)), strict=True))
    assert across < 0.6 and along < 1.0
    # Around its own axis nothing can differ.
    assert antennas[1]["axis_spread_max_k"] < 1e-3 < antennas[0]["axis_spread_max_k"]
    assert plane["energy"]["residual_fraction"] < 1e-3
