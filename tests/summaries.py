"""A complete summary to test with."""

from __future__ import annotations

from typing import Any


def summary_data() -> dict[str, Any]:
    """The keys that a run hands over, one target and one vessel."""
    return {
        "schema": "pennes.summary/1",
        "title": "metastasis beside a vein",
        "provenance": {"version": "0.1.0", "packages": {"numpy": "2"}, "ranks": 2, "case_sha256": "ab" * 32},
        "mesh": {"vertices": 30000, "cells": 160000, "h_min_mm": 0.4},
        "time": {"simulated_s": 720.0, "steps": 400, "wall_s": 30.0, "loop_wall_s": 14.0, "setup_wall_s": 9.0},
        "temperature": {"max_c": 104.2},
        "zone": {"criterion": "arrhenius", "volume_ml": 24.3, "diameters_mm": [44.0, 33.0, 31.0]},
        "targets": [
            {
                "name": "metastasis",
                "volume_ml": 8.2,
                "required_margin_mm": 5.0,
                "minimal_margin_mm": -1.26,
                "worst_point_mm": [0.0, 12.5, 1.0],
                "worst_direction": "towards the hepatic vein (4.2 mm from it)",
                "covered_fraction": 0.987,
                "surface_share": {"below_0": 0.1, "0_to_5": 0.6, "5_to_10": 0.3, "above_10": 0.0},
                "share_below_required": 0.7,
                "achieved": False,
            }
        ],
        "vessels": [{"name": "hepatic vein", "cooling_power_w": 12.5, "heat_removed_j": 5600.0}],
        "generator": {"energy_delivered_j": 61000.0, "mean_power_w": 84.7, "roll_offs": 11, "events": []},
        "energy": {
            "deposited_j": 61000.0,
            "stored_j": 30000.0,
            "perfusion_j": 9000.0,
            "vessels_j": 5600.0,
            "surface_j": 400.0,
            "applicator_cooling_j": 16000.0,
            "residual_fraction": 2e-4,
        },
        "organs": [{"name": "gallbladder", "max_c": 41.5, "max_cem43_min": 0.7}],
        "criteria": {
            "arrhenius": {"volume_ml": 24.3, "minimal_margin_mm": {"metastasis": -1.26}},
            "cem43": {"volume_ml": 28.0, "minimal_margin_mm": {"metastasis": None}},
        },
        "warnings": ["the first warning"],
    }
