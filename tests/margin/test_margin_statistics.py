"""Signed margins and their statistics on pairs of shapes whose margins are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pennes.margin import (
    DistanceField,
    Surface,
    margin_statistics,
    margins_to,
    signed_margins,
    smallest_margin,
    subcapsular,
)

MM = 1e-3


def statistics_of(target, zone, required=5 * MM, excluded=None):
    points, areas = target.samples(0.8 * MM)
    return margin_statistics(points, areas, margins_to(zone)(points)[0], required, excluded)


def share_above(margin, radius, offset, zone_radius):
    """Share of a sphere's surface with at least this margin in a zone that is a ball (law of cosines)."""
    cosine = ((zone_radius - margin) ** 2 - offset**2 - radius**2) / (2 * offset * radius)
    return (1 + np.clip(cosine, -1, 1)) / 2


@pytest.mark.parametrize(("offset", "zone_radius"), [(4, 17.5), (5, 17.5), (9, 17.5), (6, 22), (16, 15)])
def test_ball_in_or_partly_outside_a_ball(ball, offset, zone_radius):
    target, zone = ball(2500, 12.5 * MM, (offset * MM, 0, 0)), ball(5000, zone_radius * MM)
    result = statistics_of(target, zone)
    least = smallest_margin(target.corners, margins_to(zone))
    assert least.margin / MM == pytest.approx(zone_radius - 12.5 - offset, abs=0.02)
    np.testing.assert_allclose(np.divide(least.point, MM), [12.5 + offset, 0, 0], atol=0.4)
    above = [1.0, *(share_above(m, 12.5, offset, zone_radius) for m in (0, 5, 10)), 0.0]
    names = ("below_0", "0_to_5", "5_to_10", "above_10")
    assert tuple(result.surface_share) == names
    for name, more, less in zip(names, above, above[1:], strict=False):
        assert result.surface_share[name] == pytest.approx(more - less, abs=0.004), name
    assert sum(result.surface_share.values()) == pytest.approx(1)
    assert result.share_below_required == pytest.approx(1 - above[2], abs=0.004)
    assert result.maximal_margin / MM == pytest.approx(zone_radius - abs(12.5 - offset), abs=0.03)
    for share, quartile in zip((0.25, 0.5, 0.75), result.quartiles, strict=True):
        assert 1 - share_above(quartile / MM, 12.5, offset, zone_radius) == pytest.approx(share, abs=0.004)


def test_concentric_balls_have_one_margin_everywhere(ball):
    result = statistics_of(ball(2500, 12.5 * MM), ball(6000, 18 * MM))
    assert result.minimal_margin / MM == pytest.approx(5.5, abs=0.03)
    assert result.mean / MM == pytest.approx(5.5, abs=0.03)
    assert result.surface_share["5_to_10"] == 1.0
    assert result.achieved
    assert not statistics_of(ball(2500, 12.5 * MM), ball(6000, 18 * MM), required=6 * MM).achieved


def test_touching_balls_have_margin_zero(ball):
    target, zone = ball(1000, 10 * MM, (0, 0, 5 * MM)), ball(1000, 15 * MM)
    assert smallest_margin(target.corners, margins_to(zone)).margin == pytest.approx(0, abs=0.01 * MM)


@pytest.mark.parametrize(("semi_axes", "radius"), [((20, 18, 14), 10), ((30, 16, 13), 12.5), ((20, 18, 11), 12)])
def test_ball_in_an_ellipsoid(ellipsoid, ball, semi_axes, radius):
    """At the pole of its shortest axis an ellipsoid is flatter than any ball inside it: there the margin is least."""
    target, zone = ball(4000, radius * MM), ellipsoid(12000, np.multiply(semi_axes, MM))
    least = smallest_margin(target.corners, margins_to(zone))
    assert least.margin / MM == pytest.approx(semi_axes[2] - radius, abs=0.03)
    assert abs(least.point[2]) / MM == pytest.approx(radius, abs=0.1)


def test_ellipsoid_in_a_ball(ellipsoid, ball):
    target, zone = ellipsoid(4000, np.multiply((15, 9, 8), MM)), ball(8000, 18 * MM)
    least = smallest_margin(target.corners, margins_to(zone))
    assert least.margin / MM == pytest.approx(3, abs=0.02)
    assert abs(least.point[0]) / MM == pytest.approx(15, abs=0.05)


def test_smallest_margin_between_the_samples_is_found(cube):
    """A zone whose edge cuts the middle of the target's large triangles, far from every corner."""
    target = cube(-10 * MM, 10 * MM)
    ridge = cube(-11 * MM, 11 * MM)
    dent = Surface(
        np.concatenate([ridge.points, [[1.3 * MM, 2.1 * MM, 8.7 * MM]]]),
        # One of the two upper triangles is drawn in to a point below the target's upper face.
        [t for t in ridge.triangles.tolist() if set(t) != {1, 5, 7}] + [[1, 5, 8], [5, 7, 8], [7, 1, 8]],
    )
    assert dent.is_closed
    corners = target.subdivided(40 * MM)
    exhaustive = margins_to(dent)(target.samples(0.3 * MM)[0])[0].min()
    least = smallest_margin(corners, margins_to(dent), tolerance=1e-6)
    assert least.error <= 1e-6
    assert least.margin <= exhaustive + 1e-9
    assert least.margin == pytest.approx(exhaustive, abs=0.15 * MM)
    assert margins_to(dent)(corners.reshape(-1, 3))[0].min() > 0 > least.margin


@given(seed=st.integers(0, 10**6), inside=st.booleans(), limit=st.sampled_from([1, 300]))
@settings(deadline=None, max_examples=60)
def test_smallest_margin_is_never_better_than_any_sample(seed, inside, limit):
    """Whatever the zone's surface looks like and however early the search stops, its error covers the truth."""
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(9, 3)) * 0.5 + [0, 0, 1.2]
    field = DistanceField(vertices, np.arange(9).reshape(-1, 3))

    def margins(points):
        distance, nearest = field(points)
        return signed_margins(distance, np.full(len(points), inside)), nearest

    corners = rng.normal(size=(1, 3, 3)) * [0.5, 0.5, 0.1]
    weights = rng.dirichlet((1, 1, 1), 400)
    least = smallest_margin(corners, margins, tolerance=1e-3, limit=limit)
    assert least.margin - least.error <= margins(weights @ corners[0])[0].min() + 1e-12
    assert margins(np.array([least.point]))[0] == pytest.approx(least.margin)


def test_smallest_margin_gives_up_honestly(ball):
    """A zone equal to the target: every triangle is as bad as the next, and the error says what is left open."""
    target = ball(500, 10 * MM)
    least = smallest_margin(target.corners, margins_to(target), tolerance=1e-9, limit=5000)
    assert 1e-9 < least.error < 2 * MM
    assert least.margin - least.error <= 0 <= abs(least.margin) + 1e-15


def test_bins_do_not_overlap_and_hold_their_lower_edge():
    margins = np.array([-1e-9, 0, 0.005, np.nextafter(0.005, 0), 0.01, 0.02])
    result = margin_statistics(np.zeros((6, 3)), [1, 2, 4, 8, 16, 32], margins, 0.005)
    assert {k: v * 63 for k, v in result.surface_share.items()} == pytest.approx(
        {"below_0": 1, "0_to_5": 10, "5_to_10": 4, "above_10": 48}
    )


def test_statistics_weigh_by_area():
    result = margin_statistics(np.eye(3), [1.0, 1.0, 98.0], [0.0, 0.001, 0.008], 0.005)
    assert result.mean == pytest.approx(0.00785)
    assert result.quartiles[0] > 0.004
    assert result.share_below_required == pytest.approx(0.02)
    assert result.worst_point == (1, 0, 0)


def test_excluded_surface_is_reported_apart():
    margins = [-0.002, 0.001, 0.006, 0.007]
    excluded = [True, True, False, False]
    result = margin_statistics(np.eye(4)[:, :3], [1.0, 3.0, 2.0, 2.0], margins, 0.005, excluded)
    assert result.achieved and result.minimal_margin == 0.006
    assert result.excluded_share == 0.5
    assert result.excluded_minimal_margin == -0.002
    assert result.excluded_share_below_0 == 0.25
    assert result.surface_share["5_to_10"] == 1.0


def test_subcapsular_cap_has_the_area_of_a_cap(ball, cube):
    """A ball of 10 mm with its top 2 mm below the organ's upper face: a cap 3 mm high lies within 5 mm of it."""
    target, organ = ball(4000, 10 * MM, (0, 0, 48 * MM)), cube(-60 * MM, 60 * MM)
    points, areas = target.samples(0.5 * MM)
    result = margin_statistics(points, areas, np.full(len(points), 0.006), 0.005, subcapsular(points, organ))
    assert result.excluded_share == pytest.approx(3 / 20, abs=0.003)


def test_no_zone_is_no_margin():
    margins = signed_margins([np.inf, np.inf], [False, False])
    result = margin_statistics(np.eye(2, 3), [1.0, 1.0], margins, 0.0)
    assert result.minimal_margin is None and result.worst_point is None and result.quartiles is None
    assert not result.achieved
    assert result.surface_share["below_0"] == 1.0 and result.share_below_required == 1.0
    empty = Surface(np.zeros((0, 3)), np.zeros((0, 3)))
    assert smallest_margin(np.eye(3)[None], margins_to(empty)) is None


def test_all_excluded_is_no_margin_either():
    result = margin_statistics(np.eye(2, 3), [1.0, 1.0], [0.01, 0.02], 0.005, [True, True])
    assert result.minimal_margin is None and not result.achieved
    assert result.excluded_share == 1.0 and sum(result.surface_share.values()) == 0.0


def test_margins_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="not a number"):
        margin_statistics(np.eye(2, 3), [1.0, 1.0], [0.0, np.nan], 0.005)
