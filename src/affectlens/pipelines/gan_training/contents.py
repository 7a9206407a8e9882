"""From the tables of contents to the arrays that generators are fitted on and scored by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.evaluation.generation_judge import (
    NO_LABEL,
    GenerationScoreParams,
    GenerationTest,
    LabelledVectors,
    fit_judge,
)
from affectlens.features.taxonomy import indicator_matrix, labels_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import ConditionedVectors, ConditionParams, make_projection
from affectlens.training.gan import condition_contents

HELD_OUT, CROSS_FITTED = "held_out", "cross_fitted"
NOT_FITTED = Checkpoint("none", {}, {})  # stands for a model that had nothing to learn from


@dataclass(frozen=True)
class Contents:
    """Contents with a vector and an emotion.

    Attributes:
        ids: (n,) content ids.
        vectors: (n, d) whitened content vectors.
        emotion: (n, C) emotion of each content: shares of the labels that people gave it, else the probabilities that
            the emotion model reads off it.
        labels: (n,) index of the strongest emotion; `NO_LABEL` for a content that says nothing, or that people gave
            more than one label.
        roles: (n,) train, valid or test.
        split: the split that the role "test" was taken from.
        protocol: "held_out"; "cross_fitted" where there is no test split and half of valid stands in for it.
    """

    ids: np.ndarray
    vectors: np.ndarray
    emotion: np.ndarray
    labels: np.ndarray
    roles: np.ndarray
    split: str
    protocol: str

    def __len__(self) -> int:
        return len(self.vectors)

    def where(self, chosen: np.ndarray) -> Contents:
        """Some of the contents."""
        parts = (self.ids[chosen], self.vectors[chosen], self.emotion[chosen], self.labels[chosen], self.roles[chosen])
        return Contents(*parts, self.split, self.protocol)


def open_contents(
    content_features: pd.DataFrame, content_emotions: pd.DataFrame, emotion_examples: pd.DataFrame
) -> Contents:
    """The contents that have both a vector and an emotion, in the order of `content_features`.

    A content that is itself a labelled utterance (it has its id) has the emotion that people saw in it.
    """
    joined = content_features.merge(content_emotions, on="content_id", how="inner", sort=False)
    ids = joined["content_id"].to_numpy(dtype=object)
    vectors, emotion = stacked(joined["vector"]), stacked(joined["probabilities"])
    labels = np.where(joined["has_text"], emotion.argmax(axis=1), NO_LABEL) if len(joined) else np.empty(0, np.int64)
    place = pd.Index(emotion_examples["utterance_id"]).get_indexer(joined["content_id"])
    if (place >= 0).any():
        seen = emotion_examples.iloc[place[place >= 0]]
        votes = indicator_matrix(seen["labels"].tolist(), seen["taxonomy"].iloc[0])
        emotion[place >= 0] = votes / votes.sum(axis=1, keepdims=True)
        labels[place >= 0] = np.where(votes.sum(axis=1) == 1.0, votes.argmax(axis=1), NO_LABEL)
    roles = joined["split"].to_numpy(dtype=object)
    if (roles == "test").any():
        return Contents(ids, vectors, emotion, labels, roles, "test", HELD_OUT)
    is_valid = roles == "valid"
    roles[is_valid & (np.cumsum(is_valid) % 2 == 0)] = "test"
    return Contents(ids, vectors, emotion, labels, roles, "valid", CROSS_FITTED)


def stacked(lists: pd.Series) -> np.ndarray:
    """A column of equally long lists as (n, d) float32; (0, 0) for no rows."""
    if lists.empty:
        return np.empty((0, 0), dtype=np.float32)
    return np.stack(lists.to_list()).astype(np.float32)


def training_parts(
    contents: Contents, condition: ConditionParams, seed: int
) -> tuple[ConditionedVectors, ConditionedVectors]:
    """What generators imitate, and what stops them; without valid contents the training contents serve as both."""
    projection = make_projection(contents.vectors.shape[1], condition.interest_size)
    train = contents.where(contents.roles == "train")
    valid = contents.where(contents.roles == "valid")
    valid = valid if len(valid) > 1 else train
    return (
        condition_contents(train.vectors, train.emotion, projection, condition, seed),
        condition_contents(valid.vectors, valid.emotion, projection, condition, seed + 1),
    )


def held_out_test(
    contents: Contents, condition: ConditionParams, params: GenerationScoreParams, taxonomy: str, seed: int
) -> tuple[GenerationTest, np.ndarray, np.ndarray]:
    """Two disjoint halves of the test contents, and the copies that one half's emotions would find in train.

    Returns:
        The test; the raw vectors (N, d) of the asked half; raw training vectors (N, d) of the asked emotions.
    """
    projection = make_projection(contents.vectors.shape[1], condition.interest_size)
    generator = np.random.default_rng([seed, 2])
    order = generator.permutation(np.flatnonzero(contents.roles == "test"))
    n = min(len(order) // 2, params.max_samples)
    train, asked = contents.where(contents.roles == "train"), contents.where(order[n : 2 * n])
    center, scale = train.vectors.mean(axis=0), train.vectors.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    conditioned = condition_contents(asked.vectors, asked.emotion, projection, condition, seed + 2)

    def standardised(rows: np.ndarray) -> LabelledVectors:
        return LabelledVectors((contents.vectors[rows] - center) / scale, contents.labels[rows])

    test = GenerationTest(
        real=standardised(order[:n]),
        asked=standardised(order[n : 2 * n]),
        emotion=asked.emotion,
        interest=conditioned.interest,
        train=standardised(contents.roles == "train"),
        judge=fit_judge(standardised(contents.roles == "valid")),
        mean_emotion=train.emotion.mean(axis=0),
        calm=labels_of(taxonomy).index("neutral"),
        projection=projection,
        center=center,
        scale=scale,
        params=params,
        seed=seed,
    )
    return test, asked.vectors, train.vectors[copied_rows(asked.labels, train.labels, generator)]


def copied_rows(asked: np.ndarray, available: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """For each asked emotion a random training row of that emotion; any row where train has none."""
    matches = asked[:, None] == available[None, :]
    matches[~matches.any(axis=1)] = True
    keys = np.where(matches, generator.random(matches.shape), -1.0)
    rows: np.ndarray = keys.argmax(axis=1)
    return rows
