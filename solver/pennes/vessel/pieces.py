"""Vessels cut into short pieces, each with one wall temperature and one blood temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pennes.vasculature import Tree

PIECE_LENGTH = 2e-3
"""About how long pieces are, m."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of all lines of a tree, in the order of the lines and of their flow.

    ``line`` (p,) numbers of the lines, ``first`` (lines + 1,) where each line's pieces begin, ``begin`` and ``end``
    (p,) arc lengths on the line in m, ``radius`` (p,) in m.
    """

    tree: Tree
    line: np.ndarray
    first: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    radius: np.ndarray

    def __len__(self) -> int:
        return len(self.line)

    @property
    def length(self) -> np.ndarray:
        """(p,) in m."""
        return self.end - self.begin

    def along(self, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (p, k, 3) of the centreline at ``shares`` (k,) of every piece, and directions of flow (p, k, 3)."""
        points = np.empty((len(self), len(shares), 3))
        directions = np.empty_like(points)
        for number, line in enumerate(self.tree.lines):
            rows = slice(self.first[number], self.first[number + 1])
            arcs = (self.begin[rows, None] + np.outer(self.length[rows], shares)).ravel()
            offsets = np.concatenate([[0.0], np.cumsum(line.lengths)])
            step = np.clip(np.searchsorted(offsets, arcs, side="right") - 1, 0, len(line.radii) - 1)
            tangents = np.diff(line.points, axis=0) / line.lengths[:, None]
            shape = (-1, len(shares), 3)
            points[rows] = (line.points[step] + (arcs - offsets[step])[:, None] * tangents[step]).reshape(shape)
            directions[rows] = tangents[step].reshape(shape)
        return points, directions


def cut(tree: Tree) -> Pieces:
    """Cut every line into pieces of equal length, about ``PIECE_LENGTH``."""
    line, begin, end, radius, first = [], [], [], [], [0]
    for number, stretch in enumerate(tree.lines):
        lengths = stretch.lengths
        offsets = np.concatenate([[0.0], np.cumsum(lengths)])
        count = max(1, round(offsets[-1] / PIECE_LENGTH))
        edges = np.linspace(0.0, offsets[-1], count + 1)
        # Mean radius over each piece, from the integral of the radius along the line.
        integral = np.interp(edges, offsets, np.concatenate([[0.0], np.cumsum(lengths * stretch.radii)]))
        line += [number] * count
        begin.append(edges[:-1])
        end.append(edges[1:])
        radius.append(np.diff(integral) / np.diff(edges))
        first.append(first[-1] + count)
    return Pieces(
        tree, np.array(line), np.array(first), np.concatenate(begin), np.concatenate(end), np.concatenate(radius)
    )


def frames(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors (..., 3) across each of ``directions`` (..., 3) and each other."""
    helper = np.zeros_like(directions)
    np.put_along_axis(helper, np.argmin(np.abs(directions), axis=-1)[..., None], 1.0, axis=-1)
    first = np.cross(directions, helper)
    first /= np.linalg.norm(first, axis=-1, keepdims=True)
    return first, np.cross(directions, first)
