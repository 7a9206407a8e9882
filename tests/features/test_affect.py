import numpy as np
import pytest

from affectlens.features.affect import WordEmotions

ROWS = [["so", "happy"], ["so", "glad", "glad"], ["so", "angry"], ["dull"]]
JOY, ANGER, FEAR = 0, 1, 2
LABELS = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]])


def test_a_weight_is_the_smoothed_log_ratio_of_shares():
    words = WordEmotions.fit(ROWS, LABELS, min_count=1, smoothing=2.0)
    assert words.weights[words.terms["so"]] == pytest.approx(np.log([(3 / 5) / 0.5, (2 / 5) / 0.5]))
    assert words.weights[words.terms["glad"]] == pytest.approx(np.log([(2 / 3) / 0.5, (1 / 3) / 0.5]))


def test_rare_terms_are_unknown_and_labels_that_nobody_has_are_left_out():
    words = WordEmotions.fit(ROWS, LABELS, min_count=2, smoothing=1.0)
    assert set(words.terms) == {"so"}
    assert words.weights.shape == (1, 2)


def test_a_row_scores_its_known_terms_over_the_root_of_their_number():
    words = WordEmotions.fit(ROWS, LABELS, min_count=1, smoothing=2.0)
    so, happy = words.weights[words.terms["so"]], words.weights[words.terms["happy"]]
    scores = words.scores([["happy", "so", "so", "unheard"], ["unheard"], []])
    np.testing.assert_allclose(scores, [(so + happy) / np.sqrt(2), [0, 0], [0, 0]])


def test_no_rows_have_no_scores():
    assert WordEmotions.fit(ROWS, LABELS, min_count=1, smoothing=1.0).scores([]).shape == (0, 2)
