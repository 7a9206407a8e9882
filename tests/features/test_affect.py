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
    expected = Ridge(alpha=0.5, fit_intercept=False).fit(dense, LABELS - LABELS.mean(axis=0)).coef_.T
    np.testing.assert_allclose(words.weights, expected, atol=1e-3)


def test_a_word_speaks_for_the_label_that_it_stands_with():
    words = WordEmotions.fit(ROWS, LABELS, min_count=1, penalty=1.0)
    scores = words.scores([["happy"], ["angry"], ["so"]])
    assert scores[0, JOY] > 0 > scores[0, ANGER]
    assert scores[1, ANGER] > 0 > scores[1, JOY]
    assert abs(scores[2, JOY]) < scores[0, JOY]


def test_rare_terms_are_unknown_and_labels_that_nobody_has_weigh_nothing():
    words = WordEmotions.fit(ROWS, LABELS, min_count=2, penalty=1.0)
    assert set(words.counter.vocabulary_) == {"so"}
    assert words.weights.shape == (1, 3)
    assert words.weights[0, 2] == 0.0


def test_a_row_without_known_terms_scores_nothing():
    words = WordEmotions.fit(ROWS, LABELS, min_count=1, penalty=1.0)
    np.testing.assert_array_equal(words.scores([["unheard"], []]), np.zeros((2, 3)))
    assert words.scores([]).shape == (0, 3)


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


def test_a_label_that_lies_in_one_fold_only_scores_nothing_there():
    rows = [["common", f"own-{i % 3}"] for i in range(20)]
    labels = np.eye(3)[np.arange(20) % 2]
    labels[4] = [0, 0, 1]
    scores = cross_fitted_scores(rows, labels, np.ones(20, dtype=bool), 5, 1, 0.1)
    assert scores.shape == (20, 3)
    np.testing.assert_array_equal(scores[4::5, 2], 0.0)
    assert scores[:, 2].any()


def test_terms_that_are_all_too_rare_are_refused():
    with pytest.raises(ValueError, match="no terms remain"):
        WordEmotions.fit(ROWS, LABELS, min_count=4, penalty=1.0)
