"""Linear triangles in the half-plane of a body of revolution."""

from __future__ import annotations

import numpy as np
from dolfinx import mesh

from pennes.elements.linear import LinearElements


class AxisymmetricElements(LinearElements):
    """``LinearElements`` whose integrals are over the whole body of revolution (m3, m2, W).

    The mesh lies in a half-plane of ``axis``, which gives ``coordinates(points)``: distance from the axis and height.
    A gradient is constant in a triangle, so that the stiffness with the triangle's mean radius is exact; the lumped
    mass and the shares of facets are the exact integrals of each vertex's shape function.
    """

    def __init__(self, domain_mesh: mesh.Mesh, axis):
        self.axis = axis
        super().__init__(domain_mesh)

    def _coordinates(self) -> np.ndarray:
        return self.axis.coordinates(self.mesh.geometry.x)

    def _thickness(self, corners: np.ndarray) -> np.ndarray:
        """Circumference (c,) at the centroid of triangles with ``corners`` (c, 3, 2)."""
        return 2.0 * np.pi * corners[:, :, 0].mean(axis=1)

    def _vertex_shares(self) -> np.ndarray:
        radius = self.axis.coordinates(self.points)[:, 0][self.cells]
        mean = radius.mean(axis=1, keepdims=True)
        return (radius + 3.0 * mean) / (12.0 * mean)

    def facet_shares(self, facets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """As in ``LinearElements``, with the shares (m, 2) of each facet."""
        lengths, unknowns, _, centres = super().facet_shares(facets)
        radius = self.axis.coordinates(self.points)[:, 0][unknowns]
        mean = radius.mean(axis=1)
        shares = (radius + 2.0 * mean[:, None]) / (6.0 * mean[:, None])
        return 2.0 * np.pi * mean * lengths, unknowns, shares, centres
