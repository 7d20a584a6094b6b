"""From a plan to the manifest in the cohort's folder, unless the base case has changed meanwhile."""

from __future__ import annotations

import difflib
import json
from typing import Any

from pennes import __version__
from pennes.ensemble.designs import block
from pennes.ensemble.folder import SCHEMA, CohortFolder, write_file
from pennes.ensemble.manifest import Manifest, manifest_text, read_manifest
from pennes.ensemble.plan import Plan
from pennes.errors import InputError


def is_settled(plan: Plan, folder: CohortFolder, *, accept_changed_base: bool = False) -> bool:
    """Is the manifest in ``folder`` that of ``plan``?

    Raises InputError where the base case is another than that of the folder's cases, unless that is accepted.
    """
    header = folder.read_header()
    if header is None:
        return False
    if header["base"]["sha256"] != plan.base_sha256 and not accept_changed_base:
        raise _changed_base(plan, folder, header)
    known = header["definition_sha256"], header["base"]["sha256"], header["base"]["file"]
    return known == (plan.definition_sha256, plan.base_sha256, folder.base_file(plan.base_text).name)


def settle(plan: Plan, folder: CohortFolder, *, accept_changed_base: bool = False) -> Manifest:
    """The manifest of ``plan`` in ``folder``, written where it is new or the cohort has changed. Raises InputError as
    ``is_settled`` does, and where the disk refuses."""
    if is_settled(plan, folder, accept_changed_base=accept_changed_base):
        # The rows that were written count: another version of a library may draw other samples.
        return read_manifest(folder)
    header, base = folder.read_header(), folder.base_file(plan.base_text)
    if not base.exists():
        write_file(base, plan.base_text)
    before = [] if header is None else header["base"]["earlier"]
    if header is not None and header["base"]["sha256"] != plan.base_sha256:
        before = [*before, header["base"]["sha256"]]
    new = _header(plan, base.name, before)
    write_file(folder.manifest_file, manifest_text(plan.names, plan.rows, plan.shares.tolist()))
    write_file(folder.header_file, json.dumps(new, indent=2) + "\n")
    return Manifest(new, plan.names, plan.rows)


def _header(plan: Plan, base: str, before: list[str]) -> dict[str, Any]:
    cohort = plan.cohort
    return {
        "schema": SCHEMA,
        "title": cohort.title,
        "version": __version__,
        "cohort_file": plan.file.name,
        "definition_sha256": plan.definition_sha256,
        "base": {"sha256": plan.base_sha256, "file": base, "earlier": before},
        "design": cohort.design.model_dump(mode="json"),
        "block": block(cohort.design, len(plan.names)),
        "inputs": [{"name": name, "unit": given.unit, "meaning": given.meaning} for name, given in plan.inputs.items()],
        "cases": len(plan.rows),
        "keep": cohort.keep,
    }


def _changed_base(plan: Plan, folder: CohortFolder, header: dict[str, Any]) -> InputError:
    """Says in which line the base case differs from the one that the folder's cases were made of."""
    where = ""
    try:
        old = (folder.path / header["base"]["file"]).read_text(encoding="utf-8").splitlines()
    except OSError:
        old = []
    changes = [line for line in difflib.unified_diff(old, plan.base_text.splitlines(), n=0, lineterm="")][2:]
    gone = next((line[1:].strip() for line in changes if line.startswith("-")), None)
    come = next((line[1:].strip() for line in changes if line.startswith("+")), None)
    if gone is not None or come is not None:
        where = f": it had '{_short(gone)}' and has '{_short(come)}'"
    return InputError(
        f"the base case has changed since the cohort in '{folder.path}' was begun{where}",
        file=plan.file.parent / plan.cohort.base,
        expected="the same base case; another folder (-o); or --accept-changed-base: cases that are done stay",
    )


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= 80 else text[:77] + "..."
