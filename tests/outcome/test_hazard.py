"""The hazard against integrals that are known, its limits, and its times."""

import numpy as np
import pytest
from scipy import integrate, stats

from pennes.outcome.hazard import Hazard, Onset, log_surface_integral, progression, times_to_progression
from pennes.outcome.surface import Tumours, directions

HAZARD = Hazard(near=8e-4, far=1e-4, near_length=1.7, far_length=7.5, mutant=np.log(2.7))
POINTS = directions(400)


def balls(*radii):
    count = len(radii)
    return Tumours(np.array(radii, float), np.zeros(count), np.full(count, 50.0), np.zeros(count, bool))


def test_even_margin_is_area_times_exponential():
    tumours = balls(5.0, 20.0)
    margins = np.full((2, len(POINTS)), 4.0)
    found = np.exp(log_surface_integral(margins, tumours.areas(len(POINTS)), 1.7))
    assert found == pytest.approx(4 * np.pi * np.array([25.0, 400.0]) * np.exp(-4.0 / 1.7), rel=1e-12)


@pytest.mark.parametrize("length", [1.7, 7.5])
def test_ball_zone_off_centre_is_the_integral_along_its_axis(length):
    """m = A - |s - c|: one integral over the height of the sphere, and -m / l is not linear in it."""
    radius, zone, shift = 10.0, 17.0, 3.0
    margins = zone - np.linalg.norm(radius * POINTS + np.array([0.0, 0.0, shift]), axis=-1)
    found = np.exp(log_surface_integral(margins[None], balls(radius).areas(len(POINTS)), length))[0]

    def ring(height):
        return np.exp(-(zone - np.sqrt(radius**2 + shift**2 + 2 * shift * radius * height)) / length)

    exact = 2 * np.pi * radius**2 * integrate.quad(ring, -1, 1)[0]
    assert found == pytest.approx(exact, rel=2e-3)


def test_far_away_zone_leaves_no_risk_and_no_zone_leaves_certainty():
    areas = balls(10.0).areas(len(POINTS))
    no = np.zeros(1)
    assert progression(HAZARD.log_burden(np.full((1, 400), 200.0), areas, no), 1.0)[0] < 1e-10
    assert progression(HAZARD.log_burden(np.full((1, 400), np.inf), areas, no), 1.0)[0] == 0.0
    assert progression(HAZARD.log_burden(np.full((1, 400), -np.inf), areas, no), 1.0)[0] == 1.0
    with pytest.raises(ValueError, match="not a number"):
        HAZARD.log_burden(np.full((1, 400), np.nan), areas, no)


def test_risk_falls_with_margin_and_grows_with_size_time_and_mutation():
    margin = np.linspace(-5, 15, 21)[:, None] * np.ones(400)
    areas = balls(10.0).areas(400)
    risk = progression(HAZARD.log_burden(margin, areas, np.zeros(21)), 0.8)
    assert (np.diff(risk) < 0).all()
    sizes = balls(5.0, 10.0, 15.0)
    burden = HAZARD.log_burden(np.full((3, 400), 5.0), sizes.areas(400), np.zeros(3))
    assert (np.diff(burden) > 0).all()
    wild, mixed, mutant = HAZARD.log_burden(np.full((3, 400), 5.0), areas, np.array([0.0, 0.4, 1.0]))
    assert mutant - wild == pytest.approx(np.log(2.7))
    assert np.exp(mixed - wild) == pytest.approx(0.6 + 0.4 * 2.7)


@pytest.mark.parametrize("form", ["lognormal", "gamma"])
def test_onset_has_the_mean_and_deviation_of_the_series(form):
    onset = Onset(form=form)
    times = onset.months_at((np.arange(200_000) + 0.5) / 200_000)
    assert times.mean() == pytest.approx(18.3, rel=2e-3)
    assert times.std() == pytest.approx(11.9, rel=1e-2)
    assert onset.seen_by(onset.months_at(0.3)) == pytest.approx(0.3)


def test_times_follow_the_probabilities():
    onset, burden = Onset(), np.full(40_000, np.log(0.7))
    times = times_to_progression(burden, onset, np.random.default_rng(1))
    for months in (12.0, 24.0, 60.0):
        expected = progression(np.log(0.7), onset.seen_by(months))
        assert stats.binomtest(int((times <= months).sum()), len(times), float(expected)).pvalue > 1e-3
    assert np.isinf(times).mean() == pytest.approx(np.exp(-0.7), abs=0.01)
