"""What the labels of a patient are, by their names."""

from __future__ import annotations

from pennes.imaging import LabelMap

ROLES: dict[str, tuple[str, ...]] = {
    "tumour": ("tumour", "tumor", "cancer", "lesion", "metasta"),
    "liver": ("liver",),
    "bile duct": ("bile", "hepatic duct", "biliary"),
    "bowel": ("colon", "bowel", "duodenum", "stomach", "intestine", "rectum", "esophagus"),
    "vulnerable": ("gallbladder", "diaphragm", "heart", "lung", "kidney", "pancreas", "adrenal"),
    "vessel": ("vein", "vessel", "artery", "vena", "cava", "aorta"),
}
"""Words of a name, in the order in which they are looked for: "liver_tumor" is a tumour, "liver_vessels" a vessel."""


def role(name: str) -> str | None:
    """The role of a label by its name; None where the name says nothing."""
    plain = name.lower().replace("_", " ")
    for key, words in ROLES.items():
        if any(word in plain for word in words):
            if key == "liver" and "vessel" in plain:
                return "vessel"
            return key
    return None


def by_role(labels: LabelMap) -> dict[str, list[int]]:
    """Label numbers of every role that occurs."""
    found: dict[str, list[int]] = {}
    for number in labels.present:
        key = role(labels.name(number))
        if key is not None:
            found.setdefault(key, []).append(number)
    return found
