import numpy as np
import pytest
from sklearn.linear_model import Ridge

from affectlens.features.affect import WordEmotions, cross_fitted_scores

ROWS = [["so", "happy"], ["so", "glad", "glad"], ["so", "angry"], ["dull"]]
JOY, ANGER = 0, 1
LABELS = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]])


def test_the_weights_are_those_of_a_ridge_regression_on_weighted_terms():
    words = WordEmotions.fit(ROWS, LABELS, min_count=1, penalty=0.5)
    dense = words.counter.transform(ROWS).toarray()
    expected = Ridge(alpha=0.5, fit_intercept=False).fit(dense, LABELS[:, :2] - 0.5).coef_.T
    np.testing.assert_allclose(words.weights, expected, atol=1e-3)


def test_a_word_speaks_for_the_label_that_it_stands_with():
    words = WordEmotions.fit(ROWS, LABELS, min_count=1, penalty=1.0)
    scores = words.scores([["happy"], ["angry"], ["so"]])
    assert scores[0, JOY] > 0 > scores[0, ANGER]
    assert scores[1, ANGER] > 0 > scores[1, JOY]
    assert abs(scores[2, JOY]) < scores[0, JOY]


def test_rare_terms_are_unknown_and_labels_that_nobody_has_are_left_out():
    words = WordEmotions.fit(ROWS, LABELS, min_count=2, penalty=1.0)
    assert set(words.counter.vocabulary_) == {"so"}
    assert words.weights.shape == (1, 2)


def test_a_row_without_known_terms_scores_nothing():
    words = WordEmotions.fit(ROWS, LABELS, min_count=1, penalty=1.0)
    np.testing.assert_array_equal(words.scores([["unheard"], []]), np.zeros((2, 2)))
    assert words.scores([]).shape == (0, 2)


def test_an_utterance_is_scored_by_weights_that_do_not_know_it():
    draws = np.random.default_rng(0)
    rows = [["common", f"own-{i}"] for i in range(40)]
    labels = np.eye(2)[draws.integers(2, size=40)]
    asked = np.arange(40) < 20
    known = WordEmotions.fit(rows, labels, 1, 0.1).scores(rows)
    fair = cross_fitted_scores(rows, labels, asked, 5, 1, 0.1)
    right = labels.argmax(axis=1)
    assert (known[asked].argmax(axis=1) == right[asked]).all()
    assert abs(fair[asked]).max() < 0.5 * abs(known[asked]).max()
    np.testing.assert_array_equal(fair[~asked], 0.0)


def test_terms_that_are_all_too_rare_are_refused():
    with pytest.raises(ValueError, match="no terms remain"):
        WordEmotions.fit(ROWS, LABELS, min_count=4, penalty=1.0)
