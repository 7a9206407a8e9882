"""How attention fades with age: a stretched exponential against a power law."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

LEAST_BINS = 6  # of age with attention, below which three parameters are not fitted


@dataclass(frozen=True)
class Decay:
    """A law of decay, fitted to rates by age.

    Attributes:
        scale: age tau of the exponential, or t0 of the power law.
        shape: beta of exp(-(t / tau)^beta), or gamma of (1 + t / t0)^-gamma.
        half_life: age at which the fitted rate is half of that at age 0.
        aic: n ln(RSS / n) + 2k over the bins; comparable between laws fitted to the same bins.
        log_rate: log of the fitted rate at age 0.
    """

    scale: float
    shape: float
    half_life: float
    aic: float
    log_rate: float


def stretched_exponential(age: np.ndarray, log_rate: float, log_scale: float, log_shape: float) -> np.ndarray:
    """Log of the rate r0 exp(-(t / tau)^beta)."""
    fitted: np.ndarray = log_rate - (age / _positive(log_scale)) ** _positive(log_shape)
    return fitted


def power_law(age: np.ndarray, log_rate: float, log_scale: float, log_shape: float) -> np.ndarray:
    """Log of the rate r0 (1 + t / t0)^-gamma."""
    fitted: np.ndarray = log_rate - _positive(log_shape) * np.log1p(age / _positive(log_scale))
    return fitted


def _positive(logarithm: float) -> float:
    """A scale or shape from its logarithm, within what a fit can mean."""
    return float(np.exp(np.clip(logarithm, -12.0, 12.0)))


LAWS: dict[str, Callable[..., np.ndarray]] = {"stretched_exponential": stretched_exponential, "power_law": power_law}


def fit_decay(law: str, age: np.ndarray, rate: np.ndarray, n_events: np.ndarray) -> Decay | None:
    """One law fitted to log rates, bins weighted by their events.

    Args:
        law: "stretched_exponential" or "power_law".
        age: (n,) middle of each age bin.
        rate: (n,) attention an item and unit of age, corrected for how many items reach that age.
        n_events: (n,) events behind each rate.

    Returns:
        None where fewer than six bins hold attention, or no fit is found.

    Source: Wu & Huberman 2007, "Novelty and collective attention" (PNAS 104).

    >>> t = np.linspace(0.5, 40, 30)
    >>> fitted = fit_decay("stretched_exponential", t, 5 * np.exp(-((t / 8) ** 0.7)), np.full(30, 100))
    >>> round(fitted.scale, 3), round(fitted.shape, 3), round(fitted.half_life, 3)
    (8.0, 0.7, 4.739)
    """
    kept = (n_events > 0) & (rate > 0)
    if kept.sum() < LEAST_BINS:
        return None
    age, log_rate, weight = age[kept], np.log(rate[kept]), n_events[kept].astype(np.float64)
    start = (float(log_rate.max()), float(np.log(np.median(age))), 0.0)
    try:
        with np.errstate(over="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # of a covariance, which nobody reads
            found, _ = curve_fit(LAWS[law], age, log_rate, start, sigma=1 / np.sqrt(weight), maxfev=2000)
    except RuntimeError:
        return None
    residual = log_rate - LAWS[law](age, *found)
    spread = float((weight * residual**2).sum() / weight.sum())
    scale, shape = _positive(found[1]), _positive(found[2])
    with np.errstate(over="ignore"):
        half = (
            scale * np.log(2) ** (1 / shape) if law == "stretched_exponential" else scale * np.expm1(np.log(2) / shape)
        )
    return Decay(scale, shape, float(half), float(kept.sum() * np.log(max(spread, 1e-300)) + 6), float(found[0]))
