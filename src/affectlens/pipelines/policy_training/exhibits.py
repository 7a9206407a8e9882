"""What the report shows of the policies beside their leaderboard."""

from __future__ import annotations

import pandas as pd

from affectlens.exhibits import (
    Axis,
    Exhibit,
    Finding,
    Interval,
    Intervals,
    Message,
    Records,
    intervals_of,
    records_of,
)

_PART = "Off-policy estimates"
_ACROSS = "Policies that shared the traffic"
_ACROSS_NOTE = (
    "Each policy, named before the log that judges it, beside what it earned itself. Bars are 95 % intervals; those of "
    "dm leave out the error of the reward model."
)
_VERDICTS = {True: "healthy", False: "no verdict"}
_HELD = (
    "Of {n} off-policy intervals {held} hold the true value; of the {healthy} that pass their health checks {sound} do."
)
_ENDS = {"value": "", "lower": "_lower", "upper": "_upper"}


def policy_exhibits(policy_values: pd.DataFrame) -> list[Exhibit]:
    """Every off-policy estimate beside the true value, and the diagnostics that say whether it may be read."""
    if policy_values.empty:
        return []
    return [*_held(policy_values), _estimates(policy_values), _health(policy_values)]


def logged_exhibits(logged_policy_values: pd.DataFrame) -> list[Exhibit]:
    """What the log of each policy says of the others, beside what these earned themselves."""
    if logged_policy_values.empty:
        return []
    return [_met(logged_policy_values), _across_logs(logged_policy_values)]


def _met(table: pd.DataFrame) -> Intervals:
    named = table.assign(name=_judged(table), group=table["estimator"])
    own = named.drop_duplicates("name").assign(group="earned itself")
    earned = {"on_policy": "value", "on_policy_lower": "lower", "on_policy_upper": "upper", "n_on_policy": "n"}
    own = own.drop(columns=list(earned.values())).rename(columns=earned)
    axis = Axis(label="value of the policy", unit="reward an impression")
    rows = (*intervals_of(own), *intervals_of(named))
    return Intervals(title="One log judges the other policy", part=_ACROSS, note=_ACROSS_NOTE, axis=axis, rows=rows)


def _across_logs(table: pd.DataFrame) -> Records:
    shown = pd.DataFrame(
        {
            "Policy": table["policy"],
            "Log": table["log"],
            "Estimator": table["estimator"],
            "Health": table["is_healthy"].map(_VERDICTS),
            "Estimate": _bounded(table, ""),
            "Earned itself": _bounded(table, "on_policy"),
            "Relative error": _bounded(table, "relative_error"),
            "Effective n": table["n_eff"],
            "Mean weight": _bounded(table, "mean_weight"),
            "Support gap": table["support_gap"],
        }
    )
    note = "The interval of the relative error takes what the policy earned itself as known, which it is not."
    return Records(title="Errors across logs", part=_ACROSS, note=note, columns=tuple(shown), rows=records_of(shown))


def _judged(table: pd.DataFrame) -> pd.Series:
    return table["policy"] + ", " + table["log"]


def _held(policy_values: pd.DataFrame) -> list[Exhibit]:
    """How many intervals hold the true value, where a world knows it."""
    known = policy_values.dropna(subset=["true_value", "lower", "upper"])
    if known.empty:
        return []
    holds = (known["lower"] <= known["true_value"]) & (known["true_value"] <= known["upper"])
    healthy = known["is_healthy"].astype(bool)
    counts = {"n": len(known), "held": holds.sum(), "healthy": healthy.sum(), "sound": (holds & healthy).sum()}
    note = Message(text=_HELD, values={name: f"{n:,}" for name, n in counts.items()})
    share = float(holds.mean())
    return [Finding(title="Intervals that hold the true value", part=_PART, note=note, value=share, is_share=True)]


def _estimates(policy_values: pd.DataFrame) -> Intervals:
    rows = intervals_of(policy_values.assign(name=policy_values["policy"], group=policy_values["estimator"]))
    known = policy_values.dropna(subset=["true_value"]).drop_duplicates("policy")
    truth = tuple(
        Interval(name=policy, value=value, group="true value")
        for policy, value in zip(known["policy"], known["true_value"], strict=True)
    )
    axis = Axis(label="value of the policy", unit="reward an impression")
    note = "Bars are 95 % intervals over slates; the true value is known in the embedded world only."
    return Intervals(title="Off-policy estimates beside the truth", part=_PART, note=note, axis=axis, rows=truth + rows)


def _health(policy_values: pd.DataFrame) -> Records:
    shown = pd.DataFrame(
        {
            "Policy": policy_values["policy"],
            "Estimator": policy_values["estimator"],
            "Health": policy_values["is_healthy"].map(_VERDICTS),
            "Estimate": _bounded(policy_values, ""),
            "True value": policy_values["true_value"],
            "Relative error": policy_values["relative_error"],
            "Effective n": policy_values["n_eff"],
            "Mean weight": _bounded(policy_values, "mean_weight"),
            "Support gap": policy_values["support_gap"],
        }
    )
    note = "No verdict: too small an effective n, target mass without support in the log, or a mean weight away from 1."
    title = "Health of the estimates"
    return Records(title=title, part=_PART, note=note, columns=tuple(shown.columns), rows=records_of(shown))


def _bounded(table: pd.DataFrame, stem: str) -> pd.Series:
    names = [f"{stem}{end}" if stem else name for name, end in _ENDS.items()]
    return pd.Series(list(table[names].itertuples(index=False, name=None)), table.index)
