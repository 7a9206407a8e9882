"""How closely a number that is followed through time stays with the true one."""

# Shapes: n moments, U users, b resamples of users.
from __future__ import annotations

import numpy as np

from affectlens.evaluation.documents import Statistic, bootstrap
from affectlens.evaluation.estimate import N_RESAMPLES, Estimate

_NOTHING = 1e-10  # share of the sum of squares below which a variance is rounding


def following_estimates(truth: np.ndarray, said: np.ndarray, users: np.ndarray, seed: int) -> dict[str, Estimate]:
    """Pearson correlation over all moments, and within users (each centred on his own mean), users resampled.

    Args:
        truth: (n,) true value at each moment.
        said: (n,) value that was said without knowing it.
        users: (n,) to whom the moment belongs.
        seed: draws the resamples; the same seed pairs the intervals of several `said`.
    """
    sums = _user_sums(truth, said, users)
    return bootstrap([Statistic(("r", "r_within"), lambda weights: _correlations(weights, sums))], len(sums), seed)


def paired_following(
    truth: np.ndarray, a: np.ndarray, b: np.ndarray, users: np.ndarray, seed: int
) -> dict[str, tuple[Estimate, float]]:
    """Correlation of `a` minus that of `b`, overall and within users: difference, interval, two-sided p-value.

    The interval is a paired bootstrap of users; p comes from approximate randomisation: all moments of a user change
    systems with probability one half (Noreen 1989). Both series are first scaled to the same mean and spread, which
    changes no correlation, so that a change of systems is not one of scales.

    Args:
        truth: (n,) true value at each moment.
        a: (n,) by system A.
        b: (n,) by system B.
        users: (n,) to whom the moment belongs.
        seed: draws resamples and changes.
    """
    first, second = (_user_sums(truth, _standardised(said), users) for said in (a, b))

    def gaps(weights: np.ndarray) -> np.ndarray:
        return np.asarray(_correlations(weights, first) - _correlations(weights, second))

    estimates = bootstrap([Statistic(("r", "r_within"), gaps)], len(first), seed)
    generator, observed = np.random.default_rng(seed), np.abs(gaps(np.ones((1, len(first)))))
    keep = (generator.random((N_RESAMPLES, len(first))) < 0.5).astype(np.float64)
    both = np.concatenate([first, second])
    mixed = [np.concatenate([part, 1.0 - part], axis=1) for part in (keep, 1.0 - keep)]
    null = np.abs(_correlations(mixed[0], both) - _correlations(mixed[1], both))
    p_values = ((null >= observed - 1e-9).sum(axis=0) + 1) / (N_RESAMPLES + 1)
    return {name: (estimate, float(p)) for (name, estimate), p in zip(estimates.items(), p_values, strict=True)}


def correlation(truth: np.ndarray, said: np.ndarray) -> float:
    """Pearson correlation; NaN where one of them does not vary.

    >>> round(correlation(np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 4.0])), 4)     # 3 / sqrt(2 * 6)
    0.866
    """
    return float(_correlations(np.ones((1, 1)), _user_sums(truth, said, np.zeros(len(truth))))[0, 0])


def _standardised(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return np.asarray((values - values.mean()) / (spread if spread > 0 else 1.0))


def _user_sums(truth: np.ndarray, said: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Number, sums, squares and products of the moments of each user (U, 6), then those around his means (U, 3)."""
    code = np.unique(users, return_inverse=True)[1]
    columns = (np.ones(len(truth)), truth, said, truth**2, said**2, truth * said)
    total = np.stack([np.bincount(code, weights=column) for column in columns], axis=1)
    count, of_truth, of_said = total[:, :3].T
    means = np.stack([of_truth**2, of_said**2, of_truth * of_said], axis=1) / count[:, None]
    return np.concatenate([total, total[:, 3:] - means], axis=1)


def _correlations(weights: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Overall and within-user correlation (b, 2) from user weights (b, U) and sums (U, 9)."""
    count, x, y, xx, yy, xy, inner_xx, inner_yy, inner_xy = (np.asarray(weights, dtype=np.float64) @ sums).T
    pairs = ((xx - x**2 / count, yy - y**2 / count, xy - x * y / count), (inner_xx, inner_yy, inner_xy))
    found = []
    for of_truth, of_said, product in pairs:
        varies = (of_truth > _NOTHING * xx) & (of_said > _NOTHING * yy)
        norm = np.sqrt(np.where(varies, of_truth * of_said, 1.0))
        found.append(np.where(varies, product / norm, np.nan))
    return np.stack(found, axis=1)
