"""Published series of local progression against the whole chain: sizes -> zones -> needles -> margins -> recurrence."""

import resource
from pathlib import Path

import figures
import simulated
import words
import zones_in_words
from context import clocc, collision, imaging, published_slopes
from sensitivity import sensitivity

from pennes.cli.validate import Figure, StudyResult
from pennes.outcome.acceptance import contrasts, gates
from pennes.outcome.confront import compare, predictions, prepare
from pennes.outcome.description import read_all_series
from pennes.outcome.hazard import Onset
from pennes.outcome.published import read_strata
from pennes.outcome.saved import checksums, write_fit
from pennes.outcome.slopes import published_share, slopes
from pennes.risk.atlas import DATA
from pennes.risk.sampler import simulated_zone

FOLDER = Path(__file__).resolve().parents[1]
SEED = 7
COUNT = 1200
"""Virtual patients of each series."""
DRAWS = 1000
REPEATS = 200
"""Virtual series for the slopes."""
ONSET = Onset()
SECONDS = 600.0
"""CPU time of the whole study (issue: ten minutes on two cores)."""
ZONES = "simulated (emulators of the shipped atlases cooled_tip_3cm and mwa_cooled_slot_14g; larger devices are scaled)"


def run(output: Path) -> StudyResult:
    """Draw the patients, then fit, predict what was left out, and compare."""
    started = _cpu_seconds()
    data, descriptions = FOLDER / "data", FOLDER / "series"
    series = read_all_series(descriptions)
    strata = read_strata(data, series)
    cohorts = prepare(series, strata, COUNT, SEED, ONSET, simulated_zone)
    found = compare(cohorts, SEED, DRAWS)
    hazard = next(iter(found.values()))
    rows = predictions(hazard, cohorts.groups, SEED)
    scores = {
        "series left out in turn": {name: one.score for name, one in found.items()},
        "series never fitted": {name: one.test_score for name, one in found.items()},
    }
    list_of_gates = gates(rows, scores, hazard.model.name)
    blind = hazard.without["Wang"]
    wang, share = cohorts.patients["Wang"], published_share(strata, "Wang")
    steep = {
        reading: slopes(blind, wang, reading, series["Wang"].tumours, REPEATS, SEED, ONSET, share)
        for reading in ("2D", "3D")
    }
    given = published_slopes(data)
    achieved = clocc(data, cohorts.patients["CLOCC"], SEED)
    trial = collision(data, series["COLLISION"], cohorts.patients["COLLISION"], hazard, ONSET, SEED)
    variants = sensitivity(series, strata, COUNT // 4, SEED, DRAWS // 2)
    checked = simulated.compare()
    provenance = {
        "seed": SEED,
        "patients_per_series": COUNT,
        "zones": ZONES,
        "atlas_sha256": checksums(DATA / f"{name}.npz" for name in {one.simulated.atlas for one in series.values()}),
        "data_sha256": checksums(data.glob("*.csv")),
        "series_sha256": checksums(descriptions.glob("*.yaml")),
    }
    write_fit(output / "recurrence.json", hazard.full, ONSET, provenance)
    pictures = [
        figures.strata(rows, "size", output / "by_size.png"),
        figures.strata(rows, "margin", output / "by_margin.png"),
        figures.calibration(rows, output / "calibration.png"),
        figures.margins(achieved, output / "margins_clocc.png"),
        figures.slope(steep, given, output / "slopes.png"),
    ]
    notes = [
        zones_in_words.caveat(ZONES),
        *words.of_series(series, cohorts),
        *zones_in_words.of_zones(series, cohorts),
        *zones_in_words.of_simulated(checked),
        *words.of_fit(hazard),
        *words.of_strata(rows),
        *words.of_contrasts(contrasts(rows)),
        *words.of_scores(found),
        *words.of_slopes(steep, given),
        *words.of_context(trial, achieved, imaging(data, cohorts.patients["COLLISION"])),
        *words.of_sensitivity(variants),
        *words.of_limits(rows, list_of_gates),
        words.of_provenance(provenance),
    ]
    spent = _cpu_seconds() - started
    lines = [
        *(Figure(gate.name, gate.value, gate.wanted, "", gate.unit, gate.passed) for gate in list_of_gates),
        _slope("6 hazard ratio per 5 mm of margin in slices", steep["2D"], "margin", given["margin 2D"]),
        _slope("6 hazard ratio per 5 mm of size", steep["2D"], "size", given["size"]),
        _slope("6 hazard ratio per 5 mm of margin on the surface", steep["3D"], "margin", given["margin 3D"]),
        *(
            Figure(
                f"7 CLOCC, share with {row['margin']}",
                row["published"],
                f"{row['low']:.2f} to {row['high']:.2f}",
                "95 % of samples as large",
                "",
                bool(row["low"] <= row["published"] <= row["high"]),
            )
            for row in achieved
        ),
        *simulated.lines(checked),
        Figure("9 CPU time of the study", spent, f"<= {SECONDS:g}", "", "s", spent <= SECONDS),
    ]
    (output / "result.md").write_text(words.page(lines, notes, pictures), encoding="utf-8")
    return StudyResult("Local progression: published series against the chain", lines, "\n\n".join(notes), pictures)


def _slope(name: str, found, which: str, published: tuple[float, float]) -> Figure:
    """Passed where what was published lies, in part at least, inside what series as large would show."""
    low, high = found.interval(which)
    pooled = getattr(found, f"pooled_{which}")
    inside = low <= published[1] and published[0] <= high
    wanted = f"{published[0]:.2g}" if published[0] == published[1] else f"{published[0]:.2g} to {published[1]:.2g}"
    return Figure(name, pooled, wanted, f"predicted 95 %: {low:.2g} to {high:.2g}", "", inside)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
