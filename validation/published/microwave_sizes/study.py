"""Coagulation sizes of microwave antennas: one fitted number for He 2010, and what others measured."""

import csv
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure as Drawing

from pennes.cli.validate import Figure, StudyResult
from pennes.verification.zones import diameters

HERE = Path(__file__).parent
MINUTES = (6, 8, 10, 12, 14, 16)
POWERS = (30, 40, 50)
TRIED = (0.8, 0.9, 1.0)
"""Efficiencies simulated; between them sizes are interpolated by their logarithms."""
AXIS = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Row:
    """A measured lesion: power in W, minutes, short and long axis in mm (nan: not given)."""

    source: str
    setting: str
    power: float
    minutes: float
    short: float
    long: float


def measured() -> list[Row]:
    """The microwave rows of data.csv."""
    with open(HERE / "data.csv", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    rows = []
    for entry in csv.DictReader(lines):
        words = entry["protocol"].split()
        long = float(entry["lad_mm"]) if entry["lad_mm"] else float("nan")
        rows.append(
            Row(entry["source"], entry["setting"], float(words[0]), float(words[2]), float(entry["sad_mm"]), long)
        )
    return rows


def simulate(case: Path, folder: Path, *settings: str) -> Path:
    """Run a case with ``--set`` settings."""
    command = [sys.executable, "-m", "pennes", "run", str(case), "-o", str(folder), "--overwrite", "--quiet"]
    for setting in settings:
        command += ["--set", setting]
    subprocess.run(command, check=True)
    return folder


def sizes(folder: Path, minutes: float) -> np.ndarray:
    """Short and long axis (2,) in mm of the dead zone after so many minutes."""
    along, wide, narrow = 1e3 * diameters(folder, "damage", 1.0, 60.0 * minutes, AXIS)
    return np.array([0.5 * (wide + narrow), along])


def he_sizes(output: Path, efficiency: float) -> np.ndarray:
    """Sizes (powers, times, 2) in mm: one run of 16 minutes a power gives all times."""
    found = []
    for power in POWERS:
        settings = (
            f"protocol.set_power={power} W",
            f"applicators.antenna.device.antenna.efficiency={100 * efficiency:g} %",
        )
        folder = simulate(HERE / "he_2010.yaml", output / f"he_{power}W_{100 * efficiency:.0f}", *settings)
        found.append([sizes(folder, minutes) for minutes in MINUTES])
    return np.array(found)


def fitted(table: dict[float, np.ndarray], short: np.ndarray) -> float:
    """The efficiency whose largest relative deviation of the short axis (powers, times) is smallest."""
    tried = np.linspace(min(table), max(table), 41)
    known = np.log([table[value][..., 0] for value in table])
    worst = []
    for value in tried:
        number = int(np.clip(np.searchsorted(list(table), value) - 1, 0, len(table) - 2))
        low, high = list(table)[number], list(table)[number + 1]
        share = np.log(value / low) / np.log(high / low)
        guess = np.exp((1 - share) * known[number] + share * known[number + 1])
        worst.append(np.abs(guess / short - 1).max())
    return float(tried[int(np.argmin(worst))])


def run(output: Path) -> StudyResult:
    """Fit the efficiency to He 2010, compare all rows, then predict the others with the same number."""
    rows = measured()
    he = [row for row in rows if row.source.startswith("He 2010")]
    at = {(row.power, row.minutes): row for row in he}
    short = np.array([[at[power, minutes].short for minutes in MINUTES] for power in POWERS])
    long = np.array([[at[power, minutes].long for minutes in MINUTES] for power in POWERS])
    table = {value: he_sizes(output, value) for value in TRIED}
    efficiency = round(fitted(table, short), 3)
    final = table.get(efficiency)
    final = he_sizes(output, efficiency) if final is None else final
    figures = []
    for i, power in enumerate(POWERS):
        for j, minutes in enumerate(MINUTES):
            name = f"He 2010, {power} W {minutes} min: short axis"
            figures.append(Figure.within(name, float(final[i, j, 0]), float(short[i, j]), 0.15, "mm"))
    notes = [
        f"Fitted efficiency {efficiency:g} (the one number).",
        "",
        "| row | long axis here | measured |",
        "|---|---|---|",
    ]
    for i, power in enumerate(POWERS):
        for j, minutes in enumerate(MINUTES):
            notes.append(f"| He 2010, {power} W {minutes} min | {final[i, j, 1]:.1f} mm | {long[i, j]:.0f} mm |")
    notes += ["", "| others, same efficiency | short axis here | measured |", "|---|---|---|"]
    for row in (row for row in rows if row not in he):
        found = predict(output, row, efficiency)
        notes.append(
            f"| {row.source}, {row.setting}, {row.power:g} W {row.minutes:g} min | {found[0]:.1f} mm "
            f"({100 * (found[0] / row.short - 1):+.0f} %) | {row.short:g} mm |"
        )
    picture = draw(output, final, short, long)
    title = "Coagulation sizes of cooled microwave antennas, ex vivo and in vivo"
    return StudyResult(title, figures, "\n".join(notes), [picture])


def predict(output: Path, row: Row, efficiency: float) -> np.ndarray:
    """Sizes (2,) in mm for another source's row: perfused at 37 C where the setting is a living human."""
    human = row.setting.startswith("human")
    tissue = "hcc" if "HCC" in row.setting else "colorectal_metastasis"
    settings = [
        f"protocol.set_power={row.power:g} W",
        f"protocol.duration={row.minutes:g} min",
        "output.every=1 min",
        f"applicators.antenna.device.antenna.efficiency={100 * efficiency:g} %",
    ]
    if human:
        settings += [
            "body.temperature=37 degC",
            "body.surroundings.temperature=37 degC",
            "body.tissue=liver",
            f"targets=[{{name: tumour, diameter: 25 mm, centre: [0 mm, 0 mm, 0 mm], tissue: {tissue}}}]",
        ]
    state = f"living_{tissue}" if human else "ex_vivo"
    name = f"{row.source.split()[0].lower()}_{row.power:g}W_{row.minutes:g}min_{state}"
    return sizes(simulate(HERE / "he_2010.yaml", output / name, *settings), row.minutes)


def draw(output: Path, found: np.ndarray, short: np.ndarray, long: np.ndarray) -> Path:
    """Short and long axes over time, simulated (lines) and measured (points)."""
    figure = Drawing(figsize=(9.0, 3.8), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, part, data, name in zip(panels, (0, 1), (short, long), ("short", "long"), strict=True):
        for i, (power, colour) in enumerate(zip(POWERS, ("#0072b2", "#009e73", "#d55e00"), strict=True)):
            axes.plot(MINUTES, found[i, :, part], color=colour, label=f"{power} W, simulated")
            axes.plot(MINUTES, data[i], "o", color=colour, label=f"{power} W, measured")
            if part == 0:
                axes.fill_between(MINUTES, 0.85 * data[i], 1.15 * data[i], color=colour, alpha=0.08, linewidth=0)
        axes.set(title=f"{name.capitalize()} axis", xlabel="time, min", ylim=(0, 70))
        axes.grid(True, axis="y", alpha=0.4)
    panels[0].set_ylabel("diameter of the dead zone, mm")
    panels[0].legend(fontsize=7.5, ncols=2)
    file = output / "he_2010.png"
    figure.savefig(file, dpi=130)
    return file
