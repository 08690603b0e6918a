"""Phylogenetic statistics of sites, which lmpy gives as zeros for every tree without its own annotations.

Pairs need two species: with fewer, distances are 0; a correlation needs three.
"""

from collections.abc import Callable

import numpy as np

from lmsvc.tools.matrices import Matrix

LEAST_PAIRS = 2
COLUMNS = ["Phylogenetic Diversity", "MNTD", "Mean Pairwise Distance", "Sum Pairwise Distance", "pearson_correlation"]


def site_tree_stats(pam: Matrix, below: np.ndarray, lengths: np.ndarray) -> Matrix:
    """Compute the statistics of each site.

    Args:
        pam: presence and absence; its columns are the rows of ``below``.
        below: which species (rows) are below which branches (columns).
        lengths: the branches' lengths.
    """
    present = (pam.data > 0).astype(float)
    distances = pairwise_distances(below, lengths)
    counts = present.sum(axis=1)
    pairs = counts * (counts - 1) / 2
    sums = ((present @ distances) * present).sum(axis=1) / 2
    means = np.divide(sums, pairs, out=np.zeros_like(sums), where=pairs > 0)
    shared = present.T @ present
    columns = [
        ((present @ below) > 0) @ lengths,
        per_site(present, lambda chosen: nearest(distances, chosen)),
        means,
        sums,
        per_site(present, lambda chosen: correlation(distances, shared, chosen)),
    ]
    return Matrix(np.stack(columns, axis=1), [pam.rows, COLUMNS])


def pairwise_distances(below: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Give the length of the way from each tip to each other one."""
    shared = (below * lengths) @ below.T
    depth = np.diag(shared)
    return depth[:, None] + depth[None, :] - 2 * shared


def per_site(present: np.ndarray, measure: Callable[[np.ndarray], float]) -> np.ndarray:
    """Give a measure of the species of each site; each set of species is measured once."""
    sets, places = np.unique(present, axis=0, return_inverse=True)
    return np.array([measure(np.flatnonzero(row)) for row in sets])[places.ravel()]


def nearest(distances: np.ndarray, chosen: np.ndarray) -> float:
    """Give the mean distance to the nearest relative at the site."""
    if len(chosen) <= 1:
        return 0.0
    among = distances[np.ix_(chosen, chosen)].copy()
    np.fill_diagonal(among, np.inf)
    return float(among.min(axis=1).mean())


def correlation(distances: np.ndarray, shared: np.ndarray, chosen: np.ndarray) -> float:
    """Give Pearson's correlation, over the pairs at the site, of their distance and the sites they share."""
    first, second = np.triu_indices(len(chosen), 1)
    if len(first) < LEAST_PAIRS:
        return 0.0
    x = distances[chosen[first], chosen[second]]
    y = shared[chosen[first], chosen[second]]
    spread = x.std() * y.std()
    if spread < np.finfo(float).eps * len(x):
        return 0.0
    return float(((x - x.mean()) * (y - y.mean())).mean() / spread)
