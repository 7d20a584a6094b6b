"""A block of tissue for vessels that have no mesh of their own."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from mpi4py import MPI

from pennes.elements import LinearElements, QuadraticElements
from pennes.scene.locate import PointLocator, Spaces
from pennes.vasculature import build_tree
from pennes.vessel import MODELS, Site
from small_meshes import jittered_block

SIZE = 24e-3


@pytest.fixture(scope="session")
def block():
    """``elements`` of a jittered cube of 24 mm with edges of 3 mm and ``sink(vessel)`` in it."""
    domain_mesh = jittered_block(MPI.COMM_SELF, 3, 8, SIZE)
    spaces = Spaces(domain_mesh)

    def of(degree):
        elements = (LinearElements if degree == 1 else QuadraticElements)(domain_mesh)

        def sink(vessel):
            site = Site(np.empty(0, np.int32), lambda points: PointLocator(spaces, points), 0.5)
            return MODELS[vessel.model](elements, vessel, build_tree(vessel), site)

        return SimpleNamespace(elements=elements, sink=sink)

    return of
