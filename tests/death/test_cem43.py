import numpy as np
import pytest
from scipy.integrate import quad

from pennes.case.death import Cem43Death
from pennes.death import Cem43

MODEL = Cem43.from_case(Cem43Death())
# Minutes at a constant temperature (C) to CEM43 = 240 min: 240 / 2^(T - 43).
MINUTES_TO_240 = {43: 240.0, 45: 60.0, 47: 15.0, 50: 1.875, 52: 0.46875, 55: 0.0586, 60: 0.0018311}


def after(start, end, seconds, model=MODEL):
    return model.advance(model.initial(1), np.array([float(start)]), np.array([float(end)]), seconds)


@pytest.mark.parametrize(("temperature", "minutes"), MINUTES_TO_240.items())
def test_time_to_240_minutes_at_constant_temperature(temperature, minutes):
    almost, more = (after(temperature, temperature, 60 * minutes * f) for f in (1 - 1e-3, 1 + 1e-3))
    assert MODEL.damage(almost)[0] < 240 < MODEL.damage(more)[0]
    assert MODEL.indicator(almost)[0] < 0 < MODEL.indicator(more)[0]


def test_below_43_degrees_a_degree_counts_fourfold():
    assert MODEL.damage(after(42, 42, 3600))[0] == pytest.approx(15.0, rel=1e-12)
    assert MODEL.damage(after(41, 41, 3600))[0] == pytest.approx(3.75, rel=1e-12)


def test_below_39_degrees_there_is_no_dose():
    assert MODEL.damage(after(38.999, 38.999, 3600))[0] == 0
    assert MODEL.damage(after(39.0, 39.0, 3600))[0] == pytest.approx(60 * 0.25**4, rel=1e-12)


def published_rate(temperature):
    return (0.5 if temperature > 43 else 0.25) ** (43 - temperature) if temperature >= 39 else 0.0


@pytest.mark.parametrize(
    ("start", "end"), [(37, 60), (60, 37), (42, 44), (42.999, 43.004), (50, 50.001), (38, 39.5), (45, 95), (40, 41)]
)
def test_a_ramp_is_integrated_exactly_in_one_step(start, end):
    kinks = [t for t in (39, 43) if min(start, end) < t < max(start, end)]
    mean = quad(published_rate, start, end, points=kinks or None, epsabs=0, epsrel=1e-12)[0] / (end - start)
    assert after(start, end, 20.0)[0, 0] == pytest.approx(20.0 * mean, rel=1e-8)


def test_viability_at_the_threshold_is_that_of_omega_one():
    assert MODEL.viability(after(43, 43, 240 * 60.0))[0] == pytest.approx(np.exp(-1.0), rel=1e-12)
