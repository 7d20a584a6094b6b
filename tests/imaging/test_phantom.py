"""Synthetic patients: the same from the same seed, anatomically in order."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from pennes.errors import InputError
from pennes.imaging import read_label_map
from pennes.imaging.phantom import LABELS, make_phantom, read_recipe

RECIPES = Path(__file__).parents[2] / "meshes"


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(read_recipe(RECIPES / "liver_patient_small.yaml"))


def volume(labels, name):
    return 1e6 * labels.volume(name)


def test_recipe_is_reproducible(phantom):
    again = read_label_map(RECIPES / "liver_patient_small.yaml")
    np.testing.assert_array_equal(again.labels, phantom.labels.labels)
    assert "synthetic" in again.notes[0]
    other = make_phantom(read_recipe(RECIPES / "liver_patient_small.yaml").model_copy(update={"seed": 8}))
    assert (other.labels.labels != phantom.labels.labels).mean() > 0.01


def test_every_organ_is_there_and_of_the_right_size(phantom):
    labels = phantom.labels
    assert {labels.name(n) for n in labels.present} == {*LABELS.values(), "tumour 1", "tumour 2"}
    assert 800 < volume(labels, "liver") < 1900
    for number, diameter in ((1, 24), (2, 18)):
        assert volume(labels, f"tumour {number}") == pytest.approx(np.pi / 6e3 * diameter**3, rel=0.1)
    assert not labels.grid.same_as(labels.grid.cropped((1, 0, 0), labels.grid.shape))


def test_places_are_as_asked(phantom):
    labels = phantom.labels
    spacing = 1e3 * labels.grid.spacing
    liver = labels.labels == 2
    whole = np.isin(labels.labels, [2, 3, 4, 5, 6, 20, 21])
    depth = ndimage.distance_transform_edt(whole, sampling=spacing)
    vessels = np.isin(labels.labels, [3, 4])
    apart = ndimage.distance_transform_edt(~vessels, sampling=spacing)
    assert apart[labels.labels == 20].min() < 12
    assert depth[labels.labels == 21].min() < 8
    # The colon lies near the liver's capsule without touching it.
    to_liver = ndimage.distance_transform_edt(~liver, sampling=spacing)
    assert 0 < to_liver[labels.labels == 8].min() < 14


def test_trees_follow_murray_and_end_at_the_smallest_vessel(phantom):
    for name in ("portal vein", "hepatic vein"):
        tree = phantom.trees[name]
        parent, radius = np.array(tree.parent), np.array(tree.radius)
        assert radius.min() >= 1.5 and radius.max() >= 4.5
        for number in np.unique(parent[parent >= 0]):
            children = radius[parent == number]
            assert (children**3).sum() <= radius[number] ** 3 * (1 + 1e-9)
        ends = np.array(tree.start)[parent >= 0], np.array(tree.end)[parent[parent >= 0]]
        np.testing.assert_allclose(*ends)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phantom: liver_patient\nsed: 3\n", "unknown key.*did you mean 'seed'"),
        ("phantom: heart_patient\n", "liver_patient"),
        ("phantom: liver_patient\nspacing: 1\n", "unit"),
        ("phantom: liver_patient\nspacing: 0.1 mm\n", "too many"),
        ("phantom: liver_patient\nsize: [100 mm, 200 mm, 200 mm]\n", "does not hold a liver"),
        ("phantom: liver_patient\nspacing: 3 mm\ntumours: [{diameter: 120 mm}]\n", "no perivascular place"),
        ("- 1\n", "recipe.yaml"),
    ],
)
def test_recipes_that_cannot_be(tmp_path, text, words):
    (tmp_path / "recipe.yaml").write_text(text)
    with pytest.raises(InputError, match=words):
        read_label_map(tmp_path / "recipe.yaml")
