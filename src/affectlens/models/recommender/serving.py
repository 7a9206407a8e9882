"""Lists for all users at one instant: requests and items as vectors whose inner product is the score.

At one instant age and heat of an item are the same for everybody, so all that the attention model says of a user and an
item is <q_u, v_i>: exact search is a matrix product, and an index of inner products can stand in for it.
"""

# Shapes: n users, N items, M width of the vectors, k places.
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from affectlens.models.recommender.attention import AttentionRecommender
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.streams import FUTURE, padded, request_windows, stream_of, whole_hours


@dataclass(frozen=True)
class Moment:
    """The items at one instant.

    Attributes:
        hour: whole hours since 1970.
        heat: (N,) what was consumed lately; None where the model knows no times.
        exists: (N,) which items may be shown.
    """

    hour: int
    heat: np.ndarray | None
    exists: np.ndarray

    @classmethod
    def of(cls, model: AttentionRecommender, histories: Histories, now: float) -> Moment:
        """The items as they are now, seconds since 1970; NaN where times are not known."""
        hour, created = int(whole_hours(np.array([now]), FUTURE)[0]), model.created.numpy()
        if model.feed is None:
            return cls(hour, None, np.ones(len(created), dtype=bool))
        heat = histories.crowd.heat(np.array([now]), model.params.heat_half_life_days)[0]
        return cls(hour, heat, created <= hour)


@torch.no_grad()
def serving_vectors(
    model: AttentionRecommender, histories: Histories, generated: np.ndarray | None, moment: Moment
) -> tuple[np.ndarray, np.ndarray]:
    """Requests (n, M) and items (N, M), float32, whose product is what `recommend` scores at this instant.

    Args:
        model: the fitted model, in evaluation mode, on the CPU.
        histories: A_t of n users.
        generated: G_t (n, K, d_g), zeros for a user without one; None ranks by behaviour alone.
        moment: of the requests.
    """
    params = model.params
    buckets = {"n_dwell_buckets": params.n_dwell_buckets, "n_gap_buckets": params.n_gap_buckets}
    stream = stream_of(histories, len(model.content), **buckets)
    windows = request_windows(stream, params.max_length)
    events = tuple(map(torch.as_tensor, padded(stream, windows)))
    asks = torch.as_tensor(np.arange(histories.n_users) * events[0].shape[1] + windows.length - 1)
    hours = torch.full((histories.n_users,), moment.hour, dtype=torch.int32)
    given = None if generated is None else torch.as_tensor(generated)
    output = model(*events, asks, hours, None, given, False)
    requests, items = output.states, output.items
    if model.feed is not None and moment.heat is not None:
        states = model.states(model.items(), *events).flatten(0, 1)[asks]
        asking, answering = _of_the_moment(model, states, moment.hour, torch.as_tensor(moment.heat))
        requests, items = torch.cat([requests, asking], dim=1), torch.cat([items, answering], dim=1)
    return requests.numpy(), items.numpy()


def _of_the_moment(model: AttentionRecommender, states: Tensor, hour: int, heat: Tensor) -> tuple[Tensor, Tensor]:
    """What the moment adds, as a product: <h, age_i> + (<h, u> + b) log heat_i; (n, D + 1) and (N, D + 1)."""
    feed = model.feed
    assert feed is not None
    bucket = torch.bucketize(hour - model.created, feed.edges, right=True)  # 0: not created yet
    age = torch.cat([feed.age[:1], feed.age])[bucket]
    log_heat = torch.log(heat + feed.heat_floor)[:, None]
    return torch.cat([states, feed.heat(states)], dim=1), torch.cat([age, log_heat], dim=1)
