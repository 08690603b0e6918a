"""Covariance of composition (Schluter 1984; Arita et al. 2012), which lmpy computes but cannot write."""

import numpy as np

from lmsvc.tools.matrices import Matrix


def species_covariance(pam: Matrix) -> Matrix:
    """Give species by species: how far two share more sites than chance makes them."""
    present = (pam.data > 0).astype(float)
    share = present.mean(axis=0)
    values = present.T @ present / present.shape[0] - np.outer(share, share)
    return Matrix(values, [pam.columns, pam.columns])


def site_covariance(pam: Matrix) -> Matrix:
    """Give site by site: how far two share more species than chance makes them."""
    present = (pam.data > 0).astype(float)
    share = present.mean(axis=1)
    values = present @ present.T / present.shape[1] - np.outer(share, share)
    return Matrix(values, [pam.rows, [str(site[0]) for site in pam.rows]])


def variance_ratios(pam: Matrix) -> tuple[float, float]:
    """Give Schluter's variance ratio of species and of sites; 0 where nothing varies."""
    present = (pam.data > 0).astype(float)
    return _ratio(present), _ratio(present.T)


def _ratio(present: np.ndarray) -> float:
    """Give the variance of the row sums divided by the sum of the columns' variances."""
    variances = float(present.var(axis=0).sum())
    return float(present.sum(axis=1).var()) / variances if variances > 0 else 0.0
