"""From a cohort's folder to runs: what differs between cases, their zones, what cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import pennes.case
from dented_ellipsoid import VESSEL, surface
from pennes.errors import InputError
from pennes.risk.atlas import Atlas
from pennes.risk.cohort import read_cohort_runs, read_values
from pennes.risk.features import GEOMETRY

BASE = Path(__file__).parents[2] / "configs" / "cases" / "rfa_perivascular.yaml"
TURN = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
"""Columns: towards the vein (+y), along it (+x), towards the tip (-z)."""


def settings(number: int) -> tuple[str, ...]:
    factor = 1.0 + 0.1 * number
    return (
        f"targets.metastasis.diameter={20 + number} mm",
        f"body.tissue.perfusion.value={0.0064 * factor!r} 1/s",
        f"body.tissue.thermal_conductivity.value={0.52 * (1.2 - 0.05 * number)!r} W/m/K",
        f"targets.metastasis.tissue.thermal_conductivity.value={0.52 * (1.2 - 0.05 * number)!r} W/m/K",
        f"protocol.duration={600 + 10 * number} s",
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "base.yaml").write_text(pennes.case.dump(pennes.case.load(BASE, ("accuracy=screening",))))
    (tmp_path / "cohort.json").write_text(
        json.dumps({"title": "a cohort", "base": {"file": "base.yaml", "sha256": "x"}})
    )
    zone = surface(TURN, 17.5)
    zone.points = np.asarray(zone.points) - np.array([1.0, 2.0, 3.0])
    for number in range(5):
        result = tmp_path / "cases" / f"{number:02d}" / f"{number:016x}"
        result.mkdir(parents=True)
        (result / "case.yaml").write_text(pennes.case.dump(pennes.case.load(BASE, settings(number))))
        summary = {
            "provenance": {"version": "0.1.0", "case_sha256": f"{number:064x}"},
            "targets": [{"minimal_margin_mm": 1.0 + number}],
        }
        (result / "summary.json").write_text(json.dumps(summary))
        if number == 4:
            zone.points = np.asarray(zone.points) + np.array([80.0, 0.0, 0.0])
        zone.save(result / "zone.vtp")
    return tmp_path


def test_runs_are_read_with_what_differs_between_them(folder):
    found = read_cohort_runs(folder)
    assert found.aim == pytest.approx(15.0)
    assert found.left_out == ((f"{4:016x}", "the zone does not hold the middle of what heats"),)
    runs = found.runs
    assert runs.inputs == ("liver_perfusion", "liver_thermal_conductivity")
    assert runs.values["liver_perfusion"] == pytest.approx([1.0, 1.1, 1.2, 1.3])
    assert runs.values["target_radius"] == pytest.approx([10.0, 10.5, 11.0, 11.5])
    assert runs.values["duration"] == pytest.approx([600.0, 610.0, 620.0, 630.0])
    assert runs.values["gap"] == pytest.approx(20.5 - VESSEL)
    assert runs.margins == pytest.approx([1.0, 2.0, 3.0, 4.0])
    assert runs.front[:, 0] == pytest.approx(17.5 - 1.5, abs=0.1)
    assert found.case_sha256[2] == f"{2:064x}"


def test_distributions_are_those_of_the_records(folder):
    perfusion = next(given for given in read_cohort_runs(folder).inputs if given.property.name == "liver_perfusion")
    assert perfusion.base == pytest.approx(0.0064)
    assert (perfusion.low, perfusion.high) == pytest.approx((1.0, 1.3))
    # Lognormal with 0.4, cut off at 0.5 and 2.5.
    assert perfusion.quantiles[[0, -1]] == pytest.approx([0.5, 2.5])
    assert np.all(np.diff(perfusion.quantiles) > 0)


def test_results_without_surfaces_are_refused(folder):
    next(folder.glob("cases/*/*/zone.vtp")).unlink()
    with pytest.raises(InputError, match=r"no zone\.vtp"):
        read_cohort_runs(folder)


def test_values_are_read_without_zones(folder, analytic_atlas):
    inputs = [{"name": "liver_perfusion", "title": "", "group": "perfusion", "unit": "1/s", "base": 0.0064,
               "low": 0.5, "high": 2.0, "path": ["body", "tissue", "perfusion"]}]  # fmt: skip
    atlas = Atlas(dict(analytic_atlas.header) | {"aim_mm": 15.0, "inputs": inputs}, *[None] * 5)
    runs = read_cohort_runs(folder).runs
    for file in folder.glob("cases/*/*/zone.vtp"):
        file.unlink()
    found = list(read_values(folder, atlas))
    assert [key for key, _, _ in found[:4]] == list(runs.keys)
    for number, (_, margin, values) in enumerate(found[:4]):
        assert margin == runs.margins[number]
        for name in (*GEOMETRY, "liver_perfusion"):
            assert values[name] == pytest.approx(runs.values[name][number])
