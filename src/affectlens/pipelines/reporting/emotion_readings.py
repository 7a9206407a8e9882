"""Which emotions the texts of contents express, read by the run's own model or by one that another environment lent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from affectlens.features.taxonomy import coarser_probabilities, labels_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.training.emotion import encode_texts

_TOLD_IN = {"goemotions": "ekman"}  # 28 labels are too many to tell: their published map makes them seven


_OWN = "Read by this environment's own emotion model."
_NO_TEXT = "The contents have no text, so no emotions can be read."
_NO_MODEL = (
    "No emotions were read: this environment trains no emotion model, and none lies at {lender}. Run the environment "
    "of that folder first (kedro run --env goemotions --pipeline analysis), or name another by --params "
    "emotion_model=PATH."
)
_LENT = (
    "Read by a model of another environment, which was not validated on these texts: {model} from {lender}, version "
    "{version}, {metric} {value} on its own validation texts."
)
Message = dict[str, Any]  # a sentence with places for values, as `affectlens.exhibits.Message` has it


@dataclass(frozen=True)
class Readings:
    """What a model read, and what is known of it.

    Attributes:
        probabilities: `content_id` and one column an emotion, rows summing to 1; empty where nothing was read.
        labels: names of the emotions.
        prior: share of each label in the texts on which the model was calibrated; None where that is not known.
        told: every label but the reference.
        reference: the emotion beside which others are told.
    """

    probabilities: pd.DataFrame
    labels: list[str]
    prior: np.ndarray | None

    @classmethod
    def of(cls, table: pd.DataFrame, facts: Mapping[str, Any]) -> Readings:
        """From the two datasets that hold them."""
        prior = None if facts["prior"] is None else np.asarray(facts["prior"], dtype=np.float64)
        return cls(table, list(facts["labels"]), prior)

    @property
    def reference(self) -> str:
        """Neutral where there is such a label."""
        return "neutral" if "neutral" in self.labels else self.labels[-1]

    @property
    def told(self) -> list[str]:
        """The labels beside the reference."""
        return [label for label in self.labels if label != self.reference]


def read_contents(
    contents: pd.DataFrame, own: pd.DataFrame, taxonomy: str, lent: Checkpoint | None, lender: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Emotions of every content with text, and how they came.

    Args:
        contents: with `content_id` and `text`.
        own: `content_emotions`, empty where the environment trains no emotion model.
        taxonomy: of `own`.
        lent: the emotion model of another environment, if there is one.
        lender: data root of that environment.

    Returns:
        `content_id` and one column an emotion; and facts: `labels`, `prior`, `reader`, and a `message` for the report.
    """
    texts = contents.loc[contents["text"].fillna("").str.strip() != "", ["content_id", "text"]]
    if len(own):
        read = own[own["has_text"]]
        probabilities = np.stack(list(read["probabilities"])) if len(read) else np.empty((0, len(labels_of(taxonomy))))
        return _told(read["content_id"], probabilities, taxonomy, "own", {"text": _OWN})
    if texts.empty:
        return _nothing({"text": _NO_TEXT})
    if lent is None:
        return _nothing({"text": _NO_MODEL, "values": {"lender": lender}})
    probabilities, _ = encode_texts(lent, texts["text"].tolist())
    facts = lent.metadata
    values = {
        "model": lent.architecture,
        "lender": lender,
        "version": str(facts["version"]),
        "metric": str(facts["metric_name"]),
        "value": f"{facts['valid_metric']:.3f}",
    }
    where = {"text": _LENT, "values": values}
    return _told(texts["content_id"], probabilities, lent.params["taxonomy"], lender, where, facts.get("prior"))


def _told(
    ids: pd.Series,
    probabilities: np.ndarray,
    taxonomy: str,
    reader: str,
    message: Message,
    prior: list[float] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    labels = list(labels_of(_TOLD_IN.get(taxonomy, taxonomy)))
    table = pd.DataFrame(_shares(probabilities, taxonomy), columns=labels).assign(content_id=ids.to_numpy())
    known = None if prior is None else _shares(np.asarray([prior]), taxonomy)[0].tolist()
    facts = {"labels": labels, "prior": known, "reader": reader, "message": message}
    return table[["content_id", *labels]], facts


def _shares(probabilities: np.ndarray, taxonomy: str) -> np.ndarray:
    """Probabilities in the taxonomy in which emotions are told, each row summing to 1."""
    coarse = _TOLD_IN.get(taxonomy)
    told = probabilities if coarse is None else coarser_probabilities(probabilities, taxonomy, coarse)
    shares: np.ndarray = told / np.maximum(told.sum(axis=1, keepdims=True), 1e-12)
    return shares


def _nothing(message: Message) -> tuple[pd.DataFrame, dict[str, Any]]:
    return pd.DataFrame({"content_id": pd.Series(dtype="str")}), {
        "labels": ["neutral"], "prior": None, "reader": "none", "message": message,
    }  # fmt: skip
