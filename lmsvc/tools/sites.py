"""Sites as places: how large they are, and where."""

import numpy as np

from lmsvc.tools.matrices import Matrix, is_site
from lmsvc.tools.toolkit import ToolError


def coordinates(matrix: Matrix) -> np.ndarray:
    """Give the (x, y) of each row's site.

    Raises:
        ToolError: the rows are not sites.
    """
    if not matrix.rows or not all(map(is_site, matrix.rows)):
        raise ToolError("the rows of the matrix are not sites, so there is no place to draw them")
    return np.array([site[1:] for site in matrix.rows], dtype=float)


def resolution(places: np.ndarray, chosen: float | None) -> float:
    """Give the side of a site: the one chosen, or the smallest distance between two neighbours on one axis.

    Raises:
        ToolError: it cannot be known from a single site.
    """
    if chosen is not None:
        return chosen
    steps = np.concatenate([np.diff(np.unique(places[:, axis])) for axis in (0, 1)])
    steps = steps[steps > np.ptp(places) * 1e-9]
    if not steps.size:
        raise ToolError("the matrix has one site only: set resolution")
    return float(steps.min())
