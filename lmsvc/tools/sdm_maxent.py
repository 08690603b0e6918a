"""Maxent by elapid."""

import random
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lmsvc.tools.sdm_data import Presences
from lmsvc.tools.toolkit import load

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


class NoModel(Exception):
    """No model can be fitted to this data; the message says why."""


class Fitted(NamedTuple):
    """A fitted model.

    Attributes:
        model: predicts suitability between 0 and 1 from values (cell, layer).
        auc: area under the curve of presences against background, on the training data.
        used: indices of the layers in the model.
    """

    model: "BaseEstimator"
    auc: float
    used: list[int]

    def suitability(self, stack: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Give the suitability in percent of every valid cell of a stack of layers, NaN elsewhere."""
        result = np.full(valid.shape, np.nan)
        if valid.any():
            result[valid] = 100 * np.asarray(self.model.predict(stack[self.used][:, valid].T)).ravel()
        return result


def fit(presences: Presences, seed: int, background_points: int) -> Fitted:
    """Fit a model; equal data and seed give an equal one.

    Raises:
        NoModel: the layers do not vary, or the fit fails.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    seen = np.array([presences.stack[:, row, column] for row, column in presences.cells])
    background = _background(presences, seed, background_points)
    values = np.concatenate([seen, background])
    used = [layer for layer in range(values.shape[1]) if np.ptp(values[:, layer]) > 0]
    if not used:
        raise NoModel("the layers have the same value everywhere")
    truth = np.concatenate([np.ones(len(seen)), np.zeros(len(background))])
    return _fit(values[:, used], truth, used)


def _background(presences: Presences, seed: int, most: int) -> np.ndarray:
    values = presences.stack[:, presences.valid].T
    chosen = np.random.default_rng(seed).choice(len(values), size=min(most, len(values)), replace=False)
    return values[np.sort(chosen)]


def _fit(values: np.ndarray, truth: np.ndarray, used: list[int]) -> Fitted:
    model = load("elapid").MaxentModel(n_cpus=1, use_sklearn=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(values, truth)
            predicted = np.asarray(model.predict(values)).ravel()
        except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
            raise NoModel(f"elapid could not fit the data: {error}") from error
    if not np.isfinite(predicted).all():
        raise NoModel("elapid found no finite model")
    return Fitted(model, float(load("sklearn.metrics").roc_auc_score(truth, predicted)), used)
