"""People who label a part of the utterances, each with an own eye and own errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from affectlens.features.taxonomy import EKMAN
from affectlens.params import Params
from affectlens.simulation.affect import NEUTRAL, PROTOTYPES, Share
from affectlens.simulation.randomness import draw_categories, mixture

N_EMOTIONS = len(EKMAN)


class AnnotationParams(Params):
    """Who labels how much, how well."""

    labelled: Share = Field(description="share of utterances that are labelled")
    n_annotators: int = Field(ge=3)
    votes: tuple[int, int] = Field(description="fewest and most annotators of one utterance")
    noise: tuple[Share, Share] = Field(description="range, over annotators, of the share of confused labels")
    confusion_bandwidth: float = Field(gt=0.0, description="distance in VAD within which emotions are confused")
    sharpness: float = Field(gt=0.0, description="power on what is expressed: high sees only the strongest emotion")
    irony_missed: tuple[Share, Share] = Field(description="range of the share of ironies taken at their word")
    second_label: Share = Field(description="chance that a mixed utterance gets a second label")
    neutral_bias_sd: float = Field(ge=0.0, description="spread, in log-weight, of the liking for `neutral`")
    rating_sd: float = Field(ge=0.0, description="noise of one annotator's rating of valence, arousal, dominance")


@dataclass(frozen=True)
class Annotators:
    """Traits of J annotators."""

    noise: np.ndarray  # (J,)
    irony_missed: np.ndarray  # (J,)
    neutral_bias: np.ndarray  # (J,)


@dataclass(frozen=True)
class Votes:
    """Labels of V votes, a pair (utterance, annotator) each, in order of utterance."""

    utterance: np.ndarray  # (V,) row of the utterance
    annotator: np.ndarray  # (V,)
    labels: np.ndarray  # (V, 7) of bool, one or two true


def draw_annotators(params: AnnotationParams, rng: np.random.Generator) -> Annotators:
    """Traits drawn evenly from the ranges."""
    n = params.n_annotators
    return Annotators(
        rng.uniform(*params.noise, n), rng.uniform(*params.irony_missed, n), rng.normal(0.0, params.neutral_bias_sd, n)
    )


def confusion(bandwidth: float) -> np.ndarray:
    """Probability (7, 7) of taking one emotion (row) for another (column): near in VAD is easily confused."""
    distance = ((PROTOTYPES[:, None, :] - PROTOTYPES[None, :, :]) ** 2).sum(axis=2)
    closeness = np.exp(-distance / (2.0 * bandwidth**2))
    np.fill_diagonal(closeness, 0.0)
    return mixture(closeness)


def cast_votes(
    truth: pd.DataFrame, annotators: Annotators, params: AnnotationParams, rng: np.random.Generator
) -> Votes:
    """Votes on a drawn part of the utterances.

    Args:
        truth: `simulated_utterance_truth`, one row an utterance.
        annotators: traits of those who vote.
        params: shares and ranges.
        rng: source of the draws.
    """
    labelled = np.flatnonzero(rng.random(len(truth)) < params.labelled)
    n_votes = rng.integers(params.votes[0], params.votes[1] + 1, size=len(labelled))
    utterance = np.repeat(labelled, n_votes)
    annotator = _assign(n_votes, params.n_annotators, rng)
    seen = _seen(truth, utterance, annotator, annotators, params, rng)
    first = draw_categories(seen, rng)
    rest = seen.copy()
    rest[np.arange(len(first)), first] = 0.0
    rest[:, NEUTRAL] = 0.0
    second = draw_categories(rest + np.finfo(float).tiny, rng)
    doubts = (
        truth["is_mixed"].to_numpy()[utterance] & (first != NEUTRAL) & (rng.random(len(first)) < params.second_label)
    )
    labels = np.eye(N_EMOTIONS, dtype=bool)[first]
    labels[doubts, second[doubts]] = True
    return Votes(utterance, annotator, labels)


def majority_labels(votes: Votes, n_utterances: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Labels with at least half of the votes, or the most voted one where none has half.

    Args:
        votes: labels of V votes.
        n_utterances: number of utterances, labelled or not.
        rng: breaks ties.

    Returns:
        Labels (n_utterances, 7) of bool, empty rows where nobody voted; number of votes (n_utterances,).
    """
    n_votes = np.bincount(votes.utterance, minlength=n_utterances)
    counts = np.zeros((n_utterances, N_EMOTIONS))
    np.add.at(counts, votes.utterance, votes.labels)
    labels = (counts * 2.0 >= n_votes[:, None]) & (counts > 0.0)
    undecided = ~labels.any(axis=1) & (n_votes > 0)
    most = (counts + 0.5 * rng.random(counts.shape)).argmax(axis=1)
    labels[undecided, most[undecided]] = True
    return labels, n_votes


def mean_ratings(
    truth: pd.DataFrame, n_votes: np.ndarray, params: AnnotationParams, rng: np.random.Generator
) -> np.ndarray:
    """Mean VAD ratings (N, 3) of `n_votes` annotators (at least one), clipped to [-1, 1]."""
    exact = truth[["valence", "arousal", "dominance"]].to_numpy()
    spread = params.rating_sd / np.sqrt(np.maximum(n_votes, 1))[:, None]
    rated: np.ndarray = np.clip(exact + spread * rng.normal(size=exact.shape), -1.0, 1.0)
    return rated


def labels_table(truth: pd.DataFrame, labels: np.ndarray, n_votes: np.ndarray, ratings: np.ndarray) -> pd.DataFrame:
    """`raw_emotion_labels`: one row for each utterance with votes; arguments (N, 7), (N,) and (N, 3)."""
    rows = np.flatnonzero(n_votes)
    return pd.DataFrame(
        {
            "utterance_id": truth["utterance_id"].to_numpy()[rows],
            "taxonomy": "ekman",
            "labels": label_lists(labels[rows]),
            "n_annotators": n_votes[rows].astype(float),
            "split": pd.Series([None] * len(rows), dtype=object),
            **dict(zip(("valence", "arousal", "dominance"), ratings[rows].T, strict=True)),
        }
    )


def annotations_table(truth: pd.DataFrame, votes: Votes, annotator_id: np.ndarray) -> pd.DataFrame:
    """`raw_annotations`: one row a vote, with the annotators' ids (J,)."""
    return pd.DataFrame(
        {
            "utterance_id": truth["utterance_id"].to_numpy()[votes.utterance],
            "annotator_id": annotator_id[votes.annotator],
            "taxonomy": "ekman",
            "labels": label_lists(votes.labels),
        }
    )


def label_lists(labels: np.ndarray) -> list[list[str]]:
    """Names of the true columns of each row of (n, 7), in Ekman order.

    >>> label_lists(np.array([[True, False, False, True, False, False, False]]))
    [['anger', 'joy']]
    """
    rows, columns = np.nonzero(labels)
    names = np.array(EKMAN, dtype=object)[columns]
    parts = np.split(names, np.searchsorted(rows, np.arange(1, len(labels))))
    return [part.tolist() for part in parts] if len(labels) else []


def _assign(n_votes: np.ndarray, n_annotators: int, rng: np.random.Generator) -> np.ndarray:
    """Different annotators for the votes of one utterance: a random start, then others in a fixed stride."""
    start = np.repeat(rng.integers(n_annotators, size=len(n_votes)), n_votes)
    first = np.repeat(np.cumsum(n_votes) - n_votes, n_votes)
    within = np.arange(len(start)) - first
    order = rng.permutation(n_annotators)
    assigned: np.ndarray = order[(start + within) % n_annotators]
    return assigned


def _seen(
    truth: pd.DataFrame,
    utterance: np.ndarray,
    annotator: np.ndarray,
    annotators: Annotators,
    params: AnnotationParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """Weights (V, 7) from which each vote is drawn."""
    expressed = np.array(truth["emotion_probabilities"].tolist(), dtype=np.float64)[utterance]
    sharp = mixture(expressed**params.sharpness)
    noise = annotators.noise[annotator][:, None]
    weights: np.ndarray = (1.0 - noise) * sharp + noise * (sharp @ confusion(params.confusion_bandwidth))
    weights[:, NEUTRAL] *= np.exp(annotators.neutral_bias[annotator])
    surface = np.asarray(pd.Categorical(truth["surface_emotion"], categories=list(EKMAN)).codes)[utterance]
    misses = truth["is_ironic"].to_numpy()[utterance] & (rng.random(len(weights)) < annotators.irony_missed[annotator])
    weights[misses] = np.eye(N_EMOTIONS)[surface[misses]]
    return weights
