from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.evaluation.calibration import negative_log_likelihood
from affectlens.models.emotion.state import EmotionStateParams, RecencyPooling
from affectlens.training.emotion_state import UserTimelines, before, fit_recency_pooling, foretold

PARAMS = EmotionStateParams(half_lives_d=(0.1, 1000.0), prior_strengths=(0.5, 50.0))
PRIOR, HIDDEN_PRIOR = np.array([0.5, 0.5]), np.zeros(3)


def moods(switches: bool, n_users: int = 30, n: int = 12) -> UserTimelines:
    """Users who keep one mood for ever, or have a new one every day; one utterance a day, label = mood."""
    generator = np.random.default_rng(0)
    users = np.repeat(np.arange(n_users), n)
    mood = generator.integers(0, 2, size=n_users * n) if switches else np.repeat(generator.integers(0, 2, n_users), n)
    said = np.eye(2)[mood]
    day = pd.Series(pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.tile(np.arange(n), n_users), unit="D"))
    split = np.where(np.tile(np.arange(n), n_users) < n - 3, "train", "valid").astype(object)
    return UserTimelines(users, day, 0.1 + 0.8 * said, said, split)


def test_users_with_a_lasting_mood_are_pooled_over_long_times_with_a_weak_prior() -> None:
    pooling = fit_recency_pooling(moods(switches=False), PRIOR, HIDDEN_PRIOR, PARAMS, negative_log_likelihood)
    assert (pooling.half_life_d, pooling.prior_strength) == (1000.0, 0.5)


def test_users_without_a_mood_of_their_own_are_left_at_the_prior() -> None:
    pooling = fit_recency_pooling(moods(switches=True), PRIOR, HIDDEN_PRIOR, PARAMS, negative_log_likelihood)
    assert pooling.prior_strength == 50.0


def test_what_an_utterance_says_does_not_enter_what_foretells_it() -> None:
    timelines = moods(switches=False)
    pooling = RecencyPooling(10.0, 1.0, PRIOR, HIDDEN_PRIOR)
    said = timelines.probabilities.copy()
    said[5] = 0.0
    changed = UserTimelines(timelines.users, timelines.occurred_at, said, timelines.truth, timelines.split)
    difference = np.abs(foretold(pooling, timelines) - foretold(pooling, changed)).max(axis=1)
    assert np.flatnonzero(difference).tolist() == list(range(6, 12))


def test_the_first_utterance_is_foretold_by_the_prior() -> None:
    said = foretold(RecencyPooling(10.0, 1.0, PRIOR, HIDDEN_PRIOR), moods(switches=False))
    assert np.array_equal(said[::12], np.tile(PRIOR, (30, 1)))


def test_without_labelled_valid_utterances_the_first_candidates_are_taken() -> None:
    timelines = moods(switches=False)
    unlabelled = UserTimelines(
        timelines.users,
        timelines.occurred_at,
        timelines.probabilities,
        np.full_like(timelines.truth, np.nan),
        timelines.split,
    )
    pooling = fit_recency_pooling(unlabelled, PRIOR, HIDDEN_PRIOR, PARAMS, negative_log_likelihood)
    assert (pooling.half_life_d, pooling.prior_strength) == (0.1, 0.5)


def test_nothing_stands_before_the_only_utterance_of_a_user() -> None:
    shifted = before(np.array([[1.0], [2.0]]), np.array([0, 1]), np.array([7.0]))
    assert shifted.ravel().tolist() == [7.0, 7.0]
    assert before(np.empty((0, 1)), np.empty(0, dtype=int), np.array([7.0])).shape == (0, 1)
