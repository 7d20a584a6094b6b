"""Cases for the scene, written as a user would and read as one's file is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pennes.case import Case, load

COARSE = {"applicator": "0.9 mm", "shaft": "3 mm", "lesion": "4 mm", "vessel": "3 mm", "far": "15 mm"}
BASE: dict[str, Any] = {
    "title": "A needle beside a vein",
    "body": {"shape": "box", "size": ["100 mm", "100 mm", "100 mm"], "tissue": "liver"},
    "targets": [{"name": "metastasis", "shape": "ball", "diameter": "25 mm", "tissue": "colorectal_metastasis"}],
    "vessels": [
        {
            "name": "vein",
            "diameter": "6 mm",
            "path": [["-60 mm", "20.5 mm", "0 mm"], ["60 mm", "20.5 mm", "0 mm"]],
            "speed": "20 cm/s",
        }
    ],
    "applicators": [
        {
            "name": "needle",
            "device": "cooled_tip_3cm",
            "tip": ["0 mm", "0 mm", "-15 mm"],
            "direction": [0, 0, -1],
        }
    ],
    "protocol": {"mode": "constant_power", "duration": "12 min", "set_power": "50 W"},
    "accuracy": {"mesh": COARSE},
}


@pytest.fixture
def make_case(tmp_path: Path) -> Callable[..., Case]:
    """A case like BASE with some of its top-level keys replaced, and values put in by ``--set`` texts."""

    def make(*settings: str, **changes: Any) -> Case:
        path = tmp_path / "case.yaml"
        path.write_text(json.dumps({**copy.deepcopy(BASE), **changes}))
        return load(path, settings)

    return make


@pytest.fixture(scope="session")
def mesh_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of meshes for all tests."""
    return tmp_path_factory.mktemp("meshes")
