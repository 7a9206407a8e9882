from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.attention import AttentionParams
from affectlens.models.recommender.build import build_recommender_model, recommend
from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent
from affectlens.models.recommender.crowd import Crowd
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.streams import Windows
from affectlens.training import loop
from affectlens.training.loop import TrainerParams, TrainingParams
from affectlens.training.recommender import (
    fit_attention,
    new_attention_model,
    next_event_loss,
    recommender_batches,
    shuffled_by_length,
    softmax_classes,
)
from affectlens.training.state import identity_of

N_ITEMS, WIDTH = 12, 3
NOTHING = GeneratedContent(np.zeros(0, dtype=object), np.zeros(0), np.zeros((0, 0, 0), dtype=np.float32))
PARAMS = AttentionParams(
    width=16, n_blocks=1, n_heads=2, expansion=2, dropout=0.0, item_dropout=0.0, item_start="random",
    similarity="cosine", temperature=0.1,
    max_length=6, overlap=2, n_dwell_buckets=4, n_gap_buckets=4, match_width=2,
    n_age_buckets=4, age_unit_hours=24, heat_half_life_days=3.0, heat_floor=0.1,
)  # fmt: skip
TRAINER = TrainerParams(accelerator="cpu", devices=1, precision="32-true", strategy="auto")


def training_of(epochs: int) -> TrainingParams:
    return TrainingParams(
        max_epochs=epochs, batch_size=20, learning_rate=0.01, weight_decay=0.0, patience=epochs, gradient_clip=5.0
    )


def histories_from(lists: list[list[int]], states: int = 0) -> Histories:
    """Users with these items; event m uses generated state m modulo `states`."""
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in lists])])
    item = np.concatenate([np.asarray(items, dtype=np.int64) for items in lists])
    state = np.arange(len(item)) % states if states else np.full(len(item), -1)
    unknown = np.full(len(item), np.nan)
    user = np.full(len(lists), -1), np.full(len(lists), np.nan), Crowd.of(item, unknown, N_ITEMS)
    columns = unknown, unknown, np.zeros_like(item), np.tile(unknown[:, None], 4), unknown, state
    return Histories(offsets, item, np.ones_like(item), *columns, *user)


def generated_content(n_states: int) -> GeneratedContent:
    vectors = np.random.default_rng(0).normal(size=(n_states, 2, WIDTH)).astype(np.float32)
    return GeneratedContent(np.full(n_states, "u", dtype=object), np.zeros(n_states), vectors)


@pytest.fixture
def eight() -> Histories:
    generator = np.random.default_rng(4)
    return histories_from([generator.permutation(N_ITEMS)[:length].tolist() for length in (3, 9, 5, 4, 12, 6, 2, 7)])


@pytest.fixture
def catalogue() -> Catalogue:
    vectors = np.random.default_rng(5).normal(size=(N_ITEMS, WIDTH)).astype(np.float32)
    ids = tuple(f"item{number}" for number in range(N_ITEMS))
    return Catalogue(ids, np.full(N_ITEMS, np.nan), vectors, np.ones(N_ITEMS, dtype=bool))


def test_an_epoch_predicts_every_event_once(eight, catalogue) -> None:
    batches = list(recommender_batches(eight, catalogue, NOTHING, PARAMS, 10)(np.random.default_rng(0)))
    targets = np.concatenate([batch.target.numpy() for batch in batches])
    assert np.array_equal(np.sort(targets), np.sort(eight.item))
    assert all(batch.generated is None for batch in batches)


def test_only_real_positions_predict_and_what_they_predict_is_the_next_event(eight, catalogue) -> None:
    for batch in recommender_batches(eight, catalogue, NOTHING, PARAMS, 10)(np.random.default_rng(0)):
        token = batch.events.token.flatten()
        assert (token[batch.asks] > 0).all()
        follows = torch.cat([token, torch.zeros(1, dtype=torch.int64)])[batch.asks + 1]
        inside = (follows > 0) & ((batch.asks + 1) % batch.events.token.shape[1] > 0)
        assert torch.equal(follows[inside] - 1, batch.target[inside])


def test_targets_are_places_among_the_items_seen_in_training(catalogue) -> None:
    train = histories_from([[3, 8], [8, 5]])
    batches = recommender_batches(train, catalogue, NOTHING, PARAMS, 100)(np.random.default_rng(0))
    assert sorted(next(iter(batches)).target.tolist()) == [0, 1, 2, 2]


def test_a_position_uses_the_generated_content_of_the_event_before_the_predicted_one(catalogue) -> None:
    train, content = histories_from([[0, 1, 2]], states=3), generated_content(3)
    batch = next(iter(recommender_batches(train, catalogue, content, PARAMS, 100)(np.random.default_rng(0))))
    assert batch.target.tolist() == [0, 1, 2]
    assert not batch.generated[0].any()
    assert np.array_equal(batch.generated[1:].numpy(), content.vectors[:2])


def test_items_that_existed_compete_and_later_ones_do_not(catalogue) -> None:
    train = dataclasses.replace(histories_from([[3, 8]]), time=np.array([10.0, 20.0]))
    created_at = np.array([5.0, 20.0, 21.0, 1.0] + [np.nan] * 8)
    classes = softmax_classes(train, dataclasses.replace(catalogue, created_at=created_at))
    assert np.flatnonzero(classes).tolist() == [0, 1, 3, 8]


def test_a_position_asks_at_the_time_of_the_event_that_it_predicts_and_knows_the_days_before(catalogue) -> None:
    item, time = np.array([3, 8]), np.array([7200.0, 3 * 86_400.0 + 36_000.0])
    train = dataclasses.replace(histories_from([[3, 8]]), time=time, crowd=Crowd.of(item, time, N_ITEMS))
    batch = next(iter(recommender_batches(train, catalogue, NOTHING, PARAMS, 100)(np.random.default_rng(0))))
    assert batch.hour.tolist() == [2, 82]
    assert batch.heat.flatten().tolist() == pytest.approx([0.0, 0.0, 0.5, 0.0])  # half-life of three days


def test_batches_hold_about_as_many_events_as_asked_for_and_all_windows_once() -> None:
    lengths = np.random.default_rng(0).integers(1, 30, size=500)
    groups = shuffled_by_length(Windows(np.zeros(500), lengths, np.zeros(500)), 100, np.random.default_rng(1))
    sizes = np.array([lengths[group].sum() for group in groups])
    assert sizes.max() < 100 + 30
    assert np.mean(sizes) > 90
    assert np.array_equal(np.sort(np.concatenate(groups)), np.arange(500))


def test_like_lengths_share_a_batch_so_that_little_is_padding() -> None:
    lengths = np.random.default_rng(0).integers(1, 30, size=2000)
    groups = shuffled_by_length(Windows(np.zeros(2000), lengths, np.zeros(2000)), 100, np.random.default_rng(1))
    padded = sum(len(group) * lengths[group].max() for group in groups)
    assert padded < 1.15 * lengths.sum()


def test_loss_of_an_untrained_model_is_about_that_of_a_guess(eight, catalogue) -> None:
    params = PARAMS.model_copy(update={"temperature": 10.0})
    model, _ = new_attention_model(catalogue, eight, NOTHING, params, 0)
    batch = next(iter(recommender_batches(eight, catalogue, NOTHING, params, 1000)(np.random.default_rng(0))))
    assert next_event_loss(model, batch).item() == pytest.approx(np.log(N_ITEMS), abs=0.1)


def test_padding_changes_no_loss(eight, catalogue) -> None:
    model, _ = new_attention_model(catalogue, eight, NOTHING, PARAMS, 0)
    model.eval()
    together, alone = (
        list(recommender_batches(eight, catalogue, NOTHING, PARAMS, size)(np.random.default_rng(0)))
        for size in (1000, 1)
    )
    assert len(together) == 1
    assert len(alone) > eight.n_users
    assert (together[0].events.token == 0).any()
    total = sum(next_event_loss(model, batch).item() * len(batch.target) for batch in alone)
    assert next_event_loss(model, together[0]).item() == pytest.approx(total / len(eight.item), rel=1e-5)


@pytest.mark.parametrize("products", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("states", [0, 48])
def test_it_overfits_eight_sequences(eight, catalogue, states, products) -> None:
    content = generated_content(states) if states else NOTHING
    lists = np.split(eight.item, eight.offsets[1:-1])
    train = histories_from([items.tolist() for items in lists], states)
    model, _ = new_attention_model(catalogue, train, content, PARAMS, 1)
    batch = next(iter(recommender_batches(train, catalogue, content, PARAMS, 1000)(np.random.default_rng(0))))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.03, weight_decay=0.0)
    for _ in range(60):
        loss = next_event_loss(model, batch, products)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    firsts = np.bincount([items[0] for items in lists])
    entropy = np.log(8) - (firsts[firsts > 0] * np.log(firsts[firsts > 0])).sum() / 8
    assert loss.item() < entropy * 8 / len(train.item) + 0.1  # the first event of a history can only be guessed


def test_where_events_took_place_is_learnt(catalogue) -> None:
    """Half of the users went on from the first surface to item 1, the others from the second to item 2."""
    train = histories_from([[0, 1], [0, 2]] * 40)
    train = dataclasses.replace(train, surface=1 + np.repeat(np.arange(80) % 2, 2))
    two = dataclasses.replace(catalogue, surfaces=("feed", "search"))
    checkpoint, _ = fit_attention(
        two, train, NOTHING, PARAMS, training_of(40), TRAINER,
        evaluate=lambda _: 0.0, seed=1, work_dir=None, metric_name="none",
    )  # fmt: skip
    assert checkpoint.params["surfaces"] == ["feed", "search"]
    asks = dataclasses.replace(histories_from([[0], [0], [0]]), surface=np.array([1, 2, 0]))
    scores = recommend(checkpoint, asks, None).scores
    assert scores[0, 1] > scores[0, 2] + 1.0
    assert scores[1, 2] > scores[1, 1] + 1.0


def test_a_checkpoint_from_before_surfaces_and_outcomes_still_recommends(eight, catalogue) -> None:
    model, sizes = new_attention_model(catalogue, eight, NOTHING, PARAMS, 0)
    older = Checkpoint.of(model, "attention", {k: v for k, v in sizes.items() if k not in ("surfaces", "outcomes")})
    now = Checkpoint.of(model, "attention", sizes)
    assert np.array_equal(recommend(older, eight, None).scores, recommend(now, eight, None).scores)


def test_same_seed_same_weights_and_another_seed_other_weights(eight, catalogue) -> None:
    prints = [
        fit_attention(
            catalogue, eight, NOTHING, PARAMS, training_of(2), TRAINER,
            evaluate=lambda _: 0.0, seed=seed, work_dir=None, metric_name="none",
        )[0].fingerprint()
        for seed in (3, 3, 4)
    ]  # fmt: skip
    assert prints[0] == prints[1]
    assert prints[0] != prints[2]


def test_auto_multiplies_the_softmax_in_bfloat16_where_the_device_does(eight, catalogue, monkeypatch) -> None:
    def fingerprint(precision: str, is_able: bool) -> str:
        monkeypatch.setattr(loop, "multiplies_bfloat16", lambda accelerator: is_able)
        checkpoint, _ = fit_attention(
            catalogue, eight, NOTHING, PARAMS, training_of(2), TRAINER.model_copy(update={"precision": precision}),
            evaluate=lambda _: 0.0, seed=3, work_dir=None, metric_name="none",
        )  # fmt: skip
        return checkpoint.fingerprint()

    single = fingerprint("32-true", True)
    assert fingerprint("auto", False) == single
    assert fingerprint("auto", True) != single


def test_the_checkpoint_of_a_fit_recommends(eight, catalogue) -> None:
    content = generated_content(48)
    train = histories_from([[0, 1, 2, 3], [4, 5, 6]], states=7)
    checkpoint, history = fit_attention(
        catalogue, train, content, PARAMS, training_of(3), TRAINER,
        evaluate=lambda scorer: float(scorer.score(train).shape[0]), seed=1, work_dir=None, metric_name="n",
    )  # fmt: skip
    assert history["valid_metric"].tolist() == [2.0, 2.0, 2.0]
    assert checkpoint.metadata["uses_generated_content"] is True
    assert checkpoint.params["item_ids"] == list(catalogue.item_ids)
    assert np.array_equal(checkpoint.weights["content"], catalogue.vectors)
    assert np.flatnonzero(checkpoint.weights["is_known"]).tolist() == list(range(7))
    recommendation = recommend(checkpoint, train, content.vectors[:2])
    assert recommendation.scores.shape == (2, N_ITEMS)
    assert np.allclose(
        recommendation.vectors, np.einsum("nk,nkg->ng", recommendation.weights, content.vectors[:2]), atol=1e-6
    )


def test_without_training_events_the_model_keeps_its_initial_weights(catalogue) -> None:
    nobody = histories_from([[]])
    checkpoint, history = fit_attention(
        catalogue, nobody, NOTHING, PARAMS, training_of(1), TRAINER,
        evaluate=lambda _: 0.0, seed=1, work_dir=None, metric_name="ndcg@10",
    )  # fmt: skip
    assert history.empty
    restored = checkpoint.restore(build_recommender_model)
    assert sum(part.numel() for part in restored.parameters()) > 0


def test_a_fit_on_other_events_does_not_resume_this_one(eight, catalogue) -> None:
    model, _ = new_attention_model(catalogue, eight, NOTHING, PARAMS, 0)
    batch = next(iter(recommender_batches(eight, catalogue, NOTHING, PARAMS, 1000)(np.random.default_rng(0))))
    other = dataclasses.replace(batch, events=batch.events._replace(kind=batch.events.kind + 1))
    one, two = (identity_of(model, each, training_of(1), 0) for each in (batch, other))
    assert one == identity_of(model, batch, training_of(1), 0)
    assert one != two
