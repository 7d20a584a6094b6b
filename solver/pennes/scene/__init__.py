"""The scene: from a case to a mesh with named regions and surfaces."""

from pennes.scene.build import build
from pennes.scene.domain import Domain, MeshQuality, NamedRegion, NamedSurface

__all__ = ["Domain", "MeshQuality", "NamedRegion", "NamedSurface", "build"]
