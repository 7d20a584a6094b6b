"""Energy sources as the time loop sees them."""

from __future__ import annotations

import typing
from dataclasses import dataclass

import numpy as np
import pytest
from mpi4py import MPI

from pennes.elements import LinearElements
from pennes.energy import SOURCES, Electrodes, Radiofrequency
from pennes.errors import InputError
from pennes.generator import Drive
from pennes.library.devices import DeviceRecord
from pennes.library.protocols import Generator
from pennes.library.schedule import Pole
from small_meshes import jittered_block, varied

SIZE = 0.02


@dataclass
class WarmingTissue:
    """Conductivity rises by 2 % per K."""

    elements: LinearElements

    def electric_conductivity(self, temperature):
        return varied(self.elements) * (1.0 + 0.02 * (self.elements.cell_mean(temperature) - 37.0))


@pytest.fixture(scope="module")
def elements():
    return LinearElements(jittered_block(MPI.COMM_SELF, 3, 5, SIZE))


@pytest.fixture
def electrodes(elements):
    x = elements.points[:, 0]
    potentials = Radiofrequency(elements, {"a": np.isclose(x, 0.0), "b": np.isclose(x, SIZE)}, x < -1.0, 1e-11)
    return Electrodes(potentials, WarmingTissue(elements), Generator(max_power="50 W", lead_resistance="3 ohm"))


BIPOLAR = {"a": Pole(), "b": Pole(role="ground")}


def test_heat_is_what_the_generator_delivers(elements, electrodes):
    assert not electrodes.solved
    medium = electrodes.medium(np.full(elements.n_local, 37.0))
    assert medium == pytest.approx(varied(elements))
    electrodes.update(medium)
    assert electrodes.solved and electrodes.solves == 2 and electrodes.iterations > 0
    for drive, power in ((Drive("power", 20.0, 0.0, BIPOLAR), 20.0), (Drive("power", 90.0, 0.0, BIPOLAR), 50.0)):
        delivery, heat = electrodes.heat(drive, 0.0, medium)
        # The leads take their share of what the generator gives.
        tissue = delivery.impedance - 3.0
        assert delivery.power == pytest.approx(power * tissue / delivery.impedance, rel=1e-9)
        assert heat.sum() == pytest.approx(delivery.power, rel=1e-9) and heat.min() > 0.0
        assert electrodes.deliver(drive, 0.0, medium) == delivery
    assert delivery.limited_by == "power"


def test_a_ramp_and_a_warmer_tissue(elements, electrodes):
    electrodes.update(electrodes.medium(np.full(elements.n_local, 37.0)))
    drive = Drive("voltage", 10.0, 0.5, BIPOLAR)
    cold, warm = (electrodes.medium(np.full(elements.n_local, t)) for t in (37.0, 47.0))
    first, later = electrodes.deliver(drive, 0.0, cold), electrodes.deliver(drive, 4.0, cold)
    assert later.voltage / first.voltage == pytest.approx(12.0 / 10.0, rel=1e-9)
    warmed = electrodes.deliver(drive, 0.0, warm)
    assert warmed.impedance - 3.0 == pytest.approx((first.impedance - 3.0) / 1.2, rel=1e-9)


def test_poles_at_one_potential(elements, electrodes):
    medium = electrodes.medium(np.full(elements.n_local, 37.0))
    electrodes.update(medium)
    drive = Drive("power", 20.0, 0.0, {"a": Pole(), "b": Pole()})
    for deliver in (electrodes.deliver, electrodes.heat):
        with pytest.raises(InputError, match="no current can flow between the poles"):
            deliver(drive, 0.0, medium)


def test_a_checkpoint_brings_the_potentials_back(elements, electrodes):
    medium = electrodes.medium(np.full(elements.n_local, 37.0))
    electrodes.update(medium)
    poles = dict(zip("ab", electrodes.potentials.masks, strict=True))
    potentials = Radiofrequency(elements, poles, np.zeros(elements.n_local, dtype=bool), 1e-8)
    other = Electrodes(potentials, WarmingTissue(elements), electrodes.generator)
    other.restore({**electrodes.fields(), "temperature": np.zeros(elements.n_local)})
    drive = Drive("power", 20.0, 0.0, BIPOLAR)
    assert other.deliver(drive, 0.0, medium) == electrodes.deliver(drive, 0.0, medium)


def test_every_kind_of_device_has_a_source():
    kinds = typing.get_args(DeviceRecord.model_fields["kind"].annotation)
    assert set(kinds) == set(SOURCES)
