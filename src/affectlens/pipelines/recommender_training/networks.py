"""Nodes that fit the attention model, with every seed, and blend it with a linear one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from affectlens.evaluation.ranking import RelevantRanks, ndcg, ranks_of
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.blend import BlendParams, blend_checkpoint, blended
from affectlens.models.recommender.popularity import Popularity
from affectlens.models.recommender.requests import BehaviourArrays, behaviour_arrays, only_candidates
from affectlens.models.recommender.tuning import best_of
from affectlens.pipelines.recommender_training.fits import (
    FOLD_IN,
    REFIT,
    Fit,
    fits_of,
    further,
    labelled,
    same_fit,
    with_valid_in_train,
)
from affectlens.pipelines.recommender_training.judging import loaded, validation_metric
from affectlens.pipelines.recommender_training.outcomes import hearing, validated_shares
from affectlens.pipelines.recommender_training.params import AttentionMemberParams, EvaluationParams, TrainerParams
from affectlens.training.recommender import fit_attention


def train_attention(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    params: AttentionMemberParams,
    evaluation: EvaluationParams,
    trainer: TrainerParams,
    seeds: list[int],
    workspace: str,
) -> tuple[Checkpoint, Checkpoint, pd.DataFrame]:
    """Causal self-attention over events, with W_t over the generated vectors where there are any.

    Returns:
        The first seed's fit, all further fits, and the first seed's history.
    """
    tables = {FOLD_IN: sequences} | ({REFIT: with_valid_in_train(sequences)} if evaluation.refit else {})
    fits, histories = [], []
    n_epochs: dict[int, int] = {}
    shares: dict[int, Mapping[str, float]] = {}
    for protocol, table in tables.items():
        arrays = behaviour_arrays(table, contents, generated)
        if protocol == FOLD_IN:
            params = _with_heat(params, arrays, evaluation)
        for seed in seeds:
            folder = Path(workspace) / "recommender" / f"attention_{protocol}_{seed}"
            member = params if protocol == FOLD_IN else params.with_epochs(n_epochs[seed])
            checkpoint, history = _fit(arrays, member, evaluation, trainer, seed, folder)
            shares.setdefault(seed, validated_shares(checkpoint, table, arrays))
            checkpoint = hearing(checkpoint, shares[seed])
            fits.append(labelled(checkpoint, protocol, seed))
            histories.append(history)
            n_epochs.setdefault(seed, _best_epoch(history, params))
    histories[0].insert(0, "member", "attention")
    return fits[0], further(fits[1:]), histories[0]


def _with_heat(
    params: AttentionMemberParams, arrays: BehaviourArrays, evaluation: EvaluationParams
) -> AttentionMemberParams:
    """The same with the half-life of heat by which heat alone ranks validation events best, where some are stated."""
    if not params.heat_half_lives_days or arrays.train.crowd.is_empty:
        return params
    no_counts = np.zeros(len(arrays.catalogue.item_ids))
    tried = (({"heat_half_life_days": days}, Popularity(no_counts, days)) for days in params.heat_half_lives_days)
    best = best_of(tried, validation_metric(arrays, evaluation))
    return params.model_copy(update={"model": params.model.model_copy(update=dict(best.settings))})


def _best_epoch(history: pd.DataFrame, params: AttentionMemberParams) -> int:
    """How long a refit takes: as long as the fold-in did until its best epoch, or in all where it keeps a pace."""
    if params.pace is not None or history.empty:
        return max(1, len(history))
    return 1 + int(np.argmax(history["valid_metric"].to_numpy()))


def _fit(
    arrays: BehaviourArrays,
    params: AttentionMemberParams,
    evaluation: EvaluationParams,
    trainer: TrainerParams,
    seed: int,
    work_dir: Path,
) -> tuple[Checkpoint, pd.DataFrame]:
    return fit_attention(
        arrays.catalogue,
        arrays.train,
        arrays.generated,
        params.model,
        params.training,
        trainer,
        evaluate=validation_metric(arrays, evaluation) if len(arrays.valid.item) else lambda _: 0.0,
        seed=seed,
        work_dir=work_dir,
        metric_name=f"ndcg@{evaluation.k}",
        pace=params.pace,
        outcomes=params.outcomes,
    )


def train_blend(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    params: BlendParams,
    evaluation: EvaluationParams,
    *checkpoints: Checkpoint,
) -> tuple[Checkpoint, Checkpoint]:
    """Attention and a linear model as one, with the weight that ranks validation events best; a refit keeps it.

    Args:
        sequences: `behaviour_sequences`.
        contents: `content_features`.
        generated: `generated_content_features`.
        params: which linear model, and the weights to try.
        evaluation: how weights are judged.
        checkpoints: fits of the attention model and of the linear ones.
    """
    arrays = behaviour_arrays(sequences, contents, generated)
    fits = fits_of(checkpoints)
    linear = same_fit(fit for fit in fits if fit.member == params.linear)
    attention = [fit for fit in fits if fit.member == "attention"]
    weights = {
        fit.seed: _weight_values(fit, linear[FOLD_IN], arrays, params, evaluation)
        for fit in attention
        if fit.protocol == FOLD_IN
    }
    blends = [_blend(fit, linear[fit.protocol], weights[fit.seed], evaluation) for fit in attention]
    return blends[0], further(blends[1:])


def _blend(attention: Fit, linear: Fit, values: Mapping[float, float], evaluation: EvaluationParams) -> Checkpoint:
    weight = max(values, key=lambda each: values[each])
    facts = {
        "settings": {"linear": linear.member, "weight": weight},
        f"valid_ndcg@{evaluation.k}": values[weight],
        "trials": [{"weight": each, "value": value} for each, value in values.items()],
    }
    whole = blend_checkpoint(attention.checkpoint, linear.checkpoint, weight, **facts)
    return labelled(whole, attention.protocol, attention.seed)


def _weight_values(
    attention: Fit, linear: Fit, arrays: BehaviourArrays, params: BlendParams, evaluation: EvaluationParams
) -> dict[float, float]:
    """Validation NDCG of every weight; both models score each block of requests once. 0 without validation events."""
    valid = arrays.valid
    ranks = {weight: np.empty(len(valid.item)) for weight in params.weights}
    for pairs, owner, logits, scores in _blocks(attention, linear, arrays, evaluation):
        for weight, found in ranks.items():
            found[pairs] = ranks_of(blended(logits, scores, weight), owner, valid.item[pairs])
    if len(valid.item) == 0:
        return dict.fromkeys(params.weights, 0.0)
    return {
        weight: float(np.nanmean(ndcg(RelevantRanks(found, valid.owner, valid.n_users), evaluation.k)))
        for weight, found in ranks.items()
    }


def _blocks(
    attention: Fit, linear: Fit, arrays: BehaviourArrays, evaluation: EvaluationParams
) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
    """Relevant pairs, their rows and the scores of both models, a block of validation requests at a time."""
    valid = arrays.valid
    network, other = (loaded(fit.checkpoint, arrays) for fit in (attention, linear))
    for start in range(0, valid.n_users, evaluation.block):
        rows = np.arange(start, min(start + evaluation.block, valid.n_users))
        pairs = slice(*np.searchsorted(valid.owner, [start, start + len(rows)]))
        histories = valid.histories.take(rows)
        logits = only_candidates(network.score(histories), histories, valid.request_time[rows], arrays.catalogue)
        yield pairs, valid.owner[pairs] - start, logits, other.score(histories)
