"""How well the attention model foretells what is done with the content that follows, beside what usually is."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from affectlens.evaluation.estimate import (
    LEADERBOARD_COLUMNS,
    Estimate,
    leaderboard_rows,
    mean_estimate,
    paired_difference,
)
from affectlens.evaluation.policy_values import holm
from affectlens.evaluation.satisfaction import area_over_users
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.build import build_recommender_model
from affectlens.models.recommender.catalogue import index_of, users_of
from affectlens.models.recommender.histories import histories_of
from affectlens.models.recommender.outcomes import Told, foretold
from affectlens.models.recommender.requests import BehaviourArrays, behaviour_arrays
from affectlens.pipelines.recommender_training.ladder import by_user
from affectlens.pipelines.recommender_training.params import EvaluationParams

logger = logging.getLogger(__name__)

STEP = "outcomes"
ATTENTION, RATES, USUAL = (f"{STEP}: {name}" for name in ("attention", "rates so far", "the usual rate"))
PROTOCOL = "of what is consumed"
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_LEAST = 1e-6  # no probability is taken to be surer


@dataclass(frozen=True)
class Foretold:
    """Log-odds of the outcomes of the events of one split.

    Attributes:
        names: T outcomes.
        user_ids: (n,) whose events.
        outcomes: (n, T) 1, 0 or NaN.
        by_rates: (n, T) by a regression on how often it was done before, with the item and by the user.
        by_network: (n, T) by the attention model, which starts as that regression.
        usual: (T,) how often it was done in training events.
    """

    names: Sequence[str]
    user_ids: np.ndarray
    outcomes: np.ndarray
    by_rates: np.ndarray
    by_network: np.ndarray
    usual: np.ndarray

    @classmethod
    def of(cls, checkpoint: Checkpoint, sequences: pd.DataFrame, arrays: BehaviourArrays, split: str) -> Foretold:
        """Each event from all that its user did before it, with the weights as they are."""
        learnt, users = checkpoint.params["outcomes"], users_of(sequences)
        ordered = sequences.iloc[np.lexsort((sequences["step"].to_numpy(), index_of(users, sequences["user_id"])))]
        histories = histories_of(ordered, users, arrays.catalogue, arrays.generated)
        is_train, is_asked = ((ordered["split"] == name).to_numpy(dtype=bool) for name in ("train", split))
        told = Told.of(histories, learnt["names"], learnt["liked_from"], is_train)
        weight, constant = told.regression(is_train)
        model = checkpoint.restore(build_recommender_model)
        said = foretold(model, histories, told.rates, arrays.generated, is_asked)[is_asked]
        by_rates = told.rates[is_asked] @ weight.T + constant
        usual = np.nanmean(told.outcomes[is_train], axis=0)
        asking = users[histories.owner[is_asked]]
        return cls(learnt["names"], asking, told.outcomes[is_asked], by_rates, said, usual)

    def probabilities(self, shares: Mapping[str, float]) -> np.ndarray:
        """(n, T): the network is heard as far as its share says, the rates for the rest."""
        heard = np.array([shares[name] for name in self.names])
        mixed: np.ndarray = expit(self.by_rates + heard * (self.by_network - self.by_rates))
        return mixed


def validated_shares(checkpoint: Checkpoint, sequences: pd.DataFrame, arrays: BehaviourArrays) -> dict[str, float]:
    """The share of each learnt outcome under which validation events are likeliest; nothing where none tells."""
    if not checkpoint.params["outcomes"] or not (sequences["split"] == "valid").any():
        return {}
    valid = Foretold.of(checkpoint, sequences, arrays, "valid")
    tried = {share: valid.probabilities(dict.fromkeys(valid.names, share)) for share in _SHARES}
    best = {}
    for place, name in enumerate(valid.names):
        rows = np.flatnonzero(~np.isnan(valid.outcomes[:, place]))
        done = valid.outcomes[rows, place] == 1
        values = {share: _likelihood(said[rows, place], done).sum() for share, said in tried.items()}
        if len(rows):
            best[name] = max(values, key=lambda share: values[share])
    return best


def hearing(checkpoint: Checkpoint, shares: Mapping[str, float]) -> Checkpoint:
    """The same model with these shares, and the whole network for an outcome without one."""
    learnt = checkpoint.params["outcomes"]
    if not learnt:
        return checkpoint
    heard = {name: shares.get(name, 1.0) for name in learnt["names"]}
    return replace(checkpoint, params={**checkpoint.params, "outcomes": {**learnt, "shares": heard}})


def score_outcomes(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    checkpoint: Checkpoint,
    split_boundaries: Mapping[str, Any],
    evaluation: EvaluationParams,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
    """Judge what the model foretells of test events, beside the rates so far and the usual rate.

    Nothing is scored where no outcome was learnt.
    """
    learnt = checkpoint.params.get("outcomes")
    if not learnt or not (sequences["split"] == "test").any():
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    test = Foretold.of(checkpoint, sequences, behaviour_arrays(sequences, contents, generated), "test")
    whole, rates = test.probabilities(learnt["shares"]), test.probabilities(dict.fromkeys(test.names, 0.0))
    estimates: dict[str, dict[str, Estimate]] = {name: {} for name in (ATTENTION, RATES, USUAL)}
    for place, name in enumerate(test.names):
        rows = np.flatnonzero(~np.isnan(test.outcomes[:, place]))
        if len(rows) == 0:
            logger.warning("outcome %s: no test event tells", name)
            continue
        said = {ATTENTION: whole[rows, place], RATES: rates[rows, place], USUAL: np.full(len(rows), test.usual[place])}
        done = test.outcomes[rows, place] == 1
        found = _estimates(said, done, test.user_ids[rows], name, evaluation, seed)
        estimates = {model: estimates[model] | found[model] for model in estimates}
        estimates[ATTENTION][f"share_of_network:{name}"] = Estimate.exact(learnt["shares"][name], len(rows))
    parts = [
        leaderboard_rows(
            stage="recommender",
            model=name,
            is_baseline=name != ATTENTION,
            estimates=rows_of_model,
            split="test",
            protocol=f"{split_boundaries['protocol']}, {PROTOCOL}",
            seed=seed,
            dataset=dataset,
        )
        for name, rows_of_model in estimates.items()
        if rows_of_model
    ]
    return pd.concat([pd.DataFrame(columns=list(LEADERBOARD_COLUMNS)), *parts], ignore_index=True)


def _estimates(
    told: Mapping[str, np.ndarray],
    done: np.ndarray,
    users: np.ndarray,
    outcome: str,
    evaluation: EvaluationParams,
    seed: int,
) -> dict[str, dict[str, Estimate]]:
    """Area under the curve and log-likelihood of each model; what attention gains on the others."""
    metric, n_groups = f"log_likelihood:{outcome}", evaluation.jackknife_groups
    totals = {name: by_user(_likelihood(said, done), users) for name, said in told.items()}
    found = {
        name: {
            f"auc:{outcome}": area_over_users(done, said, users, n_groups=n_groups, seed=seed),
            metric: mean_estimate(totals[name], seed),
        }
        for name, said in told.items()
    }
    pairs = {rival: paired_difference(totals[ATTENTION], totals[rival], seed) for rival in (RATES, USUAL)}
    adjusted = holm({rival: p_value for rival, (_, p_value) in pairs.items()})
    for rival, (difference, _) in pairs.items():
        short = rival.removeprefix(f"{STEP}: ")
        found[ATTENTION] |= {
            f"difference:{metric}:{short}": difference,
            f"p_holm:{metric}:{short}": Estimate.exact(adjusted[rival], difference.n),
        }
    return found


def _likelihood(probability: np.ndarray, done: np.ndarray) -> np.ndarray:
    """Log-likelihood (n,) of what was done, in nats."""
    safe = np.clip(probability.astype(np.float64), _LEAST, 1.0 - _LEAST)
    found: np.ndarray = np.log(np.where(done, safe, 1.0 - safe))
    return found
