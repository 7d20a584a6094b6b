"""The law of contraction: what was measured at constant temperature, and what must never happen."""

from __future__ import annotations

import numpy as np
import pytest

from pennes.library.records import Contraction
from pennes.tissue import advance_strain, final_strain

RECORD = Contraction()
MEASURED = {60.0: 0.123, 65.0: 0.138, 75.0: 0.166, 85.0: 0.192, 95.0: 0.217}
"""Rossmann et al. 2014: linear shrinkage of porcine liver after 15 min."""


def march(temperature: float, seconds: float, dt: float, dryness: float = 0.0) -> float:
    strain, t, dry = np.zeros(1), np.full(1, temperature), np.full(1, dryness)
    for _ in range(round(seconds / dt)):
        strain = advance_strain(RECORD, strain, t, t, dry, dt)
    return float(strain[0])


@pytest.mark.parametrize(("temperature", "strain"), MEASURED.items())
def test_measured_strains_come_out_after_fifteen_minutes_whatever_the_steps(temperature, strain):
    assert march(temperature, 900.0, 900.0) == pytest.approx(strain, rel=1e-12)
    assert march(temperature, 900.0, 5.0) == pytest.approx(strain, rel=1e-12)


def test_half_of_the_final_strain_is_there_after_the_half_time():
    half = RECORD.time_constant * np.log(2.0)
    assert march(75.0, half, half) == pytest.approx(0.5 * float(final_strain(RECORD, 75.0)), rel=1e-12)


def test_body_warm_tissue_keeps_its_size():
    assert march(37.0, 3600.0, 60.0) == 0.0
    assert march(50.0, 3600.0, 60.0) == 0.0


def test_tissue_does_not_swell_again_when_it_cools():
    hot = np.array([0.15])
    assert advance_strain(RECORD, hot, np.array([60.0]), np.array([55.0]), np.zeros(1), 100.0)[0] == 0.15


def test_dry_tissue_contracts_to_its_own_strain():
    assert float(final_strain(RECORD, 110.0, 1.0)) == pytest.approx(RECORD.dry_strain)
    half = 0.5 * (float(final_strain(RECORD, 110.0, 0.0)) + RECORD.dry_strain)
    assert float(final_strain(RECORD, 110.0, 0.5)) == pytest.approx(half)


@pytest.mark.parametrize(
    "block",
    [
        {"temperatures": ("50 degC", "60 degC")},
        {"temperatures": ("60 degC", "50 degC"), "strains": ("0 %", "10 %")},
        {"temperatures": ("50 degC", "60 degC"), "strains": ("10 %", "5 %")},
        {"dry_strain": "70 %"},
    ],
)
def test_records_that_are_no_law_are_refused(block):
    with pytest.raises(ValueError):
        Contraction(**block)
