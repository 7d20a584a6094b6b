"""A tiny cohort that has been run once, for the tests that look at what it left."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tiny_cohort import ensemble, write_cohort


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """Folder with ``cohort.yaml``, ``tiny.yaml`` and ``out``, where all cases are done. Not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    code, _, err = ensemble("run", write_cohort(folder), "-o", folder / "out", "--parallel", 1)
    assert code == 0, err
    return folder


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    """A copy of ``finished`` to change."""
    return shutil.copytree(finished, tmp_path / "copy")
