"""Are the links of the chain real? What moves when one of them is cut, per user and with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import Estimate, mean_estimate
from affectlens.evaluation.ranking import RelevantRanks, ndcg, ranks_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import generate
from affectlens.models.recommender.requests import only_candidates, requests_of
from affectlens.pipelines.inference.chain import Chain
from affectlens.pipelines.inference.params import CheckParams
from affectlens.pipelines.inference.reasons import faithfulness_of_events

CHECK_COLUMNS = ("check", "quantity", "value", "lower", "upper", "n")
_TOP = 10


@dataclass(frozen=True)
class Condition:
    """What G_t is generated from, for n users: emotion (n, C) and interest (n, u)."""

    emotion: np.ndarray
    interest: np.ndarray


def cosine_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1 - cosine of the rows of a and b, shape (n,); NaN where a row is zero.

    >>> cosine_distance(np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]])).tolist()
    [1.0]
    """
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosine = np.divide((a * b).sum(axis=1), norms, out=np.full(len(a), np.nan), where=norms > 0)
    distance: np.ndarray = 1.0 - cosine
    return distance


def shared_share(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Share of the k items of each row of a that the same row of b holds too, shape (n,).

    >>> shared_share(np.array([[1, 2]]), np.array([[2, 3]])).tolist()
    [0.5]
    """
    result: np.ndarray = (a[:, :, None] == b[:, None, :]).any(axis=2).mean(axis=1)
    return result


def swap_check(
    chain: Chain,
    gan_checkpoint: Checkpoint,
    condition: Condition,
    user_ids: np.ndarray,
    content_emotions: np.ndarray,
    params: CheckParams,
    seed: int,
) -> pd.DataFrame:
    """Users exchange their emotion states: how far do G_t and R_t move, beyond what another draw of the noise moves?

    Args:
        chain: the opened chain.
        gan_checkpoint: the generator.
        condition: of the users.
        user_ids: (n,) users, n at least 2.
        content_emotions: (N, C) emotion of each item of the catalogue; NaN unknown.
        params: of the checks.
        seed: of the exchange and of the noise.
    """
    n_samples = chain.generated.vectors.shape[1]
    shift = 1 + np.random.default_rng(seed).integers(len(user_ids) - 1)
    swapped = np.roll(condition.emotion, shift, axis=0)
    histories = chain.histories_now(user_ids)
    own, other, redrawn = (
        generate(gan_checkpoint, emotion, condition.interest, n_samples, noise)
        for emotion, noise in ((condition.emotion, seed), (swapped, seed), (condition.emotion, seed + 1))
    )
    result, moved, again = (chain.request(histories, vectors) for vectors in (own, other, redrawn))
    if result.vectors is None or moved.vectors is None or again.vectors is None:
        return pd.DataFrame(columns=list(CHECK_COLUMNS))
    top, top_moved = (chain.ranking(histories, each.scores, _TOP) for each in (result, moved))
    distance = cosine_distance(result.vectors, moved.vectors)
    agreement = [
        _agreement(each, condition.emotion, chain.catalogue.vectors, content_emotions, params.n_neighbours)
        for each in (result.vectors, moved.vectors)
    ]
    return _rows(
        "swap",
        {
            "distance_of_g": cosine_distance(own.mean(axis=1), other.mean(axis=1)),
            "distance_of_r": distance,
            "distance_of_r_beyond_redraw": distance - cosine_distance(result.vectors, again.vectors),
            "top10_kept": shared_share(top, top_moved),
            "emotion_agreement": agreement[0],
            "emotion_agreement_lost": agreement[0] - agreement[1],
        },
        seed,
    )


def _agreement(
    vectors: np.ndarray, emotion: np.ndarray, contents: np.ndarray, content_emotions: np.ndarray, n_neighbours: int
) -> np.ndarray:
    """Inner product of each user's emotion and that of the contents nearest to R_t, both minus their means, (n,)."""
    known = ~np.isnan(content_emotions).any(axis=1)
    similarity = vectors @ contents[known].T - 0.5 * (contents[known] ** 2).sum(axis=1)
    nearest = np.argpartition(-similarity, min(n_neighbours, known.sum()) - 1, axis=1)[:, :n_neighbours]
    around = content_emotions[known][nearest].mean(axis=1)
    result: np.ndarray = ((emotion - emotion.mean(axis=0)) * (around - content_emotions[known].mean(axis=0))).sum(
        axis=1
    )
    return result


def noise_check(chain: Chain, params: CheckParams, seed: int) -> pd.DataFrame:
    """Noise of the same mean and spread takes the place of G_t: what does NDCG@10 on the test requests lose?"""
    requests = requests_of(chain.sequences, chain.catalogue, chain.generated, "test")
    rows = np.sort(np.random.default_rng(seed).permutation(requests.n_users)[: params.max_users])
    if len(rows) == 0 or chain.generated.is_empty:
        return pd.DataFrame(columns=list(CHECK_COLUMNS))
    histories, times = requests.histories.take(rows), requests.request_time[rows]
    kept = np.isin(requests.owner, rows)
    owner, item = np.searchsorted(rows, requests.owner[kept]), requests.item[kept]
    real = chain.generated.at(histories.request_state)
    spread = np.random.default_rng(seed).standard_normal(real.shape) * real.std(axis=(0, 1)) + real.mean(axis=(0, 1))

    def quality(vectors: np.ndarray) -> np.ndarray:
        scores = chain.request(histories, vectors).scores
        candidates = only_candidates(scores, histories, times, chain.catalogue)
        return ndcg(RelevantRanks(ranks_of(candidates, owner, item), owner, len(rows)), _TOP)

    with_generated, with_noise = quality(real), quality(spread.astype(np.float32))
    return _rows("noise", {"ndcg10": with_generated, "ndcg10_lost": with_generated - with_noise}, seed)


def reason_check(chain: Chain, params: CheckParams, seed: int) -> pd.DataFrame:
    """Do the events that are named as reasons carry the recommendation, more than those that attention or chance names?

    See `reasons.faithfulness_of_events`; users with fewer than two events have nothing to choose from.
    """
    users = chain.user_ids[chain.histories.lengths >= 2]
    users = users[np.sort(np.random.default_rng(seed).permutation(len(users))[: params.n_explained])]
    if len(users) < 2:
        return pd.DataFrame(columns=list(CHECK_COLUMNS))
    found = faithfulness_of_events(chain, users, seed)
    for other in ("attention", "random"):
        lost = found["comprehensiveness_taking_away"] - found[f"comprehensiveness_{other}"]
        found[f"comprehensiveness_beyond_{other}"] = lost
    return _rows("reasons", found, seed)


def _rows(check: str, values: dict[str, np.ndarray], seed: int) -> pd.DataFrame:
    estimates: dict[str, Estimate] = {name: mean_estimate(each, seed) for name, each in values.items()}
    rows = [(check, name, each.value, each.lower, each.upper, each.n) for name, each in estimates.items()]
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))
