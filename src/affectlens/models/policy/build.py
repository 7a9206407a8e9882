"""The family of policies: fit every candidate of a member, ask any fitted one for its probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

import numpy as np
from pydantic import Field

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.policy.linucb import LinUcbParams, linucb_candidates, linucb_probabilities
from affectlens.models.policy.log import PolicyLog
from affectlens.models.policy.popularity import PopularityParams, popularity_candidates, popularity_probabilities
from affectlens.models.policy.uniform import UniformParams, uniform_candidates, uniform_probabilities

PolicyParams = Annotated[UniformParams | PopularityParams | LinUcbParams, Field(discriminator="kind")]

_PROBABILITIES: Mapping[str, Callable[[Checkpoint, np.ndarray], np.ndarray]] = {
    "uniform": uniform_probabilities,
    "popularity": popularity_probabilities,
    "linucb": linucb_probabilities,
}


def policy_candidates(log: PolicyLog, params: UniformParams | PopularityParams | LinUcbParams) -> Iterator[Checkpoint]:
    """Every policy that `params` allows, fitted on the log; the validation slice chooses among them."""
    match params:
        case UniformParams():
            yield from uniform_candidates(log, params)
        case PopularityParams():
            yield from popularity_candidates(log, params)
        case LinUcbParams():
            yield from linucb_candidates(log, params)


def action_probabilities(checkpoint: Checkpoint, contexts: np.ndarray) -> np.ndarray:
    """Probability of each arm in each context, (n, A); arms in the order of `checkpoint.metadata["arms"]`.

    Args:
        checkpoint: a fitted policy of this family.
        contexts: (n, d) unscaled contexts, features in the order of `checkpoint.metadata["context_names"]`.

    Raises:
        ValueError: the checkpoint is no policy, or the contexts have another number of features than it was fitted on.
    """
    if checkpoint.architecture not in _PROBABILITIES:
        raise ValueError(f"{checkpoint.architecture!r} is no policy; expected one of {sorted(_PROBABILITIES)}")
    expected = len(checkpoint.weights.get("context_mean", np.empty(contexts.shape[1])))
    if contexts.shape[1] != expected:
        raise ValueError(f"the policy was fitted on {expected} context features, got {contexts.shape[1]}")
    return _PROBABILITIES[checkpoint.architecture](checkpoint, contexts)
