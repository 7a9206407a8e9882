"""How common each emotion is by window, by counting, adjusted counting and expectation-maximisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.evaluation import prevalence
from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.resampling import Resampling
from affectlens.features.taxonomy import indicator_matrix, labels_of

from .emotion_readings import Readings
from .expression_posts import units_of, windows_of
from .measured import Row, row
from .params import ExpressionParams

_COUNTED, _ADJUSTED, _MAXIMISED = "classify and count", "adjusted count (ACC)", "expectation-maximisation (EMQ)"
AGREEING = {"joy": ("loves_share", "hahas_share"), "sadness": ("sads_share",), "anger": ("angrys_share",),
            "surprise": ("wows_share",)}  # fmt: skip


@dataclass(frozen=True)
class ReadPosts:
    """Posts that a model read, and what is known of its errors.

    Attributes:
        posts: `time`, `unit` and one column a label, rows summing to 1.
        labels: C names.
        prior: (C,) shares among the texts on which the model was calibrated; None where they are not known.
        truth: (m, C) shares of the labels of held-out labelled posts; no rows where there are none.
        decided: (m,) what the model said of them.
    """

    posts: pd.DataFrame
    labels: list[str]
    prior: np.ndarray | None
    truth: np.ndarray
    decided: np.ndarray


def written_posts(
    utterances: pd.DataFrame, signals: pd.DataFrame, examples: pd.DataFrame, taxonomy: str
) -> ReadPosts | None:
    """What people wrote, without the texts that the model learnt from; None where nothing was read or nothing labelled.

    The errors are those on validation texts, whose labels calibrated the model and set its thresholds.
    """
    if signals.empty or utterances["occurred_at"].isna().all():
        return None
    labels = list(labels_of(taxonomy))
    split = signals["utterance_id"].map(examples.set_index("utterance_id")["split"])
    shares = np.stack(list(signals["probabilities"]))
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    valid = examples[examples["split"] == "valid"]
    truth = indicator_matrix(list(valid["labels"]), taxonomy).astype(np.float64)
    truth = truth / np.maximum(truth.sum(axis=1, keepdims=True), 1e-12)
    place = pd.Index(signals["utterance_id"]).get_indexer(valid["utterance_id"])
    posts = pd.DataFrame(shares, columns=labels).assign(
        time=signals["occurred_at"].to_numpy(), unit=units_of(signals["user_id"].reset_index(drop=True))
    )
    unseen = posts[(split != "train").to_numpy()].dropna(subset=["time"])
    return ReadPosts(unseen, labels, truth.mean(axis=0), truth[place >= 0], shares[place[place >= 0]].argmax(axis=1))


def published_posts(contents: pd.DataFrame, readings: Readings) -> ReadPosts | None:
    """What was published, where nobody labelled any of it."""
    rows = contents.dropna(subset=["created_at"]).merge(readings.probabilities, on="content_id")
    if rows.empty:
        return None
    posts = rows[readings.labels].assign(time=rows["created_at"], unit=units_of(rows["author_id"]))
    nothing = np.empty((0, len(readings.labels)))
    return ReadPosts(posts, readings.labels, readings.prior, nothing, np.empty(0, dtype=np.int64))


def prevalences(read: ReadPosts | None, group: str, params: ExpressionParams, seed: int) -> Iterator[Row]:
    """Share of each emotion in each window by three estimators, intervals over authors and over labelled posts."""
    if read is None:
        return
    kept, windows, names = windows_of(read.posts, params)
    posteriors = np.maximum(kept[read.labels].to_numpy(dtype=np.float64), 1e-6)
    units = kept["unit"].to_numpy()
    for window, name in enumerate(names):
        chosen = windows == window
        found = _estimates(posteriors[chosen], units[chosen], read, params.n_prevalence_resamples, seed)
        for method, shares in found.items():
            for label, share in zip(read.labels, shares, strict=True):
                yield row(f"prevalence:{label}", group, share, "share", method, name)


def _estimates(
    posteriors: np.ndarray, units: np.ndarray, read: ReadPosts, n_resamples: int, seed: int
) -> dict[str, list[Estimate]]:
    """The shares in one window with percentile intervals, by method."""
    generator = np.random.default_rng(seed)
    n_classes, decided = len(read.labels), posteriors.argmax(axis=1)
    drawn = Resampling.of(units, seed, n_resamples)
    weights = np.vstack([np.ones(len(units)), drawn.counts[:, drawn.codes]])
    counts = weights @ np.eye(n_classes)[decided]
    counts = counts / counts.sum(axis=1, keepdims=True)
    results = {_COUNTED: counts}
    if len(read.truth):
        results[_ADJUSTED] = np.stack(
            [
                prevalence.adjusted(share, _confusion(read, None if turn == 0 else generator))
                for turn, share in enumerate(counts)
            ]
        )
    if read.prior is not None:
        results[_MAXIMISED] = prevalence.expectation_maximised(posteriors, read.prior, weights)
    return {method: [_bounded(column, len(units)) for column in table.T] for method, table in results.items()}


def _confusion(read: ReadPosts, generator: np.random.Generator | None) -> np.ndarray:
    """Errors on the labelled posts, or on a bootstrap sample of them."""
    n = len(read.truth)
    chosen = np.arange(n) if generator is None else generator.integers(n, size=n)
    return prevalence.confusion_of(read.truth[chosen], read.decided[chosen], len(read.labels))


def _bounded(draws: np.ndarray, n: int) -> Estimate:
    """The first draw is the value, the others bound it."""
    lower, upper = np.percentile(draws[1:], [2.5, 97.5])
    return Estimate(float(draws[0]), float(lower), float(upper), n)


def agreements(
    contents: pd.DataFrame, shares: pd.DataFrame, readings: Readings, seed: int, n_resamples: int
) -> Iterator[Row]:
    """How far the emotions that a model reads agree with what people pressed: rank correlations over posts.

    Args:
        contents: with their authors.
        shares: reaction shares of contents.
        readings: what a model read in the contents.
        seed: seed of the draws.
        n_resamples: draws of authors.
    """
    rows = shares.merge(readings.probabilities, on="content_id").dropna(subset=["emotional_share"])
    if len(rows) < 3:
        return
    authors = rows["content_id"].map(contents.set_index("content_id")["author_id"])
    drawn = Resampling.of(units_of(authors.reset_index(drop=True)), seed, n_resamples)
    for emotion, reactions in AGREEING.items():
        if emotion in rows:
            ranks = (rows[emotion].rank(), rows[list(reactions)].sum(axis=1).rank())
            x, y = ((rank - rank.mean()).to_numpy() / len(rows) for rank in ranks)
            found = drawn.estimate(_correlation, x, y, x * x, y * y, x * y, np.ones(len(rows)))
            pressed = " and ".join(name.removesuffix("_share") for name in reactions)
            method = f"Spearman correlation over posts with the share of {pressed}, bootstrap over authors"
            estimate = Estimate(found.value, found.lower, found.upper, len(rows))
            yield row(f"agreement:{emotion}", "reacted", estimate, "", method)


def _correlation(
    x: np.ndarray, y: np.ndarray, xx: np.ndarray, yy: np.ndarray, xy: np.ndarray, n: np.ndarray
) -> np.ndarray:
    covariance = xy - x * y / n
    correlation: np.ndarray = covariance / np.sqrt((xx - x * x / n) * (yy - y * y / n))
    return correlation
