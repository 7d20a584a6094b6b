"""The cache of meshes: found again, replaced when damaged, never half written, not needed."""

from __future__ import annotations

import numpy as np
import pytest

from pennes.scene import cache
from pennes.scene.arrays import MeshArrays
from pennes.scene.plan import make_plan, make_recipe, recipe_hash

POINTS = np.vstack([np.zeros(3), np.eye(3)])
MESH = MeshArrays(POINTS, np.array([[0, 1, 2, 3]]), np.array([1]), np.array([[0, 2, 1]]), np.array([5]))


class Maker:
    """Counts how often a mesh is made."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return MESH


def test_a_mesh_is_made_once(tmp_path):
    maker = Maker()
    first = cache.cached_mesh("key", maker, tmp_path / "new" / "folder")
    second = cache.cached_mesh("key", maker, tmp_path / "new" / "folder")
    assert maker.count == 1
    assert first[1] == second[1]
    for name in ("points", "cells", "cell_tags", "facets", "facet_tags"):
        np.testing.assert_array_equal(getattr(first[0], name), getattr(second[0], name))
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["key.npz"]


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    place = data.index(POINTS.tobytes()) + 40
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


@pytest.mark.parametrize("damage", [truncated, flipped, lambda data: b"", lambda data: b"PK nonsense"])
def test_a_damaged_entry_is_replaced(damage, tmp_path):
    maker = Maker()
    cache.cached_mesh("key", maker, tmp_path)
    file = tmp_path / "key.npz"
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    mesh, _ = cache.cached_mesh("key", maker, tmp_path)
    assert maker.count == 2
    np.testing.assert_array_equal(mesh.points, POINTS)
    cache.cached_mesh("key", maker, tmp_path)
    assert maker.count == 2


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.warns(UserWarning, match="could not be kept"):
        mesh, quality = cache.cached_mesh("key", Maker(), tmp_path / "file")
    assert quality.cells == len(mesh.cells)


def test_nothing_is_left_of_a_write_that_fails(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", full)
    with pytest.warns(UserWarning, match="No space left"):
        cache.cached_mesh("key", Maker(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_directory_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PENNES_CACHE", str(tmp_path))
    assert cache.default_directory() == tmp_path / "meshes"
    monkeypatch.delenv("PENNES_CACHE")
    assert cache.default_directory().parts[-2:] == ("pennes", "meshes")


def test_the_key_follows_what_the_mesh_depends_on(make_case, monkeypatch):
    def key(*settings):
        case = make_case(*settings)
        return recipe_hash(make_recipe(case, make_plan(case)))

    base = key()
    assert base == key() == key("title=another", "vessels.0.speed=1 cm/s", "targets.0.tissue=liver")
    others = {
        key("vessels.0.diameter=6.01 mm"),
        key("applicators.0.tip=[0 mm, 0 mm, -15.01 mm]"),
        key("accuracy.mesh.lesion=3.9 mm"),
        key("accuracy.refinements=1"),
        key("targets.0.margin=6 mm"),
    }
    monkeypatch.setattr("pennes.scene.plan.gmsh_version", lambda: "0.0")
    others.add(key())
    assert len(others | {base}) == 7
