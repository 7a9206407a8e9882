from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from affectlens.models.recommender.attention import AttentionParams, AttentionRecommender
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.outcomes import OutcomesParams, Told, foretold, outcomes_of, settings_of, told_by
from affectlens.models.recommender.requests import BehaviourArrays
from affectlens.models.recommender.two_tower import TwoTowerParams
from affectlens.training.recommender import new_attention_model

MODEL = AttentionParams(
    width=8, n_blocks=1, n_heads=2, expansion=2, dropout=0.0, item_dropout=0.0, item_start="random",
    similarity="cosine", temperature=0.1,
    max_length=4, overlap=2, n_dwell_buckets=6, n_gap_buckets=6, match_width=3,
    n_age_buckets=5, age_unit_hours=24, heat_half_life_days=3.0, heat_floor=0.1,
)  # fmt: skip
PARAMS = OutcomesParams(
    are_learnt=True,
    names=["pleased", "like", "share"],
    weight=1.0,
    liked_from=4.0,
    model=TwoTowerParams(rank=2, dropout=0.0),
)
NAMES = ["pleased", "like"]


@pytest.fixture
def train(arrays: BehaviourArrays) -> Histories:
    """Half of what was consumed is liked or not, nothing shared, some rated."""
    generator, n = np.random.default_rng(0), len(arrays.train.item)
    answers = np.full((n, 4), np.nan, dtype=np.float32)
    known = generator.random(n) < 0.5
    answers[known, 0], answers[:, 2] = generator.integers(0, 2, known.sum()), 0.0
    answers[~known, 3] = generator.integers(1, 6, (~known).sum())
    return dataclasses.replace(arrays.train, answers=answers)


def model_of(arrays: BehaviourArrays, told: Told) -> AttentionRecommender:
    settings = settings_of(NAMES, PARAMS)
    model, _ = new_attention_model(arrays.catalogue, arrays.train, arrays.generated, MODEL, 0, settings)
    model.outcomes.start_from(*map(torch.from_numpy, told.regression(np.ones(len(told.rates), dtype=bool))))
    return model.eval()


def told_of(train: Histories) -> Told:
    return Told.of(train, NAMES, PARAMS.liked_from, np.ones(len(train.item), dtype=bool))


def disturbed(model: AttentionRecommender) -> AttentionRecommender:
    """The same with random weights where a fit starts from zero."""
    for part in (*model.outcomes.together, *model.outcomes.user_alone, *model.outcomes.item_alone):
        torch.nn.init.normal_(part.weight)
    return model


def test_a_rating_pleases_from_its_limit_on_and_what_nobody_knows_stays_unknown(train) -> None:
    four = dataclasses.replace(train.keep(np.arange(len(train.item)) < 3), answers=np.array(
        [[1, np.nan, 0, 4], [0, 0, 0, 3.5], [np.nan, 1, 0, np.nan]], dtype=np.float32))  # fmt: skip
    found = outcomes_of(four, ["pleased", "comment"], 4.0)
    assert np.array_equal(found, [[1, np.nan], [0, 0], [np.nan, 1]], equal_nan=True)


def test_only_what_is_sometimes_so_and_sometimes_not_is_learnt(train) -> None:
    assert told_by(train, PARAMS) == NAMES
    assert told_by(train, PARAMS.model_copy(update={"are_learnt": False})) == []
    assert told_by(dataclasses.replace(train, answers=np.full_like(train.answers, np.nan)), PARAMS) == []


def test_rates_of_an_event_know_what_was_earlier_only(train) -> None:
    is_late = train.time > np.median(train.time)
    answers = train.answers.copy()
    answers[is_late, 0] = 1.0 - answers[is_late, 0]
    everything = np.ones(len(train.item), dtype=bool)
    is_train = ~is_late  # what is usual is told by these alone
    one, two = (
        Told.of(each, NAMES, 4.0, is_train).rates for each in (train, dataclasses.replace(train, answers=answers))
    )
    assert np.array_equal(one[is_train], two[is_train])
    assert not np.allclose(one[is_late], two[is_late])
    assert everything.sum() > is_train.sum() > 0


def test_a_model_starts_as_the_regression_on_the_rates(arrays, train) -> None:
    told, everything = told_of(train), np.ones(len(train.item), dtype=bool)
    weight, constant = told.regression(everything)
    found = foretold(model_of(arrays, told), train, told.rates, arrays.generated, everything)
    assert np.allclose(found, told.rates @ weight.T + constant, atol=1e-5)
    assert not weight[0, 4:].any()  # the rates of another outcome say nothing yet
    assert weight[0, :4].any()


def test_every_event_that_is_asked_for_is_answered_and_no_other(arrays, train) -> None:
    is_asked = np.random.default_rng(1).random(len(train.item)) < 0.3
    told = told_of(train)
    model = disturbed(model_of(arrays, told))
    some = foretold(model, train, told.rates, arrays.generated, is_asked)
    assert np.array_equal(np.isnan(some).any(axis=1), ~is_asked)
    everything = foretold(model, train, told.rates, arrays.generated, np.ones(len(train.item), dtype=bool))
    assert np.allclose(some[is_asked], everything[is_asked], atol=1e-4)
    assert train.lengths.max() > MODEL.max_length


def test_what_is_foretold_does_not_know_what_happened_later_nor_the_event_itself(arrays, train) -> None:
    told, everything = told_of(train), np.ones(len(train.item), dtype=bool)
    model = disturbed(model_of(arrays, told))
    before = foretold(model, train, told.rates, arrays.generated, everything)
    place = train.offsets[np.argmax(train.lengths)] + 2
    kind, dwell_s = train.kind.copy(), train.dwell_s.copy()
    kind[place], dwell_s[place] = 4, 5000.0
    after = foretold(
        model, dataclasses.replace(train, kind=kind, dwell_s=dwell_s), told.rates, arrays.generated, everything
    )
    is_same = np.isclose(before, after, atol=1e-5).all(axis=1)
    assert is_same[: place + 1].all()
    assert not is_same[place + 1]


def test_the_item_and_the_generated_content_count(arrays, train) -> None:
    told, everything = told_of(train), np.ones(len(train.item), dtype=bool)
    model = disturbed(model_of(arrays, told))
    before = foretold(model, train, told.rates, arrays.generated, everything)
    with torch.no_grad():
        model.item.weight.add_(torch.randn_like(model.item.weight))
    assert not np.allclose(before, foretold(model, train, told.rates, arrays.generated, everything), atol=1e-3)
    changed = dataclasses.replace(arrays.generated, vectors=arrays.generated.vectors + 1.0)
    one, two = (foretold(model, train, told.rates, each, everything) for each in (arrays.generated, changed))
    has_state = np.concatenate([[False], train.state[:-1] >= 0]) & (np.diff(train.owner, prepend=-1) == 0)
    assert not np.isclose(one[has_state], two[has_state], atol=1e-4).all(axis=1).any()
