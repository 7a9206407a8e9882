from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.models.policy.contexts import Moments, counts_before, latest_before
from affectlens.models.policy.decisions import ContextParams, DecisionParams, decision_contexts
from affectlens.models.policy.decisions import logged_decisions as decisions_of

CONTENTS = pd.DataFrame({"content_id": ["war1", "art1", "art2"], "tags": [["war", "x"], ["art"], ["art"]]})
PARAMS = ContextParams(view_rate_strength=1.0, attributes=())
TOPICS = DecisionParams(arms="topic", surface_is_logger=False)
NOBODY = pd.DataFrame({"user_id": pd.Series(dtype="str")})


def _at(minute: float) -> pd.Timestamp:
    return pd.Timestamp("2026-03-02 06:00", tz="UTC") + pd.Timedelta(minutes=minute)


def _interaction(kind: str, user: str, content: str, minute: float, position: float, slate: str = "s") -> dict:
    return {
        "interaction_id": f"{kind}-{user}-{minute}",
        "user_id": user,
        "content_id": content,
        "occurred_at": _at(minute),
        "kind": kind,
        "slate_id": slate,
        "position": position,
        "propensity": 0.5 if kind == "impression" else np.nan,
    }


def logged_decisions(interactions: pd.DataFrame, contents: pd.DataFrame) -> pd.DataFrame:
    return decisions_of(interactions, contents, TOPICS)


def contexts_of(interactions: pd.DataFrame, states: pd.DataFrame) -> np.ndarray:
    return decision_contexts(logged_decisions(interactions, CONTENTS), states, NOBODY, 0.5, PARAMS).to_numpy()


@pytest.fixture
def interactions() -> pd.DataFrame:
    rows = [
        _interaction("impression", "u", "art1", 0, 1),
        _interaction("view", "u", "art1", 0.5, 1),
        _interaction("like", "u", "art1", 0.6, 1),
        _interaction("impression", "u", "war1", 1, 2),
        _interaction("impression", "u", "art2", 2, 3),
        _interaction("view", "u", "art2", 5, 3),
        _interaction("impression", "u", "art1", 3, 4),
        _interaction("impression", "v", "art1", 9, 1),
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def states() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": ["u", "u", "u"],
            "occurred_at": pd.to_datetime([pd.NaT, _at(1), _at(2.5)], utc=True),
            "probabilities": [np.array([0.2, 0.8]), np.array([0.6, 0.4]), np.array([0.9, 0.1])],
        }
    )


def test_an_impression_earns_one_if_its_own_position_was_viewed(interactions: pd.DataFrame) -> None:
    decisions = logged_decisions(interactions, CONTENTS)
    assert decisions["arm"].tolist() == ["art", "war", "art", "art", "art"]
    assert decisions["action"].tolist() == [0, 1, 0, 0, 0]
    assert decisions["reward"].tolist() == [1.0, 0.0, 1.0, 0.0, 0.0]


def test_a_view_that_came_before_is_no_reward(interactions: pd.DataFrame) -> None:
    interactions.loc[interactions["kind"] == "view", "occurred_at"] = _at(-1)
    assert logged_decisions(interactions, CONTENTS)["reward"].sum() == 0.0


def test_an_impression_without_a_propensity_is_no_decision(interactions: pd.DataFrame) -> None:
    interactions.loc[0, "propensity"] = np.nan
    assert len(logged_decisions(interactions, CONTENTS)) == 4


def test_a_log_without_propensities_says_so(interactions: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="this environment has no logged propensities"):
        logged_decisions(interactions.assign(propensity=np.nan), CONTENTS)
    with pytest.raises(ValueError, match="this environment has no logged propensities"):
        logged_decisions(interactions.iloc[:0], CONTENTS.iloc[:0])


def test_a_content_without_a_topic_is_named(interactions: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="3 of 5 impressions show a content without a topic, first 'impression-u-0'"):
        logged_decisions(interactions, CONTENTS[CONTENTS["content_id"] != "art1"])


def test_contexts_hold_the_past_and_only_the_past(interactions: pd.DataFrame, states: pd.DataFrame) -> None:
    contexts = contexts_of(interactions, states)
    emotions, rates, position = contexts[:, :2], contexts[:, 2:4], contexts[:, 4]
    assert emotions.tolist() == [[0.2, 0.8], [0.2, 0.8], [0.6, 0.4], [0.9, 0.1], [0.5, 0.5]]
    assert position.tolist() == [1.0, 2.0, 3.0, 4.0, 1.0]
    # The second art impression was shown at minute 2 but viewed at minute 5, after the decision of minute 3.
    assert rates[:, 0] == pytest.approx([0.5, 1.5 / 2, 1.5 / 2, 1.5 / 3, 0.5])
    assert rates[:, 1] == pytest.approx([0.5, 0.5, 0.25, 0.25, 0.5])


def test_changing_the_future_changes_no_context(interactions: pd.DataFrame, states: pd.DataFrame) -> None:
    full = contexts_of(interactions, states)
    past = interactions[interactions["occurred_at"] <= _at(2)]
    cut = contexts_of(past, states.iloc[:2])
    assert np.array_equal(cut, full[:3])


def test_without_emotion_states_the_other_features_remain(interactions: pd.DataFrame, states: pd.DataFrame) -> None:
    assert np.array_equal(contexts_of(interactions, states.iloc[:0]), contexts_of(interactions, states)[:, 2:])


def test_renaming_users_changes_no_context(interactions: pd.DataFrame, states: pd.DataFrame) -> None:
    names = {"u": "zz", "v": "a"}
    renamed = [frame.assign(user_id=frame["user_id"].map(names)) for frame in (interactions, states)]
    assert np.array_equal(contexts_of(*renamed), contexts_of(interactions, states))


def test_counts_before_agree_with_counting_one_by_one() -> None:
    generator = np.random.default_rng(0)
    owner, time, category = (generator.integers(0, high, size=200) for high in (5, 30, 3))
    moments = Moments(owner, time)
    expected = [
        [((owner == owner[i]) & (time < time[i]) & (category == c)).sum() for c in range(3)] for i in range(200)
    ]
    assert counts_before(moments, category, moments, 3).tolist() == expected


def test_the_latest_event_before_a_moment_is_its_owners_own() -> None:
    events = Moments(np.array([1, 0, 1]), np.array([5, 1, 2]))
    queries = Moments(np.array([1, 1, 1, 0, 2]), np.array([2, 5, 6, 6, 6]))
    assert latest_before(events, queries).tolist() == [-1, 2, 0, 1, -1]


def test_context_features_are_named_in_their_order(interactions: pd.DataFrame, states: pd.DataFrame) -> None:
    decisions = logged_decisions(interactions, CONTENTS)
    names = list(decision_contexts(decisions, states, NOBODY, 0.5, PARAMS))
    assert names[:5] == ["emotion:0", "emotion:1", "view_rate:art", "view_rate:war", "position"]
    seven = states.assign(probabilities=[np.full(7, 1 / 7)] * 3)
    assert list(decision_contexts(decisions, seven, NOBODY, 0.5, PARAMS))[:2] == ["emotion:anger", "emotion:disgust"]


def test_attributes_of_users_are_features_one_a_value(interactions: pd.DataFrame, states: pd.DataFrame) -> None:
    params = ContextParams(view_rate_strength=None, attributes=("attribute_age",))
    users = pd.DataFrame({"user_id": ["w", "u"], "attribute_age": [30, 20]})
    decisions = logged_decisions(interactions, CONTENTS)
    contexts = decision_contexts(decisions, states.iloc[:0], users, 0.5, params)
    assert list(contexts)[:2] == ["attribute_age:20.0", "position"]
    assert contexts["attribute_age:20.0"].tolist() == [1.0, 1.0, 1.0, 1.0, 0.0]  # v is nowhere described
    with pytest.raises(ValueError, match=r"no columns \['attribute_age'\].*policy.context.attributes"):
        decision_contexts(decisions, states, NOBODY, 0.5, params)


def test_contents_may_be_the_arms_and_surfaces_the_policies_that_chose(interactions: pd.DataFrame) -> None:
    params = DecisionParams(arms="content", surface_is_logger=True)
    named = interactions.assign(surface=["left"] * 5 + ["right"] * 3)
    decisions = decisions_of(named, CONTENTS.assign(tags=[[], [], []]), params)
    assert decisions["arm"].tolist() == ["art1", "war1", "art2", "art1", "art1"]
    assert decisions["action"].tolist() == [0, 2, 1, 0, 0]
    assert decisions["logged_by"].tolist() == ["left", "left", "left", "right", "right"]
    assert decisions_of(named, CONTENTS, TOPICS)["logged_by"].isna().all()


def test_an_impression_outside_any_slate_earns_by_its_own_view(interactions: pd.DataFrame) -> None:
    alone = interactions.assign(slate_id=pd.Series([None] * len(interactions), dtype="str"))
    assert logged_decisions(alone, CONTENTS)["reward"].tolist() == [1.0, 0.0, 1.0, 0.0, 0.0]
