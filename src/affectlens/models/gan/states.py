"""G_t of emotion states: generated from a state's emotion and from what its user had consumed by then."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.features.interest import mean_vectors_until
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.build import generate
from affectlens.models.gan.conditional import interest_of


def generate_at(
    checkpoint: Checkpoint,
    moments: pd.DataFrame,
    emotion: np.ndarray,
    behaviour_sequences: pd.DataFrame,
    content_features: pd.DataFrame,
    n_samples: int,
    seed: int,
) -> np.ndarray:
    """K content vectors (n, K, d) for each of n states.

    Args:
        checkpoint: a fitted generator.
        moments: (n) columns user_id and occurred_at: whose interest is read, and up to when.
        emotion: (n, C) soft emotion probabilities, of that user or, for a placebo, of another one.
        behaviour_sequences: what users consumed.
        content_features: vectors of what they consumed.
        n_samples: K.
        seed: of the noise.
    """
    events = behaviour_sequences.merge(content_features[["content_id", "vector"]], on="content_id", sort=False)
    vectors = np.array(events["vector"].to_list(), dtype=np.float32).reshape(-1, checkpoint.params["vector_size"])
    interest = interest_of(mean_vectors_until(moments, events, vectors), checkpoint.weights["projection"])
    interest = np.where(np.isnan(interest), checkpoint.weights["mean_interest"], interest)
    return generate(checkpoint, emotion, interest, n_samples, seed)
