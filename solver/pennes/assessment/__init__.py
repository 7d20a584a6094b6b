"""What label maps say of a plan or a treatment: margins, organs at risk, published criteria. No DOLFINx."""

from pennes.assessment.criteria import Judgement, criteria
from pennes.assessment.margins import MarginReport, Needle, TargetMargins, measure
from pennes.assessment.patient import assess
from pennes.assessment.segments import Segment, Source

__all__ = ["Judgement", "MarginReport", "Needle", "Segment", "Source", "TargetMargins", "assess", "criteria", "measure"]
