"""How the mesh of a label map compares with the image: volumes, areas, and how far apart the surfaces are.

What a label is in the image is its smooth surface (``pennes.imaging.subvoxel``): the faces of voxels have half as much
area again, whatever their size. The voxels' own volume is given beside it.
"""

from __future__ import annotations

import numpy as np

from pennes.case.bodies import Box
from pennes.errors import InputError
from pennes.margin import DistanceField
from pennes.scene.arrays import FACETS, MeshArrays, facet_keys, signed_volumes
from pennes.scene.label_fields import LabelField
from pennes.scene.names import LabelComparison
from pennes.scene.plan import ScenePlan

VOLUME_TOLERANCE = 0.05
"""Of the volume of a target or a tissue."""
VESSEL_VOLUME_TOLERANCE, VESSEL_AREA_TOLERANCE = 0.03, 0.05
SURFACE_TOLERANCE = 0.3e-3
"""m, root mean square, of the mesh's surface of a target from the label's."""
LEAST_VESSEL = 0.1e-6
"""m3; of less vessel in the box (an end that reaches into it) nothing is judged."""


def facet_area(points: np.ndarray, facets: np.ndarray) -> float:
    """Sum over ``facets`` (k, 3), m2."""
    corners = points[facets]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(normals, axis=1).sum() / 2)


def enclosed_volume(mesh: MeshArrays, tag: int) -> float:
    """What the named surface ``tag`` of a positively oriented mesh contributes to the volume of its cells, m3: a third
    of the flux of the position through it, about the first point."""
    wall = mesh.facets[mesh.facet_tags == tag]
    on = np.zeros(len(mesh.points), dtype=bool)
    on[wall] = True
    faces = mesh.cells[on[mesh.cells].sum(axis=1) >= 3][:, FACETS].reshape(-1, 3)
    keys = facet_keys(np.concatenate([faces, wall]))
    outward = faces[np.isin(keys[: len(faces)], keys[len(faces) :])]
    a, b, c = np.moveaxis(mesh.points[outward] - mesh.points[0], 1, 0)
    return float(np.einsum("ij,ij->", np.cross(a, b), c) / 6)


def compared_vessel(field: LabelField, mesh: MeshArrays, lumen: float, wall: int, box: Box) -> LabelComparison:
    """A vessel of which the mesh lacks ``lumen`` m3 behind the surface of tag ``wall``."""
    area = facet_area(mesh.points, mesh.facets[mesh.facet_tags == wall])
    smooth, voxels = field.smooth(box), field.voxel_volume(box)
    return LabelComparison(
        field.name, "vessel", smooth.volume, lumen, voxels, image_area=smooth.area, mesh_area=area,
        unmeshed_volume=field.label_volume(box) - voxels,
    )  # fmt: skip


def compared_region(field: LabelField, mesh: MeshArrays, tag: int, box: Box, plan: ScenePlan) -> LabelComparison:
    """A tissue or a target, the cells of ``tag``. The metal in it is no part of the mesh, and counts in neither
    volume."""
    cells = mesh.cells[mesh.cell_tags == tag]
    volume = float(np.abs(signed_volumes(mesh.points, cells)).sum())
    rms = None
    if field.kind == "target" and len(cells):
        faces = cells[:, FACETS].reshape(-1, 3)
        keys = facet_keys(np.concatenate([faces, mesh.facets]))
        _, first, count = np.unique(keys[: len(faces)], return_index=True, return_counts=True)
        # Metal and walls bound the region too, but are not the label's surface.
        outer = first[(count == 1) & ~np.isin(keys[first], keys[len(faces) :])]
        corners = mesh.points[faces[outer]]
        areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        distance, _ = DistanceField(*field.surface())(corners.mean(axis=1))
        rms = float(np.sqrt(np.average(distance**2, weights=areas)))
    metal = sum(
        float(np.mean(field.level(wire.sample()) > 0)) * wire.path.length * np.pi * wire.radius**2
        for wire in plan.wires
    )
    smooth = field.smooth(box)
    voxels = field.voxel_volume(box)
    return LabelComparison(field.name, field.kind, smooth.volume - metal, volume, voxels - metal, rms)


def differences(found: list[LabelComparison]) -> list[tuple[str, str, str]]:
    """What is beyond the tolerances: in words, the key of the edges that are to blame, and what was asked."""
    beyond = []
    for label in found:
        vessel = label.kind == "vessel"
        if vessel and label.image_volume < LEAST_VESSEL:
            continue
        key = {"vessel": "accuracy.mesh.vessel", "target": "accuracy.mesh.lesion"}.get(label.kind, "accuracy.mesh")
        allowed = VESSEL_VOLUME_TOLERANCE if vessel else VOLUME_TOLERANCE
        if abs(label.volume_error) > allowed:
            words = (
                f"'{label.name}' has {1e6 * label.image_volume:.3g} ml in the image ({1e6 * label.voxel_volume:.3g} ml "
                f"of voxels) and {1e6 * label.mesh_volume:.3g} ml in the mesh"
            )
            beyond.append((words, key, f"at most {100 * allowed:g} % of difference"))
        if vessel and abs(label.area_error) > VESSEL_AREA_TOLERANCE:
            words = (
                f"the wall of '{label.name}' has {1e4 * label.image_area:.3g} cm2 in the image and "
                f"{1e4 * label.mesh_area:.3g} cm2 in the mesh"
            )
            beyond.append((words, key, f"at most {100 * VESSEL_AREA_TOLERANCE:g} % of difference"))
        if label.surface_rms is not None and label.surface_rms > SURFACE_TOLERANCE:
            words = f"the mesh's surface of '{label.name}' is {1e3 * label.surface_rms:.2g} mm (root mean square) off"
            beyond.append((words, key, f"at most {1e3 * SURFACE_TOLERANCE:g} mm"))
    return beyond


def judged(found: list[LabelComparison], accept: bool) -> tuple[str, ...]:
    """The differences beyond the tolerances as warnings, where the case accepts them. Raises InputError where not."""
    beyond = differences(found)
    if beyond and not accept:
        words, key, expected = beyond[0]
        more = f" (and {len(beyond) - 1} more)" if len(beyond) > 1 else ""
        raise InputError(
            words + more, key=key, expected=f"{expected}: smaller edges, or body: {{accept_differences: true}}"
        )
    return tuple(f"{words}; {expected} was asked" for words, _, expected in beyond)
