"""The heat-sink question: how likely is the margin, beside this vessel, with this device? Answered from an atlas.

A query needs NumPy alone. Making an atlas (``build``) reads the result folders of a cohort and needs scikit-learn.
"""

from pennes.risk.atlas import Atlas, known_devices
from pennes.risk.query import Answer, Question

__all__ = ["Answer", "Atlas", "Question", "known_devices"]
