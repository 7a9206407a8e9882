"""Lists for all users at one instant: requests and items as vectors whose inner product is the score.

At one instant age and heat of an item are the same for everybody, so all that the attention model says of a user and an
item is <q_u, v_i>: exact search is a matrix product, and an index of inner products can stand in for it.
"""

# Shapes: n users, N items, D width of the network, M width of the vectors.
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from affectlens.models.recommender.attention import AttentionRecommender, Events
from affectlens.models.recommender.histories import Histories
from affectlens.models.recommender.streams import FUTURE, padded, request_windows, stream_of, whole_hours


@dataclass(frozen=True)
class Shelf:
    """The items at one instant, read once: requests come to it in blocks of any size.

    Attributes:
        model: the fitted model, in evaluation mode, on the CPU.
        hour: whole hours since 1970.
        exists: (N,) which items may be shown.
        embedded: (N, D) item vectors as the model reads them in histories.
        vectors: (N, M) float32, what answers requests.
    """

    model: AttentionRecommender
    hour: int
    exists: np.ndarray
    embedded: Tensor
    vectors: np.ndarray

    @classmethod
    @torch.no_grad()
    def of(cls, model: AttentionRecommender, histories: Histories, now: float, *, uses_generated: bool) -> Shelf:
        """The items as they are now.

        Args:
            model: the fitted model, in evaluation mode, on the CPU.
            histories: of all users, from which the items have their heat.
            now: seconds since 1970; NaN where times are not known.
            uses_generated: whether requests come with G_t.
        """
        hour, embedded = int(whole_hours(np.array([now]), FUTURE)[0]), model.items()
        exists = model.created <= hour
        answers = model.answering(model.direction(embedded), model.content, uses_generated=uses_generated)
        if model.feed is None:
            return cls(model, hour, np.ones(len(exists), dtype=bool), embedded, answers.numpy())
        bucket = torch.bucketize(hour - model.created, model.feed.edges, right=True)  # 0: not created yet
        age = torch.cat([model.feed.age[:1], model.feed.age])[bucket]
        heat = torch.as_tensor(histories.crowd.heat(np.array([now]), model.params.heat_half_life_days)[0])
        log_heat = torch.log(heat + model.feed.heat_floor)[:, None]
        return cls(model, hour, exists.numpy(), embedded, torch.cat([answers, age, log_heat], dim=1).numpy())

    @torch.no_grad()
    def requests(self, histories: Histories, generated: np.ndarray | None) -> np.ndarray:
        """Requests (n, M), float32, whose product with `vectors` is what `recommend` scores at this instant.

        Args:
            histories: A_t of n users.
            generated: G_t (n, K, d_g), zeros for a user without one; None ranks by behaviour alone.
        """
        model, params = self.model, self.model.params
        buckets = {"n_dwell_buckets": params.n_dwell_buckets, "n_gap_buckets": params.n_gap_buckets}
        stream = stream_of(histories, len(self.embedded), **buckets)
        windows = request_windows(stream, params.max_length)
        token, *others = padded(stream, windows)
        consumed, place = np.unique(token, return_inverse=True)  # only these items are gathered, not all N
        rows = torch.as_tensor(consumed[(consumed > 0) & (consumed <= len(self.embedded))] - 1)
        asks = torch.as_tensor(np.arange(histories.n_users) * token.shape[1] + windows.length - 1)
        gathered = place.reshape(token.shape) + (0 if 0 in consumed else 1)
        events = Events(*map(torch.as_tensor, (gathered, *others)))
        states = model.states(self.embedded[rows], events).flatten(0, 1)[asks]  # (n, D)
        given = None if generated is None else torch.as_tensor(generated)
        requests, _, _ = model.asking(model.direction(states), states, given)
        if model.feed is not None:
            requests = torch.cat([requests, states, model.feed.heat(states)], dim=1)
        vectors: np.ndarray = requests.numpy()
        return vectors
