"""Trees of vessels as graphs: read, grown, checked, and the blood that flows through them. No mesh, no DOLFINx."""

from pennes.vasculature.build import build_tree, build_trees
from pennes.vasculature.flow import murray_radii, poiseuille
from pennes.vasculature.graph import MESHED, Line, Tree, model_of, models_of

__all__ = ["MESHED", "Line", "Tree", "build_tree", "build_trees", "model_of", "models_of", "murray_radii", "poiseuille"]
