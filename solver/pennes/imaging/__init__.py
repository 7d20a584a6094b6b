"""Label maps of patients: files, grids, names, cleaning, surfaces between voxels. No DOLFINx."""

from pennes.imaging.cleaning import Cleaned, clean, parts
from pennes.imaging.files import is_label_map, read_label_map, write_image
from pennes.imaging.grid import Grid
from pennes.imaging.label_map import Image, LabelMap
from pennes.imaging.resample import placed_on, resampled, resampled_image
from pennes.imaging.subvoxel import level_surface, segment_surface, signed_field
from pennes.imaging.tables import label_table, named, presets

__all__ = [
    "Cleaned",
    "Grid",
    "Image",
    "LabelMap",
    "clean",
    "is_label_map",
    "label_table",
    "level_surface",
    "named",
    "parts",
    "placed_on",
    "presets",
    "read_label_map",
    "resampled",
    "resampled_image",
    "segment_surface",
    "signed_field",
    "write_image",
]
