"""The emotion that words carry, learned from labelled utterances: a lexicon that the data write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer


@dataclass(frozen=True)
class WordEmotions:
    """Terms and how much each speaks for each label.

    Attributes:
        terms: term -> row of `weights`.
        weights: (n_terms, C) log of P(label given term) / P(label), smoothed; 0 says nothing.
    """

    terms: dict[str, int]
    weights: np.ndarray

    @classmethod
    def fit(
        cls, rows: Sequence[Sequence[str]], indicator: np.ndarray, min_count: int, smoothing: float
    ) -> WordEmotions:
        """Count in how many utterances with each label a term stands.

        Args:
            rows: terms of n utterances.
            indicator: (n, C) 0/1 labels; labels that nobody has are left out of the weights.
            min_count: utterances in which a term has to stand to be known.
            smoothing: number of average utterances added to each term's own.
        """
        counter = CountVectorizer(analyzer=set, dtype=np.float64)
        present = counter.fit_transform([*rows, ["<any>"]])[:-1]
        used = indicator[:, indicator.any(axis=0)].astype(np.float64)
        n_rows = np.asarray(present.sum(axis=0)).ravel()
        known = np.flatnonzero(n_rows >= min_count)
        prior = used.mean(axis=0)
        n_labelled = present.T[known] @ used
        share = (n_labelled + smoothing * prior) / (n_rows[known, None] + smoothing)
        names = counter.get_feature_names_out()[known].tolist()
        return cls({name: place for place, name in enumerate(names)}, np.log(share / prior))

    def scores(self, rows: Sequence[Sequence[str]]) -> np.ndarray:
        """Sum of the weights of a row's known terms over the square root of their number, (n, C); 0 without any."""
        known = [[self.terms[term] for term in dict.fromkeys(row) if term in self.terms] for row in rows]
        lengths = np.array([len(row) for row in known], dtype=np.int64)
        row_of = np.repeat(np.arange(len(rows)), lengths)
        flat = np.array([place for row in known for place in row], dtype=np.int64)
        total = np.zeros((len(rows), self.weights.shape[1]))
        np.add.at(total, row_of, self.weights[flat])
        scores: np.ndarray = total / np.sqrt(np.maximum(lengths, 1))[:, None]
        return scores
