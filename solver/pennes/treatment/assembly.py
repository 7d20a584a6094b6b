"""From a case and its domain to the parts of a treatment."""

from __future__ import annotations

import numpy as np

from pennes.bioheat import BioheatEquation, HeatIntegrator
from pennes.case.bodies import HalfSpace, LabelBody, Surroundings
from pennes.case.models import Case
from pennes.death import make_death_models
from pennes.elements import AxisymmetricElements, LinearElements, QuadraticElements
from pennes.energy import SOURCES
from pennes.errors import InputError
from pennes.scene import Domain
from pennes.scene.domain import NamedSurface
from pennes.scene.thin_vessels import network_vessel
from pennes.treatment.circulation import Circulation
from pennes.treatment.sinks import fixed_sink
from pennes.treatment.step import Physics
from pennes.treatment.tissues import TissueFields
from pennes.vasculature import build_trees
from pennes.vessel import MODELS, HeatSink, LabelWall, Site, VascularSink


def assemble(case: Case, domain: Domain) -> Physics:
    """The physics of ``case`` on ``domain``. Raises InputError where the case and the mesh do not fit together."""
    elements = make_elements(case, domain)
    tissues = TissueFields(domain, elements, case.body.blood)
    fixed, values = fixed_temperatures(case, domain, elements)
    equation = BioheatEquation(elements, tissues.enthalpy, case.body.temperature, fixed, values)
    source = SOURCES[case.applicators[0].device.kind]
    return Physics(
        tissues,
        HeatIntegrator(equation, case.accuracy.linear_tolerance),
        source(case, domain, elements, tissues),
        heat_sinks(case, domain, elements),
        make_death_models(case.death),
        case.death.criterion,
        Circulation(case.occlusions, case.vessels),
        time_tolerance=case.accuracy.time_tolerance,
        electric_update=case.accuracy.electric_update,
    )


def make_elements(case: Case, domain: Domain) -> LinearElements:
    """The elements of a treatment."""
    if domain.axis is not None:
        return AxisymmetricElements(domain.mesh, domain.axis)
    return (LinearElements if case.accuracy.element_degree == 1 else QuadraticElements)(domain.mesh)


def facets_of(domain: Domain, surface: NamedSurface) -> np.ndarray:
    """This rank's facets of a named surface."""
    return domain.facet_tags.find(surface.tag)


def _surface_nodes(domain: Domain, elements, surface: NamedSurface) -> np.ndarray:
    return elements.nodes_of(domain.facet_tags.dim, facets_of(domain, surface))


def _region_nodes(domain: Domain, elements, tag: int) -> np.ndarray:
    return elements.nodes_of(domain.cell_tags.dim, domain.cell_tags.find(tag))


def surroundings_of(case: Case, surface: NamedSurface) -> Surroundings | None:
    """What a surface of the body meets; None for surfaces of applicators and vessels."""
    if surface.kind == "free" and isinstance(case.body, HalfSpace):
        return case.body.free_surface
    return case.body.surroundings if surface.kind in ("outer", "free") else None


def fixed_temperatures(case: Case, domain: Domain, elements) -> tuple[np.ndarray, np.ndarray]:
    """Mask (n_local,) of nodes whose temperature is given, and the temperatures (n_local,) there."""
    fixed, values = np.zeros(elements.n_local, dtype=bool), np.full(elements.n_local, case.body.temperature)
    given = []
    for surface in domain.surfaces:
        meets = surroundings_of(case, surface)
        if meets is not None and meets.kind == "temperature":
            given.append((_surface_nodes(domain, elements, surface), meets.temperature))
        if surface.fixed_temperature is not None:
            given.append((_surface_nodes(domain, elements, surface), surface.fixed_temperature))
    for region in domain.regions:
        if region.fixed_temperature is not None:
            given.append((_region_nodes(domain, elements, region.tag), region.fixed_temperature))
    for mask, temperature in given:
        fixed |= mask
        values[mask] = temperature
    return fixed, values


def heat_sinks(case: Case, domain: Domain, elements) -> list[HeatSink]:
    """Vessels, cooled metal and convective surfaces of the domain."""
    sinks: list[HeatSink] = []
    for number, (vessel, tree) in enumerate(zip(case.vessels, build_trees(case), strict=True)):
        tags = [s.tag for s in domain.surfaces if s.vessel == vessel.name and s.kind == "wall"]
        facets = [domain.facet_tags.find(tag) for tag in tags]
        walls = np.sort(np.concatenate([*facets, np.empty(0, np.int32)]))
        site = Site(walls, domain.locate, case.body.tissue.thermal_conductivity.value)
        try:
            sinks.append(MODELS[vessel.model](elements, vessel, tree, site))
        except InputError as error:
            raise error.below(f"vessels.{number}") from None
    if isinstance(case.body, LabelBody):
        walls = {surface.vessel: facets_of(domain, surface) for surface in domain.surfaces if surface.kind == "wall"}
        sinks += [LabelWall(elements, vessel, walls[vessel.label]) for vessel in case.body.vessels]
        site = Site(np.empty(0, np.int32), domain.locate, case.body.tissue.thermal_conductivity.value)
        by_label = {vessel.label: vessel for vessel in case.body.vessels}
        for thin in domain.thin_vessels:
            lines = network_vessel(by_label[thin.label], case.body.network_from)
            sinks.append(VascularSink(elements, lines, thin.tree, site))
    for surface in domain.surfaces:
        facets = facets_of(domain, surface)
        if surface.cooling is not None:
            cooling = surface.cooling
            sinks.append(
                fixed_sink(elements, surface.name, "cooling", facets, cooling.coefficient, cooling.temperature)
            )
        meets = surroundings_of(case, surface)
        if meets is not None and meets.kind == "convection":
            sinks.append(fixed_sink(elements, surface.name, "surface", facets, meets.coefficient, meets.temperature))
    return sinks
