"""Was the user pleased, and did the mood change: a ladder of what is known before the content is consumed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
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
from affectlens.features.times import seconds
from affectlens.features.told_emotions import felt
from affectlens.models.recommender.satisfaction import (
    SatisfactionParams,
    Split,
    classifiers,
    columns_of,
    felt_before,
    one_hot,
    splits_within_users,
    standardised,
)

logger = logging.getLogger(__name__)

STEP, PUBLISHED = "satisfaction", "published"
LADDER = (
    Rung("ids", ("ids",)),
    Rung("content", ("ids", "content"), "ids"),
    Rung("content emotion", ("ids", "content", "felt"), "content", ("content, random", "content emotion, shuffled")),
    Rung("user emotion", ("ids", "content", "before"), "content", ("content, random", "user emotion, wrong user")),
    Rung("situation", ("ids", "content", "situation"), "content", ("situation, shuffled",)),
    Rung(
        "situation and user emotion",
        ("ids", "content", "situation", "before"),
        "situation",
        ("situation, random", "situation and user emotion, wrong user"),
    ),
    Rung(
        "all",
        ("ids", "content", "situation", "before", "felt"),
        "situation and user emotion",
        ("all, emotion shuffled", "all, wrong user"),
    ),
    Rung("content, random", ("ids", "content", "noise")),
    Rung("content emotion, shuffled", ("ids", "content", "felt_shuffled")),
    Rung("user emotion, wrong user", ("ids", "content", "before_of_another")),
    Rung("situation, shuffled", ("ids", "content", "situation_shuffled")),
    Rung("situation, random", ("ids", "content", "situation", "noise")),
    Rung("situation and user emotion, wrong user", ("ids", "content", "situation", "before_of_another")),
    Rung("all, emotion shuffled", ("ids", "content", "situation", "before", "felt_shuffled")),
    Rung("all, wrong user", ("ids", "content", "situation", "before_of_another", "felt")),
)
# In the lab nobody was asked before, and all heard in one place.
LADDER_FROM_ELSEWHERE = tuple(
    rung for rung in LADDER if not {"before", "before_of_another", "situation", "situation_shuffled"} & set(rung.parts)
)


@dataclass(frozen=True)
class Heard:
    """Interactions with their ratings and what is known of them.

    Attributes:
        user: (n,) number of the user, by first appearance.
        item: (n,) number of the content.
        time: (n,) seconds since 1970.
        pleased: (n,) whether the rating is high enough.
        mood: (n,) 0 dropped, 1 kept, 2 lifted.
        after: (n, 2) valence and arousal afterwards.
        parts: name -> (n, k) what may be read, but for what depends on the split.
    """

    user: np.ndarray
    item: np.ndarray
    time: np.ndarray
    pleased: np.ndarray
    mood: np.ndarray
    after: np.ndarray
    parts: Mapping[str, np.ndarray]


def score_satisfaction(
    interactions: pd.DataFrame, contents: pd.DataFrame, params: SatisfactionParams, seed: int, dataset: str
) -> pd.DataFrame:
    """Climb the ladder on every split; test rows are read once, by the setting that validation rows prefer."""
    tables = [_climbed(task, params, seed, dataset) for task in _tasks(interactions, contents, params, seed)]
    return pd.concat([pd.DataFrame(columns=list(LEADERBOARD_COLUMNS)), *tables], ignore_index=True)


@dataclass(frozen=True)
class Task:
    """What is foretold from which rows.

    Attributes:
        fitted_on: the surface whose rows are learnt from.
        heard: the rows.
        splits: of the rows.
        rungs: the ladder that these rows allow.
        targets: `pleased`, and `mood` where moods before are known.
    """

    fitted_on: str
    heard: Heard
    splits: Sequence[Split]
    rungs: Sequence[Rung]
    targets: Sequence[Literal["pleased", "mood"]]


def _tasks(interactions: pd.DataFrame, contents: pd.DataFrame, params: SatisfactionParams, seed: int) -> Iterator[Task]:
    """Fitted on the surface itself; and on the other one alone, with the same test rows."""
    judged, other = (
        interactions[(interactions["surface"] == name).fillna(value=False)]
        for name in (params.surface, params.other_surface)
    )
    if params.surface is None or judged.empty:
        return
    heard = heard_contents(judged.reset_index(drop=True), contents, params, seed)
    cuts = [params.train_share, params.train_share + params.valid_share]
    splits = [Split(*parts) for parts in splits_within_users(heard.user, params.split_seeds, cuts)]
    yield Task(params.surface, heard, splits, LADDER, ("pleased", "mood"))
    if params.other_surface is None or other.empty:
        return
    both = heard_contents(pd.concat([other, judged], ignore_index=True), contents, params, seed)
    users = pd.factorize(other["user_id"])[0]
    pairs = zip(splits_within_users(users, params.split_seeds, [params.other_train_share]), splits, strict=True)
    across = [Split(train, valid, split.test + len(other)) for (train, valid), split in pairs]
    yield Task(params.other_surface, both, across, LADDER_FROM_ELSEWHERE, ("pleased",))


def _climbed(task: Task, params: SatisfactionParams, seed: int, dataset: str) -> pd.DataFrame:
    """Leaderboard rows of one task, and beside them what is published of it."""
    found: dict[str, dict[str, Estimate]] = {rung.name: {} for rung in task.rungs}
    for target in task.targets:
        metrics = {rung.name: _metrics(task, rung, target, params, seed) for rung in task.rungs}
        for name, rows_of_rung in _rows(task.rungs, metrics, task.heard.user.max() + 1, seed).items():
            found[name] |= rows_of_rung
    named = {f"{STEP}: {name}": estimates for name, estimates in found.items()} | _published(task, params)
    parts = [
        leaderboard_rows(
            stage="recommender",
            model=name,
            is_baseline=name == f"{STEP}: {LADDER[0].name}" or name.startswith(PUBLISHED),
            estimates=estimates,
            split="test",
            protocol=protocol_of(task.fitted_on, params),
            seed=seed,
            dataset=dataset,
        )
        for name, estimates in named.items()
    ]
    return pd.concat(parts, ignore_index=True)


def protocol_of(fitted_on: str, params: SatisfactionParams) -> str:
    """Name of a task in the leaderboard."""
    where = "" if fitted_on == params.surface else f"fitted on {fitted_on} alone, "
    return f"satisfaction, {where}{len(params.split_seeds)} random splits within users"


def _published(task: Task, params: SatisfactionParams) -> dict[str, dict[str, Estimate]]:
    """Published figures of this task by model and step; their authors give no intervals."""
    found: dict[str, dict[str, Estimate]] = {}
    for figures in params.published:
        if figures.fitted_on == task.fitted_on:
            for model, value in figures.values.items():
                rows = found.setdefault(f"{PUBLISHED}: {model}, {figures.step}", {})
                rows[figures.metric] = Estimate(value, float("nan"), float("nan"), len(np.unique(task.heard.user)))
    return found


def heard_contents(rows: pd.DataFrame, contents: pd.DataFrame, params: SatisfactionParams, seed: int) -> Heard:
    """Interactions as arrays; placebos are drawn once, so that every split reads the same ones."""
    generator = np.random.default_rng(seed)
    user, item = (pd.factorize(rows[name])[0] for name in ("user_id", "content_id"))
    known = contents.set_index("content_id").reindex(rows["content_id"]).reset_index(drop=True)
    known = known.assign(topic=known["tags"].map(lambda tags: tags[0] if len(tags) else None))
    numbers = [str(name) for name in known if str(name).startswith("attribute_")]
    before, after = (felt(rows, moment) for moment in ("before", "after"))
    change = after[:, 0] - before[:, 0]
    situation = columns_of(rows, [f"attribute_{name}" for name in params.situation])
    parts = {
        "ids": np.hstack([one_hot(rows["user_id"]), one_hot(rows["content_id"])]),
        "content": columns_of(known, [*numbers, "topic"]),
        "situation": situation,
        "before": before,
        "before_of_another": before[row_of_another_user(user, generator)],
        "noise": generator.normal(size=before.shape),
        "situation_shuffled": situation[generator.permutation(len(rows))],
    }
    edges = [-params.mood_step, params.mood_step]
    pleased, time = (rows["value"] >= params.liked_from).to_numpy(), seconds(rows["occurred_at"])
    return Heard(user, item, time, pleased, np.digitize(change, edges, right=True), after, parts)


def row_of_another_user(user: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """For each row a random row of another user, (n,)."""
    return np.array([generator.choice(np.flatnonzero(user != owner)) for owner in user])


def _metrics(
    task: Task, rung: Rung, target: Literal["pleased", "mood"], params: SatisfactionParams, seed: int
) -> dict[str, Statistic]:
    """The metrics of a step, mean over splits, with the one setting whose validation metric is best on average."""
    heard, splits = task.heard, task.splits
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
    logger.info("%s from %s, %s: %s with %.4f on validation rows", target, task.fitted_on, rung.name, best, max(values))
    return judged(best, "test")


def _reading(heard: Heard, split: Split, rung: Rung, seed: int) -> np.ndarray:
    """What a step reads, (n, k), standardised on train rows; emotion left by others was told before, in train rows."""
    items = np.random.default_rng(seed).permutation(heard.item.max() + 1)
    told, of_other_items = (
        felt_before(heard.after, heard.item, heard.time, split.train, about)
        for about in (heard.item, items[heard.item])
    )
    parts = {**heard.parts, "felt": told, "felt_shuffled": of_other_items}
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


def _rows(
    rungs: Sequence[Rung], metrics: Mapping[str, Mapping[str, Statistic]], n_users: int, seed: int
) -> dict[str, dict[str, Estimate]]:
    """Values of every step on each metric, and what it adds on the one by which settings were chosen.

    On the others the settings differ by what was not asked of them, and so would the steps.
    """
    found: dict[str, dict[str, Estimate]] = {name: {} for name in metrics}
    deciding, *_ = next(iter(metrics.values()))
    for metric in next(iter(metrics.values())):
        statistics = {name: each[metric] for name, each in metrics.items()}
        for name, statistic in statistics.items():
            found[name][metric] = resampled_estimate(statistic, n_users, seed)

        if metric != deciding:
            continue

        def compare(ours: str, theirs: str, told: Mapping[str, Statistic] = statistics) -> tuple[Estimate, float]:
            return resampled_difference(told[ours], told[theirs], n_users, seed)

        for name, rows in climb(rungs, metric, compare).items():
            found[name] |= rows
    return found
