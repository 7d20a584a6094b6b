from __future__ import annotations

import pytest

import analytic_zones
from pennes.risk.atlas import Atlas
from pennes.risk.build import make_atlas


@pytest.fixture(scope="session")
def analytic_atlas(tmp_path_factory) -> Atlas:
    """Learnt from analytic zones, written and read again."""
    file = tmp_path_factory.mktemp("atlas") / "analytic_needle.npz"
    make_atlas(analytic_zones.cohort(200, seed=5)).save(file)
    return Atlas.load(file)


@pytest.fixture(scope="session")
def atlas_file(analytic_atlas, tmp_path_factory):
    file = tmp_path_factory.mktemp("atlas") / "again.npz"
    analytic_atlas.save(file)
    return file
