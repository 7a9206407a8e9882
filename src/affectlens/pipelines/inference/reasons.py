"""Why a content is recommended: how much likelier it is with a part of the request than without that part.

A part is a past event, one generated vector or one emotion. Without an event the history goes on as if it had not
been; without a generated vector W_t falls on the others; without an emotion the others take its mass, and G_t is
generated again from the same noise. The likelihood of a content is its softmax share of the scores of all contents
that the user has not consumed.
"""

# Shapes: n users, T events of the longest history, N items, K generated vectors, C emotions, q contents.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from affectlens.evaluation.faithfulness import comprehensiveness, sufficiency
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import generate
from affectlens.models.recommender.build import attention_on_events
from affectlens.models.recommender.histories import Histories
from affectlens.pipelines.inference.chain import Chain


@dataclass(frozen=True)
class Reasons:
    """Natural logarithm of how many times likelier q contents are with a part than without it.

    Attributes:
        events: (T, q) of one user, the oldest first; 0 for events that the model no longer reads.
        generated: (K, q); K is 0 where nothing is generated.
        emotions: (C, q); C is 0 where nothing is generated.
    """

    events: np.ndarray
    generated: np.ndarray
    emotions: np.ndarray


def log_shares(chain: Chain, histories: Histories, generated: np.ndarray | None, whole: Histories) -> np.ndarray:
    """Logarithm of the share of each item (n, N); minus infinity for those of the whole history.

    Args:
        chain: the opened chain.
        histories: of n requests, parts of which may be left out.
        generated: G_t (n, K, d); None looks it up.
        whole: the n histories as they are.
    """
    scores = chain.request(histories, generated).scores.astype(np.float64)
    scores[whole.owner, whole.item] = -np.inf
    shares: np.ndarray = scores - logsumexp(scores, axis=1, keepdims=True)
    return shares


def reasons_of(
    chain: Chain, history: Histories, items: np.ndarray, gan_checkpoint: Checkpoint, emotion: np.ndarray, seed: int
) -> Reasons:
    """The reasons of q items (q,) for one user with an emotion (C,); `seed` draws the noise of G_t."""
    nothing = np.zeros((0, len(items)))
    events = effects_of_events(chain, history)[:, items]
    own = chain.generated_for(history)
    if own is None:
        return Reasons(events, nothing, nothing)
    n_vectors = own.shape[1]
    whole = log_shares(chain, history, own, history)[:, items]
    others = history.take(np.zeros(n_vectors, dtype=np.int64))
    without = np.stack([np.delete(own[0], place, axis=0) for place in range(n_vectors)])
    generated = whole - log_shares(chain, others, without, others)[:, items] if n_vectors > 1 else nothing
    mixes = np.concatenate([emotion[None], without_each(emotion)])
    interest = np.repeat(chain.interest_of(history, gan_checkpoint), len(mixes), axis=0)
    again = generate_alike(gan_checkpoint, mixes, interest, n_vectors, seed)
    same = history.take(np.zeros(len(mixes), dtype=np.int64))
    felt = log_shares(chain, same, again, same)[:, items]
    return Reasons(events, generated, felt[:1] - felt[1:])


def generate_alike(
    gan_checkpoint: Checkpoint, emotion: np.ndarray, interest: np.ndarray, n_vectors: int, seed: int
) -> np.ndarray:
    """G_t (n, K, d) of n emotions, each from the same noise."""
    rows = [generate(gan_checkpoint, emotion[[row]], interest[[row]], n_vectors, seed) for row in range(len(emotion))]
    return np.concatenate(rows)


def without_each(emotion: np.ndarray) -> np.ndarray:
    """Emotions (C, C): row c lacks emotion c, whose mass the others take in proportion.

    >>> without_each(np.array([0.5, 0.25, 0.25])).tolist()
    [[0.0, 0.5, 0.5], [0.6666666666666666, 0.0, 0.3333333333333333], [0.6666666666666666, 0.3333333333333333, 0.0]]
    """
    left = np.where(np.eye(len(emotion), dtype=bool), 0.0, np.maximum(emotion, np.finfo(np.float64).tiny)[None, :])
    mixed: np.ndarray = left / left.sum(axis=1, keepdims=True)
    return mixed


def effects_of_events(chain: Chain, history: Histories) -> np.ndarray:
    """Logarithm of the share of each item with each event of one user over that without it, (T, N)."""
    n_events = len(history.item)
    n_read = min(n_events, chain.model.params.max_length)
    effects = np.zeros((n_events, chain.catalogue.n_items))
    if n_read == 0:
        return effects
    several = history.take(np.zeros(n_read + 1, dtype=np.int64))
    is_kept = np.ones((n_read + 1, n_events), dtype=bool)
    is_kept[np.arange(1, n_read + 1), np.arange(n_events - n_read, n_events)] = False
    shares = log_shares(chain, several.keep(is_kept.ravel()), chain.generated_for(several), several)
    with np.errstate(invalid="ignore"):  # what was consumed has no share, with and without
        effects[n_events - n_read :] = shares[:1] - shares[1:]
    return effects


def faithfulness_of_events(chain: Chain, user_ids: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Do the events that are named first carry the first recommendation? One value a user.

    `comprehensiveness` is the share of its likelihood that the first recommendation loses without the events that a
    ranking names first, `sufficiency` the share that it loses with these alone, means over fractions of the history
    (`evaluation.faithfulness`). Rankings: by taking events away one at a time, by attention, at random.
    """
    histories = chain.histories_now(user_ids)
    scores = chain.request(histories).scores
    item = chain.ranking(histories, scores, 1)[:, 0]
    place = np.arange(int(histories.lengths.max(initial=0)))
    n_unread = np.maximum(histories.lengths - chain.model.params.max_length, 0)
    is_part = (place < histories.lengths[:, None]) & (place >= n_unread[:, None])
    taken = np.zeros(is_part.shape)
    for row in range(histories.n_users):
        one = histories.take(np.array([row]))
        taken[row, : len(one.item)] = effects_of_events(chain, one)[:, item[row]]
    rankings = {
        "taking_away": taken,
        "attention": attention_on_events(chain.model, histories),
        "random": np.random.default_rng(seed).random(is_part.shape),
    }
    own, owner = chain.generated_for(histories), histories.owner
    at = np.arange(len(owner)) - histories.offsets[owner]
    full = np.exp(log_shares(chain, histories, own, histories)[np.arange(len(item)), item])

    def without(hidden: np.ndarray) -> np.ndarray:
        left = log_shares(chain, histories.keep(~hidden[owner, at]), own, histories)
        share: np.ndarray = np.exp(left[np.arange(len(item)), item]) / full
        return share

    measures: dict[str, Callable[..., np.ndarray]] = {
        "comprehensiveness": comprehensiveness,
        "sufficiency": sufficiency,
    }
    return {
        f"{name}_{by}": measure(ranking, is_part, without)
        for name, measure in measures.items()
        for by, ranking in rankings.items()
    }
