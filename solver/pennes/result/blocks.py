"""The blocks of summary.json, with what their keys mean."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Fraction = Annotated[float, Field(ge=-1e-9, le=1 + 1e-9)]
PointMm = tuple[float, float, float]


def _missing(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


Optional = Annotated[float | None, BeforeValidator(_missing)]
"""A number, or null where there is none; nan counts as none."""


class Block(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True, frozen=True)


class Provenance(Block):
    version: str
    packages: dict[str, str]
    ranks: int = Field(ge=1)
    case_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    recipe_hash: str | None = None
    """Of the mesh recipe."""
    date: str = ""
    platform: str = ""
    python: str = ""
    resumed_at_s: list[float] = []
    """Simulated times at which the run was taken up again from a checkpoint."""
    peak_memory_mib: Optional = None
    """Largest resident memory, summed over ranks."""


class MeshQuality(Block):
    min_dihedral_deg: Optional = None
    min_radius_ratio: Optional = None
    """3 x inscribed over circumscribed radius; 1 is a regular tetrahedron."""
    p01_radius_ratio: Optional = None
    """First percentile."""


class Mesh(Block):
    vertices: int = Field(gt=0)
    cells: int = Field(gt=0)
    h_min_mm: float = Field(gt=0)
    """Shortest edge."""
    h_max_mm: Optional = None
    quality: MeshQuality | None = None


class Time(Block):
    simulated_s: float = Field(ge=0)
    steps: int = Field(ge=0)
    """Accepted steps."""
    wall_s: float = Field(ge=0)
    loop_wall_s: float = Field(ge=0)
    setup_wall_s: float = Field(ge=0)
    """All before the first step ..."""
    mesh_wall_s: Optional = None
    """... of it: the mesh is made, or read from the cache or a file, ..."""
    distribution_wall_s: Optional = None
    """... spread over the ranks, ..."""
    assembly_wall_s: Optional = None
    """... and laws, forms and matrices are set up (on a resume the checkpoint is read)."""


class Temperature(Block):
    max_c: float
    """Highest temperature anywhere at any time."""


class ContractedZone(Block):
    """The zone as it would be measured after the treatment, when heated tissue has contracted."""

    volume_ml: float
    diameters_mm: tuple[float, float, float]
    """Along the applicator, and the two principal ones across it."""
    largest_strain: Fraction
    """Largest share by which lengths have shrunk anywhere."""


class Zone(Block):
    criterion: str
    volume_ml: float = Field(ge=0)
    diameters_mm: tuple[float, float, float] | None = None
    """Along the applicator, and the two principal ones across it."""
    after_contraction: ContractedZone | None = None
    """Volume and diameters above are those of the tissue as it was before; margins are too."""


class SurfaceShare(Block):
    """Shares of the target's surface by signed margin in mm."""

    below_0: Fraction = Field(description="Not covered.")
    from_0_to_5: Fraction = Field(alias="0_to_5")
    from_5_to_10: Fraction = Field(alias="5_to_10")
    above_10: Fraction

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class Target(Block):
    name: str
    volume_ml: float = Field(ge=0)
    required_margin_mm: float = Field(ge=0)
    minimal_margin_mm: Optional
    """Signed: smallest distance from the target's surface to the zone's, negative where target is left uncovered."""
    worst_point_mm: PointMm | None
    """Where on the target's surface the margin is smallest."""
    worst_direction: str | None = None
    """The same place in words."""
    covered_fraction: Fraction
    """Of the target's volume."""
    surface_share: SurfaceShare
    share_below_required: Fraction | None = None
    """Of the target's surface, by area."""
    mean_margin_mm: Optional = None
    quartiles_mm: tuple[float, float, float] | None = None
    achieved: bool
    """The required margin is reached everywhere."""


class BranchResult(Block):
    number: int
    name: str
    model: str
    diameter_mm: float
    cooling_power_w: float
    """Largest power taken from the tissue at any time."""
    heat_removed_j: float
    coagulated: bool = False
    """It stopped flowing because its wall died."""


class VesselResult(Block):
    name: str
    cooling_power_w: Optional
    """Largest power taken from the tissue at any time."""
    heat_removed_j: float
    outlet_temperature_max_c: Optional = None
    """Warmest blood that left the vessel at any time, mixed over its cross-section; null where blood does not warm
    (labels of a label map)."""
    branches: list[BranchResult] = []
    """Those that took most heat, most first."""


class GeneratorEvent(Block):
    time_s: float
    kind: str
    message: str


class GeneratorResult(Block):
    energy_delivered_j: float
    mean_power_w: float
    """Over the time from the start to the generator's end."""
    max_power_w: Optional = None
    impedance_start_ohm: Optional = None
    impedance_min_ohm: Optional = None
    impedance_end_ohm: Optional = None
    on_time_s: Optional = None
    roll_offs: int | None = None
    events: list[GeneratorEvent] = []


class AntennaResult(Block):
    """A microwave antenna."""

    name: str
    frequency_mhz: float
    s11_start_db: Optional = None
    """|S11| at the antenna's port when power first flowed ..."""
    s11_worst_db: Optional = None
    """... at its largest ..."""
    s11_end_db: Optional = None
    """... and when it last flowed."""
    budget_j: dict[str, float] = {}
    """set = cable + shaft + reflected + absorbed + elsewhere + needle + radiated; forward is what reaches the port.
    absorbed: by tissue of the mesh; elsewhere: where the mesh has none (vessels, beyond the body); needle: in the
    needle's own dielectrics (coolant); radiated: out of the section in which the field is solved."""
    budget_residual_fraction: float
    """What is missing in that sum, over ``set``."""
    mapping_scale: tuple[Optional, Optional] = (None, None)
    """Smallest and largest factor that made the mapped power the field's."""
    axis_spread_k: Optional = None
    """How far the tissue was from axisymmetric when power last flowed: standard deviation of the temperature around the
    antenna's axis, root mean square weighted with the power absorbed."""
    axis_spread_max_k: Optional = None
    field_solves: int = 0
    section_triangles: int = 0
    """Of an axisymmetric field."""
    field_unknowns: int = 0
    """Complex unknowns of a field in three dimensions, with all antennas together ..."""
    field_tetrahedra: int = 0
    field_factorisations: int = 0
    """... how often its matrix was factored, and the iterations of all solves."""
    field_iterations: int = 0


class Energy(Block):
    """Energy budget from the start to the end."""

    deposited_j: float
    stored_j: float
    perfusion_j: float
    vessels_j: float
    surface_j: float
    applicator_cooling_j: float = 0.0
    residual_fraction: float
    """Largest imbalance at any step over the energy deposited."""


class CriterionResult(Block):
    volume_ml: float = Field(ge=0)
    minimal_margin_mm: dict[str, Optional] = {}
    """By target."""


class OrganResult(Block):
    name: str
    max_c: float
    max_cem43_min: float
    max_arrhenius: Optional = None
    """Largest Arrhenius damage integral; 1: 63 % of cells dead."""


class LabelResult(Block):
    """A label of the patient's map in the simulated box, in the image and in the mesh."""

    name: str
    kind: str = ""
    """vessel, tissue or target."""
    image_volume_ml: float
    """Inside the label's smooth surface."""
    voxel_volume_ml: Optional = None
    mesh_volume_ml: float
    unmeshed_volume_ml: Optional = None
    """Of a vessel's voxels that are too thin for the mesh."""
    image_area_cm2: Optional = None
    """Of a vessel's smooth wall."""
    mesh_area_cm2: Optional = None
    surface_rms_mm: Optional = None
    """Of the mesh's surface from the label's, root mean square by area."""


class CriterionOfAblatability(Block):
    """A published rule for ablations, held against the plan."""

    source: str
    quantity: str
    comparison: str
    value: float
    unit: str
    """Of ``value``, ``measured`` and ``error``."""
    strength: str
    """How the source puts it: criterion, limit, aim, preferred, ..."""
    text: str
    """What the source adds."""
    measured: Optional
    error: float
    """Up to which ``measured`` may be off."""
    remark: str
    """What was measured, or why it was not."""
    state: Literal["met", "not met", "needs attention", "not assessable"]


class Solver(Block):
    newton: int = 0
    """Newton iterations of all steps."""
    linear_iterations: int = 0
    rejected_steps: int = 0
    """Steps repeated because their error was too large."""
    failed_solves: int = 0
    """Steps halved because a solve did not converge."""
    potential_solves: int | None = None
