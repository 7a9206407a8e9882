"""Reasons as a person reads them: the strongest parts of each kind, in a trace, in sentences and in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from affectlens.exhibits import Exhibit, Message, Note, Records
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.histories import Histories
from affectlens.pipelines.inference.chain import Chain
from affectlens.pipelines.inference.reasons import reasons_of
from affectlens.schemas import INTERACTION_KINDS

_PART = "Reasons"
_NAMED = 3  # parts of each kind that are named as reasons


@dataclass(frozen=True)
class Generator:
    """What G_t is generated with.

    Attributes:
        checkpoint: of the generator.
        seed: of the noise.
    """

    checkpoint: Checkpoint
    seed: int


def strongest_reasons(
    chain: Chain, user_id: str, traced: Mapping[str, Any], emotion: Mapping[str, float], generator: Generator
) -> list[dict[str, Any]]:
    """What moved each recommendation most: how many times likelier it is with the part than without it."""
    history = chain.histories_now(np.array([user_id], dtype=object))
    names = [row["content_id"] for row in traced["recommended"]]
    items, felt = chain.catalogue.index_of(pd.Series(names, dtype=object)), np.array(list(emotion.values()))
    found = reasons_of(chain, history, items, generator.checkpoint, felt, generator.seed)
    weights = traced["W_t"].get("values", [])
    return [
        {
            "content_id": name,
            "events": [
                {**_event_of(chain, history, event), "times": times}
                for event, times in _strongest(found.events[:, place])
            ],
            "generated": [
                {"vector": vector + 1, "weight": weights[vector], "times": times}
                for vector, times in _strongest(found.generated[:, place])
            ],
            "emotions": [
                {"emotion": list(emotion)[label], "times": times}
                for label, times in _strongest(found.emotions[:, place])
            ],
        }
        for place, name in enumerate(names)
    ]


def _event_of(chain: Chain, history: Histories, event: int) -> dict[str, str]:
    time = history.time[event]
    return {
        "kind": INTERACTION_KINDS[history.kind[event] - 1],
        "content_id": chain.catalogue.item_ids[history.item[event]],
        "day": "" if np.isnan(time) else f"{pd.Timestamp(time, unit='s'):%Y-%m-%d}",
    }


def _strongest(effects: np.ndarray) -> list[tuple[int, float]]:
    """Parts with the largest effects, either way, and how many times likelier each makes a content."""
    order = np.argsort(-np.abs(effects), kind="stable")[:_NAMED]
    return [(int(part), round(float(np.exp(effects[part])), 3)) for part in order if effects[part] != 0.0]


def in_words(reason: dict[str, Any]) -> dict[str, str]:
    """The reasons of one recommendation as a person reads them, by the link of the chain that they belong to."""
    events = [
        f"{row['kind']} {'on' if row['kind'] == 'comment' else 'of'} {row['content_id']}, "
        f"{row['day'] or 'day unknown'} ({row['times']:.2f} times)"
        for row in reason["events"]
    ]
    vectors = [
        f"vector {row['vector']} ({row['times']:.2f} times, W {row['weight']:.2f})" for row in reason["generated"]
    ]
    emotions = [f"{row['emotion']} ({row['times']:.2f} times)" for row in reason["emotions"]]
    parts = {"events": events, "generated": vectors, "emotions": emotions}
    return {name: ", ".join(told) or "nothing" for name, told in parts.items()}


_BECAUSE = {  # by whether the day is known
    True: "{content}, the first recommendation of request {number}, is {times} times as likely as without one event: "
    "{kind} of {item} on {day}.",
    False: "{content}, the first recommendation of request {number}, is {times} times as likely as without one event: "
    "{kind} of {item}.",
}
_ALSO = (
    "Of the generated vectors number {vector} moves it most ({by_vector} times), of the emotions "
    "{emotion} ({by} times)."
)


def reasons_exhibits(traces: list[dict[str, Any]]) -> list[Exhibit]:
    """The first recommendation of each trace with its strongest reasons, in sentences and in a table."""
    first = [(number, trace["reasons"][0]) for number, trace in enumerate(traces, start=1) if trace["reasons"]]
    rows = [
        (number, reason["content_id"], link, part, times)
        for number, reason in first
        for link, part, times in _parts_of(reason)
    ]
    if not rows:
        return []
    table = Records(
        title="What moved the first recommendations",
        part=_PART,
        note="How many times likelier the content is with the named part of the request than without it; below 1 the "
        "part speaks against it. The strongest parts of each kind, found by taking one away at a time.",
        columns=("Request", "Content", "Link", "Part", "Times likelier"),
        rows=tuple(rows),
        user_text=("Content", "Part"),
        folded=True,
    )
    notes = [
        Note(title=reason["content_id"], part=_PART, sentences=tuple(_sentences(number, reason)))
        for number, reason in first
    ]
    return [*notes, table]


def _parts_of(reason: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    for row in reason["events"]:
        yield "past event", f"{row['kind']} {row['content_id']} {row['day']}".strip(), row["times"]
    for row in reason["generated"]:
        yield "generated vector", f"{row['vector']} (W {row['weight']:.2f})", row["times"]
    for row in reason["emotions"]:
        yield "emotion", row["emotion"], row["times"]


def _sentences(number: int, reason: dict[str, Any]) -> Iterator[Message]:
    for event in reason["events"][:1]:
        told = {
            "content": reason["content_id"],
            "number": str(number),
            "item": event["content_id"],
            "day": event["day"],
        }
        told["times"] = f"{event['times']:.2f}"
        kept = {name: value for name, value in told.items() if value}
        yield Message(text=_BECAUSE[bool(event["day"])], values={**kept, "kind": Message(text=event["kind"])})
    for vector, emotion in zip(reason["generated"][:1], reason["emotions"][:1], strict=False):
        moved = {
            "vector": str(vector["vector"]),
            "by_vector": f"{vector['times']:.2f}",
            "by": f"{emotion['times']:.2f}",
        }
        yield Message(text=_ALSO, values={**moved, "emotion": Message(text=emotion["emotion"])})
