"""The scene: from a case to a mesh with named regions and surfaces."""

import contextlib

with contextlib.suppress(ImportError):
    # The wheel of DOLFINx must be imported before anything of it; other installations do not have this module.
    import dolfinx_solver  # noqa: F401

from pennes.scene.build import build, check
from pennes.scene.domain import Domain, MeshQuality, NamedRegion, NamedSurface

__all__ = ["Domain", "MeshQuality", "NamedRegion", "NamedSurface", "build", "check"]
