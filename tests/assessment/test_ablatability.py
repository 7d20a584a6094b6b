"""Published criteria against patients whose figures are known."""

import json
import subprocess
import sys

import numpy as np
import pytest

from pennes.assessment import assess, criteria
from pennes.assessment.criteria import Measured, judge
from pennes.assessment.patient import figures
from pennes.assessment.roles import role
from pennes.errors import InputError
from pennes.imaging import LabelMap
from pennes.imaging.hydrodissection import Layer, add_layer

NAMES = {1: "soft tissue", 2: "liver", 3: "tumour", 4: "colon", 5: "bile duct", 6: "portal vein"}


@pytest.fixture
def patient(grid, ball):
    """A 20 mm tumour 6 mm from the colon (a slab), 12 mm from a duct, touching a vein; and its zone of 30 mm."""
    where = grid((90, 70, 70))
    x, y, z = np.indices(where.shape) - np.array([44.5, 34.5, 34.5])[:, None, None, None]
    labels = np.ones(where.shape, dtype=np.uint8)
    labels[np.abs(x) < 30] = 2
    labels[(x > 16) & (x < 30)] = 1
    labels[(x > 16) & (x < 40)] = 4
    labels[np.hypot(y - 24, z) < 2] = 5
    labels[(np.hypot(y, z - 12) < 2.4) & (x < 16)] = 6
    labels[ball(where, 10)] = 3
    zone = LabelMap(where, ball(where, 15, (0, 0, 0)).astype(np.uint8), {1: "zone"})
    return LabelMap(where, labels, NAMES), zone


def test_figures(patient):
    found = figures(*patient)
    assert found["tumour_diameter"].value == pytest.approx(20, abs=0.5)
    assert found["number_of_metastases"].value == 1
    assert found["distance_to_bowel"].value == pytest.approx(6, abs=0.6)
    assert found["distance_to_major_bile_duct"].value == pytest.approx(12, abs=0.6)
    assert "does not tell major ducts" in found["distance_to_major_bile_duct"].remark
    assert found["distance_to_vulnerable_structure"].value == pytest.approx(6, abs=0.6)
    assert found["contact_with_vessel"].value == 1 and found["contact_with_vessel"].remark == "portal vein"
    assert found["contact_with_major_bile_duct"].value == 0
    assert found["minimal_ablative_margin"].value == pytest.approx(5, abs=0.25)
    labels, zone = patient
    share = 100 * ((labels.labels == 2) & (zone.labels == 1)).sum() / (labels.labels == 2).sum()
    assert found["ablated_parenchyma"].value == pytest.approx(share)
    assert found["future_liver_remnant"].value == pytest.approx(100 - share)


def test_every_row_is_judged_with_its_source(patient):
    judgements = assess(*patient)
    assert len(judgements) == len(criteria()) == 16
    states = {(j.criterion.source, j.criterion.quantity): j.state for j in judgements}
    assert states["COLLISION 2024", "tumour_diameter"] == "met"
    assert states["COLLISION 2024", "distance_to_bowel"] == "not met"
    assert states["COLLISION 2024", "minimal_ablative_margin"] == "needs attention"  # an aim, missed
    assert states["COLLISION 2024", "distance_to_major_bile_duct"] == "not met"
    assert states["surgical series 2015", "distance_to_central_bile_duct"] == "met"
    assert states["Gillams 2015", "contact_with_vessel"] == "needs attention"
    assert states["Gillams 2015", "contact_with_major_bile_duct"] == "met"
    assert states["surgical series 2015", "ablated_parenchyma"] == "met"
    assert all(j.criterion.source and (j.measured.value is not None or j.measured.remark) for j in judgements)


def test_what_cannot_be_assessed_says_why(patient):
    labels, _ = patient
    bare = LabelMap(labels.grid, np.where(labels.labels == 3, 3, 0).astype(np.uint8), NAMES)
    states = {j.criterion.quantity: j for j in assess(bare)}
    for quantity in ("distance_to_bowel", "contact_with_vessel", "minimal_ablative_margin", "future_liver_remnant"):
        assert states[quantity].state == "not assessable" and states[quantity].measured.remark
    with pytest.raises(InputError, match="no label is named as a tumour"):
        assess(LabelMap(labels.grid, labels.labels))
    assert assess(LabelMap(labels.grid, labels.labels), tumours=(3,))


@pytest.mark.parametrize(
    ("value", "error", "state"),
    [
        (29, 0.5, "met"),
        (29.8, 0.5, "needs attention"),
        (30, 0.5, "met"),
        (31, 0.5, "not met"),
        (None, 0, "not assessable"),
    ],
)
def test_figures_near_the_limit_need_attention(value, error, state):
    rule = next(c for c in criteria() if c.quantity == "tumour_diameter" and c.comparison == "<=")
    assert judge(rule, Measured(value, error)).state == state


def test_hydrodissection_moves_the_bowel_away(patient):
    labels, zone = patient
    wet = add_layer(labels, Layer("colon", 12e-3))
    before, after = (figures(found, zone)["distance_to_bowel"].value for found in (labels, wet))
    assert after == pytest.approx(before + 12, abs=1.0)
    fluid = wet.labels == wet.number("hydrodissection")
    assert fluid.any() and set(np.unique(labels.labels[fluid])) <= {1, 4}
    for name in ("liver", "tumour", "portal vein"):
        assert wet.volume(name) == labels.volume(name)
    with pytest.raises(InputError, match="mm from liver already"):
        add_layer(wet, Layer("colon", 5e-3))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("liver_tumor", "tumour"), ("liver_vessels", "vessel"), ("liver", "liver"), ("liver_segment_4", "liver"),
        ("portal_vein_and_splenic_vein", "vessel"), ("small_bowel", "bowel"), ("kidney_left", "vulnerable"),
        ("vertebrae_L1", None), ("cancer", "tumour"),
    ],
)  # fmt: skip
def test_roles_by_name(name, expected):
    assert role(name) == expected


def test_command(patient, tmp_path):
    from pennes.imaging import write_image

    labels, zone = patient
    write_image(tmp_path / "p.nrrd", labels)
    write_image(tmp_path / "z.nii.gz", zone)
    words = [sys.executable, "-c", "from pennes.cli import main; main()", "ablatability", str(tmp_path / "p.nrrd")]
    words += ["--zone", str(tmp_path / "z.nii.gz")]
    done = subprocess.run([*words, "--json", "--hydrodissection", "colon=12 mm"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = {(r["source"], r["quantity"]): r for r in json.loads(done.stdout)["criteria"]}
    assert rows["COLLISION 2024", "distance_to_bowel"]["state"] == "met"
    bad = subprocess.run([*words, "--hydrodissection", "colon=12"], capture_output=True, text=True)
    assert bad.returncode == 2 and "no unit" in bad.stderr
