"""Glue between the log, the policies and their judges."""

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import Estimate, leaderboard_rows
from affectlens.evaluation.off_policy import dr
from affectlens.evaluation.policy_values import (
    PolicyScore,
    WorldTruth,
    holm,
    paired_by_unit,
    score_logging,
    score_target,
)
from affectlens.evaluation.resampling import Resampling
from affectlens.exhibits import Exhibit
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.policy import PolicyLog, action_probabilities, policy_candidates
from affectlens.models.policy.contexts import context_names
from affectlens.models.policy.decisions import ContextParams, decision_contexts, logged_decisions, topic_of_contents
from affectlens.models.policy.recommender import RecommenderPolicyParams, topic_probabilities
from affectlens.models.policy.reward_model import cross_fitted_rewards, fit_reward_model
from affectlens.pipelines.policy_training.exhibits import policy_exhibits
from affectlens.pipelines.policy_training.params import MemberParams, ScoringParams, SelectionParams
from affectlens.pipelines.policy_training.units import unit_scores

logger = logging.getLogger(__name__)

BASELINES = frozenset({"logging", "uniform", "popularity"})
EVENT_COLUMNS = ["event_id", "user_id", "slate_id", "occurred_at", "split", "topic", "action", "reward", "propensity"]


def build_policy_events(
    interactions: pd.DataFrame,
    contents: pd.DataFrame,
    emotion_states: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    params: ContextParams,
) -> pd.DataFrame:
    """Turn logged impressions into decisions: action, reward, propensity, and the context known before each."""
    decisions = logged_decisions(interactions, contents).rename(columns={"interaction_id": "event_id"})
    decisions["split"] = _split_by_time(decisions["occurred_at"], split_boundaries)
    prior = _require_rows(decisions, "train")["reward"].mean()
    events = decisions[EVENT_COLUMNS].copy()
    events["context"] = list(decision_contexts(decisions, emotion_states, float(prior), params).astype(np.float32))
    return events


def fit_policy(policy_events: pd.DataFrame, member: MemberParams, selection: SelectionParams, seed: int) -> Checkpoint:
    """Fit a member's candidates on train decisions; keep the one whose value on valid decisions is surest."""
    train, valid = _log_of(policy_events, "train"), _log_of(policy_events, "valid")
    model = fit_reward_model(train.contexts, train.actions, train.rewards, len(train.arms), selection.reward_ridge)
    predicted, resampling = model.predict(valid.contexts), Resampling.of(valid.units, seed, selection.n_resamples)
    logged = (valid.rewards, valid.propensities, valid.actions)
    scored = [
        (dr(*logged, action_probabilities(candidate, valid.contexts), predicted, resampling), candidate)
        for candidate in policy_candidates(train, member.model)
    ]
    value, best = max(scored, key=lambda pair: pair[0].lower)
    logger.info("%s %s: valid value %.4f [%.4f, %.4f]", best.architecture, best.params, *dataclasses.astuple(value)[:3])
    facts = {
        "arms": list(train.arms),
        "context_names": list(context_names(train.contexts.shape[1], train.arms)),
        "valid_value_dr": dataclasses.asdict(value),
        "n_candidates": len(scored),
        "seed": seed,
    }
    return dataclasses.replace(best, metadata=facts)


def build_recommender_policy(
    candidate_scores: pd.DataFrame,
    contents: pd.DataFrame,
    policy_events: pd.DataFrame,
    params: RecommenderPolicyParams,
) -> pd.DataFrame:
    """Turn the recommender's candidates into a probability per topic, for each user with a test decision."""
    arms = pd.Index(_arms_of(policy_events))
    users = pd.Index(policy_events.loc[policy_events["split"] == "test", "user_id"].unique())
    candidates = candidate_scores[["user_id", "content_id", "score"]].merge(
        topic_of_contents(contents), on="content_id"
    )
    user, arm = users.get_indexer(pd.Index(candidates["user_id"])), arms.get_indexer(pd.Index(candidates["topic"]))
    known = (user >= 0) & (arm >= 0)
    if not known.any():
        return pd.DataFrame({"user_id": pd.Series(dtype="str"), "probabilities": pd.Series(dtype=object)})
    scores = candidates["score"].to_numpy(dtype=np.float64)[known]
    probabilities = topic_probabilities(user[known], arm[known], scores, len(users), len(arms), params)
    return pd.DataFrame({"user_id": users, "probabilities": list(probabilities)})


def score_policies(
    policy_events: pd.DataFrame,
    recommender_policy: pd.DataFrame,
    simulated_truth: pd.DataFrame,
    uniform: Checkpoint,
    popularity: Checkpoint,
    linucb: Checkpoint,
    params: ScoringParams,
    seed: int,
    dataset: str,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Judge every policy on the test decisions, once, beside the value that the world knows, and slate by slate."""
    log, truth = _log_of(policy_events, "test"), _truth_of(policy_events, simulated_truth)
    fitted = {"uniform": uniform, "popularity": popularity, "linucb": linucb}
    targets = {name: action_probabilities(checkpoint, log.contexts) for name, checkpoint in fitted.items()}
    if not recommender_policy.empty:
        targets["recommender"] = _probabilities_by_user(recommender_policy, log)
    predicted = cross_fitted_rewards(
        log.contexts, log.actions, log.rewards, log.users, n_arms=len(log.arms), params=params.reward_model, seed=seed
    )
    resampling = Resampling.of(log.units, seed, params.n_resamples)
    scores = {"logging": score_logging(log, truth, resampling)}
    scores |= {name: score_target(log, target, predicted, truth, resampling) for name, target in targets.items()}
    differences = _differences(scores, "linucb", ("popularity", "logging"), resampling, params, seed)
    leaderboard = _leaderboard(scores, differences, params, seed, dataset)
    return _values_table(scores, params), leaderboard, unit_scores(scores, log.units)


def _split_by_time(occurred_at: pd.Series, boundaries: Mapping[str, Any]) -> np.ndarray:
    if boundaries["train_end"] is None or boundaries["valid_end"] is None:
        raise ValueError(
            f"`split_boundaries` of protocol {boundaries['protocol']!r} hold no instants; "
            "policies need the protocol global_timeline"
        )
    train_end, valid_end = (pd.Timestamp(boundaries[name]) for name in ("train_end", "valid_end"))
    return np.select([occurred_at < train_end, occurred_at < valid_end], ["train", "valid"], default="test")


def _require_rows(events: pd.DataFrame, split: str) -> pd.DataFrame:
    rows = events.loc[events["split"] == split]
    if rows.empty:
        raise ValueError(f"no logged decision falls into split {split!r}; move `feature_engineering.split`")
    return rows


def exhibit_policies(policy_values: pd.DataFrame) -> list[Exhibit]:
    """The off-policy estimates and their health as the report shows them."""
    return policy_exhibits(policy_values)


def _arms_of(events: pd.DataFrame) -> tuple[str, ...]:
    return tuple(events.drop_duplicates("action").sort_values("action")["topic"])


def _log_of(events: pd.DataFrame, split: str) -> PolicyLog:
    rows = _require_rows(events, split)
    return PolicyLog(
        contexts=np.stack(list(rows["context"])).astype(np.float64),
        actions=rows["action"].to_numpy(dtype=np.int64),
        rewards=rows["reward"].to_numpy(dtype=np.float64),
        propensities=rows["propensity"].to_numpy(dtype=np.float64),
        units=rows["slate_id"].fillna(rows["event_id"]).to_numpy(dtype=str),
        users=rows["user_id"].to_numpy(dtype=str),
        arms=_arms_of(events),
    )


def _truth_of(events: pd.DataFrame, simulated_truth: pd.DataFrame) -> WorldTruth | None:
    """Truth of the test decisions with its columns in the order of our arms, which the join tells."""
    if simulated_truth.empty:
        return None
    known = events[["event_id", "split", "topic", "action"]].merge(
        simulated_truth, left_on="event_id", right_on="interaction_id", how="left", validate="one_to_one"
    )
    if known["topic_index"].isna().any():
        raise ValueError(f"{int(known['topic_index'].isna().sum())} decisions are missing in `simulated_truth`")
    pairs = known[["action", "topic_index"]].drop_duplicates().sort_values("action")
    if pairs["action"].duplicated().any() or pairs["topic_index"].duplicated().any():
        raise ValueError("`simulated_truth.topic_index` and the topics of `contents` do not match one to one")
    order, test = pairs["topic_index"].to_numpy(dtype=np.int64), known.loc[known["split"] == "test"]
    rewards, utilities = (np.stack(list(test[name])) for name in ("expected_rewards", "expected_utilities"))
    return WorldTruth(rewards[:, order].astype(np.float64), utilities[:, order].astype(np.float64))


def _probabilities_by_user(recommender_policy: pd.DataFrame, log: PolicyLog) -> np.ndarray:
    row = pd.Index(recommender_policy["user_id"]).get_indexer(pd.Index(log.users))
    probabilities: np.ndarray = np.stack(list(recommender_policy["probabilities"])).astype(np.float64)[row]
    return probabilities


def _differences(
    scores: Mapping[str, PolicyScore],
    policy: str,
    baselines: tuple[str, ...],
    resampling: Resampling,
    params: ScoringParams,
    seed: int,
) -> dict[str, Estimate]:
    """Paired differences of the policy to each baseline, in truth and by DR; undefined where the log cannot tell."""
    rows: dict[str, Estimate] = {}
    for kind in scores[policy].terms:
        pairs = {
            name: paired_by_unit(scores[policy].terms[kind], scores[name].terms[kind], resampling, seed)
            for name in baselines
        }
        adjusted = holm({name: p_value for name, (_, p_value) in pairs.items()})
        for name, (difference, _) in pairs.items():
            speaks = kind == "true" or (_is_healthy(scores[policy], params) and _is_healthy(scores[name], params))
            silent = Estimate.undefined(resampling.n_units)
            rows[f"difference:{kind}:{name}"] = difference if speaks else silent
            rows[f"p_holm:{kind}:{name}"] = Estimate.exact(adjusted[name], difference.n) if speaks else silent
    return rows


def _is_healthy(score: PolicyScore, params: ScoringParams) -> bool:
    return score.health.is_healthy(params.min_n_eff, params.max_support_gap)


def _values_table(scores: Mapping[str, PolicyScore], params: ScoringParams) -> pd.DataFrame:
    """One row a policy and estimator: value, overlap, truth."""
    rows = [
        {"policy": policy, "is_baseline": policy in BASELINES, "estimator": estimator, **_value_row(score, estimate)}
        for policy, score in scores.items()
        for estimator, estimate in score.estimates.items()
    ]
    healthy = {policy: _is_healthy(score, params) for policy, score in scores.items()}
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


def _leaderboard(
    scores: Mapping[str, PolicyScore],
    differences: Mapping[str, Estimate],
    params: ScoringParams,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
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
        estimates["healthy"] = Estimate.exact(float(_is_healthy(score, params)), score.health.n)
        tables.append(rows(policy, estimates, "global_timeline"))
    return pd.concat([*tables, rows("linucb", differences, "paired")], ignore_index=True)
