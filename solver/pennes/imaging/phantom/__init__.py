"""Synthetic patients: seeded recipes and the label maps that they make.

``python -m pennes.imaging.phantom RECIPE.yaml OUT.nii.gz`` writes one.
"""

from pennes.imaging.phantom.build import LABELS, Phantom, make_phantom
from pennes.imaging.phantom.recipe import PhantomRecipe, PhantomTumour, read_recipe

__all__ = ["LABELS", "Phantom", "PhantomRecipe", "PhantomTumour", "make_phantom", "read_recipe"]
