"""The same treatment on 1, 2 and 3 ranks: margin, zone, and every decision of the generator."""

from __future__ import annotations

import pytest

from pennes.margin import compare_surfaces, read_surface
from quick_case import complete, decisions, margin, rows, write_case

SAMPLING = 0.05
"""mm; the summary's margin is the smallest at points 0.8 mm apart, that of the surfaces is the smallest of all."""
NEEDLE = 1.47 / 2
"""mm; a place of the target's surface in the metal, which the summary leaves out, is as far at most from one that it
knows."""


def check_surfaces(folder, summary, below=SAMPLING) -> None:
    """The written zone has an inside, and its margins are those of the summary, or up to ``below`` mm less."""
    for ending in ("vtp", "stl"):
        found = compare_surfaces(folder / f"target.{ending}", folder / f"zone.{ending}", required_mm=1.0)
        assert margin(summary) - below <= found["minimal_margin_mm"] <= margin(summary) + SAMPLING
        assert found["achieved"] == summary["targets"][0]["achieved"]
        # The needle's metal, left out by the summary.
        assert 0.0 < found["zone"]["volume_ml"] - summary["zone"]["volume_ml"] < 0.1


def test_one_rank_writes_a_closed_zone(uninterrupted):
    """Its margin is smallest where the shaft leaves target and zone."""
    check_surfaces(uninterrupted.folder, uninterrupted.summary, NEEDLE + SAMPLING)


def test_margins_of_the_written_surfaces_are_those_of_the_summary(tmp_path):
    """A target beside the needle, on two ranks."""
    beside = ("targets.lesion.diameter=4 mm", "targets.lesion.centre=[4 mm, 0 mm, -3 mm]", "protocol.duration=30 s")
    words = [word for setting in beside for word in ("--set", setting)]
    summary = complete(write_case(tmp_path), tmp_path / "result", 2, *words)
    assert summary["zone"]["volume_ml"] > 0.5
    check_surfaces(tmp_path / "result", summary)


def test_the_quick_case_boils_rolls_off_and_pulses(uninterrupted):
    """Otherwise the comparisons below would be of next to nothing."""
    kinds = [kind for kind, _ in decisions(uninterrupted.summary)]
    assert kinds.count("roll_off") >= 2
    assert kinds.count("pause_end") >= 2
    assert uninterrupted.summary["temperature"]["max_c"] > 101.0
    assert uninterrupted.summary["zone"]["volume_ml"] > 1.0
    assert uninterrupted.summary["energy"]["residual_fraction"] < 1e-3


@pytest.mark.parametrize("ranks", [2, 3])
def test_the_answer_does_not_depend_on_the_number_of_ranks(ranks, uninterrupted, tmp_path):
    summary = complete(uninterrupted.case, tmp_path / "result", ranks)
    assert summary["provenance"]["ranks"] == ranks
    assert margin(summary) == pytest.approx(margin(uninterrupted.summary), abs=0.02)
    assert summary["zone"]["volume_ml"] == pytest.approx(uninterrupted.summary["zone"]["volume_ml"], rel=1e-4)
    for name, found in summary["criteria"].items():
        # Zones of some cubic millimetres are compared by the size of a cell's part, not in per cent of next to nothing.
        expected = uninterrupted.summary["criteria"][name]["volume_ml"]
        assert found["volume_ml"] == pytest.approx(expected, rel=1e-4, abs=1e-6), name
    assert [kind for kind, _ in decisions(summary)] == [kind for kind, _ in decisions(uninterrupted.summary)]
    # A roll-off is met to a millisecond (CROSSING_TIME); what is planned follows from it.
    for (_, time), (_, expected) in zip(decisions(summary), decisions(uninterrupted.summary), strict=True):
        assert time == pytest.approx(expected, abs=1e-3)
    check_surfaces(tmp_path / "result", summary, NEEDLE + SAMPLING)
    one, several = (read_surface(folder / "zone.vtp") for folder in (uninterrupted.folder, tmp_path / "result"))
    assert len(several.triangles) == pytest.approx(len(one.triangles), rel=0.01)
    states = [row["generator_state"] for row in rows(tmp_path / "result")]
    assert states == [row["generator_state"] for row in uninterrupted.rows]
