"""The emotion that words carry, learned from labelled utterances: a lexicon that the data write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge

Terms = Sequence[Sequence[str]]


@dataclass(frozen=True)
class WordEmotions:
    """Terms and how much each speaks for each label.

    Attributes:
        counter: terms, and the rarity that weighs them.
        weights: (n_terms, C) of a ridge regression of the labels on the weighted terms; 0 says nothing.
    """

    counter: TfidfVectorizer
    weights: np.ndarray

    @classmethod
    def fit(cls, rows: Terms, indicator: np.ndarray, min_count: int, penalty: float) -> WordEmotions:
        """Learn which terms foretell which labels.

        Args:
            rows: terms of n utterances.
            indicator: (n, C) 0/1 labels; one that nobody has, or everybody, weighs 0.
            min_count: utterances in which a term has to stand to be known.
            penalty: of the ridge regression, on the squared weights.

        Raises:
            ValueError: no term stands in so many utterances.
        """
        counter = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=min_count)
        weighted = counter.fit_transform(rows)
        used = indicator.astype(np.float64)
        # Centred by the shares of the labels, not by the terms: terms stay sparse.
        ridge = Ridge(alpha=penalty, fit_intercept=False, solver="sparse_cg", tol=1e-3)
        return cls(counter, np.atleast_2d(ridge.fit(weighted, used - used.mean(axis=0)).coef_).T)

    def scores(self, rows: Terms) -> np.ndarray:
        """Excess of each label that a row's terms foretell, (n, C); 0 without any known term."""
        if not len(rows):
            return np.zeros((0, self.weights.shape[1]))
        return np.asarray(self.counter.transform(rows) @ self.weights)


def cross_fitted_scores(
    rows: Terms, indicator: np.ndarray, asked: np.ndarray, n_folds: int, min_count: int, penalty: float
) -> np.ndarray:
    """Scores of utterances under weights that were learned without them, (n, C); rows not asked for are 0.

    An utterance under weights that know its labels would carry more emotion than any that comes later.

    Args:
        rows: terms of n labelled utterances.
        indicator: (n, C) 0/1 labels.
        asked: (n,) the utterances that are wanted.
        n_folds: parts that are left out in turn.
        min_count: as in `WordEmotions.fit`.
        penalty: as in `WordEmotions.fit`.
    """
    fold = np.arange(len(rows)) % n_folds
    scores = np.zeros((len(rows), indicator.shape[1]))
    for left_out in range(n_folds):
        wanted = np.flatnonzero(asked & (fold == left_out)).tolist()
        kept = np.flatnonzero(fold != left_out).tolist()
        if wanted:
            words = WordEmotions.fit([rows[i] for i in kept], indicator[kept], min_count, penalty)
            scores[wanted] = words.scores([rows[i] for i in wanted])
    return scores
