"""One request, written down whole: S_t, E_t, A_t, G_t, W_t and R_t with shapes, dates and values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from kedro.io import CatalogProtocol

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.state import emotion_state
from affectlens.pipelines.inference.chain import Chain, open_chain
from affectlens.pipelines.ingestion.intake import hash_ids
from affectlens.training.emotion import encode_texts

_SHOWN = 5


def trace_request(
    user_id: str,
    utterances: pd.DataFrame,
    emotion_states: pd.DataFrame,
    emotion_checkpoint: Checkpoint,
    chain: Chain,
    n_shown: int,
) -> dict[str, Any]:
    """The request of one user after everything that is known of them; texts themselves are not written down.

    E_t is computed anew from the texts, W_t and R_t from the checkpoint; G_t is the row that the recommender reads.

    Raises:
        LookupError: nothing is known of the user.
    """
    said = utterances[utterances["user_id"] == user_id].sort_values("occurred_at", kind="stable")
    states = emotion_states[emotion_states["user_id"] == user_id]
    events = chain.sequences[chain.sequences["user_id"] == user_id]
    if states.empty and events.empty:
        raise LookupError(f"user {user_id!r} is in none of the tables; `users` lists those who are")
    probabilities, hidden = encode_texts(emotion_checkpoint, said["text"].tolist())
    emotion, code = emotion_state(emotion_checkpoint, probabilities, hidden, said["occurred_at"])
    histories = chain.histories_now(np.array([user_id], dtype=object))
    generated = chain.generated.at(histories.request_state)
    result = chain.request(histories)
    top = chain.ranking(histories, result.scores, n_shown)[0]
    labels = emotion_checkpoint.metadata["labels"]
    return {
        "user_id": user_id,
        "S_t": {
            "shape": [len(said), len(labels)],
            "last": [
                {
                    "occurred_at": str(row.occurred_at),
                    "form": row.form,
                    "n_words": len(row.text.split()),
                    "emotion": name,
                }
                for row, name in zip(
                    said.tail(n_shown).itertuples(),
                    np.array(labels)[probabilities[-n_shown:].argmax(axis=1)] if len(said) else [],
                    strict=True,
                )
            ],
        },
        "E_t": {
            "shape": [len(emotion)],
            "hidden_shape": [len(code)],
            "probabilities": {name: round(float(each), 4) for name, each in zip(labels, emotion, strict=True)},
            "after": str(said["occurred_at"].iloc[-1]) if len(said) else None,
            "largest_difference_to_the_stored_state": _difference(states, emotion),
        },
        "A_t": {
            "shape": [len(events), 4],
            "last": events.tail(n_shown)[["occurred_at", "content_id", "kind", "dwell_s", "gap_s"]]
            .astype({"occurred_at": str})
            .to_dict("records"),
        },
        "G_t": {"shape": list(generated.shape[1:]), "norms": _rounded(np.linalg.norm(generated[0], axis=1))},
        "W_t": {
            "shape": [] if result.weights is None else list(result.weights.shape[1:]),
            "values": [] if result.weights is None else _rounded(result.weights[0]),
        },
        "R_t": {
            "shape": [] if result.vectors is None else list(result.vectors.shape[1:]),
            "norm": None if result.vectors is None else round(float(np.linalg.norm(result.vectors[0])), 4),
            "largest_difference_to_w_times_g": None
            if result.vectors is None or result.weights is None
            else float(np.abs(result.vectors[0] - result.weights[0] @ generated[0]).max()),
        },
        "recommended": [
            {
                "rank": rank,
                "content_id": chain.catalogue.item_ids[item],
                "score": round(float(result.scores[0, item]), 4),
            }
            for rank, item in enumerate(top, start=1)
        ],
    }


def _difference(states: pd.DataFrame, emotion: np.ndarray) -> float | None:
    if states.empty:
        return None
    stored = states.sort_values("occurred_at", kind="stable", na_position="first")["probabilities"].iloc[-1]
    return float(np.abs(np.asarray(stored) - emotion).max())


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]


def trace_from_catalog(catalog: CatalogProtocol, user: str) -> str:
    """The trace of a user from what the catalog holds, as text.

    Args:
        catalog: of the environment.
        user: an id as in the source, or its keyed hash.

    Raises:
        LookupError: nothing is known of the user.
    """
    names = ("recommender_checkpoint", "behaviour_sequences", "content_features", "generated_content_features")
    chain = open_chain(*(catalog.load(name) for name in names))
    states, utterances = catalog.load("emotion_states"), catalog.load("utterances")
    known = set(chain.user_ids) | set(states["user_id"])
    hashed = str(hash_ids(pd.Series([user]), catalog.load("user_id_key")).iloc[0])
    if user not in known and hashed not in known:
        raise LookupError(
            f"user {user!r} is in none of the tables, neither as it is nor hashed; `users` lists the hashes"
        )
    found = user if user in known else hashed
    trace = trace_request(found, utterances, states, catalog.load("emotion_checkpoint"), chain, _SHOWN)
    checkpoints = {
        name: catalog.get(name).resolve_load_version()
        for name in ("emotion_checkpoint", "gan_checkpoint", "recommender_checkpoint")
    }
    return _as_text(trace, checkpoints)


def _as_text(trace: dict[str, Any], versions: dict[str, str | None]) -> str:
    emotion = sorted(trace["E_t"]["probabilities"].items(), key=lambda item: -item[1])
    shape = {name: tuple(trace[name]["shape"]) for name in ("S_t", "E_t", "A_t", "G_t", "W_t", "R_t")}
    lines = [f"Request of user {trace['user_id']}", ""]
    lines += [f"S_t  {shape['S_t']}  what the user expressed: {shape['S_t'][0]} utterances, the last ones:"]
    lines += [
        f"       {row['occurred_at']}  {row['form']:<12} {row['n_words']:>3} words  {row['emotion']}"
        for row in trace["S_t"]["last"]
    ]
    lines += [
        f"E_t  {shape['E_t']}  M_E(S_t), after {trace['E_t']['after']}, hidden {tuple(trace['E_t']['hidden_shape'])}"
    ]
    lines += ["       " + "  ".join(f"{name} {value:.3f}" for name, value in emotion[:7])]
    lines += [
        f"       largest difference to the stored state: {trace['E_t']['largest_difference_to_the_stored_state']}"
    ]
    lines += [f"A_t  {shape['A_t']}  what the user attended to (item, kind, dwell, gap), the last ones:"]
    lines += [
        f"       {row['occurred_at']}  {row['content_id']:<12} {row['kind']:<8} dwell {row['dwell_s']:.0f} s"
        if row["dwell_s"] == row["dwell_s"]
        else f"       {row['occurred_at']}  {row['content_id']:<12} {row['kind']}"
        for row in trace["A_t"]["last"]
    ]
    lines += [f"G_t  {shape['G_t']}  M_G(E_t, interest, z_1..z_K), norms {trace['G_t']['norms']}"]
    lines += [f"W_t  {shape['W_t']}  M_A(A_t, G_t) = {trace['W_t']['values']}"]
    lines += [
        f"R_t  {shape['R_t']}  W_t . G_t, norm {trace['R_t']['norm']}, "
        f"largest difference to the product: {trace['R_t']['largest_difference_to_w_times_g']}"
    ]
    lines += ["", "Recommended:"]
    lines += [f"  {row['rank']:>2}. {row['content_id']}  score {row['score']}" for row in trace["recommended"]]
    lines += ["", "Checkpoints:"] + [f"  {name}  {version}" for name, version in versions.items()]
    return "\n".join(lines)
