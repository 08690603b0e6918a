"""Metacommunity phylogenetic analysis (Leibold, Economo and Peres-Neto 2010).

For each node of a tree: how much of the difference between the two clades below it, where they occur, do environment
and biogeography explain? lmpy's own program leaves parts of its matrices uninitialised, so its answers change from
run to run. Here the mean contrast of the species at a site is regressed on its predictors, sites weighted by their
number of species (so that the response is centred, as in a correspondence analysis). The layout of results is lmpy's.
"""

from typing import NamedTuple

import numpy as np


class Fit(NamedTuple):
    """A weighted regression: the share of variance it explains, and fitted and left-over sums of squares."""

    r_squared: float
    fitted: float
    residual: float
    coefficients: np.ndarray


def standardize(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Centre and scale columns by weighted mean and deviation; columns that do not vary become 0."""
    total = weights.sum()
    centred = values - (weights @ values) / total
    deviation = np.sqrt(weights @ centred**2 / total)
    return np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > np.finfo(float).eps)


def regress(predictors: np.ndarray, response: np.ndarray, weights: np.ndarray) -> Fit:
    """Fit ``response`` by ``predictors``, sites weighted by their number of species."""
    root = np.sqrt(weights)
    coefficients = np.linalg.lstsq(predictors * root[:, None], response * root, rcond=None)[0]
    fitted = predictors @ coefficients
    total = float(response @ (weights * response))
    explained = float(fitted @ (weights * fitted))
    residual = float((response - fitted) @ (weights * (response - fitted)))
    return Fit(explained / total if total > 0 else 0.0, explained, residual, coefficients)


def adjusted(r_squared: float, sites: int, predictors: int) -> float:
    """Give the adjusted share of variance; 0 where there are too few sites for it."""
    free = sites - predictors - 1
    return 1.0 - (sites - 1) / free * (1.0 - r_squared) if free > 0 else 0.0


def parts(predictors: np.ndarray, count: int, response: np.ndarray, weights: np.ndarray) -> list[tuple[float, float]]:
    """Give (semi-partial correlation, F) of the first ``count`` predictors, then (adjusted R squared, F) of all."""
    whole = regress(predictors, response, weights)
    residual = max(whole.residual, np.finfo(float).tiny)
    results = []
    for number in range(count):
        without = regress(np.delete(predictors, number, axis=1), response, weights)
        own = max(whole.r_squared - without.r_squared, 0.0)
        sign = np.sign(regress(predictors[:, [number]], response, weights).coefficients[0])
        results.append((float(sign) * own**0.5, own / residual))
    results.append((adjusted(whole.r_squared, *predictors.shape), whole.fitted / residual))
    return results


def node(present: np.ndarray, environment: np.ndarray, biogeography: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """Analyse one node.

    Args:
        present: sites by species.
        environment: sites by predictors.
        biogeography: sites by contrasts.
        contrast: the node's column of the encoded tree, one value per species.

    Returns:
        Two rows, observed and F: environment's predictors, their adjusted R squared, biogeography's, and theirs.
    """
    species = contrast != 0
    here = present[:, species]
    sites = here.sum(axis=1) > 0
    weights = here[sites].sum(axis=1)
    width = environment.shape[1] + biogeography.shape[1] + 2
    if sites.sum() <= width or not here.any(axis=0).all():
        return np.zeros((2, width))
    clades = standardize(contrast[species][:, None], here.sum(axis=0))
    response = (here[sites] @ clades).ravel() / weights
    climate = standardize(environment[sites], weights)
    history = standardize(biogeography[sites], weights)
    first = parts(climate, climate.shape[1], response, weights)
    second = parts(np.concatenate([history, climate], axis=1), history.shape[1], response, weights)
    return np.clip(np.nan_to_num(np.array(first + second).T), -1.0, None)
