from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from affectlens.simulation.behaviour import Outlook
from affectlens.simulation.catalogue import N_TOPICS, Pool
from affectlens.simulation.feed import Choice, choose

N_PLACES = 3


@pytest.fixture(scope="module")
def drawn() -> tuple[Outlook, Choice]:
    """One context, 40,000 times: distinct contents, some shown lately, one place empty."""
    n, rng = 40_000, np.random.default_rng(0)
    weight = rng.uniform(0.2, 1.0, (N_TOPICS, N_PLACES))
    weight[0, 2] = 0.0
    log_odds, utility = rng.normal(0.0, 2.0, (1, weight.size)), rng.normal(0.0, 1.0, (1, weight.size))
    freshness = np.where(np.arange(weight.size) % 3 == 0, 0.05, 1.0)
    ahead = Outlook(np.repeat(log_odds, n, axis=0), np.repeat(utility, n, axis=0))
    even = np.full((n, N_TOPICS), 1.0 / N_TOPICS)
    pool = Pool(np.arange(weight.size).reshape(weight.shape), weight)
    return ahead, choose(ahead, np.tile(freshness, (n, 1)), even, pool, rng)


@pytest.mark.parametrize("topic", range(N_TOPICS))
def test_the_expected_reward_of_a_topic_is_the_mean_over_its_drawn_items(
    drawn: tuple[Outlook, Choice], topic: int
) -> None:
    ahead, choice = drawn
    here = choice.topic == topic
    places = choice.place[here]
    viewed = expit(ahead.view_log_odds[here, places])
    useful = viewed * ahead.utility[here, places]
    for values, expected in ((viewed, choice.expected_rewards), (useful, choice.expected_utilities)):
        error = values.std() / np.sqrt(len(values)) + 1e-12
        assert abs(values.mean() - expected[0, topic]) < 4.0 * error


def test_an_empty_place_is_never_drawn(drawn: tuple[Outlook, Choice]) -> None:
    assert not (drawn[1].place == 2).any()


def test_the_item_belongs_to_the_drawn_topic(drawn: tuple[Outlook, Choice]) -> None:
    np.testing.assert_array_equal(drawn[1].place // N_PLACES, drawn[1].topic)
