"""Margins: distances between surfaces, their statistics, and zones cut out of a mesh. NumPy and SciPy only."""

from pennes.margin.caps import capped
from pennes.margin.compare import Comparison, Sampling, check_required, compare, compare_surfaces
from pennes.margin.direction import direction_words
from pennes.margin.distance import DistanceField, Enclosure, distance_to_triangles, enclosed
from pennes.margin.extent import zone_diameters
from pennes.margin.files import read_surface
from pennes.margin.isosurface import clip_triangles, marching_tetrahedra
from pennes.margin.meridian import clip_segments, distance_to_segments, marching_triangles, share_inside
from pennes.margin.minimum import SmallestMargin, margins_to, smallest_margin
from pennes.margin.shell import ShellCoverage, shell_coverage
from pennes.margin.statistics import MarginStatistics, margin_statistics, signed_margins, subcapsular
from pennes.margin.surface import Surface, join_surfaces, merge_points
from pennes.margin.volume import tetrahedron_volumes, total_volume_inside, volume_inside

__all__ = [
    "Comparison",
    "DistanceField",
    "Enclosure",
    "MarginStatistics",
    "Sampling",
    "ShellCoverage",
    "SmallestMargin",
    "Surface",
    "capped",
    "check_required",
    "clip_segments",
    "clip_triangles",
    "compare",
    "compare_surfaces",
    "direction_words",
    "distance_to_segments",
    "distance_to_triangles",
    "enclosed",
    "join_surfaces",
    "marching_tetrahedra",
    "marching_triangles",
    "margin_statistics",
    "margins_to",
    "merge_points",
    "read_surface",
    "share_inside",
    "shell_coverage",
    "signed_margins",
    "smallest_margin",
    "subcapsular",
    "tetrahedron_volumes",
    "total_volume_inside",
    "volume_inside",
    "zone_diameters",
]
