"""Any recommender from its checkpoint, and the one call that inference and traces need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.attention import (
    AttentionRecommender,
    Events,
    RecommenderOutput,
    build_attention_recommender,
)
from affectlens.models.recommender.blend import BLEND, Blend
from affectlens.models.recommender.catalogue import GeneratedContent
from affectlens.models.recommender.content_knn import ContentKnn
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.item_to_item import ItemToItem
from affectlens.models.recommender.popularity import Popularity
from affectlens.models.recommender.streams import (
    FUTURE,
    EventStream,
    Windows,
    padded,
    request_windows,
    stream_of,
    whole_hours,
)
from affectlens.models.recommender.tuning import Recommender

_WINDOWS_AT_ONCE = 64


@dataclass(frozen=True)
class Recommendation:
    """What the attention model says to n users.

    Attributes:
        scores: (n, n_items), columns in the order of `item_ids` of the checkpoint; consumed items included.
        weights: W_t (n, K); None where the model does not use generated content.
        vectors: R_t (n, d_g); None likewise.
    """

    scores: np.ndarray
    weights: np.ndarray | None
    vectors: np.ndarray | None


@dataclass(frozen=True)
class AttentionScorer:
    """The attention model behind the interface of the baselines.

    Attributes:
        model: the module, in evaluation mode.
        content: where G_t of a request is looked up.
    """

    model: AttentionRecommender
    content: GeneratedContent

    def score(self, histories: Histories) -> np.ndarray:
        """Scores (n, n_items), float32."""
        generated = None if self.content.is_empty else self.content.at(histories.request_state)
        return recommend_with(self.model, histories, generated).scores


def build_recommender_model(architecture: str, params: Mapping[str, Any]) -> AttentionRecommender:
    """The untrained torch module of an architecture.

    Raises:
        ValueError: the architecture is unknown.
    """
    if architecture != "attention":
        raise ValueError(f"recommender architecture {architecture!r} is unknown; the one torch module is 'attention'")
    return build_attention_recommender(params)


def load_recommender(checkpoint: Checkpoint, content: GeneratedContent) -> Recommender:
    """The fitted recommender of a checkpoint, whatever its architecture.

    Args:
        checkpoint: one of `recommender.<member>.checkpoint`.
        content: generated content, which the attention model looks up.

    Raises:
        ValueError: the architecture is unknown.
    """
    if checkpoint.architecture == "attention":
        return AttentionScorer(checkpoint.restore(build_recommender_model), content)
    if checkpoint.architecture == BLEND:
        attention, linear = (load_recommender(part, content) for part in checkpoint.parts().values())
        return Blend(attention, linear, float(checkpoint.params["weight"]))
    builders: dict[str, Callable[[Checkpoint], Recommender]] = {
        "popularity": Popularity.from_checkpoint,
        "item_knn": ItemToItem.from_checkpoint,
        "ease": ItemToItem.from_checkpoint,
        "content_knn": ContentKnn.from_checkpoint,
    }
    if checkpoint.architecture not in builders:
        raise ValueError(
            f"recommender {checkpoint.architecture!r} is unknown; expected attention, {BLEND} or {sorted(builders)}"
        )
    return builders[checkpoint.architecture](checkpoint)


def recommend(checkpoint: Checkpoint, histories: Histories, generated: np.ndarray | None) -> Recommendation:
    """Score all items for each user: W_t = M_A(A_t, G_t), R_t = W_t G_t, and the ranking by both.

    Args:
        checkpoint: `recommender_checkpoint` (the attention model).
        histories: A_t of n users.
        generated: G_t (n, K, d_g), zeros for a user without one; None ranks by behaviour alone.

    Raises:
        ValueError: the number or the width of the generated vectors does not fit.
    """
    return recommend_with(checkpoint.restore(build_recommender_model), histories, generated)


@torch.no_grad()
def recommend_with(model: AttentionRecommender, histories: Histories, generated: np.ndarray | None) -> Recommendation:
    """`recommend` with a module that is already at hand, in evaluation mode, on any device."""
    params, n_items = model.params, len(model.content)
    _check_generated(generated, histories.n_users, model.content.shape[1])
    stream = stream_of(histories, n_items, n_dwell_buckets=params.n_dwell_buckets, n_gap_buckets=params.n_gap_buckets)
    on_device = partial(torch.as_tensor, device=model.content.device)
    items = model.items()
    states = _last_states(model, items, stream, request_windows(stream, params.max_length))
    vectors = None if generated is None else on_device(generated)
    heat = (
        None
        if model.feed is None
        else on_device(histories.crowd.heat(histories.request_time, params.heat_half_life_days))
    )
    hours = on_device(whole_hours(histories.request_time, FUTURE))
    output: RecommenderOutput = model.match(states, items, hours, heat, vectors, only_classes=False)
    links = (None if part is None else _array(part) for part in (output.weights, output.vectors))
    return Recommendation(_array(output.logits), *links)


@torch.no_grad()
def attention_on_events(model: AttentionRecommender, histories: Histories) -> np.ndarray:
    """Attention of the request on each event in the last block, mean of the heads, (n, T); 0 where none is read."""
    params = model.params
    buckets = {"n_dwell_buckets": params.n_dwell_buckets, "n_gap_buckets": params.n_gap_buckets}
    stream = stream_of(histories, len(model.content), **buckets)
    windows = request_windows(stream, params.max_length)
    weights = model.last_weights(model.items(), Events(*map(torch.as_tensor, padded(stream, windows)))).numpy()
    last = weights[np.arange(len(weights)), windows.length - 1]  # (n, places)
    place = np.arange(last.shape[1])[None, :]
    event = windows.begin[:, None] + place - (stream.offsets[:-1, None] + 1)  # -1: the token that starts a history
    row, column = np.nonzero((place < windows.length[:, None]) & (event >= 0))
    found = np.zeros((histories.n_users, int(histories.lengths.max(initial=0))))
    found[row, event[row, column]] = last[row, column]
    return found


def _last_states(model: AttentionRecommender, items: Tensor, stream: EventStream, windows: Windows) -> Tensor:
    """Behaviour state (n, D) at the end of each window; windows of like length are read together, so few pads are."""
    states = torch.empty(len(windows.length), items.shape[1], device=items.device, dtype=items.dtype)
    order = np.argsort(windows.length, kind="stable")
    for rows in np.split(order, range(_WINDOWS_AT_ONCE, len(order), _WINDOWS_AT_ONCE)):
        events = (torch.as_tensor(column, device=items.device) for column in padded(stream, windows.take(rows)))
        last = torch.as_tensor(windows.length[rows] - 1, device=items.device)
        found = model.states(items, Events(*events))
        states[torch.as_tensor(rows, device=items.device)] = found[torch.arange(len(rows), device=items.device), last]
    return states


def _check_generated(generated: np.ndarray | None, n_users: int, content_width: int) -> None:
    if generated is None:
        return
    if generated.ndim != 3 or generated.shape[0] != n_users or generated.shape[2] != content_width:
        expected = f"({n_users}, K, {content_width})"
        raise ValueError(f"generated vectors have shape {generated.shape}, expected {expected}")


def _array(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.float().cpu().numpy()
    return array
