"""The text of an XDMF file: which arrays of the HDF5 file are the mesh and its fields."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence


def xdmf_text(
    data_file: str,
    sizes: tuple[int, int],
    names: Sequence[str],
    cell_names: Sequence[str],
    times: Sequence[float],
    corners: int = 4,
) -> str:
    """XDMF 3 text for a time series on one mesh of tetrahedra, or of triangles where cells have three ``corners``.

    ``sizes``: numbers of vertices and cells; ``names`` of vertex fields at ``/Function/<name>/<number>``;
    ``cell_names`` of whole numbers at ``/Mesh/mesh/cell/<name>``. Each time is one grid that holds every field, so
    that ParaView shows one data set.
    """
    root = ElementTree.Element("Xdmf", Version="3.0")
    domain = ElementTree.SubElement(root, "Domain")
    series = ElementTree.SubElement(domain, "Grid", Name="fields", GridType="Collection", CollectionType="Temporal")
    for number, time in enumerate(times):
        grid = ElementTree.SubElement(series, "Grid", Name="mesh", GridType="Uniform")
        topology = ElementTree.SubElement(
            grid,
            "Topology",
            TopologyType={3: "Triangle", 4: "Tetrahedron"}[corners],
            NumberOfElements=str(sizes[1]),
            NodesPerElement=str(corners),
        )
        _item(topology, (sizes[1], corners), f"{data_file}:/Mesh/mesh/topology", "Int")
        geometry = ElementTree.SubElement(grid, "Geometry", GeometryType="XYZ")
        _item(geometry, (sizes[0], 3), f"{data_file}:/Mesh/mesh/geometry")
        ElementTree.SubElement(grid, "Time", Value=repr(float(time)))
        for name in names:
            _attribute(grid, name, "Node", sizes[0], f"{data_file}:/Function/{name}/{number}")
        for name in cell_names:
            _attribute(grid, name, "Cell", sizes[1], f"{data_file}:/Mesh/mesh/cell/{name}")
    ElementTree.indent(root)
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _attribute(grid: ElementTree.Element, name: str, centre: str, size: int, place: str) -> None:
    attribute = ElementTree.SubElement(grid, "Attribute", Name=name, AttributeType="Scalar", Center=centre)
    _item(attribute, (size,), place, "Int" if centre == "Cell" else "Float")


def _item(parent: ElementTree.Element, shape: tuple[int, ...], place: str, kind: str = "Float") -> None:
    item = ElementTree.SubElement(
        parent,
        "DataItem",
        Dimensions=" ".join(map(str, shape)),
        NumberType=kind,
        Precision="8",
        Format="HDF",
    )
    item.text = place
