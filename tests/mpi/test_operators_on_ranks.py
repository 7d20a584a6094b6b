"""Operators, potentials and vessels on several ranks say what they say on one."""

from __future__ import annotations

import json

import pytest


def result_of(done) -> dict:
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return json.loads(line.removeprefix("RESULT "))


def test_operators_potentials_and_vessels(mpiexec):
    alone = result_of(mpiexec(1, "operators.py"))
    for name in ("LinearElements", "QuadraticElements"):
        numbers = alone[name]
        assert numbers["patch_error"] < 1e-9
        assert numbers["volume"] == pytest.approx(0.02**3) and numbers["area"] == pytest.approx(0.02**2)
        assert numbers["heat"] == pytest.approx(numbers["conductance"], rel=1e-12)
    for ranks, words in ((2, ()), (3, ("ghosts",))):
        several = result_of(mpiexec(ranks, "operators.py", *words))
        assert several["ranks"] == ranks
        for name in ("LinearElements", "QuadraticElements"):
            assert several[name].pop("patch_error") < 1e-9
            assert several[name].pop("ghost_error") < 1e-12
            assert several[name] == pytest.approx({key: alone[name][key] for key in several[name]}, rel=1e-8), ranks
        for key, values in several["vessels"].items():
            assert values == pytest.approx(alone["vessels"][key], rel=1e-10), (ranks, key)
    for model in ("wall", "network", "resolved"):
        assert max(alone["vessels"][f"{model}_blood"]) > 37.5
