"""How common each emotion is by window: counted, adjusted, by expectation-maximisation, and together with labels."""

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
_LABELLED = "labels, and adjusted posteriors of the rest (LAP)"
AGREEING = {"joy": ("loves_share", "hahas_share"), "sadness": ("sads_share",), "anger": ("angrys_share",),
            "surprise": ("wows_share",)}  # fmt: skip


@dataclass(frozen=True)
class ReadPosts:
    """Posts that a model read, and what is known of its errors.

    Attributes:
        posts: `time`, `unit` and one column a label, rows summing to 1; none that the model learnt from.
        every: all posts, with the shares of their labels where `is_labelled`; no rows where no errors are known.
        labels: C names.
        prior: (C,) shares among the texts on which the model was calibrated; None where they are not known.
        truth: (m, C) shares of the labels of held-out labelled posts; no rows where there are none.
        posteriors: (m, C) what the model thought of them, rows summing to 1.
    """

    posts: pd.DataFrame
    every: pd.DataFrame
    labels: list[str]
    prior: np.ndarray | None
    truth: np.ndarray
    posteriors: np.ndarray


def written_posts(
    utterances: pd.DataFrame, signals: pd.DataFrame, examples: pd.DataFrame, taxonomy: str
) -> ReadPosts | None:
    """What people wrote; None where nothing was read or nothing labelled.

    The errors are those on validation texts, whose labels calibrated the model and set its thresholds.
    """
    if signals.empty or utterances["occurred_at"].isna().all():
        return None
    labels, ids = list(labels_of(taxonomy)), pd.Index(signals["utterance_id"])
    read, given = (
        _shares(np.stack(list(signals["probabilities"]))),
        _shares(indicator_matrix(list(examples["labels"]), taxonomy)),
    )
    split = signals["utterance_id"].map(examples.set_index("utterance_id")["split"])
    posts = pd.DataFrame(read, columns=labels).assign(
        time=signals["occurred_at"].to_numpy(), unit=units_of(signals["user_id"].reset_index(drop=True))
    )
    place, is_valid = ids.get_indexer(examples["utterance_id"]), (examples["split"] == "valid").to_numpy()
    known = read.copy()
    known[place[place >= 0]] = given[place >= 0]
    every = posts.assign(**dict(zip(labels, known.T, strict=True)), is_labelled=split.notna().to_numpy())
    unseen = posts[(split != "train").to_numpy()].dropna(subset=["time"])
    held = is_valid & (place >= 0)
    every = every.dropna(subset=["time"]) if held.any() else every.iloc[:0]
    prior = given[is_valid].mean(axis=0) if is_valid.any() else None
    return ReadPosts(unseen, every, labels, prior, given[held], read[place[held]])


def _shares(values: np.ndarray) -> np.ndarray:
    """Rows that sum to 1."""
    found: np.ndarray = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-12)
    return found


def published_posts(contents: pd.DataFrame, readings: Readings) -> ReadPosts | None:
    """What was published, where nobody labelled any of it."""
    rows = contents.dropna(subset=["created_at"]).merge(readings.probabilities, on="content_id")
    if rows.empty:
        return None
    posts = rows[readings.labels].assign(time=rows["created_at"], unit=units_of(rows["author_id"]))
    nothing = np.empty((0, len(readings.labels)))
    return ReadPosts(posts, posts.iloc[:0].assign(is_labelled=False), readings.labels, readings.prior, nothing, nothing)


def prevalences(read: ReadPosts | None, group: str, params: ExpressionParams, seed: int) -> Iterator[Row]:
    """Share of each emotion in each window by each estimator, intervals over authors and over labelled posts."""
    if read is None:
        return
    for posts, estimates in ((read.posts, _estimates), (read.every, _with_labels)):
        kept, windows, names = windows_of(posts, params)
        for window, name in enumerate(names):
            found = estimates(kept[windows == window], read, params.n_prevalence_resamples, seed)
            for method, shares in found.items():
                for label, share in zip(read.labels, shares, strict=True):
                    yield row(f"prevalence:{label}", group, share, "share", method, name)


def _estimates(posts: pd.DataFrame, read: ReadPosts, n_resamples: int, seed: int) -> dict[str, list[Estimate]]:
    """The shares in one window with percentile intervals, by method."""
    generator, n_classes = np.random.default_rng(seed), len(read.labels)
    posteriors = np.maximum(posts[read.labels].to_numpy(dtype=np.float64), 1e-6)
    weights = _weights(posts, n_resamples, seed)
    decided = np.eye(n_classes)[posteriors.argmax(axis=1)]
    counts = _shares(weights @ decided)
    results = {_COUNTED: counts}
    if len(read.truth):
        errors = np.eye(n_classes)[read.posteriors.argmax(axis=1)]
        results[_ADJUSTED] = _adjusted(counts, read.truth, errors, generator)
    if read.prior is not None:
        results[_MAXIMISED] = prevalence.expectation_maximised(posteriors, read.prior, weights)
    return {method: [_bounded(column, len(posts)) for column in table.T] for method, table in results.items()}


def _with_labels(posts: pd.DataFrame, read: ReadPosts, n_resamples: int, seed: int) -> dict[str, list[Estimate]]:
    """The shares in one window: posts that people labelled count as labelled, the others as the model reads them."""
    shares, is_labelled = posts[read.labels].to_numpy(dtype=np.float64), posts["is_labelled"].to_numpy()[:, None]
    weights = _weights(posts, n_resamples, seed)
    labelled, rest = weights @ (shares * is_labelled), weights @ (shares * ~is_labelled)
    found = _adjusted(_shares(rest), read.truth, read.posteriors, np.random.default_rng(seed))
    total = _shares(labelled + found * rest.sum(axis=1, keepdims=True))
    return {_LABELLED: [_bounded(column, len(posts)) for column in total.T]}


def _weights(posts: pd.DataFrame, n_resamples: int, seed: int) -> np.ndarray:
    """How often each post counts (B, n): once, then in samples of authors."""
    drawn = Resampling.of(posts["unit"].to_numpy(), seed, n_resamples)
    found: np.ndarray = np.vstack([np.ones(len(posts)), drawn.counts[:, drawn.codes]])
    return found


def _adjusted(
    counts: np.ndarray, truth: np.ndarray, readings: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Counts (B, C) freed of the errors on labelled posts: first on all of these, then on a sample of them each."""
    n, found = len(truth), []
    for turn, share in enumerate(counts):
        chosen = np.arange(n) if turn == 0 else generator.integers(n, size=n)
        found.append(prevalence.adjusted(share, prevalence.mean_readings(truth[chosen], readings[chosen])))
    return np.stack(found)


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
