"""The verdict: the answer first, with its numbers."""

from __future__ import annotations

from pathlib import Path

from pennes.cli.verdict import verdict
from summaries import summary_data


def test_a_margin_that_is_missed_is_said_first_with_place_and_direction():
    first = verdict(summary_data()).splitlines()[0]
    assert first == (
        "NOT REACHED: the 5 mm margin around metastasis; minimal margin -1.3 mm at (0.0, 12.5, 1.0) mm,"
        " towards the hepatic vein (4.2 mm from it)"
    )


def test_a_margin_that_is_reached():
    data = summary_data()
    data["targets"][0] |= {"achieved": True, "minimal_margin_mm": 5.24}
    assert verdict(data).startswith("REACHED: the 5 mm margin around metastasis; minimal margin +5.2 mm")


def test_no_zone_is_not_a_margin():
    data = summary_data()
    data["targets"][0] |= {"minimal_margin_mm": None, "worst_point_mm": None}
    data["zone"] |= {"volume_ml": 0.0, "diameters_mm": None}
    assert verdict(data).startswith("NOT REACHED: the 5 mm margin around metastasis; there is no ablation zone")


def test_the_numbers_of_the_issue_are_in_it():
    text = verdict(summary_data(), Path("results/x/report.html"))
    for part in (
        "10.0 % uncovered, 60.0 % 0 to 5 mm, 30.0 % 5 to 10 mm, 0.0 % above 10 mm",
        "covered: 98.70 % of 8.2 ml",
        "Zone (Arrhenius): 24.3 ml, 44.0 x 33.0 x 31.0 mm",
        "Vessel hepatic vein: took 5.60 kJ, up to 12.5 W",
        "deposited 61.00 = stored 30.00",
        "residual 0.02 %",
        "CEM43 28.0 ml (metastasis no zone)",
        "Organ gallbladder: at most 41.5 °C",
        "Warning: the first warning",
        "Written: results/x/report.html",
        "Research use only",
    ):
        assert part in text


def test_the_zone_is_given_before_and_after_contraction():
    data = summary_data()
    data["zone"] |= {
        "after_contraction": {"volume_ml": 17.04, "diameters_mm": (40.0, 28.5, 27.0), "largest_strain": 0.21}
    }
    assert "44.0 x 33.0 x 31.0 mm; after contraction 17.0 ml, 40.0 x 28.5 x 27.0 mm" in verdict(data)


def test_set_up_is_told_beside_the_solve():
    data = summary_data()
    known = "Simulated 12.0 min in 30.0 s: set-up 9.0 s, time loop 14.0 s in 400 steps"
    assert known in verdict(data)
    data["time"] |= {"mesh_wall_s": 6.0, "distribution_wall_s": 1.0, "assembly_wall_s": 2.0}
    assert "set-up 9.0 s (mesh 6.0, distribution 1.0, forms 2.0), time loop 14.0 s in 400 steps" in verdict(data)
