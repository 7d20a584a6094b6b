"""Probes that are nowhere near the mesh are refused on any body; those in metal take the nearest tissue."""

from __future__ import annotations

import pytest

pytest.importorskip("dolfinx")

from pennes.case.models import Probe
from pennes.errors import InputError
from pennes.treatment.monitor import Monitor


def watching(scene, physics, point):
    probes = (Probe(name="near", point=["8 mm", "0 mm", "0 mm"]), Probe(name="far", point=point))
    output = scene.case.output.model_copy(update={"probes": probes})
    return Monitor(scene.case.model_copy(update={"output": output}), scene.domain, physics.elements)


@pytest.mark.parametrize("point", [["0 mm", "0 mm", "0 mm"], ["30 mm", "0 mm", "0 mm"], ["-30 mm", "30 mm", "30 mm"]])
def test_in_metal_and_on_the_surface(point, scene, physics):
    values = watching(scene, physics, point).probes(physics.elements.points[:, 0])
    assert values["near"] == pytest.approx(8e-3)
    assert values["far"] == pytest.approx(float(point[0].split()[0]) * 1e-3, abs=2e-3)


def test_outside(scene, physics):
    with pytest.raises(InputError, match="the probe 'far' lies 5 mm outside the mesh") as caught:
        watching(scene, physics, ["8 mm", "0 mm", "35 mm"])
    assert caught.value.key == "output.probes.1.point"
