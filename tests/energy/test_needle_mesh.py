"""Needles as meshes of rings, and the mesh around several of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("gmsh")

from pennes.energy.microwave.needle import fits, mesh_needle
from pennes.energy.microwave.section import cut_of
from pennes.energy.microwave.surroundings import mesh_field
from pennes.library import find_device

DEVICES = (
    "mwa_coaxial_slot",
    "mwa_cooled_slot_14g",
    "mwa_dual_slot",
    "mwa_monopole",
    "mwa_dipole_choke",
    "mwa_slot_915",
)


def volumes(points, cells):
    return np.linalg.det(points[cells[:, 1:]] - points[cells[:, :1]]) / 6.0


def build(name, back=0.03):
    device = find_device(name)
    return device, mesh_needle(device.antenna, device.shafts[0], device.antenna.radiating_end + back)


@pytest.mark.parametrize("name", DEVICES)
def test_every_antenna_of_the_library_is_meshed(name):
    device, needle = build(name)
    assert fits(needle)
    coax = device.antenna.coax
    # The port is the ring between the cable's conductors, at its cut; the polygon has the circle's area.
    a, b, c = np.moveaxis(needle.points[needle.port], 1, 0)
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum()
    assert area == pytest.approx(math.pi / 4 * (coax.dielectric_diameter**2 - coax.inner_diameter**2), rel=1e-9)
    assert needle.points[needle.port][..., 2] == pytest.approx(-cut_of(device.antenna))


def test_a_cable_has_the_volume_of_its_ring():
    device, needle = build("mwa_coaxial_slot")
    number = [material.name for material in needle.materials].index("insulator")
    coax = device.antenna.coax
    ring = math.pi / 4 * (coax.dielectric_diameter**2 - coax.inner_diameter**2)
    length = cut_of(device.antenna) - coax.dielectric_end
    found = volumes(needle.points, needle.cells[needle.material == number]).sum()
    assert found == pytest.approx(ring * length, rel=1e-9)


def test_tissue_between_two_needles_is_filled_without_a_gap():
    _, needle = build("mwa_coaxial_slot")
    tilt = np.array([[1.0, 0, 0], [0, math.cos(0.1), -math.sin(0.1)], [0, math.sin(0.1), math.cos(0.1)]])
    places = [(np.zeros(3), np.eye(3)), (np.array([0.015, 0.0, 0.0]), tilt)]
    mesh = mesh_field([needle, needle], places, 0.015, 0.006)
    assert volumes(mesh.points, mesh.cells).min() > 0.0
    facets = np.sort(mesh.cells[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]].reshape(-1, 3), axis=1)
    _, times = np.unique(facets, axis=0, return_counts=True)
    assert times.max() == 2
    outside = np.count_nonzero(times == 1)
    assert outside == len(mesh.absorbing) + len(mesh.metal) + sum(len(port) for port in mesh.ports)
    # No facet of a hull is left: metal lies within the needles' surfaces, or closes their ends.
    for tip, axes in places:
        local = (mesh.points[mesh.metal].mean(axis=1) - tip) @ axes
        near = np.hypot(local[:, 0], local[:, 1]) < 0.9e-3 * 1.03
        assert np.count_nonzero(near) == len(mesh.metal) // 2
