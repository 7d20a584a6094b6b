"""The words of the report on zones: which devices, what lies outside of the atlases, the check in full simulation."""

from collections.abc import Mapping

import numpy as np
from words import per_cent, table

from pennes.outcome.confront import Cohorts
from pennes.outcome.description import SeriesDescription
from pennes.outcome.overlap import plan
from pennes.risk.sampler import simulated_zone


def caveat(zones: str) -> str:
    return (
        f"Zones: {zones}. An electrode or antenna of the atlases makes zones as they are simulated, whatever its "
        "operator counts on; a larger device is a scaled zone, since none was simulated. Research use only."
    )


def of_zones(series: Mapping[str, SeriesDescription], cohorts: Cohorts) -> list[str]:
    """What each operator has, and how much of it lies outside of what was simulated."""
    rows = []
    for name, one in series.items():
        zone, tumours = simulated_zone(one), cohorts.patients[name].tumours
        places, planned = plan(tumours.radius + one.policy.wanted, zone.counted_on(tumours), one.policy.applications)
        patient, number = np.nonzero(np.arange(places.shape[1]) < planned[:, None])
        outside = zone.outside(tumours.part(patient), places[patient, number])
        taken = np.bincount(zone.taken(tumours), minlength=len(zone.electrodes)) / len(tumours)
        widths = [f"{e.width or zone.width:.0f}" for e in zone.electrodes]
        said = [
            f"{given.name} ({width} mm; counts on {given.counted_on:g} mm; {per_cent(share)} %)"
            for given, width, share in zip(one.simulated.electrodes, widths, taken, strict=True)
        ]
        rows.append([name, "; ".join(said), f"{planned.mean():.1f}", *(per_cent(share) for share in outside.values())])
    head = ["series", "devices (median width of the zone; taken for)", "planned applications", *outside]
    return [
        "Devices, planned applications, and the share of them (per cent) that lies outside of what the atlas was made "
        "of. There the zone is that of the largest or smallest tumour, of the nearest needle, or of no vessel; where "
        "tumour and vessel lie stays as it is.",
        table(head, rows),
    ]


def of_simulated(found: Mapping[str, np.ndarray] | None) -> list[str]:
    """The subsample in full simulation."""
    if found is None:
        return [
            "A subsample in full simulation (configs/cohorts/recurrence_check.yaml) has not been run: whether emulated "
            "zones stand for simulated ones around tumours beyond 40 mm is not known here."
        ]
    rows = []
    for name, pair in found.items():
        if name == "tumour":
            continue
        error = pair[1] - pair[0]
        cells = [f"{error[mask].mean():+.2f} ({np.sqrt(np.mean(error[mask] ** 2)):.2f})" for mask in _sizes(found)]
        rows.append([name.replace("_mm", ", mm").replace("_", " "), *cells])
    up, beyond = (mask.sum() for mask in _sizes(found))
    return [
        "A subsample in full simulation, one application each: emulated less simulated, mean (root mean square).",
        table(["of a tumour's surface", f"tumours up to 40 mm ({up})", f"beyond 40 mm ({beyond})"], rows),
    ]


def _sizes(found: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    larger = found["tumour"] > 40.0
    return ~larger, larger
