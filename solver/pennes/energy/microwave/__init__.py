"""Microwave antennas: their section in (r, z), the axisymmetric field around them, and its way into the treatment."""
