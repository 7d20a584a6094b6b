"""The same treatment on 1, 2 and 3 ranks: margin, zone, and every decision of the generator."""

from __future__ import annotations

import pytest

from quick_case import complete, decisions, margin, rows


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
    states = [row["generator_state"] for row in rows(tmp_path / "result")]
    assert states == [row["generator_state"] for row in uninterrupted.rows]
