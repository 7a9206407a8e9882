"""Every measure of the attention economy as rows: concentration, tails, lifetimes, novelty and pace."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from affectlens.evaluation import attention, half_life, novelty, pace, tails
from affectlens.evaluation.estimate import Estimate, mean_estimate
from affectlens.evaluation.grouped import ratio_estimate
from affectlens.features.windows import DAYS_OF, window_numbers

from .attention_tables import windows_of
from .measured import Row, row
from .params import AttentionParams

CURVE_COLUMNS = ["subject", "curve", "x", "y"]
_UNITS = {"effective_number": "units", "effective_number_simpson": "units"}
_LOGGED = ("content_attention", "author_attention", "user_activity")  # whole counts that may have a heavy tail


def concentration(units: pd.DataFrame, params: AttentionParams, seed: int) -> Iterator[Row]:
    """Gini, top shares, effective numbers and the share with none, of every distribution."""
    for subject, counts in _subjects(units):
        found = attention.concentration(counts, params.top_shares, seed, params.n_resamples)
        for name, estimate in found.items():
            yield row(name, subject, estimate, _UNITS.get(name, "share"), "bootstrap over units")


def concentration_by_window(contents: pd.DataFrame, params: AttentionParams, seed: int) -> Iterator[Row]:
    """Gini and effective numbers of the contents born in each window, all windows cut to the size of the smallest.

    Where a log tells ages, only contents that were followed to the horizon count, with their attention until then.
    """
    followed = contents["observed_days"].notna().any()
    kept = contents[contents["observed_days"] >= params.horizon_days] if followed else contents
    counts = (kept["n_followed"].fillna(0) if followed else kept["n"]).to_numpy(dtype=np.float64)
    codes, names = windows_of(kept["born_at"], params)
    if len(names) < 2:
        return
    n_units = int(np.bincount(codes[codes >= 0]).min())
    method = f"{n_units} contents drawn from each window"
    for code, name in enumerate(names):
        found = attention.concentration_at_equal_n(counts[codes == code], n_units, seed, params.n_resamples)
        for quantity, estimate in found.items():
            yield row(quantity, "contents_by_birth", estimate, _UNITS.get(quantity, "share"), method, name)


def heavy_tails(units: pd.DataFrame) -> Iterator[Row]:
    """Exponent of each tail, and whether a log-normal fits it better; nothing for a tail of under 50 units."""
    for subject, counts in _subjects(units):
        if subject not in _LOGGED:
            continue
        fit = tails.tail_fit(counts)
        n = fit.exponent.n
        if n < tails.LEAST_TAIL:
            continue
        yield row("tail_exponent", subject, fit.exponent, "", "discrete maximum likelihood above x_min")
        yield row("tail_x_min", subject, Estimate.exact(fit.x_min, n), "attention", "least Kolmogorov-Smirnov distance")
        yield row("zipf_slope", subject, Estimate.exact(fit.zipf, n), "", "1 / (exponent - 1)")
        ratio = "normalised log-likelihood ratio, power law over log-normal"
        yield row("tail_log_ratio", subject, Estimate.exact(fit.log_ratio, n), "", ratio)
        yield row("tail_log_ratio_p", subject, Estimate.exact(fit.p_value, n), "p", f"Vuong's test of the {ratio}")


def lifetimes(contents: pd.DataFrame, params: AttentionParams) -> Iterator[Row]:
    """Median half-life of attention, of all contents and of each form; undefined where too few were followed."""
    born = contents.dropna(subset=["half_age_days", "observed_days"])
    if born.empty:
        return
    forms = born.groupby("form", sort=True) if len(set(born["form"])) > 1 else ()
    for group, rows in [("content_attention", born), *((f"content_attention:{form}", rows) for form, rows in forms)]:
        found = half_life.half_life(*_lives(rows), params.horizon_days)
        yield row("half_life", group, found, "days", f"contents that were followed for {params.horizon_days:g} days")


def novelty_decay(ages: pd.DataFrame, params: AttentionParams, seed: int) -> Iterator[Row]:
    """How the rate of attention falls with age, by two laws, intervals over groups of contents."""
    if ages["n"].sum() == 0:
        return
    table = ages["n"].to_numpy(dtype=np.float64).reshape(ages["bin"].nunique(), -1)  # every pair of bin and unit
    n_contents = ages.drop_duplicates("unit").sort_values("unit")["n_contents"].to_numpy(dtype=np.float64)
    edges = ages.drop_duplicates("bin").sort_values("bin")[["low", "high"]].to_numpy()
    generator, n_units = np.random.default_rng(seed), table.shape[1]
    draws = generator.multinomial(n_units, np.full(n_units, 1 / n_units), size=params.n_decay_resamples)
    for law in novelty.LAWS:
        fits = [_decay(law, table, n_contents, edges, weights) for weights in [np.ones(n_units), *draws]]
        if (first := fits[0]) is None:
            continue
        method = f"{law.replace('_', ' ')} on log rates, bootstrap over {n_units} groups of contents"
        n = int(n_contents.sum())
        for name, unit in (("half_life", "days"), ("scale", "days"), ("shape", "")):
            spread = [getattr(fit, name) for fit in fits[1:] if fit is not None]
            yield row(
                f"novelty_{name}:{law}", "content_attention", _bounded(getattr(first, name), spread, n), unit, method
            )
        yield row(f"novelty_aic:{law}", "content_attention", Estimate.exact(first.aic, n), "", "lower fits better")


def collective_pace(tops: pd.DataFrame, params: AttentionParams, seed: int) -> Iterator[Row]:
    """Turnover of the top, length of stay in it, gains and losses of its members.

    The mean stay is exposure over exits: stays that still run add their windows, and those that may have begun before
    the data are left out.
    """
    if tops.empty:
        return
    windows = window_numbers(tops["start"], params.pace_period)
    contents = tops["content_id"].to_numpy(dtype=object)
    stayed, ended = pace.stays(windows, contents)
    gains = pace.relative_gains(*(tops[name].to_numpy(dtype=np.float64) for name in ("n", "n_before")))
    turnover = mean_estimate(pace.turnover(windows, contents, params.n_top), seed)
    stay = ratio_estimate(stayed * DAYS_OF[params.pace_period], ended.astype(np.float64), seed)
    rise, fall = (mean_estimate(gains[chosen], seed) for chosen in (gains > 0, gains < 0))
    top = f"top {params.n_top} by {params.pace_period}"
    for name, found, unit, method in (
        ("turnover", turnover, "share", f"{top}, bootstrap over windows"),
        ("stay", stay, "days", f"days in the {top} by stay that ended, bootstrap over stays"),
        ("relative_gain", rise, "share", f"mean [A(t) - A(t-1)] / A(t) where it rises, {top}"),
        ("relative_loss", fall, "share", f"mean [A(t) - A(t-1)] / A(t) where it falls, {top}"),
    ):
        yield row(name, "content_attention", found, unit, method)


def curves(units: pd.DataFrame, contents: pd.DataFrame, ages: pd.DataFrame, params: AttentionParams) -> pd.DataFrame:
    """Points of the Lorenz, rank-size, survival and novelty curves."""
    parts = [
        _curve(subject, name, draw(counts, params.n_curve_points))
        for subject, counts in _subjects(units)
        for name, draw in (("lorenz", attention.lorenz_curve), ("rank_size", attention.rank_size_curve))
    ]
    born = contents.dropna(subset=["half_age_days", "observed_days"])
    parts.append(_curve("content_attention", "survival", half_life.survival_curve(*_lives(born), params.horizon_days)))
    by_bin = ages.groupby("bin", sort=True).agg(low=("low", "first"), high=("high", "first"), n=("n", "sum"))
    n_contents = max(ages.drop_duplicates("unit")["n_contents"].sum(), 1)
    rate = by_bin["n"] / n_contents / (by_bin["high"] - by_bin["low"])
    middle = 0.5 * (by_bin["low"] + by_bin["high"])
    parts.append(_curve("content_attention", "novelty", (middle[rate > 0].to_numpy(), rate[rate > 0].to_numpy())))
    return pd.concat(parts, ignore_index=True)


def _subjects(units: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    return [(str(name), rows["n"].to_numpy(dtype=np.float64)) for name, rows in units.groupby("subject", sort=False)]


def _lives(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    half_age, attention_, observed = (
        rows[name].to_numpy(dtype=np.float64) for name in ("half_age_days", "n_followed", "observed_days")
    )
    return half_age, attention_, observed


def _decay(
    law: str, table: np.ndarray, n_contents: np.ndarray, edges: np.ndarray, weights: np.ndarray
) -> novelty.Decay | None:
    n_events = table @ weights
    rate = n_events / (n_contents @ weights) / (edges[:, 1] - edges[:, 0])
    return novelty.fit_decay(law, edges.mean(axis=1), rate, n_events)


def _bounded(value: float, draws: list[float], n: int) -> Estimate:
    lower, upper = np.percentile(draws, [2.5, 97.5]) if draws else (float("nan"), float("nan"))
    return Estimate(value, float(lower), float(upper), n)


def _curve(subject: str, name: str, points: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    x, y = points
    return pd.DataFrame({"subject": subject, "curve": name, "x": x.astype(np.float64), "y": y.astype(np.float64)})
