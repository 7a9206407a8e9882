from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from affectlens.simulation.reactions import count_reactions
from affectlens.simulation.world import History, WorldParams

MakeParams = Callable[..., WorldParams]


def counted(history: History, params: WorldParams) -> pd.DataFrame:
    return count_reactions(history.world, history.impressions, params.reactions, history.stream("reactions"))


def test_counts_never_fall_with_age(history: History) -> None:
    counts = counted(history, history.params).sort_values(["content_id", "reaction", "observed_at"])
    grown = counts.groupby(["content_id", "reaction"])["count"].diff().dropna()
    assert len(grown) > 100
    assert (grown >= 0).all()


def test_new_buttons_appear_with_the_break(history: History) -> None:
    counts = counted(history, history.params)
    start = pd.Timestamp(history.params.time.first_day, tz="UTC")
    day = history.params.shift.breaks.reactions_at * history.params.time.horizon_s
    is_new = counts["reaction"].isin(["loves", "hahas", "wows", "sads", "angrys"])
    assert (counts.loc[is_new, "observed_at"] >= start + pd.Timedelta(seconds=day - 1)).all()
    assert counts.loc[is_new, "count"].sum() > 0


def test_without_an_audience_the_counters_hold_the_logged_events(world_params: MakeParams, history: History) -> None:
    params = world_params(reactions={"audience": 1.0, "ages_days": [10_000.0]})
    late = count_reactions(history.world, history.impressions, params.reactions, history.stream("reactions"))
    assert late.empty
    params = world_params(reactions={"audience": 1.0, "ages_days": [0.5, 60.0]})
    counts = counted(history, params)
    assert counts.groupby("reaction")["count"].sum()["shares"] <= 2 * history.impressions.is_shared.sum()
    seen = history.impressions
    old = history.world.catalogue.created + 60.0 * 86400.0 <= history.params.time.horizon_s
    age = seen.time - history.world.catalogue.created[seen.content]
    readable = old[seen.content] & (history.world.catalogue.created[seen.content] + 60.0 * 86400.0 >= 0.0)
    expected = (seen.is_shared & (age <= 60.0 * 86400.0) & readable).sum()
    last = counts[counts["reaction"] == "shares"].sort_values("observed_at").groupby("content_id").tail(1)
    created = pd.Series(history.world.catalogue.created, index=[f"c{i:07d}" for i in range(len(old))])
    seconds = (last["observed_at"] - pd.Timestamp(params.time.first_day, tz="UTC")).dt.total_seconds()
    is_old_age = (seconds - last["content_id"].map(created)) > 30.0 * 86400.0
    assert last.loc[is_old_age, "count"].sum() == expected
