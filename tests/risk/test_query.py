"""Questions: what is refused, what the answer says, what it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import jsonschema
import pytest
from typer.testing import CliRunner

from pennes.cli.app import app
from pennes.errors import InputError
from pennes.risk.atlas import Atlas
from pennes.risk.helps import alternatives
from pennes.risk.plot import draw
from pennes.risk.query import Question
from pennes.risk.report import about, as_dict, json_schema

ASKED = Question(18.0, 6.0, 7.0)


@pytest.mark.parametrize(
    ("question", "key", "range_"),
    [
        (Question(60.0), "--tumour", "10 to 40 mm"),
        (Question(25.0, 25.0, 3.0), "--vessel", "to 9.9"),
        (Question(25.0, 6.0, 40.0), "--distance", "to 1"),
        (Question(25.0, 6.0), "--distance", "3 mm"),
        (Question(25.0, duration_s=60.0), "--time", "min"),
        (Question(25.0, power_w=500.0), "--power", "149 W"),
        (Question(25.0, placement_error_mm=-1.0), "--placement-error", "0 to 15 mm"),
        (Question(25.0, reposition_beyond_mm=0.0), "--reposition-beyond", "more than 0"),
    ],
)
def test_what_was_not_simulated_is_refused(analytic_atlas, question, key, range_):
    with pytest.raises(InputError) as refusal:
        analytic_atlas.query(question)
    assert refusal.value.key == key
    assert range_ in refusal.value.expected


def test_the_ends_of_the_design_can_be_asked(analytic_atlas):
    analytic_atlas.query(Question(10.0, 2.0, 0.0))
    analytic_atlas.query(Question(40.0, 10.0, 15.0))


def test_the_same_question_has_the_same_answer_and_other_samples_nearly(analytic_atlas):
    found, again = analytic_atlas.query(ASKED), analytic_atlas.query(ASKED)
    assert (found.margins.mean == again.margins.mean).all()
    other = analytic_atlas.query(Question(18.0, 6.0, 7.0, samples=2048, seed=4))
    assert other.probability(5.0) == pytest.approx(found.probability(5.0), abs=0.03)
    assert not (other.margins.mean[: len(found.margins.mean)] == found.margins.mean).all()


def test_physics_has_its_direction(analytic_atlas):
    def likely(**changes):
        return analytic_atlas.query(Question(**{"tumour_mm": 18.0, "vessel_mm": 6.0, "distance_mm": 7.0} | changes))

    times = [likely(duration_s=60.0 * minutes).probability(5.0) for minutes in (6, 10, 14, 18)]
    assert times == sorted(times)
    distances = [likely(distance_mm=d).probability(3.0) for d in (1.0, 3.0, 5.0, 7.0, 10.0)]
    assert all(after > before - 0.005 for before, after in pairwise(distances))
    sizes = [likely(tumour_mm=d).probability(5.0) for d in (12.0, 18.0, 24.0, 30.0)]
    assert sizes == sorted(sizes, reverse=True)


def test_placement_can_be_right_worse_or_made_better(analytic_atlas):
    exact = analytic_atlas.query(Question(18.0, 6.0, 7.0, placement_error_mm=0.0))
    usual = analytic_atlas.query(ASKED)
    again = analytic_atlas.query(Question(18.0, 6.0, 7.0, reposition_beyond_mm=3.0))
    assert exact.probability(5.0) > again.probability(5.0) > usual.probability(5.0)
    assert exact.causes["placement"] == 0.0
    assert usual.causes["placement"] > 0.3


def test_vessel_costs_margin_by_the_same_samples(analytic_atlas):
    found = analytic_atlas.query(Question(25.0, 8.0, 1.0))
    assert found.without_vessel.expected_mm > found.expected_mm + 0.5
    assert found.margins.at_vessel.mean() > 0.5
    shares = found.causes
    assert sum(shares.values()) == pytest.approx(1.0)
    assert min(shares.values()) >= 0.0


def test_alternatives_are_ranked_and_within_range(analytic_atlas):
    found = analytic_atlas.query(Question(22.0))
    helps = alternatives(found)
    assert [a.at_least_5 for a in helps] == sorted((a.at_least_5 for a in helps), reverse=True)
    assert any("two applications" in a.change for a in helps)
    best = next(a for a in helps if a.change.startswith("20 min") or a.change.startswith("19 min"))
    assert best.at_least_5 > found.probability(5.0)
    longest = alternatives(analytic_atlas.query(Question(22.0, duration_s=1190.0)))
    assert not any("min instead" in a.change for a in longest)


def test_two_zones_in_one_place_are_one(analytic_atlas, monkeypatch):
    from pennes.risk import helps

    # Placed without error and 0 mm apart, both zones are the same: as good as the first alone.
    question = Question(22.0, 6.0, 8.0, 600.0, 100.0, placement_error_mm=0.0)
    margins, _ = helps._united(analytic_atlas, question, 0.0)
    alone = analytic_atlas.query(question).margins.mean
    assert margins == pytest.approx(alone[: len(margins)], abs=0.4)


def test_nearest_runs_are_like_the_question(analytic_atlas):
    nearest = analytic_atlas.query(ASKED).nearest_runs(3)
    assert all(run["vessel_mm"] > 0 for run in nearest)
    assert all(abs(run["tumour_mm"] - 18.0) < 12.0 for run in nearest)
    assert {run["vessel_mm"] for run in analytic_atlas.query(Question(20.0)).nearest_runs()} == {0.0}


def test_json_follows_its_schema(analytic_atlas, atlas_file):
    words = ["risk", "--device", str(atlas_file), "--tumour", "18mm", "--vessel", "6mm", "--distance", "7mm", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    data = json.loads(done.stdout)
    jsonschema.Draft202012Validator(json_schema()).validate(data)
    assert data["probability"]["at_least_5"] == pytest.approx(analytic_atlas.query(ASKED).probability(5.0), abs=1e-6)
    found = analytic_atlas.query(Question(20.0))
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(json.dumps(as_dict(found, []))))


def test_text_says_what_matters(atlas_file):
    words = ["risk", "--device", str(atlas_file), "--tumour", "1.8 cm", "--vessel", "6 mm", "--distance", "3 mm"]
    text = CliRunner().invoke(app, words).stdout
    for part in (
        ">= 5 mm:",
        "fully covered",
        "the vessel costs",
        "nearest simulated",
        "Research use only",
        "nearer than 5",
    ):
        assert part in text
    assert "no margin towards it" not in CliRunner().invoke(app, [*words[:-1], "8 mm"]).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--device"),
        (["--device", "no_such_needle"], "no atlas of 'no_such_needle'"),
        (["--device", "FILE"], "--tumour"),
        (["--device", "FILE", "--tumour", "25mm"], "--vessel"),
        (["--device", "FILE", "--tumour", "25", "--vessel", "none"], "no unit"),
        (["--device", "FILE", "--protocol", "standart", "--tumour", "25mm", "--vessel", "none"], "standart"),
        (["--build", "/nowhere"], "-o"),
        (["--build", "/nowhere", "-o", "a.npz"], "no cohort's folder"),
    ],
)
def test_bad_words_are_one_message(atlas_file, words, message):
    words = [str(atlas_file) if word == "FILE" else word for word in words]
    done = subprocess.run([sys.executable, "-m", "pennes", "risk", *words], capture_output=True, text=True)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_about_names_every_run(analytic_atlas, atlas_file):
    told = about(analytic_atlas)
    assert len(told["runs"]) == told["provenance"]["runs"] == 200
    assert {run["fold"] for run in told["runs"]} == set(range(5))
    done = CliRunner().invoke(app, ["risk", "--device", str(atlas_file), "--about"])
    assert "each of 200 runs" in done.stdout


def test_damaged_file_is_refused(tmp_path):
    file = tmp_path / "atlas.npz"
    file.write_bytes(b"nothing")
    with pytest.raises(InputError, match="no atlas of this version"):
        Atlas.load(file)
    with pytest.raises(InputError, match="no atlas of this version"):
        Atlas.load(tmp_path / "missing.npz")


def test_picture_is_drawn(analytic_atlas, tmp_path):
    for question in (ASKED, Question(20.0)):
        file = tmp_path / "risk.png"
        draw(analytic_atlas.query(question), file)
        assert file.stat().st_size > 10_000
    with pytest.raises(InputError, match="cannot write this picture"):
        draw(analytic_atlas.query(ASKED), tmp_path / "risk.nothing")


def test_a_query_needs_numpy_alone(atlas_file):
    code = (
        "import sys; from pennes.risk import Atlas, Question; from pennes.risk.helps import alternatives\n"
        f"found = Atlas.load({str(atlas_file)!r}).query(Question(18.0, 6.0, 7.0)); alternatives(found); found.causes\n"
        "print([m for m in ('dolfinx', 'mpi4py', 'scipy', 'sklearn', 'vtk', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
