"""The best contents of each user, now: block by block, by looking at all contents or at some."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from affectlens.models.recommender.search import new_to_the_user, open_search
from affectlens.models.recommender.serving import Moment, serving_vectors
from affectlens.pipelines.inference.chain import Chain
from affectlens.pipelines.inference.params import RankingParams

LIST_COLUMNS = ("user_id", "rank", "content_id", "score")


def lists_of(chain: Chain, user_ids: np.ndarray, params: RankingParams) -> pd.DataFrame:
    """The best contents that each user has not consumed, best first: one row a place."""
    blocks = list(_blocks(chain, user_ids, params))
    return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=list(LIST_COLUMNS))


def _blocks(chain: Chain, user_ids: np.ndarray, params: RankingParams) -> Iterator[pd.DataFrame]:
    """As many users at once as keep the matrix of scores below its bound."""
    moment, search = Moment.of(chain.model, chain.histories, chain.now), None
    n_users = max(1, params.scores_at_once // max(chain.catalogue.n_items, 1))
    for start in range(0, len(user_ids), n_users):
        users = user_ids[start : start + n_users]
        histories = chain.histories_now(users)
        requests, items = serving_vectors(chain.model, histories, chain.generated_for(histories), moment)
        search = search or open_search(items, moment.exists, params.search)
        lists, scores = new_to_the_user(search, requests, histories, params.n_recommended)
        row, place = np.nonzero(lists >= 0)
        ids = np.asarray(chain.catalogue.item_ids, dtype=object)[lists[row, place]]
        columns = {"user_id": users[row], "rank": place + 1, "content_id": ids}
        yield pd.DataFrame({**columns, "score": scores[row, place].astype(np.float64)})
