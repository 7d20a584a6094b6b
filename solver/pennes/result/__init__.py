"""The result folder of a run: fields, history, surfaces, summary, checkpoint, provenance.

Importing it costs little: DOLFINx, h5py and VTK are imported where they are used.
"""

from pennes.result.checkpoint import Checkpoint, find_checkpoint, read_checkpoint, write_checkpoint
from pennes.result.fields import FieldWriter
from pennes.result.folder import ResultFolder
from pennes.result.history import History
from pennes.result.provenance import provenance
from pennes.result.summary import Summary, make_summary, read_summary

__all__ = [
    "Checkpoint",
    "FieldWriter",
    "History",
    "ResultFolder",
    "Summary",
    "find_checkpoint",
    "make_summary",
    "provenance",
    "read_checkpoint",
    "read_summary",
    "write_checkpoint",
]
