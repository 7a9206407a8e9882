"""The chain at request time: E_t and A_t of a user, G_t, W_t, R_t and the ranking."""

# Shapes: n users, K generated vectors, d width of a content vector, C emotions, N items.
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.build import Recommendation, recommend
from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent, catalogue_of, generated_content_of
from affectlens.models.recommender.histories import Histories, histories_of


@dataclass(frozen=True)
class Chain:
    """Everything that a request needs, opened once.

    Attributes:
        checkpoint: of the recommender.
        catalogue: the items, in the order of the scores.
        generated: G_t of every emotion state.
        sequences: `behaviour_sequences`.
    """

    checkpoint: Checkpoint
    catalogue: Catalogue
    generated: GeneratedContent
    sequences: pd.DataFrame

    @property
    def user_ids(self) -> np.ndarray:
        """Users with behaviour, in order of first appearance."""
        users: np.ndarray = self.sequences["user_id"].astype(object).unique()
        return users

    def histories_now(self, user_ids: np.ndarray) -> Histories:
        """All events of some users, and the newest generated content of each."""
        histories = histories_of(self.sequences, user_ids, self.catalogue, self.generated)
        return replace(histories, request_state=self.generated.latest(user_ids, np.full(len(user_ids), np.inf)))

    def request(self, histories: Histories, generated: np.ndarray | None = None) -> Recommendation:
        """W_t, R_t and the scores of all items; `generated` (n, K, d) takes the place of the looked-up G_t."""
        if generated is None and not self.generated.is_empty:
            generated = self.generated.at(histories.request_state)
        return recommend(self.checkpoint, histories, generated)

    def ranking(self, histories: Histories, scores: np.ndarray, n_top: int) -> np.ndarray:
        """Items (n, n_top) with the highest scores among those that a user has not consumed, best first."""
        kept = scores.copy()
        kept[histories.owner, histories.item] = -np.inf
        n_top = min(n_top, kept.shape[1])
        top = np.argpartition(-kept, n_top - 1, axis=1)[:, :n_top]
        order = np.argsort(-np.take_along_axis(kept, top, axis=1), axis=1, kind="stable")
        result: np.ndarray = np.take_along_axis(top, order, axis=1)
        return result


def open_chain(
    recommender_checkpoint: Checkpoint,
    behaviour_sequences: pd.DataFrame,
    content_features: pd.DataFrame,
    generated_content_features: pd.DataFrame,
) -> Chain:
    """Tables and checkpoint as one object.

    Raises:
        ValueError: the checkpoint was fitted on another catalogue.
    """
    catalogue = catalogue_of(content_features, behaviour_sequences)
    if tuple(recommender_checkpoint.params["item_ids"]) != catalogue.item_ids:
        raise ValueError(
            f"`recommender_checkpoint` knows {len(recommender_checkpoint.params['item_ids'])} items, the tables hold "
            f"{len(catalogue.item_ids)} others or in another order; run --pipeline recommender_training again"
        )
    generated = generated_content_of(generated_content_features)
    return Chain(recommender_checkpoint, catalogue, generated, behaviour_sequences)
