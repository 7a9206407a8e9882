"""What the report shows of the emotion models beside their leaderboard: the words behind answers, and their worth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from affectlens.exhibits import (
    Axis,
    Exhibit,
    Intervals,
    Message,
    Note,
    WeightedText,
    WeightedTexts,
    intervals_of,
)
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.emotion_training.explaining import GRADIENTS, Explained, weighted_pieces

_PART = "Explanations"
_CHOSEN = "Marked is how much each token speaks for the emotion that {network} holds for likeliest."
_OTHER = (
    "Marked is how much each token speaks for the emotion that {network} holds for likeliest; it is the best network "
    "of the run, while {model} was chosen."
)
_TITLES = {True: "Words behind answers that are right", False: "Words behind answers that are wrong"}
_MEASURES = {
    "comprehensiveness": (
        "Probability lost without the parts that rank highest",
        "Mean over 1, 5, 10, 20 and 50 % of the parts; the more, the more faithful.",
    ),
    "sufficiency": (
        "Probability lost with the highest-ranking parts alone",
        "Mean over 1, 5, 10, 20 and 50 % of the parts; the less, the more faithful.",
    ),
}
_BEYOND = "Beyond the texts that were held out"
# What protocols beside the main one show: the metric, or the beginning of several, and how it is read.
_PROTOCOLS = {
    "edits": (
        "macro_f1_change:",
        "What small edits of a text cost",
        "Macro-F1 of the edited texts minus that of the same texts as they were written.",
    ),
    "negation": (
        "",
        "Feelings that are said, and denied",
        "Shares of made sentences: said and denied, in which the feeling is held to be present; followed, of pairs in "
        "which its probability falls with the denial, and followed_control with another word in its place.",
    ),
    "other source": (
        "macro_f1",
        "Texts of other sources",
        "Macro-F1 in their own labels, with the thresholds as they are.",
    ),
    "modalities": (
        "macro_f1",
        "What each modality says",
        "Macro-F1 on utterances that have more than words; what is left out says nothing.",
    ),
    "few_labels": (
        "macro_f1",
        "What a teacher adds to few labels",
        "Macro-F1 of models that were shown the labels of a small part of the train texts. The teacher, a word model "
        "and the lexicon, read the others for the network that is self-trained.",
    ),
}
_UNITS = {"edits": "change of macro-F1", "negation": "share of sentences"}
_COMPLETE = "Attributions by {network} add up to the change of the score but for {error} % of it on average, n = {n}."


def word_exhibits(
    shown: pd.DataFrame, network: Checkpoint, model: Checkpoint, explained: Explained, names: list[str]
) -> list[Exhibit]:
    """Texts whose tokens are marked, right and wrong ones apart.

    Args:
        shown: rows of `emotion_examples_scored`.
        network: that is explained.
        model: that answered.
        explained: the rows of `shown`.
        names: label names.
    """
    weighed = weighted_pieces(network, shown["text"].tolist(), explained)
    texts = [
        WeightedText(pieces=tuple(pieces), weights=tuple(weights), facts=_facts(row, names[label]))
        for row, label, (pieces, weights) in zip(shown.to_dict("records"), explained.labels, weighed, strict=True)
    ]
    told = _CHOSEN if network.architecture == model.architecture else _OTHER
    values = {"network": network.architecture, **({"model": model.architecture} if told == _OTHER else {})}
    by_answer = {
        is_right: tuple(text for text, right in zip(texts, shown["is_right"], strict=True) if bool(right) == is_right)
        for is_right in (False, True)
    }
    note = Message(text=told, values=values)
    return [
        WeightedTexts(title=_TITLES[is_right], part=_PART, note=note, texts=found)
        for is_right, found in by_answer.items()
        if found
    ]


def _facts(row: Mapping[Hashable, Any], label: str) -> dict[str, str]:
    return {"Explained emotion": label, "Labels": _listed(row["labels"]), "Predicted": _listed(row["predicted"])}


def _listed(labels: list[str]) -> str:
    return ", ".join(labels) or "none"


def faithfulness_exhibits(rows: pd.DataFrame) -> list[Exhibit]:
    """The rankings of words and regions against random and attention, and how well attributions add up."""
    if rows.empty:
        return []
    network = rows["protocol"].str.removeprefix("faithfulness: ")
    own = rows.assign(name=rows["model"], group=network)[~rows["model"].str.contains(" - ", regex=False)]
    drawn: list[Exhibit] = [
        Intervals(
            title=title,
            part=_PART,
            note=note,
            axis=Axis(label="probability"),
            rows=intervals_of(own[own["metric"] == measure]),
            reference=0.0,
            reference_label="no change",
        )
        for measure, (title, note) in _MEASURES.items()
    ]
    errors = own[(own["metric"] == "completeness_error") & (own["model"] == GRADIENTS)]
    said = tuple(
        Message(text=_COMPLETE, values={"network": network, "error": f"{100 * error:.2g}", "n": str(n)})
        for network, error, n in errors[["group", "value", "n"]].itertuples(index=False)
    )
    return [*drawn, Note(title="How well the attributions add up", part=_PART, sentences=said)]


def beyond_exhibits(leaderboard: pd.DataFrame) -> list[Exhibit]:
    """Figures of texts that were changed, of other sources, of other modalities, and of models that saw few labels."""
    own = leaderboard[~leaderboard["model"].str.contains(" - ", regex=False)]
    protocol, source = own["protocol"].str.partition(": ")[[0, 2]].to_numpy(dtype=object).T
    return [
        Intervals(
            title=title,
            part=_BEYOND,
            note=note,
            axis=Axis(label=_UNITS.get(name, "macro-F1")),
            rows=intervals_of(found),
            reference=0.0 if name == "edits" else None,
            reference_label="no change" if name == "edits" else "",
        )
        for name, (metric, title, note) in _PROTOCOLS.items()
        if len(found := _named(own[protocol == name].assign(source=source[protocol == name]), metric))
    ]


def _named(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Rows of one metric, called by their models; of several, called by the metrics, in groups of models."""
    if metric == "macro_f1":
        found = rows[rows["metric"] == metric]
        return found.assign(name=found["model"], group=found["source"])
    found = rows[rows["metric"].str.startswith(metric)]
    return found.assign(name=found["metric"].str.removeprefix(metric), group=found["model"])
