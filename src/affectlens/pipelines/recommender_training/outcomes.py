"""How well the attention model foretells what is done with the content that follows, beside what usually is."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

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
from affectlens.models.recommender.catalogue import users_of
from affectlens.models.recommender.exposures import rates_before
from affectlens.models.recommender.histories import Histories, histories_of
from affectlens.models.recommender.outcomes import foretold, outcomes_of
from affectlens.models.recommender.requests import behaviour_arrays
from affectlens.pipelines.recommender_training.ladder import by_user
from affectlens.pipelines.recommender_training.params import AttentionMemberParams, EvaluationParams

logger = logging.getLogger(__name__)

STEP = "outcomes"
ATTENTION, RATES, USUAL = (f"{STEP}: {name}" for name in ("attention", "rates so far", "the usual rate"))
PROTOCOL = "of what is consumed"
_LEAST = 1e-6  # no probability is taken to be surer


def score_outcomes(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    checkpoint: Checkpoint,
    split_boundaries: Mapping[str, Any],
    params: AttentionMemberParams,
    evaluation: EvaluationParams,
    seed: int,
    dataset: str,
) -> pd.DataFrame:
    """Foretell the outcomes of test events, each from all that its user did before, with the weights as they are.

    Beside it stand the rate of training events, and a regression on how often it was done with the item, and by the
    user, before. Nothing is scored where no outcome was learnt.
    """
    learnt = checkpoint.params.get("outcomes")
    if not learnt or not (sequences["split"] == "test").any():
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    arrays = behaviour_arrays(sequences, contents, generated)
    users = users_of(sequences)
    ordered = sequences.iloc[np.lexsort((sequences["step"].to_numpy(), pd.factorize(sequences["user_id"])[0]))]
    histories = histories_of(ordered, users, arrays.catalogue, arrays.generated)
    split = ordered["split"].to_numpy(dtype=object)
    outcomes = outcomes_of(histories, learnt["names"], learnt["liked_from"])
    model = checkpoint.restore(build_recommender_model)
    said = foretold(model, histories, arrays.generated, split == "test")
    estimates: dict[str, dict[str, Estimate]] = {name: {} for name in (ATTENTION, RATES, USUAL)}
    for place, name in enumerate(learnt["names"]):
        done = outcomes[:, place]
        rows = np.flatnonzero((split == "test") & ~np.isnan(done))
        if len(rows) == 0:
            logger.warning("outcome %s: no test event tells", name)
            continue
        usual = np.full(len(rows), np.nanmean(done[split == "train"]))
        rates = _from_rates(histories, done, split, params.outcomes.inverse_penalties)[rows]
        told = {ATTENTION: said[rows, place], RATES: rates, USUAL: usual}
        found = _estimates(told, done[rows] == 1, users[histories.owner[rows]], name, evaluation, seed)
        estimates = {model: estimates[model] | found[model] for model in estimates}
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
    ]
    return pd.concat(parts, ignore_index=True)


def _from_rates(histories: Histories, done: np.ndarray, split: np.ndarray, penalties: list[float]) -> np.ndarray:
    """Probability (m,) from how often it was done before with the item and by the user; where nobody knows, too.

    Without times the order within a user stands for them.
    """
    step = np.arange(len(done)) - histories.offsets[histories.owner]
    time, known = np.where(np.isnan(histories.time), step, histories.time), np.flatnonzero(~np.isnan(done))
    train = np.flatnonzero(split[known] == "train")
    valid = np.flatnonzero(split[known] == "valid")
    valid = valid if len(valid) else train
    is_train = split[known] == "train"
    groups = (histories.item[known], histories.owner[known])
    columns = np.hstack([rates_before(group, time[known], done[known], is_train) for group in groups])
    target = done[known] == 1
    models = [LogisticRegression(C=penalty).fit(columns[train], target[train]) for penalty in penalties]
    best = max(models, key=lambda each: _likelihood(each.predict_proba(columns[valid])[:, 1], target[valid]).mean())
    found = np.full(len(done), np.nan)
    found[known] = best.predict_proba(columns)[:, 1]
    return found


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
