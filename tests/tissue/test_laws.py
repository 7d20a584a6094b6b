import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennes.library.records import Drying, Hyperaemia, LinearLaw, TableLaw
from pennes.tissue import drying_factor, law_factor, perfusion_factor

RISING = LinearLaw(rate="1.5 %/K", reference="37 degC", until="100 degC")
SIGMOID = TableLaw(temperatures=("37 degC", "60 degC", "95 degC"), factors=(1.0, 0.9, 0.2))
DRYING = Drying(residual="1 %")
temperatures = st.floats(-40.0, 400.0)
shares = st.floats(0.0, 1.0)


@pytest.mark.parametrize(("temperature", "factor"), [(37, 1.0), (57, 1.3), (100, 1.945), (150, 1.945), (-20, 0.445)])
def test_a_linear_law_rises_and_is_held_beyond_its_range(temperature, factor):
    assert law_factor(RISING, temperature) == pytest.approx(factor, rel=1e-13)


@pytest.mark.parametrize(("temperature", "factor"), [(10, 1.0), (48.5, 0.95), (60, 0.9), (77.5, 0.55), (120, 0.2)])
def test_a_table_is_interpolated_and_held_beyond_its_ends(temperature, factor):
    assert law_factor(SIGMOID, temperature) == pytest.approx(factor, rel=1e-13)


def test_drying_takes_the_conductivity_down_to_its_residual():
    np.testing.assert_allclose(drying_factor(DRYING, np.array([0.0, 0.5, 1.0])), [1.0, 0.505, 0.01], rtol=1e-13)


def test_without_a_law_a_property_is_constant():
    np.testing.assert_array_equal(law_factor(None, np.array([20.0, 90.0, 130.0])), np.ones(3))


@given(temperatures, shares, st.sampled_from([None, RISING, SIGMOID]))
def test_a_conductivity_is_positive_and_falls_with_dryness(temperature, dryness, law):
    assert law_factor(law, temperature) > 0
    assert 0 < drying_factor(DRYING, dryness) <= drying_factor(DRYING, 0.5 * dryness)


HYPERAEMIA = Hyperaemia(start="37 degC", to="45 degC", peak=2.5, source="made for this test")


@pytest.mark.parametrize("hyperaemia", [None, HYPERAEMIA])
def test_healthy_tissue_at_body_temperature_has_all_its_perfusion(hyperaemia):
    factor = perfusion_factor(hyperaemia, np.full(4, 37.0), np.ones(4))
    assert factor.tolist() == [1.0] * 4


@pytest.mark.parametrize("hyperaemia", [None, HYPERAEMIA])
def test_dead_tissue_has_no_perfusion(hyperaemia):
    assert perfusion_factor(hyperaemia, np.array([37.0, 60.0]), np.zeros(2)).tolist() == [0.0, 0.0]


def test_hyperaemia_peaks_and_damage_stops_it():
    factor = perfusion_factor(HYPERAEMIA, np.array([30.0, 41.0, 45.0, 50.0]), np.array([1.0, 1.0, 1.0, 0.4]))
    np.testing.assert_allclose(factor, [1.0, 1.75, 2.5, 1.0], rtol=1e-14)


@given(temperatures, shares, shares)
def test_perfusion_falls_as_viability_falls(temperature, one, other):
    low, high = sorted((one, other))
    assert perfusion_factor(HYPERAEMIA, temperature, low) <= perfusion_factor(HYPERAEMIA, temperature, high)
