"""One request, written down whole: S_t, E_t, A_t, G_t, W_t and R_t with shapes, dates and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import AbstractVersionedDataset, CatalogProtocol

from affectlens.features.experience import Experience, experience_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.recurrent_state import open_state_model
from affectlens.models.emotion.state import Questions
from affectlens.pipelines.inference.chain import Chain, open_chain
from affectlens.pipelines.inference.told import Generator, in_words, strongest_reasons
from affectlens.pipelines.ingestion.intake import hash_ids
from affectlens.training.emotion import encode_texts

_SHOWN = 5
_ATTENDED = ["content_id", "kind", "dwell_s", "gap_s", "surface"]
_PARTS = {"events": "A_t: ", "generated": "G_t: ", "emotions": "E_t: "}
EMOTION_TABLES = (
    "emotion_checkpoint",
    "emotion_state_checkpoint",
    "utterances",
    "interactions",
    "users",
    "content_emotions",
    "emotion_states",
)


@dataclass(frozen=True)
class EmotionTables:
    """What E_t of any user is computed from.

    Attributes:
        model: reads emotion from texts.
        state_model: turns events into E_t.
        utterances: primary table.
        interactions: primary table.
        users: primary table.
        content_emotions: what the contents express.
        states: the stored E_t.
    """

    model: Checkpoint
    state_model: Checkpoint
    utterances: pd.DataFrame
    interactions: pd.DataFrame
    users: pd.DataFrame
    content_emotions: pd.DataFrame
    states: pd.DataFrame


def trace_request(
    user_id: str, tables: EmotionTables, chain: Chain, generator: Generator, n_shown: int
) -> dict[str, Any]:
    """The request of one user after everything that is known of them; texts themselves are not written down.

    E_t is computed anew from the texts, W_t and R_t from the checkpoint; G_t is the row that the recommender reads.

    Raises:
        LookupError: nothing is known of the user.
    """
    said, seen, known, states = (
        table[table["user_id"] == user_id]
        for table in (tables.utterances, tables.interactions, tables.users, tables.states)
    )
    said = said.sort_values("occurred_at", kind="stable")
    events = chain.sequences[chain.sequences["user_id"] == user_id]
    if states.empty and events.empty:
        raise LookupError(f"user {user_id!r} is in none of the tables; `users` lists those who are")
    labels = tables.model.metadata["labels"]
    probabilities, _ = encode_texts(tables.model, said["text"].tolist())
    lived, _ = experience_of(known, said, probabilities, seen, tables.content_emotions)
    felt = _felt(lived, tables.state_model, states, labels)
    recommended = _recommended(chain, user_id, n_shown)
    return {
        "user_id": user_id,
        "S_t": _expressed(said, probabilities, labels, n_shown),
        "E_t": felt,
        "A_t": _attended(events, n_shown),
        **recommended,
        "reasons": strongest_reasons(chain, user_id, recommended, felt["probabilities"], generator),
    }


def _felt(lived: Experience, checkpoint: Checkpoint, states: pd.DataFrame, labels: list[str]) -> dict[str, Any]:
    model = open_state_model(checkpoint)
    hidden = model.hidden(lived)
    emotion = model.probabilities(hidden, Questions.now(lived))[-1]
    return {
        "shape": [len(emotion)],
        "hidden_shape": [hidden.shape[1]],
        "probabilities": dict(zip(labels, _rounded(emotion), strict=True)),
        "after": str(pd.Timestamp(lived.time[-1], unit="s", tz="UTC")),
        "n_events": len(lived) - 1,
        "largest_difference_to_the_stored_state": _difference(states, emotion),
    }


def _expressed(said: pd.DataFrame, probabilities: np.ndarray, labels: list[str], n_shown: int) -> dict[str, Any]:
    last = said.tail(n_shown)[["occurred_at", "form"]].astype(str)
    last["n_words"] = said["text"].tail(n_shown).str.count(r"\S+")
    last["emotion"] = [labels[index] for index in probabilities[-n_shown:].argmax(axis=1)] if len(said) else []
    return {"shape": [len(said), len(labels)], "last": last.to_dict("records")}


def _attended(events: pd.DataFrame, n_shown: int) -> dict[str, Any]:
    last = events.tail(n_shown)[["occurred_at", *_ATTENDED]]
    return {"shape": [len(events), len(_ATTENDED)], "last": last.astype({"occurred_at": str}).to_dict("records")}


def _recommended(chain: Chain, user_id: str, n_shown: int) -> dict[str, Any]:
    """G_t, W_t, R_t and the first recommendations; empty shapes where no content is generated."""
    histories = chain.histories_now(np.array([user_id], dtype=object))
    generated, result = chain.generated.at(histories.request_state), chain.request(histories)
    top = chain.ranking(histories, result.scores, n_shown)[0]
    ranked = [
        {"rank": rank, "content_id": chain.catalogue.item_ids[item], "score": round(float(result.scores[0, item]), 4)}
        for rank, item in enumerate(top, start=1)
    ]
    if result.weights is None or result.vectors is None:
        nothing: dict[str, Any] = {"shape": []}
        return {"G_t": nothing, "W_t": nothing, "R_t": nothing, "recommended": ranked}
    product = result.weights[0] @ generated[0]
    return {
        "G_t": {"shape": list(generated.shape[1:]), "norms": _rounded(np.linalg.norm(generated[0], axis=1))},
        "W_t": {"shape": list(result.weights.shape[1:]), "values": _rounded(result.weights[0])},
        "R_t": {
            "shape": list(result.vectors.shape[1:]),
            "norm": round(float(np.linalg.norm(result.vectors[0])), 4),
            "largest_difference_to_w_times_g": float(np.abs(result.vectors[0] - product).max()),
        },
        "recommended": ranked,
    }


def _difference(states: pd.DataFrame, emotion: np.ndarray) -> float | None:
    if states.empty:
        return None
    stored = states.sort_values("occurred_at", kind="stable", na_position="first")["probabilities"].iloc[-1]
    return float(np.abs(np.asarray(stored) - emotion).max())


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]


def trace_from_catalog(catalog: CatalogProtocol[Any, Any], user: str) -> str:
    """The trace of a user from what the catalog holds, as text.

    Args:
        catalog: of the environment.
        user: an id as in the source, or its keyed hash.

    Raises:
        LookupError: nothing is known of the user.
    """
    names = ("recommender_checkpoint", "behaviour_sequences", "content_features", "generated_content_features")
    chain = open_chain(*(catalog.load(name) for name in names))
    tables = EmotionTables(*(catalog.load(name) for name in EMOTION_TABLES))
    known = set(chain.user_ids) | set(tables.states["user_id"])
    hashed = str(hash_ids(pd.Series([user]), catalog.load("user_id_key")).iloc[0])
    if user not in known and hashed not in known:
        raise LookupError(
            f"user {user!r} is in none of the tables, neither as it is nor hashed; `users` lists the hashes"
        )
    found = user if user in known else hashed
    generator = Generator(catalog.load("gan_checkpoint"), catalog.load("params:seed"))
    trace = trace_request(found, tables, chain, generator, _SHOWN)
    checkpoints = {
        name: dataset.resolve_load_version()
        for name in ("emotion_checkpoint", "emotion_state_checkpoint", "gan_checkpoint", "recommender_checkpoint")
        if isinstance(dataset := catalog.get(name), AbstractVersionedDataset)
    }
    return _as_text(trace, checkpoints)


def _as_text(trace: dict[str, Any], versions: dict[str, str | None]) -> str:
    shape = {name: str(tuple(trace[name]["shape"])) for name in ("S_t", "E_t", "A_t", "G_t", "W_t", "R_t")}
    state, mixed = trace["E_t"], trace["R_t"]
    strongest = sorted(state["probabilities"].items(), key=lambda item: -item[1])[:7]
    lines = [f"Request of user {trace['user_id']}", ""]
    lines += [f"S_t  {shape['S_t']:<12} what the user expressed; the last utterances:"]
    lines += [
        f"       {row['occurred_at']}  {row['form']:<12} {row['n_words']:>3} words  {row['emotion']}"
        for row in trace["S_t"]["last"]
    ]
    lines += [
        f"E_t  {shape['E_t']:<12} M_E(S_t) after {state['n_events']} events, {state['after']}; "
        f"hidden state {tuple(state['hidden_shape'])}"
    ]
    lines += ["       " + "  ".join(f"{name} {value:.3f}" for name, value in strongest)]
    lines += [f"       largest difference to the stored state: {state['largest_difference_to_the_stored_state']}"]
    lines += [f"A_t  {shape['A_t']:<12} what the user attended to (item, kind, dwell, gap, surface); last:"]
    lines += [f"       {_event(row)}" for row in trace["A_t"]["last"]]
    lines += [f"G_t  {shape['G_t']:<12} M_G(E_t, interest, z_1..z_K), norms {trace['G_t'].get('norms')}"]
    lines += [f"W_t  {shape['W_t']:<12} M_A(A_t, G_t) = {trace['W_t'].get('values')}"]
    lines += [f"R_t  {shape['R_t']:<12} W_t . G_t, norm {mixed.get('norm')}"]
    lines += [f"       largest difference to the product: {mixed.get('largest_difference_to_w_times_g')}"]
    lines += ["", "Recommended:"]
    lines += [f"  {row['rank']:>2}. {row['content_id']}  score {row['score']}" for row in trace["recommended"]]
    lines += ["", "Why: how many times likelier a content is with a part of the request than without it"]
    for place, reason in enumerate(trace["reasons"], start=1):
        told = in_words(reason)
        lines += [f"  {place:>2}. {reason['content_id']}"]
        lines += [f"       {label:<11}{told[name]}" for name, label in _PARTS.items()]
    lines += ["", "Checkpoints:", *(f"  {name}  {version}" for name, version in versions.items())]
    return "\n".join(lines)


def _event(row: dict[str, Any]) -> str:
    dwell = "" if pd.isna(row["dwell_s"]) else f"  dwell {row['dwell_s']:.0f} s"
    surface = "" if pd.isna(row["surface"]) else f"  in {row['surface']}"
    return f"{row['occurred_at']}  {row['content_id']:<12} {row['kind']:<8}{dwell}{surface}"
