"""Every room can be the first that a program imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("dolfinx")

ROOMS = ("scene", "elements", "bioheat", "energy", "energy.microwave.field", "vessel", "treatment", "result")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_can_be_imported_first(room):
    done = subprocess.run(
        [sys.executable, "-c", f"import pennes.{room}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
