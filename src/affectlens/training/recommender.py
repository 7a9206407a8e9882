"""Fitting the attention recommender: packed batches, softmax over all items that existed."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.attention import (
    Asked,
    AttentionParams,
    AttentionRecommender,
    Events,
    RecommenderOutput,
)
from affectlens.models.recommender.build import AttentionScorer, build_recommender_model
from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.outcomes import OutcomesParams, Told, predicting, settings_of, told_by
from affectlens.models.recommender.spectral import spectral_items
from affectlens.models.recommender.streams import (
    ALWAYS,
    EventStream,
    Windows,
    padded,
    stream_of,
    training_windows,
    whole_hours,
)
from affectlens.schemas import INTERACTION_KINDS
from affectlens.training.exposures import known_cross_entropy
from affectlens.training.loop import Batches, TrainerParams, TrainingParams, fit
from affectlens.training.losses import blocked_cross_entropy, blocked_feed_cross_entropy
from affectlens.training.pace import Pace, PaceParams

logger = logging.getLogger(__name__)

# Shapes: B windows, T positions of the longest, P positions that predict, K generated vectors, G content width.
_STATES_AT_ONCE = 384  # rows of logits that the loss holds at once
_REQUESTS_AT_ONCE = 128  # the same where times are known: shorter blocks see fewer items that are still to come
_BUCKET_BATCHES = 32  # windows are sorted by length within as many windows as fill this many batches


@dataclass
class RecommenderBatch:
    """Windows of about `batch_size` predicted events in all.

    Attributes:
        events: what was done, (B, T).
        asks: (P,) real positions that predict, in the flattened (B * T).
        hour: (P,) when the event that followed took place, whole hours since 1970; in this order where times are known.
        heat: (P, classes) how much of each item was consumed before that day; None where times are not known.
        target: (P,) its item, as a place among the classes of the softmax.
        generated: (P, K, G) generated content that existed at the position; None where the environment has none.
        asked: the items of the events that followed; None where no outcome is learnt.
        outcomes: (P, T) what was done with them: 1, 0 or NaN; None likewise.
    """

    events: Events
    asks: Tensor
    hour: Tensor
    heat: Tensor | None
    target: Tensor
    generated: Tensor | None
    asked: Asked | None = None
    outcomes: Tensor | None = None

    def to(self, device: torch.device) -> Self:
        """The same batch on a device."""
        return dataclasses.replace(
            self,
            events=self.events.to(device),
            asks=self.asks.to(device),
            hour=self.hour.to(device),
            heat=None if self.heat is None else self.heat.to(device),
            target=self.target.to(device),
            generated=None if self.generated is None else self.generated.to(device),
            asked=None if self.asked is None else self.asked.to(device),
            outcomes=None if self.outcomes is None else self.outcomes.to(device),
        )


def softmax_classes(train: Histories, catalogue: Catalogue) -> np.ndarray:
    """(n_items,) booleans: consumed in training, or known to have existed before its end."""
    end = np.max(train.time, initial=-np.inf, where=~np.isnan(train.time))
    consumed: np.ndarray = np.isin(np.arange(catalogue.n_items), train.item)
    existed: np.ndarray = catalogue.created_at <= end
    classes: np.ndarray = consumed | existed
    return classes


def recommender_batches(
    train: Histories,
    catalogue: Catalogue,
    content: GeneratedContent,
    params: AttentionParams,
    batch_size: int,
    told: Told | None = None,
) -> Batches:
    """Batches of one epoch: every training event is predicted exactly once.

    Args:
        train: training events.
        catalogue: the items.
        content: generated content of all states.
        params: window length, overlap and buckets.
        batch_size: predicted events a batch, about; it bounds the softmax, whatever the lengths of the histories.
        told: outcomes of the training events, where they are learnt.
    """
    buckets = {"n_dwell_buckets": params.n_dwell_buckets, "n_gap_buckets": params.n_gap_buckets}
    stream = stream_of(train, catalogue.n_items, **buckets)
    windows = training_windows(stream, params.max_length, params.overlap)
    classes = np.flatnonzero(softmax_classes(train, catalogue))
    classes = classes[np.argsort(whole_hours(catalogue.created_at[classes], ALWAYS), kind="stable")]
    place = np.zeros(catalogue.n_items, dtype=np.int64)
    place[classes] = np.arange(len(classes))
    crowd = train.crowd.of_items(classes)
    event = np.insert(np.arange(len(train.item)), train.offsets[:-1], -1)

    def heat(hour: np.ndarray) -> np.ndarray:
        return crowd.heat(hour * 3600.0, params.heat_half_life_days)

    warmth = None if train.crowd.is_empty else heat

    def batches(generator: np.random.Generator) -> Iterator[RecommenderBatch]:
        for rows in shuffled_by_length(windows, batch_size, generator):
            yield _batch(stream, windows.take(rows), place, content, warmth, told, event)

    return batches


def shuffled_by_length(windows: Windows, batch_size: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Rows of windows of each batch, in random order: like lengths together, so that little is padding."""
    n_predicted = windows.length - windows.n_context
    order = generator.permutation(len(n_predicted))
    bucket = np.cumsum(n_predicted[order]) // (batch_size * _BUCKET_BATCHES)
    order = order[np.lexsort((windows.length[order], bucket))]
    number = (np.cumsum(n_predicted[order]) - n_predicted[order]) // batch_size
    groups = np.split(order, np.flatnonzero(np.diff(number)) + 1) if len(order) else []
    return [groups[place] for place in generator.permutation(len(groups))]


def _batch(
    stream: EventStream,
    windows: Windows,
    place_of: np.ndarray,
    content: GeneratedContent,
    heat: Callable[[np.ndarray], np.ndarray] | None,
    told: Told | None,
    event: np.ndarray,
) -> RecommenderBatch:
    asks, position = predicting(windows)
    if heat is not None:
        in_time = np.argsort(stream.hour[position + 1], kind="stable")
        asks, position = asks[in_time], position[in_time]
    hour = stream.hour[position + 1]
    item, follows = stream.token[position + 1] - 1, event[position + 1]
    return RecommenderBatch(
        events=Events(*map(torch.from_numpy, padded(stream, windows))),
        asks=torch.from_numpy(asks),
        hour=torch.from_numpy(hour),
        heat=None if heat is None else torch.from_numpy(heat(hour)),
        target=torch.from_numpy(place_of[item]),
        generated=None if content.is_empty else torch.from_numpy(content.at(stream.state[position])),
        asked=None if told is None else Asked(torch.from_numpy(item), torch.from_numpy(told.rates[follows])),
        outcomes=None if told is None else torch.from_numpy(told.outcomes[follows]),
    )


def next_event_loss(
    model: nn.Module, batch: RecommenderBatch, products: torch.dtype = torch.float32, outcome_weight: float = 1.0
) -> Tensor:
    """Mean cross-entropy of the next item and, where they are learnt, of what is done with it times their weight."""
    columns = (batch.events, batch.asks, batch.hour, batch.heat, batch.generated)
    output: RecommenderOutput = model(*columns, only_classes=True, asked=batch.asked)
    loss = _next_item_loss(output, batch, products)
    if output.outcomes is None or batch.outcomes is None:
        return loss
    return loss + outcome_weight * known_cross_entropy(output.outcomes, batch.outcomes)


def _next_item_loss(output: RecommenderOutput, batch: RecommenderBatch, products: torch.dtype) -> Tensor:
    """Over the items that existed, at real positions only.

    Where nothing is known of times the softmax is nearly all of a step, and `products` the type of its products.
    """
    if output.moment is None:
        return blocked_cross_entropy(output.states, output.items, batch.target, _STATES_AT_ONCE, products)
    return blocked_feed_cross_entropy(output.states, output.items, output.moment, batch.target, _REQUESTS_AT_ONCE)


def new_attention_model(
    catalogue: Catalogue,
    train: Histories,
    content: GeneratedContent,
    params: AttentionParams,
    seed: int,
    outcomes: Mapping[str, Any] | None = None,
) -> tuple[AttentionRecommender, dict[str, object]]:
    """An untrained model over this catalogue, and the params that rebuild it; `outcomes` as of `settings_of`."""
    sizes = {
        "model": params.model_dump(),
        "item_ids": list(catalogue.item_ids),
        "surfaces": list(catalogue.surfaces),
        "n_kinds": len(INTERACTION_KINDS),
        "content_width": catalogue.vectors.shape[1],
        "uses_generated": not content.is_empty,
        "uses_time": not train.crowd.is_empty,
        "outcomes": outcomes,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_recommender_model("attention", sizes)
    if params.item_start == "spectral":
        model.start_from(torch.from_numpy(spectral_items(train, catalogue.n_items, params.width, seed)))
    model.content.copy_(torch.from_numpy(catalogue.vectors))
    model.is_known.copy_(torch.from_numpy(np.isin(np.arange(catalogue.n_items), train.item)))
    model.is_class.copy_(torch.from_numpy(softmax_classes(train, catalogue)))
    model.created.copy_(torch.from_numpy(whole_hours(catalogue.created_at, ALWAYS)))
    return model, sizes


def fit_attention(
    catalogue: Catalogue,
    train: Histories,
    content: GeneratedContent,
    params: AttentionParams,
    training: TrainingParams,
    trainer: TrainerParams,
    *,
    evaluate: Callable[[AttentionScorer], float],
    seed: int,
    work_dir: Path | None,
    metric_name: str,
    pace: PaceParams | None = None,
    outcomes: OutcomesParams | None = None,
) -> tuple[Checkpoint, pd.DataFrame]:
    """Fit the attention recommender; its best weights by the validation metric, and one history row an epoch.

    Args:
        catalogue: the items and their content vectors.
        train: training events.
        content: generated content of all states; empty switches the R_t term off.
        params: size and form of the model.
        training: length and pace; `batch_size` counts predicted events.
        trainer: device and precision.
        evaluate: validation metric of a model, higher is better.
        seed: seed of weights, order and dropout.
        work_dir: folder of event files and of the state of an unfinished fit; None writes nothing.
        metric_name: name of the validation metric.
        pace: learning rate step by step; None keeps it as it is.
        outcomes: what is learnt beside the next item; None: nothing.
    """
    names = [] if outcomes is None else told_by(train, outcomes)
    settings = None if outcomes is None or not names else settings_of(names, outcomes)
    model, sizes = new_attention_model(catalogue, train, content, params, seed, settings)
    told = None
    if model.outcomes is not None and outcomes is not None:
        every = np.ones(len(train.item), dtype=bool)
        told = Told.of(train, names, outcomes.liked_from, every)
        model.outcomes.start_from(*map(torch.from_numpy, told.regression(every)))
    facts: dict[str, object] = {"seed": seed, "uses_generated_content": not content.is_empty}
    if len(train.item) == 0:
        logger.warning("no training events: the attention recommender keeps its initial weights")
        empty = pd.DataFrame(columns=["epoch", "train_loss", "valid_metric", "metric_name", "seconds"])
        return Checkpoint.of(model, "attention", sizes, **facts, settings={}, trials=[]), empty
    history = fit(
        model,
        recommender_batches(train, catalogue, content, params, training.batch_size, told),
        partial(
            next_event_loss,
            products=trainer.wide_products,
            outcome_weight=1.0 if outcomes is None else outcomes.weight,
        ),
        lambda fitted: evaluate(AttentionScorer(cast("AttentionRecommender", fitted), content)),
        training,
        trainer,
        seed=seed,
        work_dir=work_dir,
        metric_name=metric_name,
        pace=None if pace is None else Pace(pace, training.max_epochs * max(1, len(train.item) // training.batch_size)),
    )
    facts[f"valid_{metric_name}"] = float(history["valid_metric"].max())
    return Checkpoint.of(model, "attention", sizes, **facts), history
