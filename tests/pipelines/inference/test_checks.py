from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.inference.chain import Chain, open_chain
from affectlens.pipelines.inference.checks import Condition, noise_check, swap_check
from affectlens.pipelines.inference.params import CheckParams
from tiny_generator import INTEREST, N_EMOTIONS, generator_checkpoint

N_USERS, N_ITEMS, WIDTH = 12, 30, 6  # sizes of the chain in conftest.py
CHECKS = CheckParams(max_users=100, n_neighbours=3, n_explained=10)


def swapped(chain: Chain, checkpoint: Checkpoint) -> pd.Series:
    generator = np.random.default_rng(3)
    emotion = generator.dirichlet(np.full(N_EMOTIONS, 0.2), N_USERS).astype(np.float32)
    condition = Condition(emotion, np.zeros((N_USERS, INTEREST), dtype=np.float32))
    emotions = generator.dirichlet(np.ones(N_EMOTIONS), N_ITEMS)
    rows = swap_check(chain, checkpoint, condition, chain.user_ids, emotions, CHECKS, seed=0)
    return rows.set_index("quantity")["value"]


def test_swapping_emotions_moves_g_and_r_where_the_generator_listens(chain: Chain) -> None:
    checks = swapped(chain, generator_checkpoint(WIDTH, hears_emotion=True))
    assert checks["distance_of_g"] > 0.01
    assert checks["distance_of_r"] > 0.01


def test_swapping_emotions_moves_nothing_where_the_generator_is_deaf(chain: Chain) -> None:
    checks = swapped(chain, generator_checkpoint(WIDTH, hears_emotion=False))
    assert checks["distance_of_g"] == pytest.approx(0.0, abs=1e-5)
    assert checks["distance_of_r"] == pytest.approx(0.0, abs=1e-5)
    assert checks["top10_kept"] == 1.0


def test_noise_changes_the_ranking_and_the_loss_is_paired_by_user(chain: Chain) -> None:
    rows = noise_check(chain, CHECKS, seed=0).set_index("quantity")
    assert rows.loc["ndcg10", "n"] == N_USERS
    assert 0 <= rows.loc["ndcg10", "value"] <= 1
    assert rows.loc["ndcg10_lost", "lower"] <= rows.loc["ndcg10_lost", "value"] <= rows.loc["ndcg10_lost", "upper"]


def test_r_is_the_weighted_sum_of_g_and_weights_sum_to_one(chain: Chain) -> None:
    histories = chain.histories_now(chain.user_ids)
    result = chain.request(histories)
    assert result.weights is not None
    assert result.weights.min() >= 0
    np.testing.assert_allclose(result.weights.sum(axis=1), 1.0, rtol=1e-5)
    product = np.einsum("nk,nkd->nd", result.weights, chain.generated.at(histories.request_state))
    np.testing.assert_allclose(result.vectors, product, atol=1e-5)


def test_consumed_items_are_never_recommended(chain: Chain) -> None:
    histories = chain.histories_now(chain.user_ids)
    top = chain.ranking(histories, chain.request(histories).scores, 10)
    for row, items in enumerate(top):
        consumed = histories.item[histories.owner == row]
        assert not set(items) & set(consumed)


def test_a_checkpoint_of_another_catalogue_is_refused(chain: Chain, tables: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ValueError, match="run --pipeline recommender_training again"):
        open_chain(chain.checkpoint, tables["sequences"], tables["contents"].iloc[::-1], tables["generated"])
