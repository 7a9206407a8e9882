"""From logged impressions to decisions: which arm was shown, what it earned, and what was known before.

In a feed whose contents carry topics, the action of an impression is the topic `contents.tags[0]`; the item within the
topic comes from a sampler that every policy shares.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.models.policy.contexts import Moments, clock_features, counts_before, latest_before, smoothed_rates
from affectlens.params import Params

DECISION_COLUMNS = [
    "interaction_id",
    "user_id",
    "slate_id",
    "occurred_at",
    "position",
    "propensity",
    "topic",
    "action",  # index of the topic among the sorted topics of the log
    "reward",  # 1.0 if the impression was viewed, else 0.0
    "viewed_at",
]
_POSITION_KEY = ["user_id", "content_id", "slate_id", "position"]


class ContextParams(Params):
    """How a decision's context is made.

    Attributes:
        view_rate_strength: impressions of the train slice's mean reward that each user's view rates start from.
    """

    view_rate_strength: float = Field(gt=0.0)


def logged_decisions(interactions: pd.DataFrame, contents: pd.DataFrame) -> pd.DataFrame:
    """One row an impression whose propensity is known, in the order of the log.

    Its columns are `DECISION_COLUMNS`.

    Raises:
        ValueError: no impression has a propensity, or one shows a content that has no topic.
    """
    has_propensity = (interactions["kind"] == "impression") & interactions["propensity"].notna()
    if not has_propensity.any():
        raise ValueError(
            "`interactions` holds no impression with a propensity: this environment has no logged propensities, so no "
            "policy can be judged from it; leave policy_training out of its stages"
        )
    decisions = interactions.loc[has_propensity].merge(topic_of_contents(contents), on="content_id", how="left")
    without_topic = decisions["topic"].isna()
    if without_topic.any():
        raise ValueError(
            f"{int(without_topic.sum())} of {len(decisions)} impressions show a content without a topic, first "
            f"{decisions.loc[without_topic, 'interaction_id'].iloc[0]!r}; the topic is the first of `contents.tags`"
        )
    decisions["action"] = np.unique(decisions["topic"].to_numpy(dtype=str), return_inverse=True)[1]
    return _with_rewards(decisions, interactions)


def topic_of_contents(contents: pd.DataFrame) -> pd.DataFrame:
    """`content_id` and `topic`, the first tag, of every content that has one."""
    if contents.empty:
        return pd.DataFrame({"content_id": pd.Series(dtype=str), "topic": pd.Series(dtype=str)})
    topics = pd.DataFrame({"content_id": contents["content_id"], "topic": contents["tags"].str[0]})
    return topics.dropna().astype({"topic": "str"}).reset_index(drop=True)


def decision_contexts(
    decisions: pd.DataFrame, emotion_states: pd.DataFrame, prior_reward: float, params: ContextParams
) -> np.ndarray:
    """Context of each decision (n, C + A + 5), all from strictly before it; see `contexts.context_names`.

    Args:
        decisions: from `logged_decisions`.
        emotion_states: states E_t with `user_id`, `occurred_at` (null: before everything) and `probabilities` (C).
        prior_reward: mean reward that view rates start from.
        params: weight of that prior.
    """
    users = pd.factorize(pd.concat([decisions["user_id"], emotion_states["user_id"]]))[0]
    deciding = Moments(users[: len(decisions)], _microseconds(decisions["occurred_at"]))
    feeling = Moments(users[len(decisions) :], _microseconds(emotion_states["occurred_at"]))
    position = decisions["position"].to_numpy(dtype=np.float64, na_value=1.0)[:, None]
    parts = [
        _emotions_before(emotion_states, feeling, deciding),
        _view_rates_before(decisions, deciding, prior_reward, params.view_rate_strength),
        position,
        clock_features(decisions["occurred_at"]),
    ]
    return np.hstack(parts)


def _with_rewards(decisions: pd.DataFrame, interactions: pd.DataFrame) -> pd.DataFrame:
    views = interactions.loc[interactions["kind"] == "view", [*_POSITION_KEY, "occurred_at"]]
    first_view = views.groupby(_POSITION_KEY, sort=False)["occurred_at"].min().rename("viewed_at").reset_index()
    answered = decisions.merge(first_view, on=_POSITION_KEY, how="left")
    answered["reward"] = (answered["viewed_at"] >= answered["occurred_at"]).astype(np.float64)
    return answered[DECISION_COLUMNS]


def _emotions_before(states: pd.DataFrame, feeling: Moments, deciding: Moments) -> np.ndarray:
    """Emotion probabilities (n, C) of the latest state before each decision; uniform for a user without states."""
    if states.empty:
        return np.empty((len(deciding.owner), 0))
    probabilities = np.stack(list(states["probabilities"])).astype(np.float64)
    row = latest_before(feeling, deciding)
    unknown = np.full(probabilities.shape[1], 1.0 / probabilities.shape[1])
    emotions: np.ndarray = np.where((row >= 0)[:, None], probabilities[row], unknown)
    return emotions


def _view_rates_before(decisions: pd.DataFrame, deciding: Moments, prior: float, strength: float) -> np.ndarray:
    """The user's rate of views per topic (n, A): views count once they happened, impressions once they were shown."""
    topics, n_arms = decisions["action"].to_numpy(), int(decisions["action"].max()) + 1
    viewed = decisions["reward"].to_numpy() > 0
    viewing = Moments(deciding.owner[viewed], _microseconds(decisions.loc[viewed, "viewed_at"]))
    views = counts_before(viewing, topics[viewed], deciding, n_arms)
    return smoothed_rates(views, counts_before(deciding, topics, deciding, n_arms), prior, strength)


def _microseconds(times: pd.Series) -> np.ndarray:
    """Times as integers; a null time is before every other."""
    instants: np.ndarray = (
        times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]").view("int64")
    )
    return instants
