"""The best contents of each user, now: block by block, by looking at all contents or at some."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.models.recommender.search import new_to_the_user, open_search
from affectlens.models.recommender.serving import Shelf
from affectlens.pipelines.inference.chain import Chain
from affectlens.pipelines.inference.params import RankingParams


def lists_of(chain: Chain, user_ids: np.ndarray, params: RankingParams) -> pd.DataFrame:
    """The best contents that each user has not consumed, best first: user_id, rank, content_id, score, a row a place.

    As many users at once as keep the matrix of scores below its bound; what is found goes into arrays that are there
    from the beginning, since tables kept between the blocks would keep the memory around them, too.
    """
    item_ids = np.asarray(chain.catalogue.item_ids, dtype=object)
    found = np.full((len(user_ids), params.n_recommended), -1, dtype=np.int32)
    scores = np.zeros(found.shape, dtype=np.float32)
    if len(user_ids):
        shelf = Shelf.of(chain.model, chain.histories, chain.now, uses_generated=not chain.generated.is_empty)
        search = open_search(shelf.vectors, shelf.exists, params.search)
        n_users = max(1, params.scores_at_once // max(len(item_ids), 1))
        for block in (slice(start, start + n_users) for start in range(0, len(user_ids), n_users)):
            histories = chain.histories_now(user_ids[block])
            requests = shelf.requests(histories, chain.generated_for(histories))
            best, values = new_to_the_user(search, requests, histories, params.n_recommended)
            found[block, : best.shape[1]], scores[block, : best.shape[1]] = best, values
    row, place = np.nonzero(found >= 0)
    columns = {"user_id": user_ids[row], "rank": place + 1, "content_id": item_ids[found[row, place]]}
    return pd.DataFrame({**columns, "score": scores[row, place].astype(np.float64)})
