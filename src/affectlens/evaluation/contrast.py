"""Randomised contrasts: what differs between arms that were shown to viewers at random, and what it does to clicks."""

from __future__ import annotations

import numpy as np
from scipy import stats

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.resampling import Resampling

_N_STEPS = 50
_TOLERANCE = 1e-9


def rate_effects(
    clicks: np.ndarray, impressions: np.ndarray, features: np.ndarray, strata: np.ndarray, clusters: np.ndarray
) -> list[Estimate]:
    """exp(beta) - 1 of each feature: by which part the click rate is higher where the feature is one higher.

    Poisson regression with one effect a stratum, which drops out of the likelihood: only arms of one stratum are
    compared. Intervals allow for any dependence within a cluster (sandwich, normal). `n` counts the arms.

    Args:
        clicks: (n,) clicks of each arm.
        impressions: (n,) viewers of each arm.
        features: (n, F) what the arms differ in.
        strata: (n,) arms to compare with each other.
        clusters: (n,) tests, within which arms may depend on each other.

    Returns:
        One estimate a feature; all are undefined where no stratum has arms that differ in some feature, or no click.

    Source: conditional Poisson regression as in Cameron & Trivedi 2013, "Regression Analysis of Count Data", ch. 9.

    One test with two arms of equal reach and 20 against 30 clicks: the feature of the second brings half as much again.

    >>> one = np.zeros(2)
    >>> effect = rate_effects(np.array([20, 30]), np.full(2, 900), np.array([[0.0], [1.0]]), one, one)
    >>> round(effect[0].value, 6)
    0.5
    """
    _, stratum = np.unique(strata, return_inverse=True)
    _, cluster = np.unique(clusters, return_inverse=True)
    beta = np.zeros(features.shape[1])
    for _ in range(_N_STEPS):
        centred, expected = _within(clicks, impressions, features, stratum, beta)
        information = (centred * expected[:, None]).T @ centred
        if not np.isfinite(information).all() or np.linalg.matrix_rank(information) < beta.size:
            return [Estimate.undefined(clicks.size)] * beta.size
        step = np.linalg.solve(information, (centred * (clicks - expected)[:, None]).sum(axis=0))
        beta = beta + step
        if np.abs(step).max() < _TOLERANCE:
            break
    scores = _sums(centred * (clicks - expected)[:, None], cluster)
    bread = np.linalg.inv(information)
    spread = 1.96 * np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))
    low, value, high = np.expm1(beta - spread), np.expm1(beta), np.expm1(beta + spread)
    return [Estimate(float(v), float(lo), float(hi), clicks.size) for v, lo, hi in zip(value, low, high, strict=True)]


def win_rate(rate: np.ndarray, feature: np.ndarray, strata: np.ndarray, seed: int, n_resamples: int) -> Estimate:
    """How often the arm with more of a feature has the higher rate, among pairs of one stratum that differ in both.

    The interval resamples strata; `n` counts the pairs.

    >>> rate, feature = np.array([0.3, 0.2, 0.1, 0.4]), np.array([2, 1, 0, 0])
    >>> win_rate(rate, feature, np.zeros(4), seed=0, n_resamples=20).value
    0.6
    """
    order = np.argsort(strata, kind="stable")
    rate, feature, stratum = rate[order], feature[order], np.unique(strata[order], return_inverse=True)[1]
    wins: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    for lag in range(1, int(np.bincount(stratum, minlength=1).max())):
        is_pair = (stratum[lag:] == stratum[:-lag]) & (rate[lag:] != rate[:-lag]) & (feature[lag:] != feature[:-lag])
        agrees = (rate[lag:] > rate[:-lag]) == (feature[lag:] > feature[:-lag])
        wins.append(agrees[is_pair])
        owners.append(stratum[lag:][is_pair])
    won, owner = np.concatenate([*wins, np.empty(0, bool)]), np.concatenate([*owners, np.empty(0, int)])
    if won.size == 0:
        return Estimate.undefined(0)
    found = Resampling.of(owner, seed, n_resamples).mean(won.astype(np.float64))
    return Estimate(found.value, found.lower, found.upper, int(won.size))


def imbalance_p_values(impressions: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Probability of so uneven a traffic if each arm of a test were shown equally often (chi-square), one a stratum.

    >>> imbalance_p_values(np.array([50, 50, 80, 20]), np.array(["a", "a", "b", "b"])).round(9).tolist()
    [1.0, 2e-09]
    """
    _, stratum = np.unique(strata, return_inverse=True)
    n_arms = np.bincount(stratum)
    expected = (np.bincount(stratum, weights=impressions) / n_arms)[stratum]
    distance = np.bincount(stratum, weights=(impressions - expected) ** 2 / expected)
    p_values: np.ndarray = stats.chi2.sf(distance, np.maximum(n_arms - 1, 1))
    return np.where(n_arms > 1, p_values, 1.0)


def _within(
    clicks: np.ndarray, impressions: np.ndarray, features: np.ndarray, stratum: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Features less their expected mean in the stratum (n, F), and expected clicks (n,) given the stratum's total."""
    weight = impressions * np.exp(features @ beta)
    share = weight / np.bincount(stratum, weights=weight)[stratum]
    centred = features - _sums(features * share[:, None], stratum)[stratum]
    return centred, np.bincount(stratum, weights=clicks)[stratum] * share


def _sums(rows: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Column sums by group (G, F)."""
    return np.stack([np.bincount(group, weights=column) for column in rows.T], axis=1)
