"""Tables of published rates."""

from pathlib import Path

import pytest

from pennes.errors import InputError
from pennes.outcome.description import read_all_series
from pennes.outcome.published import chosen, read_strata

FOLDER = Path(__file__).parents[2] / "validation/recurrence"
SERIES = read_all_series(FOLDER / "series")
STRATA = read_strata(FOLDER / "data", SERIES)


def test_no_tumour_is_counted_twice_in_a_table():
    """Solbiati's <3 holds <2 and 2-3; every 'all' holds its strata."""
    sizes = [stratum for stratum in STRATA if stratum.series == "Solbiati"]
    assert [(s.low, s.high, s.events, s.n) for s in sizes] == [
        (0.0, 20.0, 6, 123),
        (20.0, 30.0, 13, 68),
        (30.0, float("inf"), 5, 11),
    ]
    assert sum(s.n for s in sizes) == SERIES["Solbiati"].tumours


def test_a_shared_limit_belongs_to_the_upper_margin():
    lower, upper = (
        next(s for s in STRATA if s.series == "RAS 2024" and s.mutant and s.low == low) for low in (0.0, 5.0)
    )
    assert lower.high < 5.0 <= upper.low


def test_excluded_rows_are_gone_and_uses_are_kept():
    assert not any("Veltri" in stratum.series for stratum in STRATA)
    assert {s.series for s in chosen(STRATA, "test")} == {"Hammill", "Nielsen"}
    for name, series in SERIES.items():
        uses = {stratum.use for stratum in STRATA if stratum.series == name}
        assert uses == (set() if series.use == "context" else {series.use})


BAD = {
    "use": ("14,,,calibrate", "14,,,calibrated", "use: .*did you mean 'calibrate'"),
    "rate": ("percutaneous,<3,0,3,14,", "percutaneous,<3,0,3,fourteen,", "'fourteen' is not a number"),
    "events": ("5,123,6,", "5,123,,", "does not belong to n"),
    "series": ("Hamada,2012,percutaneous,<3", "Hamda,2012,percutaneous,<3", "not described.*did you mean 'Hamada'"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_refused_with_its_line(case, tmp_path):
    old, new, said = BAD[case]
    for file in (FOLDER / "data").glob("recurrence*.csv"):
        (tmp_path / file.name).write_text(file.read_text())
    file = tmp_path / "recurrence_by_size.csv"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if new in text)
    with pytest.raises(InputError, match=said) as raised:
        read_strata(tmp_path, SERIES)
    assert f"recurrence_by_size.csv, line {line}" in str(raised.value)
