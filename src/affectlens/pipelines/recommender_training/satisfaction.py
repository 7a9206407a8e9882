"""Was the user pleased, and did the mood change: a ladder of what is known before the content is consumed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, clone

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS, Estimate, leaderboard_rows, resampled_estimate
from affectlens.evaluation.ladder import Rung, climb
from affectlens.evaluation.satisfaction import (
    Statistic,
    accuracy,
    area_under_curve,
    macro_f1,
    mean_of,
    resampled_difference,
)
from affectlens.models.recommender.satisfaction import (
    SatisfactionParams,
    Split,
    classifiers,
    columns_of,
    felt_by_others,
    one_hot,
    splits_within_users,
    standardised,
)

logger = logging.getLogger(__name__)

FELT = ("valence", "arousal")
LADDER = (
    Rung("ids", ("ids",)),
    Rung("content", ("ids", "content"), "ids"),
    Rung("content emotion", ("ids", "content", "felt"), "content", ("content, random", "content emotion, shuffled")),
    Rung("user emotion", ("ids", "content", "before"), "content", ("content, random", "user emotion, wrong user")),
    Rung("situation", ("ids", "content", "situation"), "content"),
    Rung(
        "all",
        ("ids", "content", "situation", "felt", "before"),
        "situation",
        ("situation, random", "all, wrong user"),
    ),
    Rung("content, random", ("ids", "content", "noise")),
    Rung("content emotion, shuffled", ("ids", "content", "felt_shuffled")),
    Rung("user emotion, wrong user", ("ids", "content", "before_of_another")),
    Rung("situation, random", ("ids", "content", "situation", "noise", "noise")),
    Rung("all, wrong user", ("ids", "content", "situation", "felt", "before_of_another")),
)


@dataclass(frozen=True)
class Heard:
    """Interactions with their ratings and what is known of them.

    Attributes:
        user: (n,) number of the user, by first appearance.
        item: (n,) number of the content.
        pleased: (n,) whether the rating is high enough.
        mood: (n,) 0 dropped, 1 kept, 2 lifted.
        after: (n, 2) valence and arousal afterwards.
        parts: name -> (n, k) what may be read, but for what depends on the split.
    """

    user: np.ndarray
    item: np.ndarray
    pleased: np.ndarray
    mood: np.ndarray
    after: np.ndarray
    parts: Mapping[str, np.ndarray]


def score_satisfaction(
    interactions: pd.DataFrame, contents: pd.DataFrame, params: SatisfactionParams, seed: int, dataset: str
) -> pd.DataFrame:
    """Climb the ladder on every split; test rows are read once, by the setting that validation rows prefer."""
    rows = interactions[(interactions["surface"] == params.surface).fillna(value=False)]
    if params.surface is None or rows.empty:
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    heard = heard_contents(rows.reset_index(drop=True), contents, params, seed)
    splits = list(splits_within_users(heard.user, params))
    found: dict[str, dict[str, Estimate]] = {rung.name: {} for rung in LADDER}
    for target in ("pleased", "mood"):
        metrics = {rung.name: _metrics(heard, splits, rung, target, params, seed) for rung in LADDER}
        for name, rows_of_rung in _rows(metrics, heard.user.max() + 1, seed).items():
            found[name] |= rows_of_rung
    protocol = f"satisfaction, {len(splits)} random splits within users"
    parts = [
        leaderboard_rows(
            stage="recommender",
            model=f"satisfaction: {name}",
            is_baseline=name == LADDER[0].name,
            estimates=estimates,
            split="test",
            protocol=protocol,
            seed=seed,
            dataset=dataset,
        )
        for name, estimates in found.items()
    ]
    return pd.concat(parts, ignore_index=True)


def heard_contents(rows: pd.DataFrame, contents: pd.DataFrame, params: SatisfactionParams, seed: int) -> Heard:
    """Interactions as arrays; placebos are drawn once, so that every split reads the same ones."""
    generator = np.random.default_rng(seed)
    user, item = (pd.factorize(rows[name])[0] for name in ("user_id", "content_id"))
    known = contents.set_index("content_id").reindex(rows["content_id"]).reset_index(drop=True)
    known = known.assign(topic=known["tags"].map(lambda tags: tags[0] if len(tags) else None))
    numbers = [str(name) for name in known if str(name).startswith("attribute_")]
    before, after = (rows[[f"attribute_{name}_{moment}" for name in FELT]].to_numpy() for moment in ("before", "after"))
    change = after[:, 0] - before[:, 0]
    parts = {
        "ids": np.hstack([one_hot(rows["user_id"]), one_hot(rows["content_id"])]),
        "content": columns_of(known, [*numbers, "topic"]),
        "situation": columns_of(rows, [f"attribute_{name}" for name in params.situation]),
        "before": before,
        "before_of_another": before[row_of_another_user(user, generator)],
        "noise": generator.normal(size=before.shape),
    }
    edges = [-params.mood_step, params.mood_step]
    pleased = (rows["value"] >= params.liked_from).to_numpy()
    return Heard(user, item, pleased, np.digitize(change, edges, right=True), after, parts)


def row_of_another_user(user: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """For each row a random row of another user, (n,)."""
    return np.array([generator.choice(np.flatnonzero(user != owner)) for owner in user])


def _metrics(
    heard: Heard, splits: Sequence[Split], rung: Rung, target: str, params: SatisfactionParams, seed: int
) -> dict[str, Statistic]:
    """The metrics of a step, mean over splits, with the one setting whose validation metric is best on average."""
    truth = heard.pleased if target == "pleased" else heard.mood
    readings = [_reading(heard, split, rung, seed) for split in splits]
    trials = classifiers(params, seed)

    def judged(trial: ClassifierMixin, rows: Literal["valid", "test"]) -> dict[str, Statistic]:
        each = [
            _fitted_metrics(clone(trial), reading, truth, split.train, getattr(split, rows), heard.user)
            for reading, split in zip(readings, splits, strict=True)
        ]
        return {name: mean_of([metrics[name] for metrics in each]) for name in each[0]}

    everyone = np.ones((1, heard.user.max() + 1))
    values = [float(next(iter(judged(trial, "valid").values()))(everyone)[0]) for trial in trials]
    best = trials[int(np.argmax(values))]
    logger.info("%s, %s: %s with %.4f on validation rows", target, rung.name, best, max(values))
    return judged(best, "test")


def _reading(heard: Heard, split: Split, rung: Rung, seed: int) -> np.ndarray:
    """What a step reads, (n, k), standardised on train rows; emotion left by others comes from train rows alone."""
    felt = felt_by_others(heard.after, heard.item, split.train)
    items = np.random.default_rng(seed).permutation(heard.item.max() + 1)
    typical = np.zeros((len(items), felt.shape[1]))
    typical[heard.item] = felt
    parts = {**heard.parts, "felt": felt, "felt_shuffled": typical[items[heard.item]]}
    return standardised(np.hstack([parts[name] for name in rung.parts]), split.train)


def _fitted_metrics(
    trial: ClassifierMixin,
    readings: np.ndarray,
    truth: np.ndarray,
    train: np.ndarray,
    judged: np.ndarray,
    user: np.ndarray,
) -> dict[str, Statistic]:
    """Metrics on some rows after a fit on others; the first one decides between trials."""
    fitted = trial.fit(readings[train], truth[train])
    who = user[judged], int(user.max()) + 1
    if truth.dtype == bool:
        return {"auc": area_under_curve(truth[judged], fitted.predict_proba(readings[judged])[:, 1], *who)}
    predicted = fitted.predict(readings[judged])
    return {
        "mood_accuracy": accuracy(truth[judged], predicted, *who),
        "mood_macro_f1": macro_f1(truth[judged], predicted, *who),
    }


def _rows(metrics: Mapping[str, Mapping[str, Statistic]], n_users: int, seed: int) -> dict[str, dict[str, Estimate]]:
    """Values of every step, and what it adds, on each metric."""
    found: dict[str, dict[str, Estimate]] = {name: {} for name in metrics}
    for metric in next(iter(metrics.values())):
        statistics = {name: each[metric] for name, each in metrics.items()}
        for name, statistic in statistics.items():
            found[name][metric] = resampled_estimate(statistic, n_users, seed)

        def compare(ours: str, theirs: str, told: Mapping[str, Statistic] = statistics) -> tuple[Estimate, float]:
            return resampled_difference(told[ours], told[theirs], n_users, seed)

        for name, rows in climb(LADDER, metric, compare).items():
            found[name] |= rows
    return found
