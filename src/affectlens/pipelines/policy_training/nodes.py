"""Glue between the log, the policies and their judges."""

import dataclasses
import itertools
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.logged_policies import score_logged
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
from affectlens.models.policy.decisions import (
    ContextParams,
    DecisionParams,
    arm_of_contents,
    decision_contexts,
    logged_decisions,
)
from affectlens.models.policy.recommender import RecommenderPolicyParams, topic_probabilities
from affectlens.models.policy.reward_model import cross_fitted_rewards, fit_reward_model
from affectlens.pipelines.policy_training.exhibits import logged_exhibits, policy_exhibits
from affectlens.pipelines.policy_training.params import MemberParams, ScoringParams, SelectionParams
from affectlens.pipelines.policy_training.tables import (
    is_healthy,
    logged_leaderboards,
    logged_values_table,
    policy_leaderboards,
    values_table,
)
from affectlens.pipelines.policy_training.units import unit_scores

logger = logging.getLogger(__name__)

EVENT_COLUMNS = [
    *("event_id", "user_id", "slate_id", "position", "occurred_at", "split"),
    *("logged_by", "arm", "action", "reward", "propensity"),
]


def build_policy_events(
    interactions: pd.DataFrame,
    contents: pd.DataFrame,
    users: pd.DataFrame,
    emotion_states: pd.DataFrame,
    split_boundaries: Mapping[str, Any],
    decision: DecisionParams,
    context: ContextParams,
) -> tuple[pd.DataFrame, list[str]]:
    """Turn logged impressions into decisions: action, reward, propensity, and the context known before each.

    Returns:
        The decisions, and the names of their context's features.
    """
    decisions = logged_decisions(interactions, contents, decision).rename(columns={"interaction_id": "event_id"})
    decisions["split"] = _split_by_time(decisions["occurred_at"], split_boundaries)
    prior = _require_rows(decisions, "train")["reward"].mean()
    contexts = decision_contexts(decisions, emotion_states, users, float(prior), context)
    events = decisions[EVENT_COLUMNS].copy()
    events["context"] = pd.Series(list(contexts.to_numpy(dtype=np.float32)), index=events.index)
    return events, list(map(str, contexts))


def fit_policy(
    policy_events: pd.DataFrame,
    policy_context_names: Sequence[str],
    member: MemberParams,
    selection: SelectionParams,
    seed: int,
) -> Checkpoint:
    """Fit a member's candidates on train decisions; keep the one whose value on valid decisions is surest."""
    train, valid = _split_log(policy_events, "train"), _split_log(policy_events, "valid")
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
        "context_names": list(policy_context_names),
        "valid_value_dr": dataclasses.asdict(value),
        "n_candidates": len(scored),
        "seed": seed,
    }
    return dataclasses.replace(best, metadata=facts)


def build_recommender_policy(
    candidate_scores: pd.DataFrame,
    contents: pd.DataFrame,
    policy_events: pd.DataFrame,
    decision: DecisionParams,
    params: RecommenderPolicyParams,
) -> pd.DataFrame:
    """Turn the recommender's candidates into a probability per arm, for each user with a test decision."""
    arms = pd.Index(_arms_of(policy_events))
    users = pd.Index(policy_events.loc[policy_events["split"] == "test", "user_id"].unique())
    candidates = candidate_scores[["user_id", "content_id", "score"]].merge(
        arm_of_contents(contents, decision), on="content_id"
    )
    user, arm = users.get_indexer(pd.Index(candidates["user_id"])), arms.get_indexer(pd.Index(candidates["arm"]))
    known = (user >= 0) & (arm >= 0)
    if not known.any():
        return pd.DataFrame({"user_id": pd.Series(dtype="str"), "probabilities": pd.Series(dtype=object)})
    scores = candidates["score"].to_numpy(dtype=np.float64)[known]
    probabilities = topic_probabilities(user[known], arm[known], scores, len(users), len(arms), params)
    return pd.DataFrame({"user_id": users, "probabilities": list(probabilities)})


def score_logged_policies(policy_events: pd.DataFrame, params: ScoringParams, seed: int) -> pd.DataFrame:
    """Judge each policy that made a part of the log from the parts of the others; no rows where one made it all.

    Nothing is fitted here but reward models, which are cross-fitted: the whole log is read, not its test slice alone.
    """
    log = _log_of(policy_events)
    names = policy_events["logged_by"].dropna()
    parts = {name: log.rows((policy_events["logged_by"] == name).to_numpy()) for name in sorted(names.unique())}
    found = {}
    for judge, judged in itertools.permutations(parts, 2):
        predicted = _predicted(parts[judge], params, seed)
        found[judge, judged] = score_logged(
            parts[judge], parts[judged], predicted, params.lambdas, seed=seed, n_resamples=params.n_resamples
        )
    return logged_values_table(found, params)


def score_policies(
    policy_events: pd.DataFrame,
    recommender_policy: pd.DataFrame,
    logged_policy_values: pd.DataFrame,
    simulated_truth: pd.DataFrame,
    uniform: Checkpoint,
    popularity: Checkpoint,
    linucb: Checkpoint,
    params: ScoringParams,
    seed: int,
    dataset: str,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Judge every policy on the test decisions, once, beside the value that the world knows, and slate by slate."""
    log, truth = _split_log(policy_events, "test"), _truth_of(policy_events, simulated_truth)
    fitted = {"uniform": uniform, "popularity": popularity, "linucb": linucb}
    targets = {name: action_probabilities(checkpoint, log.contexts) for name, checkpoint in fitted.items()}
    if not recommender_policy.empty:
        targets["recommender"] = _probabilities_by_user(recommender_policy, log)
    predicted = _predicted(log, params, seed)
    resampling = Resampling.of(log.units, seed, params.n_resamples)
    scores = {"logging": score_logging(log, truth, resampling)}
    scores |= {
        name: score_target(log, target, predicted, truth, resampling, params.lambdas)
        for name, target in targets.items()
    }
    differences = _differences(scores, "linucb", ("popularity", "logging"), resampling, params, seed)
    boards = policy_leaderboards(scores, differences, params, seed, dataset)
    boards += logged_leaderboards(logged_policy_values, seed, dataset)
    return values_table(scores, params), pd.concat(boards, ignore_index=True), unit_scores(scores, log.units)


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


def exhibit_policies(policy_values: pd.DataFrame, logged_policy_values: pd.DataFrame) -> list[Exhibit]:
    """The off-policy estimates and their health as the report shows them."""
    return [*logged_exhibits(logged_policy_values), *policy_exhibits(policy_values)]


def _arms_of(events: pd.DataFrame) -> tuple[str, ...]:
    return tuple(events.drop_duplicates("action").sort_values("action")["arm"])


def _split_log(events: pd.DataFrame, split: str) -> PolicyLog:
    return _log_of(_require_rows(events, split), _arms_of(events))


def _log_of(rows: pd.DataFrame, arms: tuple[str, ...] | None = None) -> PolicyLog:
    return PolicyLog(
        contexts=np.stack(list(rows["context"])).astype(np.float64),
        actions=rows["action"].to_numpy(dtype=np.int64),
        rewards=rows["reward"].to_numpy(dtype=np.float64),
        propensities=rows["propensity"].to_numpy(dtype=np.float64),
        units=rows["slate_id"].fillna(rows["event_id"]).to_numpy(dtype=str),
        users=rows["user_id"].to_numpy(dtype=str),
        positions=rows["position"].to_numpy(dtype=np.float64),
        arms=_arms_of(rows) if arms is None else arms,
    )


def _predicted(log: PolicyLog, params: ScoringParams, seed: int) -> np.ndarray:
    return cross_fitted_rewards(
        log.contexts, log.actions, log.rewards, log.users, n_arms=len(log.arms), params=params.reward_model, seed=seed
    )


def _truth_of(events: pd.DataFrame, simulated_truth: pd.DataFrame) -> WorldTruth | None:
    """Truth of the test decisions with its columns in the order of our arms, which the join tells."""
    if simulated_truth.empty:
        return None
    known = events[["event_id", "split", "action"]].merge(
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
    if (row < 0).any():
        raise ValueError(f"{int((row < 0).sum())} test decisions are of users that `recommender_policy` does not know")
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
            speaks = kind == "true" or (is_healthy(scores[policy], params) and is_healthy(scores[name], params))
            silent = Estimate.undefined(resampling.n_units)
            rows[f"difference:{kind}:{name}"] = difference if speaks else silent
            rows[f"p_holm:{kind}:{name}"] = Estimate.exact(adjusted[name], difference.n) if speaks else silent
    return rows
