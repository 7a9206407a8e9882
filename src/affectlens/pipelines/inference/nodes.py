"""Nodes of the inference stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from affectlens.exhibits import Exhibit
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.inference.chain import Chain, open_chain
from affectlens.pipelines.inference.checks import CHECK_COLUMNS, Condition, noise_check, reason_check, swap_check
from affectlens.pipelines.inference.lists import lists_of
from affectlens.pipelines.inference.params import CheckParams, RankingParams, TraceParams
from affectlens.pipelines.inference.told import Generator, reasons_exhibits
from affectlens.pipelines.inference.trace import EmotionTables, trace_request


def recommend_contents(
    recommender_checkpoint: Checkpoint,
    behaviour_sequences: pd.DataFrame,
    content_features: pd.DataFrame,
    generated_content_features: pd.DataFrame,
    params: RankingParams,
) -> pd.DataFrame:
    """The best contents for every user with behaviour, after everything that is known of them."""
    chain = open_chain(recommender_checkpoint, behaviour_sequences, content_features, generated_content_features)
    return lists_of(chain, chain.user_ids, params)


def check_chain(
    recommender_checkpoint: Checkpoint,
    gan_checkpoint: Checkpoint,
    behaviour_sequences: pd.DataFrame,
    content_features: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_states: pd.DataFrame,
    generated_content_features: pd.DataFrame,
    params: CheckParams,
    seed: int,
) -> pd.DataFrame:
    """What moves when users exchange emotions, what the ranking loses when G_t is noise, and whether reasons hold."""
    chain = open_chain(recommender_checkpoint, behaviour_sequences, content_features, generated_content_features)
    ordered = emotion_states.sort_values("occurred_at", kind="stable", na_position="first")
    latest = ordered.drop_duplicates("user_id", keep="last").set_index("user_id")["probabilities"].to_dict()
    users = np.array([user for user in chain.user_ids if user in latest], dtype=object)
    users = users[np.sort(np.random.default_rng(seed).permutation(len(users))[: params.max_users])]
    if len(users) < 2 or chain.generated.is_empty:
        return pd.DataFrame(columns=list(CHECK_COLUMNS))
    emotion = np.stack([latest[user] for user in users])
    condition = Condition(emotion, chain.interest_of(chain.histories_now(users), gan_checkpoint))
    emotions = _emotion_of_items(chain, content_emotions)
    swap = swap_check(chain, gan_checkpoint, condition, users, emotions, params, seed)
    checks = [swap, noise_check(chain, params, seed), reason_check(chain, params, seed)]
    return pd.concat(checks, ignore_index=True)


def _emotion_of_items(chain: Chain, content_emotions: pd.DataFrame) -> np.ndarray:
    by_id = content_emotions.set_index("content_id")["probabilities"]
    width = len(by_id.iloc[0])
    unknown = np.full(width, np.nan)
    return np.stack([np.asarray(by_id.get(item, unknown)) for item in chain.catalogue.item_ids])


def trace_requests(
    recommender_checkpoint: Checkpoint,
    behaviour_sequences: pd.DataFrame,
    content_features: pd.DataFrame,
    generated_content_features: pd.DataFrame,
    params: TraceParams,
    seed: int,
    gan_checkpoint: Checkpoint,
    emotion_checkpoint: Checkpoint,
    emotion_state_checkpoint: Checkpoint,
    utterances: pd.DataFrame,
    interactions: pd.DataFrame,
    users: pd.DataFrame,
    content_emotions: pd.DataFrame,
    emotion_states: pd.DataFrame,
) -> list[dict[str, Any]]:
    """Whole requests of the first users who both wrote and watched."""
    chain = open_chain(recommender_checkpoint, behaviour_sequences, content_features, generated_content_features)
    wrote = set(utterances["user_id"].dropna())
    chosen = [user for user in chain.user_ids if user in wrote][: params.n_users]
    primary = (utterances, interactions, users, content_emotions, emotion_states)
    tables = EmotionTables(emotion_checkpoint, emotion_state_checkpoint, *primary)
    generator = Generator(gan_checkpoint, seed)
    return [trace_request(user, tables, chain, generator, params.n_shown) for user in chosen]


def exhibit_reasons(request_traces: list[dict[str, Any]]) -> list[Exhibit]:
    """Why the first recommendation of each traced request is one, for the report: users go by number."""
    return reasons_exhibits(request_traces)
