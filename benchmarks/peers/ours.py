"""This project's attention model on the sequences benchmark; one JSON line an epoch, as the peers' workers print."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch

from affectlens.evaluation.ranking import ndcg, rank_in_blocks
from affectlens.features.behaviour import behaviour_sequences, consumed_events, split_sequences, without_times
from affectlens.features.splits import Boundaries
from affectlens.fetch import fetch_files
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.attention import AttentionParams
from affectlens.models.recommender.build import AttentionScorer
from affectlens.models.recommender.requests import BehaviourArrays, behaviour_arrays, only_candidates
from affectlens.sources.sequences import SequencesSource, read_sequences
from affectlens.training.loop import TrainerParams, TrainingParams
from affectlens.training.recommender import fit_attention, softmax_classes

TRAINING = TrainingParams(
    max_epochs=1, batch_size=1024, learning_rate=3e-3, weight_decay=0.0, patience=1, gradient_clip=5.0
)
TRAINER = {"accelerator": "cpu", "devices": 1, "strategy": "auto"}


def train(seconds: float, until: float, precision: str, settings: dict[str, Any]) -> None:
    """Fit for some seconds, or until validation NDCG@10 is high enough.

    Without seconds: two epochs, of which the second is timed, as the peers' clock knows no setting up.
    The recipe of conf/sequences at the peers' size.
    """
    arrays, params = beauty(), attention(settings)
    trainer = TrainerParams.model_validate({**TRAINER, "precision": precision})
    n_targets, started, clock, ends = len(arrays.train.item), time.process_time(), [0.0], []

    def evaluate(scorer: AttentionScorer) -> float:
        before = time.process_time()
        ends.append(before)
        if not seconds:
            return 0.0
        value = validation_ndcg(scorer, arrays)
        spent = before - started - clock[0]
        facts = {"cpu_s": spent, "targets": n_targets, "valid_ndcg": value, "peak_mb": peak_mb()}
        print(json.dumps(facts), flush=True)  # noqa: T201
        clock[0] += time.process_time() - before
        return value if spent < seconds and value < until else -float(len(ends))  # ever worse: the fit ends

    fit(arrays, params, trainer, evaluate, 1000 if seconds else 2)
    if not seconds:
        facts = {"cpu_s": ends[1] - ends[0], "targets": n_targets, "peak_mb": peak_mb()}
        print(json.dumps(facts), flush=True)  # noqa: T201
        print(json.dumps(operations(arrays, settings, trainer.wide_products)), flush=True)  # noqa: T201


def fit(
    arrays: BehaviourArrays,
    params: AttentionParams,
    trainer: TrainerParams,
    evaluate: Callable[[AttentionScorer], float],
    max_epochs: int,
) -> Checkpoint:
    """The stage's own fit."""
    epochs = TRAINING.model_copy(update={"max_epochs": max_epochs})
    checkpoint, _ = fit_attention(
        arrays.catalogue,
        arrays.train,
        arrays.generated,
        params,
        epochs,
        trainer,
        evaluate=evaluate,
        seed=7,
        work_dir=None,
        metric_name="ndcg@10",
    )
    return checkpoint


def operations(arrays: BehaviourArrays, settings: dict[str, Any], products: torch.dtype) -> dict[str, float]:
    """Floating-point operations of the products of one epoch, and what this core reaches in one large product.

    `products` is the type of the large product, and of those of the softmax.

    Three products of each kind, one forward and two backward: every target with every item in the softmax, and the
    12 M^2 weights of a block with every position. Products of attention, of histories of nine items, are left out.
    """
    n_targets, n_items = len(arrays.train.item), int(softmax_classes(arrays.train, arrays.catalogue).sum())
    width = settings["width"]
    flop = 3 * 2 * n_targets * width * (n_items + 12 * width * settings["n_blocks"])
    left, right = torch.rand(2, 2048, 2048).to(products)
    seconds = []
    for _ in range(20):
        before = time.process_time()
        torch.mm(left, right)
        seconds.append(time.process_time() - before)
    return {"flop": float(flop), "flop_s_of_a_product": 2 * 2048**3 / min(seconds)}


def beauty() -> BehaviourArrays:
    """The sequences as the stage sees them: last item test, the one before valid, all else train; no content."""
    return behaviour_arrays(*beauty_tables())


def beauty_tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """`behaviour_sequences`, `content_features` and `generated_content_features` of the sequences."""
    (path,) = [path for path in fetch_files("sequences") if path.name == "Beauty.txt.gz"]
    source = SequencesSource(name="sequences", interactions=path.name, attributes=None)
    interactions = read_sequences(source, {"interactions": path})["interactions"]
    plain = interactions.assign(dwell_s=np.nan, value=np.nan, surface=None, slate_id=None, position=None)
    sequences = split_sequences(behaviour_sequences(consumed_events(plain)), Boundaries(None, None))
    contents = pd.DataFrame({"content_id": [], "created_at": pd.to_datetime([], utc=True), "vector": []})
    generated = pd.DataFrame({"user_id": [], "occurred_at": [], "n_samples": [], "vectors": []})
    return without_times(sequences), contents, generated


def attention(settings: dict[str, Any]) -> AttentionParams:
    """The network at the peers' size."""
    return AttentionParams(
        width=settings["width"],
        n_blocks=settings["n_blocks"],
        n_heads=settings["n_heads"],
        expansion=4,
        dropout=settings["dropout"],
        item_dropout=0.0,
        item_start="spectral",
        similarity="cosine",
        temperature=0.07,
        max_length=settings["max_length"],
        overlap=10,
        n_dwell_buckets=2,
        n_gap_buckets=2,
        n_age_buckets=2,
        age_unit_hours=1,
        heat_half_life_days=1.0,
        heat_floor=1.0,
        match_width=1,
    )


def validation_ndcg(scorer: AttentionScorer, arrays: BehaviourArrays) -> float:
    """Full ranking of the validation items, as the stage does it."""
    valid = arrays.valid

    def scores_of(rows: np.ndarray) -> np.ndarray:
        histories = valid.histories.take(rows)
        return only_candidates(scorer.score(histories), histories, valid.request_time[rows], arrays.catalogue)

    ranks, _ = rank_in_blocks(scores_of, valid.owner, valid.item, n_users=valid.n_users, k=0, block=512)
    return float(np.nanmean(ndcg(ranks, 10)))


def peak_mb() -> float:
    """Peak resident memory of this process, megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
