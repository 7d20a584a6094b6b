"""A treatment with the field of its antenna in three dimensions, on 1, 2 and 3 ranks."""

from __future__ import annotations

import signal

import pytest

from quick_antenna import write_antenna_case
from quick_case import complete, finish, start, wait_for

TEXT = """\
title: One antenna beside a vein
body: {shape: box, size: [60 mm, 60 mm, 80 mm], tissue: liver}
targets:
  - {name: lesion, diameter: 12 mm, centre: [0 mm, 0 mm, 0 mm], tissue: colorectal_metastasis, margin: 1 mm}
vessels:
  - {name: vein, diameter: 8 mm, path: [[-40 mm, 12 mm, 0 mm], [40 mm, 12 mm, 0 mm]], speed: 20 cm/s}
applicators:
  - {name: first, device: mwa_coaxial_slot, tip: [0 mm, 0 mm, -8 mm], direction: [0, 0, -1], field: full}
protocol: {mode: constant_power, set_power: 60 W, duration: 24 s}
accuracy:
  time_tolerance: 1 K
  electric_update: 0.3
  mesh: {applicator: 1.2 mm, shaft: 2.5 mm, lesion: 4 mm, vessel: 2.5 mm, far: 15 mm, field: 6.2 mm}
output: {every: 20 s, report: false}
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    case = write_antenna_case(folder, TEXT)
    return case, complete(case, folder / "result", None)


def test_its_budgets_close_and_the_factor_is_kept(alone):
    _, summary = alone
    antenna = summary["antennas"][0]
    assert summary["energy"]["residual_fraction"] < 1e-3
    assert antenna["budget_residual_fraction"] < 1e-4
    assert antenna["field_solves"] >= 2 and antenna["field_factorisations"] < antenna["field_solves"]
    assert summary["zone"]["volume_ml"] > 0.5
    after = summary["zone"]["after_contraction"]
    assert after["volume_ml"] < 0.95 * summary["zone"]["volume_ml"]
    assert all(a < b for a, b in zip(after["diameters_mm"], summary["zone"]["diameters_mm"], strict=True))


@pytest.mark.parametrize("ranks", [2, 3])
def test_the_answer_does_not_depend_on_the_number_of_ranks(ranks, alone, tmp_path):
    case, expected = alone
    summary = complete(case, tmp_path / "result", ranks)
    assert summary["zone"]["volume_ml"] == pytest.approx(expected["zone"]["volume_ml"], rel=1e-4)
    after, reference = (s["zone"]["after_contraction"] for s in (summary, expected))
    assert after["volume_ml"] == pytest.approx(reference["volume_ml"], rel=1e-4)
    assert after["diameters_mm"] == pytest.approx(reference["diameters_mm"], abs=0.02)
    budget, other = (s["antennas"][0]["budget_j"] for s in (summary, expected))
    assert budget == pytest.approx(other, rel=1e-3, abs=1e-3)


def test_a_stopped_run_goes_on_on_another_number_of_ranks(alone, tmp_path):
    """Its fields are not kept: they are solved anew for the tissue that the checkpoint holds."""
    case, expected = alone
    folder = tmp_path / "result"
    process = start(case, folder, None)
    wait_for(process, folder, 9.0)
    process.send_signal(signal.SIGTERM)
    finish(process)
    assert not (folder / "summary.json").exists()
    summary = complete(case, folder, 2, "--resume")
    assert 0.0 < summary["provenance"]["resumed_at_s"][0] < 24.0
    minimal, reference = (s["targets"][0]["minimal_margin_mm"] for s in (summary, expected))
    assert minimal == pytest.approx(reference, abs=0.02)
    assert summary["zone"]["volume_ml"] == pytest.approx(expected["zone"]["volume_ml"], rel=2e-3)
    budget, other = (s["antennas"][0]["budget_j"] for s in (summary, expected))
    assert budget == pytest.approx(other, rel=5e-3, abs=1e-3)
    assert summary["energy"]["residual_fraction"] < 1e-3
