"""Blocks of tissue for the tests of this room."""

from __future__ import annotations

import pytest
from bioheat_block import Block, make_block


@pytest.fixture(scope="session")
def warmed() -> Block:
    """Stays far below boiling."""
    return make_block(power_density=5e5)


@pytest.fixture(scope="session")
def boiled() -> Block:
    """Heated until water boils in a good part of it."""
    return make_block(power_density=4e7)
