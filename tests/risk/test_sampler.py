"""The atlas as a sampler of zones: against the emulator's own margins, and what lies outside of the atlas."""

import numpy as np
import pytest

from pennes.outcome.description import read_series
from pennes.outcome.surface import Tumours, directions
from pennes.risk import Atlas
from pennes.risk.sampler import Electrode, SimulatedZone

ATLAS = Atlas.load("cooled_tip_3cm")
EXACT = SimulatedZone(ATLAS, (Electrode(30.0),), 5.0, error=False)
COUNT = 120
RNG = np.random.default_rng(4)
TUMOURS = Tumours(
    RNG.uniform(6, 18, COUNT),
    np.where(RNG.random(COUNT) < 0.3, 0.0, RNG.uniform(1.5, 4.8, COUNT)),
    RNG.uniform(1, 14, COUNT),
    np.zeros(COUNT, dtype=bool),
)
NEEDLES = RNG.normal(size=(COUNT, 3)) * 2.0
DRAWS = RNG.random((COUNT, EXACT.dimensions))


def worst(zone, tumours=TUMOURS, needles=NEEDLES, draws=DRAWS, points=400):
    surface = tumours.radius[:, None, None] * directions(points)
    return zone.zones(tumours, needles, draws).depth(surface).min(axis=1)


def few(radius, vessel, gap):
    return Tumours(*(np.array(one, dtype=float) for one in (radius, vessel, gap)), np.zeros(len(radius), dtype=bool))


def test_smallest_margins_are_the_emulators():
    values = EXACT._values(TUMOURS, NEEDLES, DRAWS, np.ones(COUNT))
    known = ATLAS.emulator.margins(values, with_error=False).mean
    error = worst(EXACT) - known
    assert np.median(np.abs(error)) < 0.1 and np.quantile(np.abs(error), 0.95) < 0.5


def test_needles_on_opposite_sides_of_the_plane_of_vessel_and_needle_are_mirrored():
    mirror = np.array([1.0, -1.0, 1.0])
    around = directions(200)
    surface = TUMOURS.radius[:, None, None] * around
    one = EXACT.zones(TUMOURS, NEEDLES, DRAWS).depth(surface)
    other = EXACT.zones(TUMOURS, NEEDLES * mirror, DRAWS).depth(surface * mirror)
    vessel = TUMOURS.vessel_radius > 0
    assert other[vessel] == pytest.approx(one[vessel], abs=1e-6)


def test_the_emulators_error_is_drawn_as_large_as_it_is():
    zone = SimulatedZone(ATLAS, (Electrode(30.0),), 5.0)
    tissue = DRAWS[:, : len(ATLAS.inputs)]
    rng = np.random.default_rng(5)
    left = zone.dimensions - tissue.shape[1]
    drawn = np.array([worst(zone, draws=np.hstack([tissue, rng.random((COUNT, left))]), points=150) for _ in range(14)])
    values = zone._values(TUMOURS, NEEDLES, DRAWS, np.ones(COUNT))
    known = np.sqrt(np.mean(ATLAS.emulator.margins(values).sd ** 2))
    assert np.sqrt(drawn.var(axis=0, ddof=1).mean()) == pytest.approx(known, rel=0.2)


def test_fronts_lie_on_the_zones():
    zones = EXACT.zones(TUMOURS, NEEDLES, DRAWS)
    front = zones.front()
    depth = zones.depth(front.points)
    stars = 384
    outer = np.abs(depth[:, :stars])
    # Discs beyond the vessel's tissue are no front of this zone, but lie in living tissue.
    assert np.quantile(np.minimum(outer, np.where(depth[:, :stars] < 0, 0.0, outer)), 0.99) < 0.2
    tube = np.abs(depth[:, stars:])[front.real[:, stars:]]
    assert np.quantile(tube, 0.95) < 0.3
    everyone = np.arange(COUNT)
    middle = NEEDLES[:, None]
    assert zones.holds(middle, everyone, 0.5).mean() > 0.95
    assert not zones.holds(middle + 80.0, everyone, 0.05).any()


def test_larger_devices_are_scaled_and_the_narrowest_that_does_is_taken():
    both = SimulatedZone(ATLAS, (Electrode(30.0), Electrode(45.0, 57.0)), 5.0, error=False)
    tumours = few([9.0, 11.0], [0.0, 0.0], [50.0, 50.0])
    assert both.taken(tumours).tolist() == [0, 1] and both.counted_on(tumours).tolist() == [15.0, 22.5]
    assert both.taken(few([60.0], [0.0], [50.0])).tolist() == [1]
    alone = SimulatedZone(ATLAS, (Electrode(45.0, 57.0),), 5.0, error=False)
    draws = np.full((1, alone.dimensions), 0.5)
    small = few([1e-3], [0.0], [50.0])
    scale = 57.0 / alone.width
    across = [np.array([[[x, 0.0, 0.0]]]) for x in (1.0, -1.0)]
    found = [alone.zones(small, np.zeros((1, 3)), draws).depth(25.0 * way)[0, 0] for way in across]
    plain = [EXACT.zones(small, np.zeros((1, 3)), draws).depth(25.0 / scale * way)[0, 0] for way in across]
    assert found == pytest.approx([scale * one for one in plain], abs=0.05)


def test_what_lies_outside_of_the_atlas_is_counted_and_does_no_harm():
    tumours = few([30.0, 10.0, 10.0, 3.0], [3.0, 3.0, 3.0, 0.0], [1.0, 80.0, 1.0, 50.0])
    needles = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [9.5, 0.0, 0.0], [0.0, 0.0, 12.0]])
    draws = np.full((4, EXACT.dimensions), 0.5)
    assert EXACT.outside(tumours, needles) == {
        "tumour larger": 0.25,
        "tumour smaller": 0.25,
        "vessel farther": 0.25,
        "vessel nearer": 0.25,
        "needle farther from the middle": 0.5,
    }
    found = worst(EXACT, tumours, needles, draws)
    assert np.isfinite(found).all()
    bare = few([30.0, 10.0, 10.0, 3.0], [0.0] * 4, [50.0] * 4)
    assert found[1] == pytest.approx(worst(EXACT, bare, needles, draws)[1])


@pytest.mark.parametrize("change", [("counted_on: 45 mm", "counted_on: 20 mm"), ("atlas: cooled", "atals: cooled")])
def test_bad_devices_are_refused(tmp_path, change):
    from pathlib import Path

    from pennes.errors import InputError

    text = (Path(__file__).parents[2] / "validation/recurrence/series/solbiati_2012.yaml").read_text()
    assert change[0] in text
    (tmp_path / "x.yaml").write_text(text.replace(*change))
    with pytest.raises(InputError):
        read_series(tmp_path / "x.yaml")
