"""Indices against those that are known exactly, and what is done about gaps."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from pydantic import TypeAdapter

from pennes.ensemble import CohortFolder, collect
from pennes.ensemble.designs import block, shares
from pennes.ensemble.indices import _analyse, picture, sensitivity
from pennes.ensemble.inputs import BoundInput
from pennes.ensemble.manifest import read_shares
from pennes.ensemble.models import Design
from pennes.ensemble.table import Table
from pennes.errors import InputError
from tiny_cohort import COHORT, ensemble, write_cohort

BOUND = BoundInput("", "", lambda share: list(share), lambda draft, value: None)


def sampled(function, names="abc", gaps=(), **keys):
    """A table of ``function`` of angles from -pi to pi (n, d) over a design, and the design's quantiles."""
    design = TypeAdapter(Design).validate_python(keys)
    quantiles = shares(design, {name: BOUND for name in names})
    result = list(map(float, function((2 * quantiles - 1) * math.pi)))
    for gap in gaps:
        result[gap] = None
    header = {
        "design": design.model_dump(mode="json"),
        "block": block(design, len(names)),
        "inputs": [{"name": name, "meaning": ""} for name in names],
    }
    return Table({"case": list(range(len(result))), "y": result}, {}, header), quantiles


def ishigami(x):
    """Ishigami and Homma 1990, a = 7, b = 0.1; its indices are known."""
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


FIRST = {"a": 0.3139, "b": 0.4424, "c": 0.0}
TOTAL = {"a": 0.5576, "b": 0.4424, "c": 0.2437}


@pytest.mark.parametrize("second_order", [False, True])
def test_sobol_indices_of_the_ishigami_function(second_order):
    table, quantiles = sampled(ishigami, kind="saltelli", size=2048, second_order=second_order)
    found = _analyse(table, quantiles, "y")
    assert [effect.input for effect in found.effects] == ["a", "b", "c"]
    for effect in found.effects:
        assert effect.index == pytest.approx(TOTAL[effect.input], abs=0.03)
        assert effect.second == pytest.approx(FIRST[effect.input], abs=0.03)
        assert abs(effect.index - TOTAL[effect.input]) <= 1.5 * effect.half_width
        assert 0 < effect.half_width < 0.1


def test_first_order_indices_of_any_sample():
    table, quantiles = sampled(ishigami, kind="sobol", size=2048)
    for effect in _analyse(table, quantiles, "y").effects:
        assert effect.index == pytest.approx(FIRST[effect.input], abs=0.04)
        assert effect.second is None


def test_elementary_effects_of_a_linear_function_are_its_slopes():
    table, quantiles = sampled(lambda x: x @ [1.0, -3.0, 0.0] / (2 * math.pi), kind="morris", size=10)
    found = _analyse(table, quantiles, "y")
    assert [effect.input for effect in found.effects] == ["b", "a", "c"]
    assert [effect.index for effect in found.effects] == pytest.approx([3.0, 1.0, 0.0], abs=1e-9)
    assert [effect.second for effect in found.effects] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_a_gap_takes_its_trajectory_with_it_and_nothing_else():
    table, quantiles = sampled(lambda x: x @ [1.0, -3.0, 0.0], kind="morris", size=10, gaps=(5, 6, 30))
    found = _analyse(table, quantiles, "y")
    assert (found.used, found.left_out) == (32, 8)
    assert [effect.index / math.pi / 2 for effect in found.effects] == pytest.approx([3.0, 1.0, 0.0], abs=1e-9)
    assert "(8 left out)" in found.text()


def test_too_few_cases_and_a_result_that_does_not_vary_are_refused():
    table, quantiles = sampled(ishigami, kind="morris", size=4, gaps=(1,))
    with pytest.raises(InputError, match="3 of 4 groups of cases have 'y'; expected at least 4"):
        _analyse(table, quantiles, "y")
    table, quantiles = sampled(lambda x: 0 * x[:, 0] + 2, kind="saltelli", size=8)
    with pytest.raises(InputError, match="'y' is the same in all cases"):
        _analyse(table, quantiles, "y")


def test_picture_shows_every_input_of_every_result():
    table, quantiles = sampled(ishigami, kind="saltelli", size=64)
    found = _analyse(table, quantiles, "y")
    assert picture([found, found], "title").startswith(b"\x89PNG")


def test_command_ranks_the_inputs_of_a_cohort(tmp_path):
    """Against elementary effects worked out step by step from the cases themselves."""
    path = write_cohort(tmp_path, COHORT.replace("sobol, size: 4", "morris, size: 4"))
    folder, column = tmp_path / "out", "targets.lesion.minimal_margin_mm"
    code, _, err = ensemble("run", path, "-o", folder)
    assert code == 0, err
    code, out, err = ensemble("sensitivity", path, "-o", folder, "--of", column, "--json")
    assert code == 0, err
    (found,) = json.loads(out)
    margins = np.array(collect(CohortFolder(folder)).columns[column]).reshape(4, 3)
    places = np.array(read_shares(CohortFolder(folder), 2)).reshape(4, 3, 2)
    effects = [[], []]
    for margin, place in zip(margins, places, strict=True):
        for step in range(2):
            (changed,) = np.flatnonzero(place[step + 1] - place[step])
            effects[changed].append((margin[step + 1] - margin[step]) / (place[step + 1] - place[step])[changed])
    means = dict(zip(("perfusion", "lesion"), np.abs(effects).mean(axis=1), strict=True))
    assert {effect["input"]: effect["index"] for effect in found["effects"]} == pytest.approx(means)
    assert [effect["input"] for effect in found["effects"]] == ["lesion", "perfusion"], "a wider lesion, less margin"
    assert (folder / "sensitivity.png").read_bytes().startswith(b"\x89PNG")
    code, _, err = ensemble("sensitivity", path, "-o", folder, "--of", "targets.lesion.minimal_margn_mm")
    assert code == 2
    assert "did you mean 'targets.lesion.minimal_margin_mm'" in err


def test_a_grid_has_no_indices(copy):
    header = copy / "out" / "cohort.json"
    header.write_text(header.read_text().replace('"kind": "sobol"', '"kind": "grid"'))
    with pytest.raises(InputError, match="a grid has no indices"):
        sensitivity(CohortFolder(copy / "out"))


def test_the_functions_of_the_room_are_there_whatever_was_imported_before():
    import importlib
    import types

    import pennes.ensemble

    for name in set(pennes.ensemble._LATER.values()):
        importlib.import_module(f"pennes.ensemble.{name}")
    for name in pennes.ensemble.__all__:
        assert not isinstance(getattr(pennes.ensemble, name), types.ModuleType)
