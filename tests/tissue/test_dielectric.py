"""Dielectric properties: published sigmoids, drying, bands of frequency."""

from __future__ import annotations

import numpy as np
import pytest

from pennes.errors import InputError
from pennes.library import find_tissue
from pennes.library.records import SigmoidLaw
from pennes.tissue import complex_permittivity, dielectric_at, law_factor

JI_BRACE = SigmoidLaw(span=48.391, centre=6.286, rate=0.0764, floor=1.0)
LOPRESTO = SigmoidLaw(span=1.803, centre=6.538, rate=0.05984)


@pytest.mark.parametrize(
    ("law", "at_37", "values"),
    [(JI_BRACE, 47.915, {20: 48.979, 60: 41.929, 80: 27.295, 100: 10.931, 120: 3.567}),
     (LOPRESTO, 1.7794, {20: 1.7944, 60: 1.7131, 80: 1.5363, 100: 1.1450, 120: 0.6213})],
)  # fmt: skip
def test_sigmoids_give_the_published_figures(law, at_37, values):
    for temperature, value in values.items():
        assert at_37 * law_factor(law, temperature) == pytest.approx(value, rel=3e-4)


def test_liver_at_body_temperature_is_that_of_the_benchmark():
    entry = dielectric_at(find_tissue("liver"), 2.45e9)
    found = complex_permittivity(entry, 2.45e9, 37.0, 0.0)
    assert found.real == pytest.approx(43.03)
    # sigma = - Im eps_r omega eps0
    assert -found.imag * 2 * np.pi * 2.45e9 * 8.8541878128e-12 == pytest.approx(1.69, rel=1e-9)


def test_dry_tissue_is_transparent_and_the_way_there_is_monotonic():
    entry = dielectric_at(find_tissue("liver"), 2.45e9)
    temperature = np.concatenate([np.linspace(20, 99, 50), np.linspace(99, 101, 20), np.linspace(101, 150, 20)])
    dryness = np.clip((temperature - 99) / 2, 0, 1)
    found = complex_permittivity(entry, 2.45e9, temperature, dryness)
    assert (np.diff(found.real) <= 1e-12).all() and (np.diff(-found.imag) <= 1e-12).all()
    assert found[-1].real == pytest.approx(3.5)


def test_a_frequency_outside_every_band_is_refused_in_words():
    with pytest.raises(InputError, match="no dielectric properties at 1800 MHz") as refused:
        dielectric_at(find_tissue("liver"), 1.8e9, key="applicators.0.device.generator.frequency")
    assert "2400 to 2500 MHz" in refused.value.expected
    assert refused.value.key == "applicators.0.device.generator.frequency"
