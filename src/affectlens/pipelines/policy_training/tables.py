"""What is said of policies, as tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from affectlens.evaluation.estimate import Estimate, leaderboard_rows
from affectlens.evaluation.logged_policies import LoggedScore
from affectlens.evaluation.policy_values import PolicyScore
from affectlens.pipelines.policy_training.params import ScoringParams

BASELINES = frozenset({"logging", "uniform", "popularity"})
_ENDS = ("value", "lower", "upper")
_OVERLAP = ["n", "n_eff", "max_weight_share", *(f"mean_weight{end}" for end in ("", "_lower", "_upper")), "support_gap"]
LOGGED_COLUMNS = [
    *("policy", "log", "estimator", *_ENDS, *_OVERLAP, "is_healthy"),
    *("on_policy", "on_policy_lower", "on_policy_upper", "n_on_policy"),
    *("relative_error", "relative_error_lower", "relative_error_upper"),
]


def is_healthy(score: PolicyScore, params: ScoringParams) -> bool:
    """Whether the log may speak of a policy at all."""
    return score.health.is_healthy(params.min_n_eff, params.max_support_gap)


def values_table(scores: Mapping[str, PolicyScore], params: ScoringParams) -> pd.DataFrame:
    """One row a policy and estimator: value, overlap, truth."""
    rows = [
        {"policy": policy, "is_baseline": policy in BASELINES, "estimator": estimator, **_value_row(score, estimate)}
        for policy, score in scores.items()
        for estimator, estimate in score.estimates.items()
    ]
    healthy = {policy: is_healthy(score, params) for policy, score in scores.items()}
    return pd.DataFrame(rows).assign(is_healthy=lambda table: table["policy"].map(healthy))


def _value_row(score: PolicyScore, estimate: Estimate) -> dict[str, float]:
    health, true_value = score.health, score.truth["value:true"].value if score.truth else float("nan")
    return {
        "value": estimate.value,
        "lower": estimate.lower,
        "upper": estimate.upper,
        "n": health.n,
        "n_eff": health.n_eff,
        "max_weight_share": health.max_weight_share,
        "mean_weight": health.mean_weight.value,
        "mean_weight_lower": health.mean_weight.lower,
        "mean_weight_upper": health.mean_weight.upper,
        "support_gap": health.support_gap,
        "true_value": true_value,
        "relative_error": abs(estimate.value - true_value) / true_value if true_value > 0 else float("nan"),
    }


def logged_values_table(found: Mapping[tuple[str, str], LoggedScore], params: ScoringParams) -> pd.DataFrame:
    """One row a pair of logs and estimator: what the log of one policy says of another one, and what that earned.

    Args:
        found: (policy whose log it is, policy that is judged) -> what is known of it.
        params: when a log may speak.
    """
    rows = []
    for (judge, judged), one in found.items():
        for estimator, estimate in one.score.estimates.items():
            error = one.relative_errors.get(estimator, Estimate.undefined(estimate.n))
            rows.append(
                {
                    **_value_row(one.score, estimate),
                    "policy": judged,
                    "log": judge,
                    "estimator": estimator,
                    "is_healthy": is_healthy(one.score, params),
                    **_ended("on_policy", one.on_policy),
                    "n_on_policy": one.on_policy.n,
                    **_ended("relative_error", error),
                }
            )
    return pd.DataFrame(rows, columns=LOGGED_COLUMNS)


def _ended(stem: str, estimate: Estimate) -> dict[str, float]:
    return {stem: estimate.value, f"{stem}_lower": estimate.lower, f"{stem}_upper": estimate.upper}


def logged_leaderboards(logged_policy_values: pd.DataFrame, seed: int, dataset: str) -> list[pd.DataFrame]:
    """Leaderboard rows of policies that judge each other, a table a pair: whole logs, a protocol a log that judges."""
    parts = []
    for (policy, log), rows in logged_policy_values.groupby(["policy", "log"], sort=False):
        n, n_eff, is_sound = rows[["n", "n_eff", "is_healthy"]].iloc[0]
        estimates = {
            "n_eff": Estimate.exact(n_eff, int(n)),
            "healthy": Estimate.exact(float(is_sound), int(n)),
            "value:on_policy": _estimates(rows, "on_policy", "n_on_policy")[0],
        }
        for stem, prefix in {"": "value", "relative_error": "relative_error"}.items():
            names = prefix + ":" + rows["estimator"]
            estimates |= dict(zip(names, _estimates(rows, stem, "n"), strict=True))
        parts.append(
            leaderboard_rows(
                stage="policy",
                model=str(policy),
                is_baseline=True,
                estimates=estimates,
                split="all",
                protocol=f"log_of:{log}",
                seed=seed,
                dataset=dataset,
            )
        )
    return parts


def _estimates(rows: pd.DataFrame, stem: str, n: str) -> list[Estimate]:
    columns = [f"{stem}_{end}" if stem else end for end in ("lower", "upper")]
    return [Estimate(*row) for row in rows[[stem or "value", *columns, n]].itertuples(index=False, name=None)]


def policy_leaderboards(
    scores: Mapping[str, PolicyScore],
    differences: Mapping[str, Estimate],
    params: ScoringParams,
    seed: int,
    dataset: str,
) -> list[pd.DataFrame]:
    """Every number about the policies as leaderboard rows; those of pairs under the protocol "paired"."""

    def rows(policy: str, estimates: Mapping[str, Estimate], protocol: str) -> pd.DataFrame:
        return leaderboard_rows(
            stage="policy",
            model=policy,
            is_baseline=policy in BASELINES,
            estimates=estimates,
            split="test",
            protocol=protocol,
            seed=seed,
            dataset=dataset,
        )

    tables = []
    for policy, score in scores.items():
        estimates = {f"value:{name}": estimate for name, estimate in score.estimates.items()} | dict(score.truth)
        estimates["n_eff"] = Estimate.exact(score.health.n_eff, score.health.n)
        estimates["healthy"] = Estimate.exact(float(is_healthy(score, params)), score.health.n)
        tables.append(rows(policy, estimates, "global_timeline"))
    return [*tables, rows("linucb", differences, "paired")]
