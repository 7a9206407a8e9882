"""The chain at request time: E_t and A_t of a user, G_t, W_t, R_t and the ranking."""

# Shapes: n users, K generated vectors, d width of a content vector, C emotions, N items.
from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from affectlens.features.times import seconds
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import interest_of
from affectlens.models.recommender.attention import AttentionRecommender
from affectlens.models.recommender.build import Recommendation, build_recommender_model, recommend_with
from affectlens.models.recommender.catalogue import (
    Catalogue,
    GeneratedContent,
    catalogue_of,
    generated_content_of,
    index_of,
)
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

    @cached_property
    def user_ids(self) -> np.ndarray:
        """Users with behaviour, in order of first appearance."""
        users: np.ndarray = self.sequences["user_id"].astype(object).unique()
        return users

    @cached_property
    def model(self) -> AttentionRecommender:
        """The network of the checkpoint, in evaluation mode."""
        return self.checkpoint.restore(build_recommender_model)

    @cached_property
    def now(self) -> float:
        """The latest event of all, seconds since 1970; NaN where times are not known."""
        known = seconds(self.sequences["occurred_at"].dropna().nlargest(1))
        return float(known[0]) if len(known) else float("nan")

    @cached_property
    def histories(self) -> Histories:
        """All events of all users, who all ask now, with the newest generated content of each."""
        asked = np.full(len(self.user_ids), self.now)
        histories = histories_of(self.sequences, self.user_ids, self.catalogue, self.generated, asked)
        newest = self.generated.latest(self.user_ids, np.full(len(self.user_ids), np.inf))
        return replace(histories, request_state=newest)

    def histories_now(self, user_ids: np.ndarray) -> Histories:
        """All events of some users, asked now; of a user without one an empty history."""
        rows = index_of(self.user_ids, pd.Series(user_ids, dtype=object))
        if (rows >= 0).all():
            return self.histories.take(rows)
        asked = np.full(len(user_ids), self.now)
        histories = histories_of(self.sequences, user_ids, self.catalogue, self.generated, asked)
        return replace(histories, request_state=self.generated.latest(user_ids, np.full(len(user_ids), np.inf)))

    def generated_for(self, histories: Histories) -> np.ndarray | None:
        """G_t (n, K, d) of requests; None where nothing is generated."""
        return None if self.generated.is_empty else self.generated.at(histories.request_state)

    def interest_of(self, histories: Histories, gan_checkpoint: Checkpoint) -> np.ndarray:
        """Interest (n, u) of users after all their events, as the generator reads it."""
        sums = np.zeros((histories.n_users, self.catalogue.vectors.shape[1]))
        np.add.at(sums, histories.owner, self.catalogue.vectors[histories.item])
        return interest_of(sums / np.maximum(histories.lengths, 1)[:, None], gan_checkpoint.weights["projection"])

    def request(self, histories: Histories, generated: np.ndarray | None = None) -> Recommendation:
        """W_t, R_t and the scores of all items; `generated` (n, K, d) takes the place of the looked-up G_t."""
        given = self.generated_for(histories) if generated is None else generated
        return recommend_with(self.model, histories, given)

    def after(self, events: pd.DataFrame) -> Chain:
        """The chain as it stands after new events, with the weights as they are.

        Args:
            events: rows as of `behaviour_sequences` without step and gap_s, each user's in order of time; events with
                contents that the checkpoint does not know are left out.
        """
        known = events[self.catalogue.index_of(events["content_id"]) >= 0]
        joined = pd.concat([self.sequences, known.assign(step=np.nan)], ignore_index=True)
        steps = joined.groupby("user_id", sort=False).cumcount()
        gaps = joined.groupby("user_id", sort=False)["occurred_at"].diff().dt.total_seconds()
        sequences = joined.assign(step=steps, gap_s=joined["gap_s"].where(joined["step"].notna(), gaps))
        return replace(self, sequences=sequences)

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
    catalogue = replace(catalogue, surfaces=tuple(recommender_checkpoint.params.get("surfaces", ())))
    return Chain(recommender_checkpoint, catalogue, generated, behaviour_sequences)
