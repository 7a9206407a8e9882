from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from affectlens.models.recommender.attention import AttentionParams, AttentionRecommender, Events
from affectlens.models.recommender.build import AttentionScorer, recommend_with
from affectlens.models.recommender.requests import BehaviourArrays
from affectlens.training.recommender import new_attention_model

PARAMS = AttentionParams(
    width=8, n_blocks=2, n_heads=2, expansion=2, dropout=0.0, item_dropout=0.0, item_start="random",
    similarity="cosine", temperature=0.1,
    max_length=7, overlap=2, n_dwell_buckets=6, n_gap_buckets=6, match_width=3,
    n_age_buckets=5, age_unit_hours=24, heat_half_life_days=3.0, heat_floor=0.1,
)  # fmt: skip
N_ITEMS, WIDTH, N_SAMPLES = 11, 4, 3


def untrained(n_items: int, params: AttentionParams = PARAMS, **switches: bool) -> AttentionRecommender:
    torch.manual_seed(0)
    sizes = {"n_items": n_items, "n_kinds": 7, "n_surfaces": 5, "content_width": WIDTH}
    return AttentionRecommender(params, **sizes, **{"uses_generated": True, "uses_time": False} | switches)


def model_of(
    params: AttentionParams = PARAMS, *, uses_generated: bool = True, uses_time: bool = False
) -> AttentionRecommender:
    model = untrained(N_ITEMS, params, uses_generated=uses_generated, uses_time=uses_time)
    torch.nn.init.normal_(model.surface)
    model.content.copy_(torch.randn(N_ITEMS, WIDTH))
    return model.eval()


def events(n_windows: int, length: int, seed: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    token = torch.randint(1, N_ITEMS + 1, (n_windows, length), generator=generator)
    token[:, 0] = N_ITEMS + 1
    return [token, *(torch.randint(0, 6, (n_windows, length), generator=generator) for _ in range(4))]


def generated_for(n: int, seed: int = 2) -> torch.Tensor:
    return torch.randn(n, N_SAMPLES, WIDTH, generator=torch.Generator().manual_seed(seed))


def run(model, columns, asks, generated, *, hour: int = 100, heat=None, only_classes: bool = False):
    hours = torch.full((len(asks),), hour, dtype=torch.int32)
    if heat is None and model.feed is not None:
        n_scored = int(model.is_class.sum()) if only_classes else N_ITEMS
        heat = torch.full((len(asks), n_scored), 1 - PARAMS.heat_floor)  # log(heat + floor) = 0
    with torch.no_grad():
        return model(Events(*columns), torch.as_tensor(asks), hours, heat, generated, only_classes)


@pytest.mark.parametrize("column", range(5))
def test_the_future_changes_nothing(column) -> None:
    model, columns = model_of(), events(2, 6)
    before = run(model, columns, [2, 8], generated_for(2)).logits
    columns[column][:, 3:] = 5
    after = run(model, columns, [2, 8], generated_for(2)).logits
    assert torch.equal(before, after)
    columns[column][:, 2] = 4 - columns[column][:, 2] % 3
    assert not torch.equal(before, run(model, columns, [2, 8], generated_for(2)).logits)


def test_padding_changes_nothing() -> None:
    model, columns = model_of(), events(1, 4)
    longer = [torch.nn.functional.pad(column, (0, 3)) for column in columns]
    short, long = (run(model, each, [3], generated_for(1)).logits for each in (columns, longer))
    assert torch.allclose(short, long, atol=1e-5)


def test_weights_are_a_distribution_and_the_vector_is_their_mix() -> None:
    generated = generated_for(6) * 5
    output = run(model_of(), events(1, 6), list(range(6)), generated)
    assert (output.weights >= 0).all()
    assert torch.allclose(output.weights.sum(dim=1), torch.ones(6), atol=1e-6)
    assert output.weights.std(dim=1).min() > 1e-3
    expected = torch.stack([weights @ vectors for weights, vectors in zip(output.weights, generated, strict=True)])
    assert torch.allclose(output.vectors, expected, atol=1e-6)


def test_scores_are_similarity_plus_scaled_match_with_the_generated_vector() -> None:
    model, columns, generated = model_of(), events(1, 4), generated_for(1)
    with torch.no_grad():
        model.generated.scale.fill_(1.7)
        output = run(model, columns, [3], generated)
        state = model.states(model.items(), Events(*columns))[0, 3]
        expected = [
            torch.cosine_similarity(state, item, dim=0) / PARAMS.temperature
            + 1.7 * (model.generated.match.weight @ output.vectors[0]) @ (model.generated.match.weight @ content)
            for item, content in zip(model.items(), model.content, strict=True)
        ]
    assert torch.allclose(output.logits[0], torch.stack(expected), atol=1e-4)


def test_other_generated_vectors_give_other_scores() -> None:
    model, columns = model_of(), events(1, 4)
    one, two = (run(model, columns, [3], generated_for(1, seed)).logits for seed in (2, 3))
    assert not torch.allclose(one, two, atol=1e-3)


def test_zero_generated_vectors_and_none_rank_by_behaviour_alone() -> None:
    model, columns = model_of(), events(1, 4)
    zeros = run(model, columns, [3], torch.zeros(1, N_SAMPLES, WIDTH))
    none = run(model, columns, [3], None)
    assert torch.allclose(zeros.logits, none.logits, atol=1e-6)
    assert none.weights is None
    assert torch.allclose(zeros.weights, torch.full((1, N_SAMPLES), 1 / N_SAMPLES))


def test_a_model_without_generated_content_has_no_such_part() -> None:
    model = model_of(uses_generated=False)
    assert run(model, events(1, 4), [3], generated_for(1)).weights is None
    assert not [name for name in model.state_dict() if name.startswith("generated.")]


def test_the_id_of_an_unknown_item_says_nothing_but_its_content_does() -> None:
    model = model_of()
    model.is_known[3] = False
    columns = events(1, 4)
    before = run(model, columns, [3], None).logits
    with torch.no_grad():
        model.item.weight[3] += 1.0
    assert torch.equal(before, run(model, columns, [3], None).logits)
    model.content[3] += 1.0
    assert not torch.equal(before, run(model, columns, [3], None).logits)


def test_only_classes_are_scored_in_their_order() -> None:
    model = model_of()
    model.is_class[[0, 4]] = False
    everything = run(model, events(1, 4), [3], generated_for(1)).logits
    classes = run(model, events(1, 4), [3], generated_for(1), only_classes=True).logits
    assert torch.allclose(classes, everything[:, model.is_class], atol=1e-6)


def test_the_age_of_an_item_adds_the_product_of_its_embedding_and_the_state() -> None:
    model, columns = model_of(uses_time=True), events(1, 4)
    model.created.copy_(torch.tensor([100, 77, 76, 53, 52, 5, 101] + [100] * 4))
    plain = run(model, columns, [3], None).logits
    with torch.no_grad():
        torch.nn.init.normal_(model.feed.age)
        state = model.states(model.items(), Events(*columns))[0, 3]
    added = run(model, columns, [3], None).logits - plain
    expected = (model.feed.age[[0, 0, 1, 1, 2, 2, 0]] @ state).detach()
    assert torch.allclose(added[0, :7], expected, atol=1e-5)


def test_heat_adds_its_logarithm_times_what_the_state_makes_of_it() -> None:
    model, columns, heat = model_of(uses_time=True), events(1, 4), torch.rand(1, N_ITEMS) * 9
    plain = run(model, columns, [3], None).logits
    assert torch.allclose(run(model, columns, [3], None, heat=heat).logits - plain, torch.log(heat + 0.1), atol=1e-5)
    with torch.no_grad():
        torch.nn.init.normal_(model.feed.heat.weight)
        strength = model.feed.heat(model.states(model.items(), Events(*columns))[0, 3])
    added = run(model, columns, [3], None, heat=heat).logits - plain
    assert torch.allclose(added, strength * torch.log(heat + 0.1), atol=1e-4)


def test_in_training_items_of_the_future_do_not_compete() -> None:
    model = model_of(uses_time=True)
    model.created[3] = 101
    assert model.classes().tolist() == [place for place in range(N_ITEMS) if place != 3] + [3]  # the newest is the last
    hidden = torch.isneginf(run(model, events(1, 4), [3], None, only_classes=True).logits)
    assert hidden.nonzero().tolist() == [[0, N_ITEMS - 1]]
    assert torch.isfinite(run(model, events(1, 4), [3], None, hour=101, only_classes=True).logits).all()
    assert torch.isfinite(run(model, events(1, 4), [3], None).logits).all()


def test_where_events_took_place_is_read_and_costs_nothing_where_all_did_in_one(arrays: BehaviourArrays) -> None:
    model, histories = untrained(arrays.catalogue.n_items).eval(), arrays.valid.histories
    elsewhere = dataclasses.replace(histories, surface=(histories.owner + histories.item) % 6)
    before = recommend_with(model, histories, None).scores
    assert np.array_equal(before, recommend_with(model, elsewhere, None).scores)  # not learnt yet: it says nothing
    torch.nn.init.normal_(model.surface)
    assert not np.allclose(before, recommend_with(model, elsewhere, None).scores, atol=1e-3)
    content = arrays.generated
    alike, _ = new_attention_model(arrays.catalogue, arrays.train, content, PARAMS, seed=0)
    assert alike.surface is None


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_every_parameter_gets_a_gradient(similarity) -> None:
    model = model_of(PARAMS.model_copy(update={"similarity": similarity}), uses_time=True).train()
    columns = events(3, 7)
    columns[1][0, 1:] = torch.arange(1, 7)
    columns[1][1, 1:3] = torch.tensor([0, 7])
    hours = torch.arange(21, dtype=torch.int32) * 20
    heat = torch.rand(21, N_ITEMS)
    output = model(Events(*columns), torch.arange(21), hours, heat, generated_for(21), True)
    torch.nn.functional.cross_entropy(output.logits, torch.arange(21) % N_ITEMS).backward()
    without = [name for name, part in model.named_parameters() if part.grad is None or not part.grad.abs().sum() > 0]
    assert without == []


def test_requests_use_the_generated_content_that_they_are_handed(arrays: BehaviourArrays) -> None:
    model = untrained(arrays.catalogue.n_items).eval()
    model.content.copy_(torch.from_numpy(arrays.catalogue.vectors))
    histories = arrays.valid.histories
    looked_up = arrays.generated.at(histories.request_state)
    handed = recommend_with(model, histories, looked_up)
    assert np.allclose(AttentionScorer(model, arrays.generated).score(histories), handed.scores)
    assert np.allclose(handed.vectors, np.einsum("nk,nkg->ng", handed.weights, looked_up), atol=1e-6)
    assert not np.allclose(recommend_with(model, histories, looked_up[:, ::-1] + 1.0).scores, handed.scores)


def test_generated_content_of_the_wrong_shape_is_refused(arrays: BehaviourArrays) -> None:
    model = untrained(arrays.catalogue.n_items)
    with pytest.raises(ValueError, match="expected"):
        recommend_with(model, arrays.valid.histories, np.zeros((1, N_SAMPLES, WIDTH + 1), dtype=np.float32))


def test_a_history_longer_than_a_window_is_read_from_its_end(arrays: BehaviourArrays) -> None:
    model = untrained(arrays.catalogue.n_items, uses_generated=False).eval()
    longest = arrays.train.take(np.array([np.argmax(arrays.train.lengths)]))
    assert longest.lengths[0] > PARAMS.max_length
    other = dataclasses.replace(longest, item=np.concatenate([[(longest.item[0] + 1) % 20], longest.item[1:]]))
    one, two = (recommend_with(model, each, None).scores for each in (longest, other))
    assert np.array_equal(one, two)
