"""From logged impressions to decisions: which arm was shown, what it earned, and what was known before.

In a feed whose contents carry topics, the action of an impression is the topic `contents.tags[0]`; the item within the
topic comes from a sampler that every policy shares. Where the log chose among contents themselves, these are the arms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.models.policy.contexts import (
    CLOCK_NAMES,
    Moments,
    clock_features,
    counts_before,
    emotion_names,
    latest_before,
    smoothed_rates,
)
from affectlens.params import Params

DECISION_COLUMNS = [
    "interaction_id",
    "user_id",
    "slate_id",
    "occurred_at",
    "position",
    "propensity",
    "logged_by",  # name of the policy that chose; null where the log names none
    "arm",
    "action",  # index of the arm among the sorted arms of the log
    "reward",  # 1.0 if the impression was viewed, else 0.0
    "viewed_at",
]
_POSITION_KEY = ["user_id", "content_id", "slate_id", "position"]


class DecisionParams(Params):
    """What a decision is.

    Attributes:
        arms: what was chosen among: topics, or contents.
        surface_is_logger: whether `interactions.surface` names the policy that chose, where several shared the traffic.
    """

    arms: Literal["topic", "content"]
    surface_is_logger: bool


class ContextParams(Params):
    """What is known before a decision.

    Attributes:
        view_rate_strength: impressions of the train slice's mean reward that each user's view rates start from; None:
            contexts hold no view rates, as where a log knows no user twice.
        attributes: columns of `users` that contexts hold, one feature a value.
    """

    view_rate_strength: float | None = Field(gt=0.0)
    attributes: tuple[str, ...]


def logged_decisions(interactions: pd.DataFrame, contents: pd.DataFrame, params: DecisionParams) -> pd.DataFrame:
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
    decisions = interactions.loc[has_propensity].merge(arm_of_contents(contents, params), on="content_id", how="left")
    without_arm = decisions["arm"].isna()
    if without_arm.any():
        raise ValueError(
            f"{int(without_arm.sum())} of {len(decisions)} impressions show a content without a topic, first "
            f"{decisions.loc[without_arm, 'interaction_id'].iloc[0]!r}; the topic is the first of `contents.tags`"
        )
    decisions["action"] = np.unique(decisions["arm"].to_numpy(dtype=str), return_inverse=True)[1]
    decisions["logged_by"] = decisions["surface"] if params.surface_is_logger else None
    return _with_rewards(decisions.astype({"logged_by": "str"}), interactions)


def arm_of_contents(contents: pd.DataFrame, params: DecisionParams) -> pd.DataFrame:
    """`content_id` and `arm`, its first tag or itself, of every content that has one."""
    if contents.empty:
        return pd.DataFrame({"content_id": pd.Series(dtype=str), "arm": pd.Series(dtype=str)})
    arm = contents["tags"].str[0] if params.arms == "topic" else contents["content_id"]
    arms = pd.DataFrame({"content_id": contents["content_id"], "arm": arm})
    return arms.dropna().astype({"arm": "str"}).reset_index(drop=True)


def decision_contexts(
    decisions: pd.DataFrame,
    emotion_states: pd.DataFrame,
    users: pd.DataFrame,
    prior_reward: float,
    params: ContextParams,
) -> pd.DataFrame:
    """Context of each decision, one named column a feature, all from strictly before it.

    The emotions, the user's view rate per arm and attributes, the position in the session, the clock.

    Args:
        decisions: from `logged_decisions`.
        emotion_states: states E_t with `user_id`, `occurred_at` (null: before everything) and `probabilities` (C).
        users: `user_id` and the attributes that `params` names.
        prior_reward: mean reward that view rates start from.
        params: weight of that prior, names of attributes.

    Raises:
        ValueError: users lack an attribute.
    """
    owner = pd.factorize(pd.concat([decisions["user_id"], emotion_states["user_id"]]))[0]
    deciding = Moments(owner[: len(decisions)], _microseconds(decisions["occurred_at"]))
    feeling = Moments(owner[len(decisions) :], _microseconds(emotion_states["occurred_at"]))
    emotions = _emotions_before(emotion_states, feeling, deciding)
    position = decisions["position"].to_numpy(dtype=np.float64, na_value=1.0)[:, None]
    parts = [pd.DataFrame(emotions, columns=list(emotion_names(emotions.shape[1])))]
    if params.view_rate_strength is not None:
        rates = _view_rates_before(decisions, deciding, prior_reward, params.view_rate_strength)
        arms = decisions.drop_duplicates("action").sort_values("action")["arm"]
        parts.append(pd.DataFrame(rates, columns=list("view_rate:" + arms)))
    parts += [
        _attributes(decisions["user_id"], users, params.attributes),
        pd.DataFrame(position, columns=["position"]),
        pd.DataFrame(clock_features(decisions["occurred_at"]), columns=list(CLOCK_NAMES)),
    ]
    return pd.concat(parts, axis=1)


def _attributes(user_ids: pd.Series, users: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Attributes of each decision's user, 1.0 where he has the value, nothing but zeros where he has none."""
    missing = sorted(set(names) - set(users))
    if missing:
        known = sorted(map(str, users))
        raise ValueError(f"`users` has no columns {missing}, which `policy.context.attributes` names; it has {known}")
    of_users = users.set_index("user_id")[list(names)].reindex(user_ids).reset_index(drop=True)
    if not names:
        return of_users
    return pd.get_dummies(of_users, columns=list(names), prefix_sep=":", dtype=np.float64)


def _with_rewards(decisions: pd.DataFrame, interactions: pd.DataFrame) -> pd.DataFrame:
    views = interactions.loc[interactions["kind"] == "view", [*_POSITION_KEY, "occurred_at"]]
    first_view = (
        views.groupby(_POSITION_KEY, sort=False, dropna=False)["occurred_at"].min().rename("viewed_at").reset_index()
    )
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
