"""Integrated gradients of every network: they add up, and padding has no part in them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectlens.features.text import UNKNOWN_INDEX
from affectlens.models.emotion.attribution import (
    attention_weights,
    attribute_regions,
    attribute_tokens,
    region_probabilities,
    token_probabilities,
)
from tiny_networks import SIZES, image_network, network, some_pictures, some_tokens

LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1])


@pytest.fixture(params=sorted(SIZES))
def member(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def neutral(tokens: np.ndarray) -> np.ndarray:
    return np.where(tokens == 0, 0, UNKNOWN_INDEX)


def change_of_logit(model: torch.nn.Module, tokens: np.ndarray) -> np.ndarray:
    shown, blank = (model(torch.from_numpy(each)).detach().numpy() for each in (tokens, neutral(tokens)))
    return (shown - blank)[np.arange(len(tokens)), LABELS]


def test_attributions_of_tokens_add_up_to_the_change_of_the_logit_within_one_percent(member: str) -> None:
    model, tokens = network(member, seed=4).eval(), some_tokens().numpy()  # weights with which every logit moves
    found = attribute_tokens(model, tokens, neutral(tokens), LABELS)
    assert found.values.shape == tokens.shape
    assert found.error.max() < 0.01
    change = change_of_logit(model, tokens)
    assert found.change == pytest.approx(change, abs=1e-4)
    assert np.abs(found.values.sum(axis=1) - change).max() < 0.01 * np.abs(change).max() + 1e-4


def test_padding_has_no_part_in_the_answer(member: str) -> None:
    tokens = some_tokens().numpy()
    assert (
        np.abs(attribute_tokens(network(member).eval(), tokens, neutral(tokens), LABELS).values[tokens == 0]).max()
        < 1e-6
    )


def test_the_network_is_left_as_it_was(member: str) -> None:
    model, tokens = network(member).eval(), some_tokens()
    before = model(tokens)
    attribute_tokens(model, tokens.numpy(), neutral(tokens.numpy()), LABELS)
    assert torch.equal(before, model(tokens))
    assert not model.training


def test_attributions_of_regions_add_up_but_for_one_percent_of_their_size() -> None:
    found = attribute_regions(image_network("image_cnn"), some_pictures(4).numpy(), LABELS[:4])
    assert found.values.shape == (4, 16)
    missing = np.abs(found.values.sum(axis=1) - found.change)
    assert (missing < 0.01 * np.abs(found.values).sum(axis=1)).all()


def test_a_picture_with_every_region_hidden_shows_its_mean_colour() -> None:
    model, shown = image_network("image_cnn"), some_pictures(3)
    hidden = region_probabilities(model, shown.numpy(), np.ones((3, 16), dtype=bool), LABELS[:3])
    plain = model(shown.mean(dim=(2, 3), keepdim=True).expand_as(shown))
    assert hidden == pytest.approx(torch.sigmoid(plain)[np.arange(3), LABELS[:3]].detach().numpy(), abs=1e-5)


def test_probabilities_are_those_of_the_network(member: str) -> None:
    model, tokens = network(member).eval(), some_tokens()
    expected = torch.sigmoid(model(tokens))[np.arange(8), LABELS].detach().numpy()
    assert token_probabilities(model, tokens.numpy(), LABELS) == pytest.approx(expected, abs=1e-6)


def test_attention_is_a_distribution_over_the_tokens_of_a_recurrent_network_only() -> None:
    tokens = some_tokens().numpy()
    weights = attention_weights(network("lstm").eval(), tokens)
    assert weights is not None
    assert weights.sum(axis=1) == pytest.approx(np.ones(8), abs=1e-5)
    assert np.abs(weights[tokens == 0]).max() < 1e-6
    assert attention_weights(network("cnn").eval(), tokens) is None
