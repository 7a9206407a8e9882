from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from affectlens.simulation.behaviour import harm, outlook, taste_for
from affectlens.simulation.catalogue import draw_pool, novelty
from affectlens.simulation.world import History, WorldParams, make_history

MakeParams = Callable[..., WorldParams]


def outlook_in_mood(history: History, valence: float, fatigue: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    contents = np.arange(len(history.world.catalogue))
    taste = taste_for(history.world.population, np.array([0]), history.world.catalogue, contents)
    mood = np.array([[valence, 0.0, 0.0]])
    params = history.params
    ahead = outlook(
        taste, mood, np.array([fatigue]), np.array([2.0]), history.world.catalogue, contents,
        params.engagement, params.utility,
    )  # fmt: skip
    return ahead.view_log_odds[0], ahead.utility[0]


def test_a_good_mood_looks_for_good_contents_and_a_bad_mood_for_bad_ones(history: History) -> None:
    valence = history.world.catalogue.vad[:, 0]
    glad, _ = outlook_in_mood(history, 0.8)
    low, _ = outlook_in_mood(history, -0.8)
    neutral, _ = outlook_in_mood(history, 0.0)
    np.testing.assert_allclose(glad - neutral, 2.0 * 0.8 * valence)
    assert np.corrcoef(low - neutral, valence)[0, 1] < -0.8


def test_arousal_pulls_harder_in_a_bad_mood(history: History) -> None:
    arousal, valence = history.world.catalogue.vad[:, 1], history.world.catalogue.vad[:, 0]
    low, _ = outlook_in_mood(history, -1.0)
    neutral, _ = outlook_in_mood(history, 0.0)
    extra = low - neutral + 2.0 * valence
    np.testing.assert_allclose(extra, history.params.engagement.arousal * arousal)


def test_mood_can_be_cut_off_from_engagement(world_params: MakeParams) -> None:
    cut = {"population": {"congruence_mean": 0.0, "congruence_sd": 0.0}, "engagement": {"arousal": 0.0}}
    cut_off, coupled = make_history(world_params(**cut), seed=3), make_history(world_params(), seed=3)
    for made, is_moved in ((cut_off, False), (coupled, True)):
        crowd, contents = np.arange(len(made.world.population)), np.arange(len(made.world.catalogue))
        taste = taste_for(made.world.population, crowd, made.world.catalogue, contents)
        still, moods = np.zeros((len(crowd), 3)), np.full((len(crowd), 3), -0.7)
        rest, congruence = np.zeros(len(crowd)), made.world.population.congruence
        engagement, utility = made.params.engagement, made.params.utility
        args = (rest, congruence, made.world.catalogue, contents, engagement, utility)
        change = outlook(taste, moods, *args).view_log_odds - outlook(taste, still, *args).view_log_odds
        assert (np.abs(change).max() > 0.1) == is_moved


def test_fatigue_lowers_engagement_and_leaves_utility_alone(history: History) -> None:
    fresh, tired = outlook_in_mood(history, 0.0), outlook_in_mood(history, 0.0, fatigue=1.0)
    np.testing.assert_allclose(fresh[0] - tired[0], history.params.engagement.fatigue)
    np.testing.assert_array_equal(fresh[1], tired[1])


def test_engagement_and_utility_can_disagree(history: History) -> None:
    engagement, utility = outlook_in_mood(history, -0.5)
    assert engagement.argmax() != utility.argmax()
    assert np.corrcoef(engagement, utility)[0, 1] < 0.9


def test_only_negative_contents_harm() -> None:
    contents = np.array([[0.5, 0.9, 0.0], [-0.5, 0.0, 0.0], [-0.5, 0.9, 0.0]])
    burden = harm(contents, np.array([0.2]))[0]
    assert burden[0] == 0.0
    assert 0.0 < burden[1] < burden[2]


def test_novelty_is_whole_at_birth_and_falls_to_a_e_th_after_tau(world_params: MakeParams) -> None:
    params = world_params(catalogue={"novelty_days": 10.0, "novelty_shape": 0.5}).catalogue
    np.testing.assert_allclose(novelty(np.array([0.0, 10.0 * 86400.0]), params), [1.0, np.exp(-1.0)])


def test_a_pool_holds_published_contents_of_each_topic(history: History) -> None:
    catalogue, params = history.world.catalogue, history.params.catalogue
    pool = draw_pool(catalogue, np.zeros(len(catalogue)), 0.0, params, np.random.default_rng(0))
    taken = pool.weight > 0
    assert taken.any(axis=1).all()
    topics = np.broadcast_to(np.arange(len(pool.content))[:, None], pool.content.shape)
    np.testing.assert_array_equal(catalogue.topic[pool.content[taken]], topics[taken])
    assert (catalogue.created[pool.content[taken]] < 0.0).all()


def test_views_raise_the_chance_of_being_shown(history: History) -> None:
    catalogue, params = history.world.catalogue, history.params.catalogue
    equal = replace(catalogue, appeal=np.ones(len(catalogue)), created=np.full(len(catalogue), -1.0))
    n_views = np.where(np.arange(len(catalogue)) % 2, 1e6, 0.0)
    pool = draw_pool(equal, n_views, 0.0, params, np.random.default_rng(0))
    assert (pool.content[pool.weight > 0] % 2).mean() > 0.8


def test_without_coupling_no_mood_moves_what_is_viewed(world_params) -> None:
    for coupling, moves in ((1.0, True), (0.0, False)):
        world = make_history(world_params(emotion_coupling=coupling), seed=3).world
        users, contents = np.arange(5), np.arange(30)
        known = world.population.congruence[users], world.catalogue, contents
        laws, taste = (world.params.engagement, world.params.utility), taste_for(world.population, users, *known[1:])
        glad, sad = (
            outlook(taste, np.full((5, 3), mood), np.zeros(5), *known, *laws)  # nothing differs but the mood
            for mood in (0.8, -0.8)
        )
        assert np.allclose(glad.view_log_odds, sad.view_log_odds) is not moves
        assert np.allclose(glad.utility, sad.utility) is not moves
