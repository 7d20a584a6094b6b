"""The words of the report: every number comes from the run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pennes.cli.validate import Figure
from pennes.outcome.acceptance import Contrast, Gate, Predicted
from pennes.outcome.confront import Cohorts, HeldOut
from pennes.outcome.description import SeriesDescription
from pennes.outcome.models import TwoLengths
from pennes.outcome.slopes import Slopes


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def per_cent(share: float) -> str:
    return f"{100.0 * share:.0f}"


def of_series(series: Mapping[str, SeriesDescription], cohorts: Cohorts) -> list[str]:
    rows = []
    for name, one in series.items():
        patients = cohorts.patients[name]
        worst = patients.margins.min(axis=1)
        low, middle, high = np.quantile(worst, [0.1, 0.5, 0.9])
        rows.append(
            [
                name,
                one.approach,
                {"calibrate": "fitted", "test": "only predicted", "context": "context"}[one.use],
                f"{one.size.mean:g} ({one.size.low:g}-{one.size.high:g})",
                f"{patients.applications.mean():.1f}",
                f"{middle:.1f} ({low:.1f} to {high:.1f})",
                per_cent(float(np.mean(patients.read_2d >= -0.5))),
                str(len(one.assumed)),
            ]
        )
    head = [
        "series",
        "approach",
        "use",
        "size, mm",
        "applications",
        "true smallest margin, mm (10 to 90 %)",
        "seen covered in slices, %",
        "assumptions",
    ]
    return [
        "The virtual patients, drawn before anything was fitted to recurrence (series/*.yaml says what was assumed of "
        "each).",
        table(head, rows),
    ]


def of_fit(hazard: HeldOut) -> list[str]:
    fitted, prior = hazard.full, TwoLengths.prior
    low, high = fitted.interval()
    said = {
        "log near": "a1, per cm2",
        "log far": "a2, per cm2",
        "log near length": "l1, mm",
        "log far length": "l2, mm",
        "mutant": "hazard ratio of RAS mutant",
        "log tau": "tau, scatter between centres",
    }
    rows = []
    for number, name in enumerate(prior.names):
        scale = 100.0 if name in ("log near", "log far") else 1.0

        def shown(value: float, scale: float = scale) -> str:
            return f"{scale * np.exp(value):.3g}"

        reach = 1.96 * prior.deviations[number]
        middle = prior.means[number]
        before = f"{shown(middle)} ({shown(middle - reach)} to {shown(middle + reach)})"
        after = f"{shown(fitted.best[number])} ({shown(low[number])} to {shown(high[number])})"
        rows.append([said[name], before, after])
    return [
        f"The fit, to {len(fitted.used)} strata marked calibrate: {'; '.join(fitted.used)}. {fitted.effective:.0f} "
        "independent draws.",
        table(["parameter", "prior (95 %)", "fitted (95 %)"], rows),
    ]


def of_strata(rows: Sequence[Predicted]) -> list[str]:
    lines = []
    for row in rows:
        low, high = row.interval()
        stratum = row.stratum
        lines.append(
            [
                stratum.name,
                "fitted; here left out" if stratum.use == "calibrate" else "never fitted",
                str(stratum.n or "not published"),
                per_cent(stratum.rate),
                per_cent(row.mean),
                f"{per_cent(low)} to {per_cent(high)}",
                per_cent(row.width),
                "inside" if row.covered else "OUTSIDE",
            ]
        )
    head = ["stratum", "use", "n", "published, %", "predicted, %", "95 % prediction", "width", ""]
    return [
        "Every stratum as predicted by a fit that has not seen its series. Where no count is published the interval "
        "holds no sampling error of the series, which it would need: it is too narrow, and no count is invented.",
        table(head, lines),
    ]


def of_contrasts(found: Sequence[Contrast]) -> list[str]:
    rows = [
        [
            one.series,
            f"{one.large} v. {one.small}",
            f"{np.exp(one.predicted):.1f}",
            f"{np.exp(one.observed):.1f}",
            "-" if one.interval is None else f"{np.exp(one.interval[0]):.1f} to {np.exp(one.interval[1]):.1f}",
        ]
        for one in found
    ]
    head = ["series", "sizes, cm", "predicted odds ratio", "published", "95 % of the published"]
    return ["Large against small tumours of one series, in which the centre cancels.", table(head, rows)]


def of_scores(found: Mapping[str, HeldOut]) -> list[str]:
    names = list(next(iter(found.values())).scores)
    rows = [
        [model, *(f"{one.scores[name]:.2f}" for name in names), f"{one.score:.2f}", f"{one.test_score:.2f}"]
        for model, one in found.items()
    ]
    best = max(found, key=lambda name: found[name].score)
    best_test = max(found, key=lambda name: found[name].test_score)
    return [
        "Log score of each series by a fit that has not seen it (higher is better); the last columns add up the series "
        f"left out in turn, and those that are never fitted. The best of the first is the {best}, of the second the "
        f"{best_test}.",
        table(["model", *names, "left out in turn", "never fitted"], rows),
    ]


def of_slopes(found: Mapping[str, Slopes], published: Mapping[str, tuple[float, float]]) -> list[str]:
    rows = []
    for reading, said in (("2D", "in slices after 4-8 weeks"), ("3D", "on the surface, during")):
        one = found[reading]
        low, high = one.interval("margin")
        given = published[f"margin {reading}"]
        rows.append(
            [
                f"margin {said}",
                f"{one.pooled_margin:.2f} ({low:.2f} to {high:.2f})",
                f"{given[0]:.3g}" if given[0] == given[1] else f"{given[0]:.2g} to {given[1]:.2g}",
                f"{-5.0 / np.log(one.pooled_margin):.1f}",
                f"{-5.0 / np.log(given[1]):.1f}",
            ]
        )
    one = found["2D"]
    low, high = one.interval("size")
    rows.append(["size", f"{one.pooled_size:.2f} ({low:.2f} to {high:.2f})", f"{published['size'][0]:.2f}", "-", "-"])
    return [
        "Wang's regression repeated on virtual series of the same number of tumours, with a hazard that was fitted "
        "without Wang: hazard ratios per 5 mm of margin and of size. The same tumours, with the same progressions, "
        "read in the other way give the second line. The centre's factor, which cancels in a ratio, is set to the "
        f"published share of progressions: {per_cent(one.events)} % of the virtual tumours progress.",
        table(
            ["", "predicted (95 % of such series)", "published", "predicted e-folding, mm", "published, mm"],
            rows,
        ),
    ]


def of_context(trial: Mapping[str, float], achieved: Sequence[Mapping], missed: Sequence[Mapping]) -> list[str]:
    rows = [
        [
            r["margin"],
            per_cent(r["predicted"]),
            f"{per_cent(r['low'])} to {per_cent(r['high'])}",
            per_cent(r["published"]),
        ]
        for r in achieved
    ]
    seen = "; ".join(f"{100.0 * row['missed']:.0f} with {row['modality']}" for row in missed)
    return [
        f"COLLISION: {100 * trial['predicted']:.1f} % ({100 * trial['low']:.1f} to {100 * trial['high']:.1f}) of its "
        f"{trial['n']:.0f} tumours are predicted to progress after one treatment; published is "
        f"{100 * trial['published']:.1f} % after repeated treatment, which is an upper bound on control and no primary "
        "rate: it cannot confirm the prediction.",
        "CLOCC, worst margin of a patient, of those whose margin is known:",
        table(["margin", "predicted, %", "95 % of samples as large", "published, %"], rows),
        f"Imaging: with COLLISION's sizes ({per_cent(missed[0]['small'])} % below 10 mm), for 100 metastases that are "
        f"shown so many are missed: {seen}. A missed metastasis beside a zone is counted as local progression in "
        "every series and is not in the hazard.",
    ]


def of_sensitivity(rows: Sequence[Mapping]) -> list[str]:
    head = [
        "assumption changed",
        "l1, mm",
        "l2, mm",
        "tau",
        "25 mm with 5 mm of margin, 2 years, %",
        "HR per 5 mm in slices",
        "never fitted: observed / expected",
        "rank correlation",
        "strata without patients",
    ]
    lines = [
        [
            row["assumption"],
            f"{row['near']:.1f}",
            f"{row['far']:.1f}",
            f"{row['tau']:.2f}",
            f"{100 * row['plan']:.0f}",
            f"{row['slope']:.2f}",
            f"{row['ratio']:.2f}",
            f"{row['rank']:.2f}",
            str(row["left_out"]),
        ]
        for row in rows
    ]
    return ["Sensitivity: patients drawn and hazard fitted anew under another assumption.", table(head, lines)]


def of_limits(rows: Sequence[Predicted], found: Sequence[Gate]) -> list[str]:
    failed = [gate.name for gate in found if not gate.passed]
    outside = [
        f"{row.stratum.name} (published {per_cent(row.stratum.rate)} %, predicted {per_cent(row.mean)} %)"
        for row in rows
        if not row.covered
    ]
    said = "Lines that fail: " + ("; ".join(failed) if failed else "none") + "."
    where = "Strata outside: " + ("; ".join(outside) if outside else "none") + "."
    low = [row for row in rows if row.stratum.rate < row.mean]
    return [
        f"{said} {where} Of {len(rows)} strata {len(low)} are predicted higher than published.",
        "Why levels may fail: devices, planned overlaps and repetitions are the rules of the field, assumed to be "
        "the same for all patients of a series, and what an operator did with the tumour before him is not known. "
        "The zones of the simulated electrode are wider than its operators count on (table of devices), and "
        "margins with them; the hazard's densities take up what is too wide everywhere, but not what is too wide "
        "for one device only (sensitivity: zones a fifth smaller or larger). A centre's factor far from 1 that "
        "margins do not explain shows as a series that is off as a whole.",
        "What this comparison cannot tell: whether the zones are right in patients; which part of a difference "
        "between series is margin and which is follow-up, definition of progression, chemotherapy or selection, "
        "since sizes and follow-up of most series are assumed; the two lengths apart from their priors (see the "
        "table of the fit); anything about progression after microwaves; and single patients. Tumours are balls, "
        "needles are parallel, and a zone knows nothing of what was heated before it. Crude rates are over "
        "assumed follow-up; death as a competing risk is not modelled.",
    ]


def of_provenance(provenance: Mapping) -> str:
    sums = "; ".join(f"{name} {digest[:12]}" for name, digest in provenance["data_sha256"].items())
    return (
        f"Seed {provenance['seed']}, {provenance['patients_per_series']} virtual patients a series. SHA-256 of the "
        f"data: {sums}. The fit is recurrence.json, with the checksums of all descriptions."
    )


def page(lines: Sequence[Figure], notes: Sequence[str], pictures: Sequence[Path]) -> str:
    """The whole result in Markdown."""

    def number(value: float | str) -> str:
        return value if isinstance(value, str) else f"{value:.3g}"

    rows = [
        [
            line.name,
            f"{number(line.measured)} {line.unit}".strip(),
            f"{line.expected} {line.tolerance}".strip(),
            "pass" if line.passed else "**FAIL**",
        ]
        for line in lines
    ]
    shown = [f"![{picture.stem.replace('_', ' ')}]({picture.name})" for picture in pictures]
    head = "# Result of the last committed run\n\nWritten by `pennes validate recurrence`."
    return "\n\n".join([head, table(["figure", "measured", "expected", ""], rows), *shown, *notes]) + "\n"
