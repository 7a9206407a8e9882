from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.models.recommender.search import SearchParams
from affectlens.pipelines.inference.chain import Chain
from affectlens.pipelines.inference.lists import lists_of
from affectlens.pipelines.inference.params import RankingParams
from affectlens.schemas import Recommendations


def ranking(scores_at_once: int, kind: str = "exact") -> RankingParams:
    search = SearchParams(kind=kind, links=16, breadth=64)
    return RankingParams(n_recommended=4, scores_at_once=scores_at_once, search=search)


def test_lists_do_not_depend_on_how_many_users_are_looked_at_together(chain: Chain) -> None:
    one_by_one, together = (lists_of(chain, chain.user_ids, ranking(bound)) for bound in (1, 10**6))
    pd.testing.assert_frame_equal(one_by_one, together)
    Recommendations.validate(together)
    assert (together.groupby("user_id")["rank"].max() == 4).all()


def test_lists_are_those_of_the_whole_ranking(chain: Chain) -> None:
    histories = chain.histories_now(chain.user_ids)
    whole = chain.ranking(histories, chain.request(histories).scores, 4)
    listed = lists_of(chain, chain.user_ids, ranking(100))["content_id"].to_numpy().reshape(-1, 4)
    assert (np.asarray(chain.catalogue.item_ids, dtype=object)[whole] == listed).all()


def test_the_approximate_search_lists_nearly_the_same(chain: Chain) -> None:
    exact, found = (lists_of(chain, chain.user_ids, ranking(100, kind)) for kind in ("exact", "approximate"))
    shared = exact.merge(found, on=["user_id", "content_id"])
    assert len(shared) > 0.9 * len(exact)


def test_new_events_change_the_lists_of_their_user_without_another_fit(chain: Chain) -> None:
    user, other = chain.user_ids[:2]
    before = lists_of(chain, chain.user_ids, ranking(100))
    first = before.loc[before["user_id"] == user, "content_id"].iloc[0]
    time = chain.sequences["occurred_at"].max() + pd.Timedelta(minutes=5)
    event = {"user_id": user, "kind": "view", "dwell_s": 9.0, "split": "test", "occurred_at": time}
    later = chain.after(pd.DataFrame([event | {"content_id": name} for name in (first, "never seen")]))
    assert len(later.sequences) == len(chain.sequences) + 1
    mine = later.sequences[later.sequences["user_id"] == user]
    assert mine["step"].tolist() == list(range(len(mine)))
    assert mine["gap_s"].iloc[-1] > 0
    after = lists_of(later, np.array([user, other], dtype=object), ranking(100))
    assert first not in set(after.loc[after["user_id"] == user, "content_id"])
    assert later.checkpoint is chain.checkpoint
