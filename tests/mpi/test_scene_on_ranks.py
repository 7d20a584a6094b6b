"""The same domain, and the same values at the same points, on 1, 2 and 3 ranks."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

CASE = Path(__file__).parents[2] / "configs" / "cases" / "rfa_perivascular.yaml"
MESH = "accuracy: {mesh: {applicator: 0.9 mm, shaft: 3 mm, lesion: 4 mm, vessel: 3 mm, far: 15 mm}}"


@pytest.fixture(scope="module")
def case_text() -> str:
    return CASE.read_text().replace("accuracy: default", MESH)


def run(mpiexec, ranks: int, text: str, folder: Path) -> list[dict]:
    case = folder / "case.yaml"
    case.write_text(text)
    done = mpiexec(ranks, "scene.py", case, folder / "meshes")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_domain_is_the_same_on_any_number_of_ranks(mpiexec, case_text, tmp_path):
    alone, *others = (run(mpiexec, ranks, case_text, tmp_path)[0] for ranks in (1, 2, 3))
    assert alone["error"] < 1e-12
    assert alone["error_2"] < 1e-12
    assert 250 < alone["inside"] < 350
    assert alone["volumes"][1] == pytest.approx(math.pi / 6 * 0.025**3, rel=0.06)
    assert alone["surface"][0] == pytest.approx(alone["volumes"][1])
    assert alone["surface"][2]
    assert all(math.isfinite(value) for value in alone["nearest"])
    for number, other in enumerate(others, start=2):
        assert other["ranks"] == number
        for key in ("inside", "facets", "cells", "ghost_cells", "nodes_in_ball", "hash"):
            assert other[key] == alone[key], key
        for key in ("nearest", "volumes", "areas", "surface"):
            assert other[key] == pytest.approx(alone[key], rel=1e-9), key
    assert len(list((tmp_path / "meshes").glob("*.npz"))) == 1


def test_a_refusal_reaches_every_rank(mpiexec, case_text, tmp_path):
    text = case_text.replace("tip: [0 mm, 0 mm, -15 mm]", "tip: [0 mm, 20.5 mm, -15 mm]")
    said = run(mpiexec, 3, text, tmp_path)
    assert sorted(entry["rank"] for entry in said) == [0, 1, 2]
    assert {entry["key"] for entry in said} == {"applicators.0.tip"}
    assert all("runs inside the vessel 'hepatic vein'" in entry["message"] for entry in said)
