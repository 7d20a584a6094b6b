"""The reference page and the JSON Schema of the cohort file, made from the models.

``python -m pennes.ensemble.reference FOLDER`` writes them anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pennes.case.reference import sections
from pennes.ensemble.models import Cohort

INTRODUCTION = """# The cohort file, key by key

This page is made from the models in `solver/pennes/ensemble` (`python -m pennes.ensemble.reference configs`); editors
complete and check keys with `cohort.schema.json` beside it: `# yaml-language-server: $schema=../cohort.schema.json`.

- Each **input** has a name and says what it changes. Without `kind` it replaces values at a `path` of the case (a key
  as after `--set`; of a property of a tissue the name alone): with a `distribution` of the value, a `factor` on the
  base case's value, a list of `values`, or, with none of these, the distribution of the library's record. Several paths
  in one input go together, each by its own record. The other kinds move vessels and needles.
- Quantities carry the unit of what they stand for; all of a distribution are converted to the unit of the first.
- All distributions are bounded: normal and lognormal ones at three standard deviations unless `low` and `high` say
  otherwise.
- `set` and `accuracy` change all cases of the cohort; the base case's file stays as it is. A base case that changes
  after the cohort was begun is refused, unless `--accept-changed-base` is given.
- `hpc/README.md` says how cohorts are run on a cluster.
"""


def generated_files() -> dict[str, str]:
    """Name and text of every generated file of ``configs/`` that is about cohorts."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Cohort.model_json_schema()}
    schema["title"] = "A cohort of pennes"
    return {
        "COHORTS.md": "\n".join([INTRODUCTION, *sections(Cohort)]),
        "cohort.schema.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    for file, text in generated_files().items():
        (Path(sys.argv[1]) / file).write_text(text, encoding="utf-8")
