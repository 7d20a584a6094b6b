"""Isosurfaces, clipped boundaries and cut volumes of piecewise linear fields."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pennes.margin import (
    clip_triangles,
    join_surfaces,
    marching_tetrahedra,
    tetrahedron_volumes,
    total_volume_inside,
    volume_inside,
)
from pennes.margin.volume import clip_tetrahedra, corner_volume

UNIT = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], float)
RADIUS = 0.7


def sphere(points, radius=RADIUS):
    return radius - np.linalg.norm(points - [0.02, -0.03, 0.01], axis=1)


def test_ball_converges_with_second_order_in_volume_and_area(unstructured):
    errors = []
    for intervals in (6, 12, 24):
        points, tets, _ = unstructured(intervals)
        surface = marching_tetrahedra(points, tets, sphere(points))
        volume = volume_inside(points, tets, sphere(points)).sum()
        exact = 4 / 3 * np.pi * RADIUS**3
        errors.append([abs(volume / exact - 1), abs(surface.area / (4 * np.pi * RADIUS**2) - 1)])
        assert surface.volume == pytest.approx(volume, rel=1e-12)  # outward, and enclosing what the volumes say
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert (orders > 1.8).all(), orders
    assert max(errors[-1]) < 8e-3


def test_inner_isosurface_is_closed_and_faces_away_from_the_positive_side(unstructured):
    points, tets, _ = unstructured(8)
    surface = marching_tetrahedra(points, tets, sphere(points))
    assert surface.is_closed
    outward = np.einsum("ij,ij->i", surface.area_vectors, surface.corners.mean(axis=1) - [0.02, -0.03, 0.01])
    # Delaunay's flat tetrahedra may tilt a few facets beyond the upright.
    assert surface.areas[outward > 0].sum() > 0.99 * surface.area
    assert marching_tetrahedra(points, tets, -sphere(points)).volume == pytest.approx(-surface.volume)


@pytest.mark.parametrize("centre", [(1.0, 0.2, 0.1), (0.9, 0.9, 0.9)])
def test_isosurface_and_clipped_boundary_close_each_other(unstructured, centre):
    points, tets, boundary = unstructured(8)
    level = 0.8 - np.linalg.norm(points - centre, axis=1)
    inner = marching_tetrahedra(points, tets, level)
    cap = clip_triangles(points, boundary, level)
    assert not inner.is_closed and not cap.is_closed
    closed = join_surfaces(inner, cap)
    assert closed.is_closed
    assert closed.volume == pytest.approx(volume_inside(points, tets, level).sum(), rel=1e-12)


def test_levels_of_exactly_zero_at_vertices(unstructured):
    points, tets, boundary = unstructured(10)
    level = np.round(3 * (0.6 - np.abs(points).sum(axis=1)))  # many vertices at 0
    assert (level == 0).sum() > 20
    inner = marching_tetrahedra(points, tets, level)
    closed = join_surfaces(inner, clip_triangles(points, boundary, level))
    assert closed.is_closed
    assert closed.volume == pytest.approx(volume_inside(points, tets, level).sum(), rel=1e-12)
    # One point a vertex, however many edges end there, and no triangles shrunk to nothing.
    assert len(np.unique(inner.points, axis=0)) == len(inner.points)
    assert inner.areas.min() > 0


def test_isosurface_points_do_not_depend_on_numbering(unstructured):
    points, tets, _ = unstructured(5)
    order = np.random.default_rng(5).permutation(len(points))
    renumbered = np.empty_like(order)
    renumbered[order] = np.arange(len(order))
    one = marching_tetrahedra(points, tets, sphere(points))
    other = marching_tetrahedra(points[order], renumbered[tets], sphere(points)[order])
    assert {p.tobytes() for p in one.points} == {p.tobytes() for p in other.points}


def test_isosurface_lies_where_the_linear_field_vanishes(unstructured):
    points, tets, _ = unstructured(5)
    direction = np.array([0.3, -0.5, 0.8])
    surface = marching_tetrahedra(points, tets, points @ direction - 0.1)
    np.testing.assert_allclose(surface.points @ direction, 0.1, atol=1e-14)
    facing = surface.area_vectors @ direction
    assert (facing <= 1e-15).all() and facing.sum() < -1  # towards the negative side


def test_no_sign_change_no_surface(unstructured):
    points, tets, boundary = unstructured(3)
    for level in (np.ones(len(points)), -np.ones(len(points)), np.zeros(len(points))):
        assert marching_tetrahedra(points, tets, level).is_empty
    assert clip_triangles(points, boundary, np.ones(len(points))).area == pytest.approx(24)
    assert clip_triangles(points, boundary, np.zeros(len(points))).is_empty


def test_levels_that_are_not_finite_are_refused(unstructured):
    points, tets, boundary = unstructured(2)
    level = np.full(len(points), np.nan)
    with pytest.raises(ValueError, match="not finite"):
        marching_tetrahedra(points, tets, level)
    with pytest.raises(ValueError, match="not finite"):
        clip_triangles(points, boundary, level)


def cube_below_plane(normal, offset):
    """Volume of {x in [-1, 1]^3: normal . x < offset} for a normal of positive components, by inclusion-exclusion."""
    total = 0.0
    for corner in itertools.product([-1, 1], repeat=3):
        sign = np.prod([-c for c in corner])
        total += sign * max(offset - np.dot(normal, corner), 0.0) ** 3
    return total / (6 * np.prod(normal))


@given(
    normal=st.tuples(*[st.floats(0.2, 1)] * 3),
    offset=st.floats(-2, 2),
    signs=st.tuples(*[st.sampled_from([-1, 1])] * 3),
)
@settings(deadline=None, max_examples=40)
def test_volume_below_a_plane_is_exact(unstructured, normal, offset, signs):
    points, tets, _ = unstructured(3)
    level = offset - points @ (np.array(normal) * signs)
    exact = cube_below_plane(normal, offset)
    volumes = tetrahedron_volumes(points, tets)
    inside = volume_inside(points, tets, level)
    assert inside.sum() == pytest.approx(exact, abs=1e-11)
    assert (inside >= 0).all() and (inside <= volumes * (1 + 1e-12)).all()
    assert total_volume_inside(tets, volumes, level) == pytest.approx(exact, abs=1e-11)
    assert clip_triangles(UNIT, [[0, 1, 2]], UNIT @ normal - 5).is_empty


levels = st.one_of(st.integers(-2, 2).map(float), st.floats(-1, 1), st.floats(-1e-9, 1e-9))


@given(level=st.tuples(levels, levels, levels, levels))
@settings(max_examples=300)
def test_parts_of_one_tetrahedron_add_up_in_every_way(level):
    level = np.array(level)
    tets = np.array([[0, 1, 2, 3]])
    positive, negative = (volume_inside(UNIT, tets, s * level).sum() for s in (1, -1))
    # Where all levels vanish both signs are empty.
    assert positive + negative == pytest.approx(1 / 6 if level.any() else 0.0, abs=1e-13)
    values = np.column_stack([UNIT, level])[None]
    assert corner_volume(clip_tetrahedra(values, 3)) == pytest.approx(positive, abs=1e-13)
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    if (level > 0).any() and (level != 0).all():
        closed = join_surfaces(marching_tetrahedra(UNIT, tets, level), clip_triangles(UNIT, faces, level))
        assert closed.volume == pytest.approx(positive, abs=1e-13)


def test_volume_variants_agree_and_take_32_bit_indices(unstructured):
    points, tets, _ = unstructured(8)
    level, volumes = sphere(points), tetrahedron_volumes(points, tets)
    each = volume_inside(points, tets, level)
    np.testing.assert_array_equal(volume_inside(points, tets.astype(np.int32), level, volumes), each)
    np.testing.assert_array_equal(volume_inside(points, np.asfortranarray(tets), level), each)
    assert total_volume_inside(tets.astype(np.int32), volumes, level) == pytest.approx(each.sum(), rel=1e-13)
    assert volumes.sum() == pytest.approx(8, rel=1e-9)
    assert total_volume_inside(tets[:0], volumes[:0], level) == 0.0
