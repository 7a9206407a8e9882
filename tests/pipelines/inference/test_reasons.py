from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from affectlens.models.recommender.build import attention_on_events
from affectlens.models.recommender.histories import Histories
from affectlens.pipelines.inference.chain import Chain
from affectlens.pipelines.inference.checks import reason_check
from affectlens.pipelines.inference.params import CheckParams
from affectlens.pipelines.inference.reasons import (
    effects_of_events,
    faithfulness_of_events,
    log_shares,
    reasons_of,
)
from affectlens.pipelines.inference.told import in_words, reasons_exhibits
from tiny_generator import N_EMOTIONS, generator_checkpoint

WIDTH = 6  # of the chain in conftest.py
EMOTION = np.random.default_rng(5).dirichlet(np.ones(N_EMOTIONS))


@pytest.fixture
def history(chain: Chain) -> Histories:
    return chain.histories_now(chain.user_ids[[3]])


def share(chain: Chain, history: Histories, generated: np.ndarray | None, item: int, consumed: np.ndarray) -> float:
    scores = chain.request(history, generated).scores[0].astype(np.float64)
    scores[consumed] = -np.inf
    return float(np.exp(scores[item]) / np.exp(scores).sum())


def test_the_effect_of_an_event_is_that_of_a_history_without_it(chain: Chain, history: Histories) -> None:
    effects = effects_of_events(chain, history)
    items = np.setdiff1d(np.arange(chain.catalogue.n_items), history.item)
    assert effects.shape == (len(history.item), chain.catalogue.n_items)
    for event in range(len(history.item)):
        rest = history.keep(np.arange(len(history.item)) != event)
        shares = [share(chain, each, None, items[0], history.item) for each in (history, rest)]
        assert np.exp(effects[event, items[0]]) == pytest.approx(shares[0] / shares[1], rel=1e-4)


def test_events_that_the_model_no_longer_reads_have_no_effect(chain: Chain, history: Histories) -> None:
    params = chain.model.params
    chain.model.params = params.model_copy(update={"max_length": 2})
    effects = effects_of_events(chain, history)
    items = np.setdiff1d(np.arange(chain.catalogue.n_items), history.item)
    assert (effects[:-2] == 0).all()
    assert (effects[-1, items] != 0).any()


def test_the_effect_of_a_generated_vector_is_that_of_the_others_alone(chain: Chain, history: Histories) -> None:
    items = np.setdiff1d(np.arange(chain.catalogue.n_items), history.item)[:2]
    found = reasons_of(chain, history, items, generator_checkpoint(WIDTH, hears_emotion=True), EMOTION, seed=0)
    own = chain.generated_for(history)
    assert found.generated.shape == (own.shape[1], 2)
    for vector in range(own.shape[1]):
        others = np.delete(own, vector, axis=1)
        shares = [share(chain, history, each, items[1], history.item) for each in (own, others)]
        assert np.exp(found.generated[vector, 1]) == pytest.approx(shares[0] / shares[1], rel=1e-4)


def test_emotions_move_what_a_generator_that_hears_them_makes_and_nothing_else(
    chain: Chain, history: Histories
) -> None:
    items = np.setdiff1d(np.arange(chain.catalogue.n_items), history.item)[:3]
    heard, deaf = (
        reasons_of(chain, history, items, generator_checkpoint(WIDTH, hears_emotion=each), EMOTION, seed=0)
        for each in (True, False)
    )
    assert heard.emotions.shape == (N_EMOTIONS, 3)
    assert np.abs(heard.emotions).max() > 1e-4
    assert np.abs(deaf.emotions).max() < 1e-5


def test_attention_stands_at_the_events_and_leaves_the_rest_to_the_start(chain: Chain) -> None:
    histories = chain.histories_now(chain.user_ids)
    weights = attention_on_events(chain.model, histories)
    assert weights.shape == (histories.n_users, histories.lengths.max())
    assert (weights[:, 0] > 0).all()
    assert ((weights.sum(axis=1) > 0.3) & (weights.sum(axis=1) < 1.0)).all()  # seven positions, one of them the start


def test_attention_is_that_of_the_fused_kernel(chain: Chain) -> None:
    block = chain.model.blocks[0]
    states = torch.randn(2, 5, block.merge.in_features)
    weights = block.weights(states)
    value = block.query_key_value(block.attention_norm(states)).chunk(3, dim=2)[2]
    with torch.no_grad():
        for layer in (block.contract,):
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
        assert torch.allclose(block(states), states + block.merge(weights @ value), atol=1e-5)  # one head


def test_what_is_taken_away_first_costs_most_and_a_model_that_reads_nothing_gives_no_reasons(chain: Chain) -> None:
    found = {name: value.mean() for name, value in faithfulness_of_events(chain, chain.user_ids, seed=0).items()}
    assert found["comprehensiveness_taking_away"] > found["comprehensiveness_random"]
    assert found["sufficiency_taking_away"] < found["sufficiency_random"]
    model = chain.model
    for part in (model.item, model.kind, model.dwell, model.gap, model.position, model.project):
        torch.nn.init.zeros_(part.weight)
    torch.nn.init.zeros_(model.start)
    blind = faithfulness_of_events(chain, chain.user_ids, seed=0)
    assert np.allclose(blind["comprehensiveness_taking_away"], 0.0, atol=1e-5)


def test_the_check_has_one_row_a_measure_and_is_empty_without_users(chain: Chain) -> None:
    params = CheckParams(max_users=100, n_neighbours=3, n_explained=5)
    rows = reason_check(chain, params, seed=0).set_index("quantity")
    assert (rows["n"] == 5).all()
    beyond = rows["value"]["comprehensiveness_taking_away"] - rows["value"]["comprehensiveness_random"]
    assert rows["value"]["comprehensiveness_beyond_random"] == pytest.approx(beyond)
    nobody = dataclasses.replace(chain, sequences=chain.sequences.iloc[:0])
    assert reason_check(nobody, params, seed=0).empty


def test_shares_sum_to_one_over_what_was_not_consumed(chain: Chain) -> None:
    histories = chain.histories_now(chain.user_ids)
    shares = np.exp(log_shares(chain, histories, None, histories))
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert (shares[histories.owner, histories.item] == 0).all()


def test_reasons_are_said_in_words_and_users_go_by_number() -> None:
    reason = {
        "content_id": "c7",
        "events": [
            {"kind": "comment", "content_id": "c1", "day": "2030-01-02", "times": 1.43},
            {"kind": "view", "content_id": "c2", "day": "", "times": 0.9},
        ],
        "generated": [{"vector": 2, "weight": 0.21, "times": 1.05}],
        "emotions": [],
    }
    assert in_words(reason) == {
        "events": "comment on c1, 2030-01-02 (1.43 times), view of c2, day unknown (0.90 times)",
        "generated": "vector 2 (1.05 times, W 0.21)",
        "emotions": "nothing",
    }
    note, table = reasons_exhibits([{"user_id": "secret", "reasons": [reason]}, {"user_id": "other", "reasons": []}])
    assert len(note.sentences) == 1
    assert table.rows[0] == (1, "c7", "past event", "comment c1 2030-01-02", 1.43)
    assert len(table.rows) == 3
    assert "secret" not in note.model_dump_json() + table.model_dump_json()
    assert reasons_exhibits([]) == []


def test_without_generated_content_only_events_are_reasons(chain: Chain, history: Histories) -> None:
    empty = dataclasses.replace(chain.generated, vectors=chain.generated.vectors[:0])
    bare = dataclasses.replace(chain, generated=empty)
    items = np.setdiff1d(np.arange(chain.catalogue.n_items), history.item)[:2]
    found = reasons_of(bare, history, items, generator_checkpoint(WIDTH, hears_emotion=True), EMOTION, seed=0)
    assert found.events.shape == (len(history.item), 2)
    assert found.generated.shape == found.emotions.shape == (0, 2)
