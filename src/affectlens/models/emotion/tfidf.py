"""TF-IDF of words and characters with one logistic regression a label: the floor that a network has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from sklearn.feature_extraction.text import TfidfVectorizer

from affectlens.features.text import TOKENISERS, Language
from affectlens.models.checkpoint import Checkpoint
from affectlens.params import Params

_BLOCKS = ("word", "character")


class NgramParams(Params):
    """Which n-grams are counted."""

    shortest: int = Field(ge=1)
    longest: int = Field(ge=1)
    min_texts: int = Field(ge=1, description="an n-gram of fewer training texts is left out")


class TfidfParams(Params):
    """Features and regularisation of the baseline."""

    kind: Literal["tfidf"]
    language: Language = Field(description="whose tokens")
    word: NgramParams = Field(description="n-grams of tokens")
    character: NgramParams = Field(description="n-grams of characters inside words")
    inverse_penalties: tuple[float, ...] = Field(
        min_length=1, description="values of C of the logistic regressions; validation picks one"
    )
    tolerance: float = Field(gt=0, description="of the solver")
    max_iterations: int = Field(ge=1, description="of the solver")


@dataclass(frozen=True)
class TfidfFeatures:
    """Fitted counts and weights of n-grams: texts to a sparse matrix (n, V)."""

    vectorizers: tuple[TfidfVectorizer, ...]

    @classmethod
    def fit(cls, texts: Sequence[str], params: TfidfParams) -> tuple[TfidfFeatures, sp.csr_matrix]:
        """Count the n-grams of training texts; also gives the matrix of these texts."""
        vectorizers = tuple(
            _vectorizer(block, params.language, getattr(params, block).model_dump()) for block in _BLOCKS
        )
        matrix = sp.hstack([vectorizer.fit_transform(texts) for vectorizer in vectorizers], format="csr")
        return cls(vectorizers), matrix

    def transform(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Sparse matrix (n, V) of any texts."""
        matrix: sp.csr_matrix = sp.hstack([one.transform(texts) for one in self.vectorizers], format="csr")
        return matrix

    def to_params(self) -> dict[str, list[str]]:
        """Block name -> its n-grams in the order of the columns."""
        return {
            block: [str(name) for name in vectorizer.get_feature_names_out()]
            for block, vectorizer in zip(_BLOCKS, self.vectorizers, strict=True)
        }

    def to_weights(self) -> dict[str, np.ndarray]:
        """Block name -> inverse document frequencies."""
        return {f"{block}_idf": v.idf_.astype(np.float32) for block, v in zip(_BLOCKS, self.vectorizers, strict=True)}

    @classmethod
    def restore(cls, checkpoint: Checkpoint) -> TfidfFeatures:
        """The features that a checkpoint was fitted with."""
        params = checkpoint.params
        return cls(
            tuple(
                _restored_vectorizer(
                    block, params["model"], params["ngrams"][block], checkpoint.weights[f"{block}_idf"]
                )
                for block in _BLOCKS
            )
        )


@dataclass(frozen=True)
class TfidfClassifier:
    """Features and one linear score a label."""

    features: TfidfFeatures
    coefficients: np.ndarray
    intercepts: np.ndarray

    @classmethod
    def restore(cls, checkpoint: Checkpoint) -> TfidfClassifier:
        """The classifier of a checkpoint; the vocabulary comes from its params, nothing is unpickled."""
        weights = checkpoint.weights
        return cls(TfidfFeatures.restore(checkpoint), weights["coefficients"], weights["intercepts"])

    def checkpoint(self, params: TfidfParams, names: Sequence[str], taxonomy: str) -> Checkpoint:
        """The classifier at rest."""
        facts = {
            "model": params.model_dump(mode="json"),
            "labels": list(names),
            "taxonomy": taxonomy,
            "ngrams": self.features.to_params(),
        }
        weights = {
            "coefficients": self.coefficients.astype(np.float32),
            "intercepts": self.intercepts.astype(np.float32),
            **self.features.to_weights(),
        }
        return Checkpoint("tfidf", facts, weights)

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Log-odds (n, C) of each label."""
        return np.asarray(self.features.transform(texts) @ self.coefficients.T + self.intercepts, dtype=np.float32)


def _vectorizer(block: str, language: str, params: Mapping[str, Any], **options: Any) -> TfidfVectorizer:
    reading = (
        {"tokenizer": TOKENISERS[language], "token_pattern": None, "lowercase": False}
        if block == "word"
        else {"analyzer": "char_wb"}
    )
    return TfidfVectorizer(
        ngram_range=(params["shortest"], params["longest"]),
        min_df=params["min_texts"],
        sublinear_tf=True,
        dtype=np.float32,
        **reading,
        **options,
    )


def _restored_vectorizer(
    block: str, model: Mapping[str, Any], ngrams: Sequence[str], idf: np.ndarray
) -> TfidfVectorizer:
    columns = {ngram: column for column, ngram in enumerate(ngrams)}
    vectorizer = _vectorizer(block, model["language"], model[block], vocabulary=columns)
    vectorizer.idf_ = idf
    return vectorizer
