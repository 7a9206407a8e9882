"""Lists of ten for all users of Amazon Beauty, from all items and from an index, in blocks of bounded memory.

`python -m benchmarks.serving` fits the attention model for four epochs and writes the lists of its 22,363 users, from
its 12,101 items and from eight near copies of each (96,808). One row a case: users a CPU second, peak of resident
memory so far, the share of the exact ten that the index finds, and what a million users would take: minutes go with
users, memory with the rows of the result. Needs `affectlens fetch sequences` or AFFECTLENS_MIRROR, and the extra
`serving`.
"""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pandas as pd

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.catalogue import index_of
from affectlens.models.recommender.search import SearchParams
from affectlens.pipelines.inference.chain import Chain, open_chain
from affectlens.pipelines.inference.lists import lists_of
from affectlens.pipelines.inference.params import RankingParams
from affectlens.training.loop import TrainerParams
from benchmarks.peers import ours
from benchmarks.recommender import SETTINGS

EPOCHS, COPIES, SPREAD = 4, 8, 0.3
SCORES_AT_ONCE = 10_000_000
SEARCHES = {
    "exact": SearchParams(kind="exact", links=32, breadth=128),
    "approximate": SearchParams(kind="approximate", links=32, breadth=128),
    "approximate, wider": SearchParams(kind="approximate", links=32, breadth=512),
}


def main() -> str:
    """The table."""
    tables = ours.beauty_tables()
    trainer = TrainerParams.model_validate({**ours.TRAINER, "precision": "auto"})
    fitted = ours.fit(ours.beauty(), ours.attention(SETTINGS), trainer, lambda _: 0.0, EPOCHS)
    rows = []
    for chain in (open_chain(fitted, *tables), enlarged(fitted, *tables)):
        exact = pd.DataFrame()
        for name, search in SEARCHES.items():
            ranking = RankingParams(n_recommended=10, scores_at_once=SCORES_AT_ONCE, search=search)
            started = time.process_time()
            lists = lists_of(chain, chain.user_ids, ranking)
            users_a_cpu_s = len(chain.user_ids) / (time.process_time() - started)
            exact = lists if name == "exact" else exact
            bytes_a_user = lists.memory_usage(index=False).sum() / len(chain.user_ids)
            rows.append(
                {
                    "items": chain.catalogue.n_items,
                    "search": name,
                    "users_a_cpu_s": users_a_cpu_s,
                    "peak_mb": ours.peak_mb(),
                    "recall": len(exact.merge(lists, on=["user_id", "content_id"])) / len(exact),
                    "cpu_minutes_a_million": 1e6 / users_a_cpu_s / 60,
                    "result_mb_a_million": bytes_a_user,
                }
            )
    return pd.DataFrame(rows).round(3).to_string(index=False)


def enlarged(fitted: Checkpoint, sequences: pd.DataFrame, contents: pd.DataFrame, generated: pd.DataFrame) -> Chain:
    """The same users before a catalogue of `COPIES` near copies of each item, of which they consumed one."""
    generator = np.random.default_rng(0)
    known = np.asarray(fitted.params["item_ids"], dtype=object)
    names = [f"{item}#{copy}" for copy in range(COPIES) for item in known]
    copy = generator.integers(0, COPIES, len(sequences))
    consumed = index_of(known, sequences["content_id"]) + copy * len(known)
    renamed = sequences.assign(content_id=np.asarray(names, dtype=object)[consumed])
    empty = {"content_id": names, "created_at": pd.Series(pd.NaT, range(len(names)), "datetime64[ns, UTC]")}
    contents = pd.DataFrame({**empty, "vector": [[]] * len(names)})
    vectors = np.tile(fitted.weights["item.weight"], (COPIES, 1))
    noise = generator.normal(size=vectors.shape).astype(np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True) / np.linalg.norm(noise, axis=1, keepdims=True)
    weights = {
        **fitted.weights,
        "item.weight": vectors + SPREAD * length * noise,
        **{
            name: np.concatenate([fitted.weights[name]] * COPIES)
            for name in ("content", "is_known", "is_class", "created")
        },
    }
    checkpoint = dataclasses.replace(fitted, params={**fitted.params, "item_ids": names}, weights=weights)
    return open_chain(checkpoint, renamed, contents, generated)


if __name__ == "__main__":
    print(main())  # noqa: T201  a command's output
