"""The table: every input, every value of the summaries, where they come from; Parquet and CSV alike."""

from __future__ import annotations

import csv
import json
import shutil

import pyarrow.parquet
import pytest

from pennes.case import load
from pennes.ensemble import CohortFolder, Options, as_arrow, collect, make_plan, run_cohort
from pennes.ensemble.table import flat
from quick_case import QUICK
from summaries import summary_data
from tiny_cohort import ensemble, manifest


def test_every_number_of_a_summary_has_a_column_of_its_own():
    columns = dict(flat(summary_data()))
    assert columns["targets.metastasis.minimal_margin_mm"] == -1.26
    assert columns["targets.metastasis.surface_share.0_to_5"] == 0.6
    assert columns["targets.metastasis.worst_point_mm.1"] == 12.5
    assert columns["zone.diameters_mm.2"] == 31.0
    assert columns["vessels.hepatic vein.heat_removed_j"] == 5600.0
    assert columns["organs.gallbladder.max_c"] == 41.5
    assert columns["criteria.cem43.minimal_margin_mm.metastasis"] is None
    assert columns["provenance.packages.numpy"] == "2"
    assert json.loads(columns["warnings"]) == ["the first warning"]
    assert columns["generator.events"] is None

    def leaves(value):
        if isinstance(value, dict):
            return sum(leaves(item) for item in value.values())
        return sum(leaves(item) for item in value) if isinstance(value, list) else int(isinstance(value, (int, float)))

    assert sum(isinstance(value, (int, float)) for value in columns.values()) == leaves(summary_data())


def test_a_row_is_what_its_case_found(finished):
    folder = CohortFolder(finished / "out")
    table, plan = collect(folder), make_plan(finished / "cohort.yaml")
    assert len(table) == 4
    assert table.units == {"input.perfusion": "", "input.lesion": "mm"}
    for number, row in enumerate(plan.rows):
        summary = json.loads((folder.result(row.key) / "summary.json").read_text())
        assert [table.columns[f"input.{name}"][number] for name in plan.names] == list(row.values)
        for name, value in flat(summary):
            assert table.columns[name][number] == value, name
        lesion = load(folder.result(row.key) / "case.yaml").targets[0].geometry.diameter
        assert 1e3 * lesion == pytest.approx(table.columns["input.lesion"][number])
        assert table.columns["run.base_sha256"][number] == plan.base_sha256
        assert table.columns["run.host"][number]


def test_parquet_and_csv_say_the_same(copy):
    code, out, err = ensemble("collect", copy / "cohort.yaml", "-o", copy / "out", "--csv")
    assert code == 0, err
    assert "4 rows (4 done)" in out
    table = pyarrow.parquet.read_table(copy / "out" / "table.parquet")
    assert table.schema.field("input.lesion").metadata == {b"unit": b"mm"}
    assert json.loads(table.schema.metadata[b"pennes.cohort"])["title"] == "A tiny cohort"
    assert table.equals(as_arrow(collect(CohortFolder(copy / "out"))))
    with open(copy / "out" / "table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["input.lesion [mm]"]) for row in rows] == table["input.lesion"].to_pylist()
    assert [float(row["zone.volume_ml"]) for row in rows] == table["zone.volume_ml"].to_pylist()


def test_a_case_that_is_missing_or_cannot_be_read_keeps_its_row(copy):
    folder = CohortFolder(copy / "out")
    missing, damaged, *_ = [row.key for row in manifest(folder.path).rows]
    shutil.rmtree(folder.result(missing))
    (folder.result(damaged) / "summary.json").write_text('{"schema": }\n')
    table = collect(folder)
    assert table.columns["state"] == ["missing", "failed", "done", "done"]
    assert "cannot be read" in table.columns["message"][1]
    assert table.columns["zone.volume_ml"][:2] == [None, None]
    assert None not in table.columns["input.lesion"]
    assert as_arrow(table)["zone.volume_ml"].null_count == 2


def test_an_absent_vessel_has_no_diameter(tmp_path):
    text = (
        "title: t\nbase: base.yaml\ndesign: {kind: grid}\n"
        "inputs:\n  vein: {kind: vessel_diameter, vessel: vein, values: [none, 4 mm]}\n"
    )
    (tmp_path / "base.yaml").write_text(QUICK)
    (tmp_path / "cohort.yaml").write_text(text)
    run_cohort(tmp_path / "cohort.yaml", tmp_path / "out", Options(dry_run=True))
    table = collect(CohortFolder(tmp_path / "out"))
    assert table.columns["input.vein"] == [None, 4.0]
    assert str(as_arrow(table).schema.field("input.vein").type) == "double"
