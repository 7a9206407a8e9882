"""How much more attention an emotion goes along with: a negative binomial regression with effects of other things."""

from __future__ import annotations

import numpy as np
import statsmodels.api as sm
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from affectlens.evaluation.estimate import Estimate

_N_REFITS = 3  # of the mean and the overdispersion in turns; the second decimal of the ratios stands after two


def attention_premiums(
    attention: np.ndarray, features: np.ndarray, controls: np.ndarray, authors: np.ndarray
) -> list[Estimate]:
    """exp(beta) - 1 of each feature: by which part attention is higher where the feature is one higher.

    Counts follow a negative binomial with mean mu = exp(features beta + controls gamma) and variance mu + alpha mu^2,
    alpha by maximum likelihood. Intervals allow authors to be alike in themselves (cluster-robust, normal).
    Correlational unless the feature was randomised.

    Args:
        attention: (n,) non-negative counts.
        features: (n, F) what is asked about.
        controls: (n, K) effects of topic, hour, length, age, author; no intercept.
        authors: (n,) cluster of each row.

    Raises:
        ValueError: a count is negative or not finite.

    Two groups of contents with means 2 and 3 of the same shape: the feature goes along with half as much again.

    >>> one = np.array([1, 2, 3, 2]); both = np.concatenate([one, 1.5 * one])
    >>> feature = np.repeat([0.0, 1.0], 4)[:, None]
    >>> round(attention_premiums(both, feature, np.empty((8, 0)), np.arange(8))[0].value, 6)
    0.5
    """
    if not np.all(np.isfinite(attention)) or np.any(attention < 0):
        raise ValueError("attention holds negative or non-finite counts; give one count a content, 0 for none")
    design = sm.add_constant(np.hstack([features, controls]), has_constant="add")
    mean = sm.GLM(attention, design, family=sm.families.Poisson()).fit().fittedvalues
    for _ in range(_N_REFITS):
        family = sm.families.NegativeBinomial(alpha=_overdispersion(attention, mean))
        model = sm.GLM(attention, design, family=family)
        mean = model.fit().fittedvalues
    _, groups = np.unique(authors, return_inverse=True)
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
    n_features = features.shape[1]
    beta, spread = fitted.params[1 : 1 + n_features], 1.96 * fitted.bse[1 : 1 + n_features]
    low, value, high = np.expm1(beta - spread), np.expm1(beta), np.expm1(beta + spread)
    return [
        Estimate(float(v), float(lo), float(hi), attention.size) for v, lo, hi in zip(value, low, high, strict=True)
    ]


def _overdispersion(counts: np.ndarray, mean: np.ndarray) -> float:
    """Alpha of the negative binomial that makes these counts likeliest, given their means."""

    def surprise(log_alpha: float) -> float:
        size = np.exp(-log_alpha)
        return float(-(gammaln(counts + size) - gammaln(size) + size * np.log(size / (size + mean))
                       + counts * np.log(mean / (size + mean))).sum())  # fmt: skip

    return float(np.exp(minimize_scalar(surprise, bounds=(-12.0, 5.0), method="bounded").x))
