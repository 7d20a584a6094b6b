"""The cohort file: what it may say, and one message with the place for what it may not."""

from __future__ import annotations

import numpy as np
import pytest

from pennes.case import load
from pennes.ensemble.plan import make_plan
from pennes.errors import InputError
from tiny_cohort import CASE, COHORT, ensemble, write_cohort

PERFUSION = "perfusion: {path: body.tissue.perfusion}"

# (what of the tiny cohort is replaced, by what, what the message must hold)
SPOILT = {
    "unknown key": ("title: A", "titel: x\ntitle: A", "titel: unknown key.*mean 'title'"),
    "no inputs": (COHORT[COHORT.index("inputs") :].split("design")[0], "", "inputs: is missing"),
    "no base": ("base: tiny.yaml", "base: tniy.yaml", "line 2: base: there is no file .*tniy.yaml"),
    "unknown design": ("kind: sobol", "kind: sobl", "design.kind: there is no 'sobl' here.*mean 'sobol'"),
    "odd Morris levels": ("kind: sobol, size: 4", "kind: morris, size: 4, levels: 3", "design.levels: .*multiple of 2"),
    "no size": (", size: 4", "", "design.size: is missing"),
    "unknown path": ("body.tissue.perfusion", "body.tissue.perfusoin", "line 4: inputs.perfusion: .*mean 'perfusion'"),
    "unknown target": (
        "targets.lesion",
        "targets.leison",
        "inputs.lesion: .*'targets' has no entry 'leison'.*mean 'lesion'",
    ),
    "below a value": ("body.tissue.perfusion", "title.x", "has no key 'x'.*a value without keys below it"),
    "no distribution in the record": ("body.tissue.perfusion", "protocol.duration", "carries no distribution"),
    "factor on a word": (PERFUSION, "p: {path: title, factor: {kind: normal, sd: 0.1}}", "is not a quantity"),
    "two sources": (
        PERFUSION,
        "p: {path: title, values: [a], factor: {kind: normal, sd: 1}}",
        "factor: is given beside",
    ),
    "changed twice": (PERFUSION, "p: {path: targets.lesion, values: [x]}", "is changed by the input 'p' already"),
    "wrong unit": ("low: 8 mm, high: 1.2 cm", "low: 8 s, high: 12 s", "inputs.lesion: at 8 s: .*wrong kind of unit"),
    "at one end": ("low: 8 mm", "low: -8 mm", "inputs.lesion: at -8 mm: .*too small"),
    "off the axis": (
        PERFUSION,
        "p: {kind: placement_lateral, applicator: needle, values: [2 mm]}",
        "inputs.p: at 2 mm: applicators.*beside the axis",
    ),
    "bad set": ("inputs:", "set: {protocol.duraton: 1 s}\ninputs:", "line 3: set: protocol.duraton: unknown key"),
    "unknown accuracy": ("inputs:", "accuracy: screning\ninputs:", "line 3: accuracy: .*mean 'screening'"),
    "unknown place": ("design:", "where: {kind: slrm}\ndesign:", "where.kind: there is no 'slrm' here.*mean 'slurm'"),
    "local with a partition": ("design:", "where: {partition: x}\ndesign:", "where.partition: unknown key"),
    "warned too late": ("design:", "where: {kind: slurm, time_limit: 1 min}\ndesign:", "where.warning: .*time_limit"),
    "bad memory": ("design:", "where: {kind: slurm, memory: 2 GB}\ndesign:", "where.memory: "),
    "not a mapping": (COHORT, "- 1\n", "not a list"),
    "input is a word": (PERFUSION, "perfusion: yes please", "inputs.perfusion: "),
    "bad name": (PERFUSION, "a.b: {path: body.tissue.perfusion}", "inputs"),
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT.keys())
def test_what_cannot_be_used_is_refused_in_one_message_that_names_the_place(spoilt, tmp_path):
    old, new, message = spoilt
    assert old in COHORT
    path = write_cohort(tmp_path, COHORT.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        make_plan(path).check()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refused_at_the_command_line_nothing_is_written(tmp_path):
    path = write_cohort(tmp_path, COHORT.replace("low: 8 mm", "low: -8 mm"))
    code, out, err = ensemble("run", path, "-o", tmp_path / "out", "--dry-run")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_without_more_words_a_property_takes_the_distribution_of_its_record(tmp_path):
    path = write_cohort(tmp_path, COHORT.replace("size: 4", "size: 1024"))
    plan = make_plan(path)
    base = load(tmp_path / "tiny.yaml").body.tissue.perfusion
    assert base.distribution is not None
    factors = np.array([row.values[0] for row in plan.rows])
    assert factors.min() >= base.distribution.low
    assert factors.max() <= base.distribution.high
    assert np.median(factors) == pytest.approx(1.03, abs=0.02)  # cut at 0.5 and 2.5, the lower half loses more
    row = plan.rows[0]
    case = load(plan.base_file, row.settings)
    assert case.body.tissue.perfusion.value == pytest.approx(base.value * row.values[0])
    assert "uncertain input" in case.body.tissue.perfusion.source


def test_several_keys_go_together_each_by_its_own_record(tmp_path):
    keys = "[body.tissue.electric_conductivity, targets.lesion.tissue.electric_conductivity]"
    path = write_cohort(tmp_path, COHORT.replace("body.tissue.perfusion", keys).replace("size: 4", "size: 64"))
    plan = make_plan(path)
    found = [load(plan.base_file, row.settings) for row in plan.rows[:16]]
    liver = np.array([case.body.tissue.electric_conductivity.value for case in found])
    tumour = np.array([case.targets[0].tissue.electric_conductivity.value for case in found])
    assert np.array_equal(np.argsort(liver), np.argsort(tumour))
    assert np.ptp(liver / tumour) > 0.01, "the records' distributions differ"


def test_set_and_accuracy_hold_for_all_cases_and_make_other_cases(tmp_path):
    plain = make_plan(write_cohort(tmp_path / "a"))
    text = COHORT.replace("inputs:", "set: {protocol.set_power: 5 W}\naccuracy: screening\ninputs:")
    changed = make_plan(write_cohort(tmp_path / "b", text))
    assert "set_power: 5 W" in changed.base_text
    assert changed.base_sha256 == plain.base_sha256
    assert not {row.key for row in plain.rows} & {row.key for row in changed.rows}
    assert [row.settings for row in plain.rows] == [row.settings for row in changed.rows]


def test_where_and_title_make_no_other_cases(tmp_path):
    plain = make_plan(write_cohort(tmp_path / "a"))
    text = COHORT.replace("A tiny", "Another").replace("design:", "where: {kind: slurm, ranks: 2}\ndesign:")
    moved = make_plan(write_cohort(tmp_path / "b", text))
    assert moved.definition_sha256 == plain.definition_sha256
    assert [row.key for row in moved.rows] == [row.key for row in plain.rows]


def test_a_cohort_made_longer_keeps_its_cases(tmp_path):
    short = make_plan(write_cohort(tmp_path / "a"))
    long = make_plan(write_cohort(tmp_path / "b", COHORT.replace("size: 4", "size: 16")))
    assert [row.key for row in long.rows[:4]] == [row.key for row in short.rows]


def test_words_and_quantities_may_be_listed(tmp_path):
    text = COHORT.replace(
        "perfusion: {path: body.tissue.perfusion}",
        "set: {path: death.arrhenius.set, values: [liver_jacques, hepg2]}\n"
        "  time: {path: protocol.duration, values: [20 s, 0.5 min]}\n"
        "  tissue: {path: body.tissue, values: [liver, hcc]}",
    ).replace("sobol, size: 4, seed: 2", "grid, size: 2")
    plan = make_plan(write_cohort(tmp_path, text, CASE))
    plan.check()
    found = {(c.death.arrhenius.set, c.protocol.duration, c.body.tissue.name)
             for c in (load(plan.base_file, row.settings) for row in plan.rows)}  # fmt: skip
    assert len(found) == 8
    assert {time for _, time, _ in found} == {20.0, 30.0}
