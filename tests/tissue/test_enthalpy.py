import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad

from pennes.errors import InputError
from pennes.library.records import TissueRecord
from pennes.tissue import BOIL_END, BOIL_START, Enthalpy


def tissue(density=1079, heat_capacity=3540, water="75 %"):
    def of(value):
        return {"value": value, "source": "made for this test"}

    return TissueRecord(
        name="flesh",
        title="Flesh",
        density=of(f"{density} kg/m^3"),
        heat_capacity=of(f"{heat_capacity} J/kg/K"),
        thermal_conductivity=of("0.52 W/m/K"),
        electric_conductivity=of("0.333 S/m"),
        perfusion=of("0.0064 1/s"),
        water_fraction=of(water),
    )


NODES = 5
temperatures = arrays(np.float64, NODES, elements=st.floats(-50.0, 400.0))


@st.composite
def enthalpies(draw):
    """Nodes with capacities of any size, and latent heats worth up to 5000 K of heating (liver: 480 K)."""

    def numbers(low, high):
        return draw(arrays(np.float64, NODES, elements=st.floats(low, high)))

    capacity = numbers(1e-6, 1e7)
    return Enthalpy(
        capacity=capacity, latent=numbers(0.0, 5000.0) * capacity, dry_capacity=numbers(0.05, 1.0) * capacity
    )


@given(enthalpies(), temperatures)
def test_the_inverse_gives_the_temperature_back(enthalpy, temperature):
    again = enthalpy.temperature(enthalpy.value(temperature))
    np.testing.assert_allclose(again, temperature, rtol=0, atol=1e-10)


@given(enthalpies(), temperatures)
def test_the_value_of_the_inverse_is_the_enthalpy(enthalpy, temperature):
    heat = 1.01 * enthalpy.value(temperature) + enthalpy.capacity
    error = enthalpy.value(enthalpy.temperature(heat)) - heat
    assert (np.abs(error) <= 1e-11 * (np.abs(heat) + 5000 * enthalpy.capacity)).all()


@given(enthalpies(), temperatures, st.floats(1e-3, 50.0))
def test_enthalpy_rises_with_temperature(enthalpy, temperature, difference):
    assert (enthalpy.value(temperature + difference) > enthalpy.value(temperature)).all()


@given(enthalpies(), temperatures, temperatures)
def test_dryness_is_a_share_that_rises_with_temperature(enthalpy, one, other):
    low, high = enthalpy.dryness(np.minimum(one, other)), enthalpy.dryness(np.maximum(one, other))
    assert (low >= 0).all() and (high <= 1).all() and (low <= high).all()


def test_the_slope_is_the_derivative():
    enthalpy = Enthalpy.from_records([tissue()])
    for temperature in (-10.0, 37.0, 98.9, 99.1, 100.0, 100.9, 101.1, 250.0):
        near = (enthalpy.value(temperature + 1e-3) - enthalpy.value(temperature - 1e-3)) / 2e-3
        assert enthalpy.slope(temperature) == pytest.approx(near, rel=1e-7)


def test_boiling_a_cubic_metre_of_liver_takes_its_sensible_and_latent_heat():
    enthalpy = Enthalpy.from_records([tissue(density=1079, heat_capacity=3540, water="75 %")])
    water = 1079 * 0.75
    wet, dry = 1079 * 3540, 1079 * 3540 - water * 4186

    def sensible(temperature):
        return wet + (dry - wet) * min(max((temperature - 99) / 2, 0), 1)

    expected = quad(sensible, 37, 120, points=[99, 101])[0] + water * 2.26e6
    assert enthalpy.value(120.0)[0] - enthalpy.value(37.0)[0] == pytest.approx(expected, rel=1e-12)
    assert enthalpy.capacity[0] == wet and enthalpy.latent[0] == water * 2.26e6


def test_half_the_water_has_gone_half_way_through_the_band():
    enthalpy = Enthalpy.from_records([tissue()])
    middle = 0.5 * (BOIL_START + BOIL_END)
    assert [float(enthalpy.dryness(t)[0]) for t in (37, BOIL_START, middle, BOIL_END, 150)] == [0, 0, 0.5, 1, 1]


def test_the_slope_at_a_kink_is_that_of_the_hotter_side():
    enthalpy = Enthalpy.from_records([tissue()])
    assert enthalpy.slope(BOIL_START) == enthalpy.slope(100.0) > 100 * enthalpy.slope(98.0)
    assert enthalpy.slope(BOIL_END) == enthalpy.dry_capacity


def test_tissue_without_water_neither_boils_nor_dries():
    enthalpy = Enthalpy.from_records([tissue(water="0 %")])
    temperature = np.linspace(20.0, 200.0, 50)
    np.testing.assert_allclose(enthalpy.value(temperature), 1079 * 3540 * temperature, rtol=1e-14)
    assert not enthalpy.dryness(temperature).any()


def test_each_node_has_its_own_tissue():
    wet, mixed, dry = tissue(water="75 %"), tissue(density=900, water="30 %"), tissue(water="0 %")
    together = Enthalpy.from_records([wet, mixed, dry])
    temperature = np.array([90.0, 100.0, 110.0])
    alone = [Enthalpy.from_records([t]).value(at)[0] for t, at in zip((wet, mixed, dry), temperature, strict=True)]
    np.testing.assert_array_equal(together.value(temperature), alone)


def test_tissue_that_is_all_water_keeps_a_positive_capacity():
    enthalpy = Enthalpy.from_records([tissue(heat_capacity=4180, water="100 %")])
    assert enthalpy.dry_capacity[0] == pytest.approx(0.05 * 1079 * 4180)


@pytest.mark.parametrize(
    ("name", "value"), [("capacity", 0.0), ("capacity", np.nan), ("latent", -1.0), ("dry_capacity", -2.0)]
)
def test_impossible_capacities_are_refused(name, value):
    numbers = {"capacity": np.ones(3), "latent": np.ones(3), "dry_capacity": np.ones(3)}
    numbers[name] = np.array([1.0, value, 1.0])
    with pytest.raises(InputError, match=name):
        Enthalpy(**numbers)


def test_large_arrays_give_bitwise_what_small_ones_give():
    """Hot nodes are picked out of large arrays only."""
    rng = np.random.default_rng(7)
    temperature = np.concatenate([rng.uniform(30.0, 140.0, 6000), [BOIL_START, BOIL_END, 37.0]])
    capacity = rng.uniform(3e6, 4e6, temperature.size)
    latent, dry = rng.uniform(1.0, 2e9, temperature.size), rng.uniform(0.1, 0.9, temperature.size) * capacity
    whole = Enthalpy(capacity=capacity, latent=latent, dry_capacity=dry)
    content = whole.value(temperature)
    for block in np.array_split(np.arange(temperature.size), 7):
        part = Enthalpy(capacity=capacity[block], latent=latent[block], dry_capacity=dry[block])
        assert np.array_equal(part.value(temperature[block]), content[block])
        assert np.array_equal(part.slope(temperature[block]), whole.slope(temperature)[block])
        assert np.array_equal(part.temperature(content[block]), whole.temperature(content)[block])
