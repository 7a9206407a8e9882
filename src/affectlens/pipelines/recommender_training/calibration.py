"""What calibration to a user's own topics and emotions costs, and what it brings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import pandas as pd

from affectlens.evaluation.beyond_accuracy import miscalibration
from affectlens.evaluation.documents import row_mean
from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS, Estimate, leaderboard_rows, mean_estimate
from affectlens.evaluation.grouped import mean_estimates, ratio_estimate
from affectlens.evaluation.ranking import ndcg, ranks_in_lists, top_items
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.build import load_recommender
from affectlens.models.recommender.calibrated import CalibrationParams, calibrated_lists, relevance_of
from affectlens.models.recommender.requests import (
    BehaviourArrays,
    Requests,
    behaviour_arrays,
    only_candidates,
    requests_of,
)
from affectlens.models.recommender.tuning import Recommender
from affectlens.pipelines.recommender_training.params import EvaluationParams
from affectlens.pipelines.recommender_training.scores import history_mix
from affectlens.pipelines.recommender_training.segments import attributes_of

logger = logging.getLogger(__name__)

FRONTIER_COLUMNS = ("attribute", "strength", "split", "is_chosen", "metric", "value", "lower", "upper", "n")
Values = dict[str, np.ndarray]  # metric -> one value a user


def calibrate_lists(
    sequences: pd.DataFrame,
    contents: pd.DataFrame,
    generated: pd.DataFrame,
    item_attributes: pd.DataFrame,
    checkpoint: Checkpoint,
    calibration: CalibrationParams,
    evaluation: EvaluationParams,
    seed: int,
    dataset: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frontier on validation requests, and on test requests the one strength that they prefer, beside none."""
    arrays = behaviour_arrays(sequences, contents, generated)
    attributes = attributes_of(item_attributes, arrays.catalogue)
    test = requests_of(sequences, arrays.catalogue, arrays.generated, "test")
    valid, test = (requests.sample(calibration.max_requests, seed) for requests in (arrays.valid, test))
    if len(valid.item) == 0 or len(test.item) == 0 or not attributes:
        return pd.DataFrame(columns=list(FRONTIER_COLUMNS)), pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    recommender = load_recommender(checkpoint, arrays.generated)
    frontier, rows = [], []
    for name in attributes:
        judge = _judge(name, recommender, arrays, attributes, calibration, evaluation)
        strengths = [0.0, *(strength for strength in calibration.strengths if strength > 0)]
        tried = {strength: judge(valid, strength) for strength in strengths}
        chosen = choose_strength(tried, name, evaluation.k, calibration.tolerance)
        plain, calibrated = (judge(test, strength) for strength in (0.0, chosen))
        frontier += [_points(name, each, "valid", each == chosen, values, seed) for each, values in tried.items()]
        frontier.append(_points(name, chosen, "test", True, calibrated, seed))
        logger.info("calibrated by %s: strength %s", name, chosen)
        rows.append(_rows(checkpoint.architecture, name, chosen, calibrated, plain, seed, dataset))
    return pd.concat(frontier, ignore_index=True), pd.concat(rows, ignore_index=True)


def choose_strength(tried: Mapping[float, Values], name: str, k: int, tolerance: float) -> float:
    """The strength that calibrates best among those whose NDCG stays within the tolerance of the weakest one's.

    Strengths without an NDCG are no choice. Where no miscalibration is known, the weakest one stays.

    Raises:
        ValueError: no strength has an NDCG.
    """
    quality, distance = (
        {strength: _mean(values[metric]) for strength, values in sorted(tried.items())}
        for metric in (f"ndcg@{k}", f"miscalibration_{name}@{k}")
    )
    known = [strength for strength, value in quality.items() if not np.isnan(value)]
    if not known:
        raise ValueError(f"no strength has an NDCG@{k} to choose by: no request has a relevant item")
    allowed = [strength for strength in known if quality[strength] >= (1.0 - tolerance) * quality[known[0]]]
    return min(allowed, key=lambda strength: np.nan_to_num(distance[strength], nan=np.inf))


def _mean(values: np.ndarray) -> float:
    return float(row_mean(values[None, :])[0])


def _judge(
    name: str,
    recommender: Recommender,
    arrays: BehaviourArrays,
    attributes: Mapping[str, np.ndarray],
    calibration: CalibrationParams,
    evaluation: EvaluationParams,
) -> Callable[[Requests, float], Values]:
    """What lists of a strength are like, user by user; candidates of the same requests are scored once."""
    known: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    k = evaluation.k

    def judge(requests: Requests, strength: float) -> Values:
        if id(requests) not in known:
            known[id(requests)] = _candidates(recommender, requests, arrays, calibration.n_candidates, evaluation)
        mixes = {other: history_mix(requests, values) for other, values in attributes.items()}
        lists = _lists(*known[id(requests)], attributes[name], mixes[name], strength, calibration, evaluation)
        values = {f"ndcg@{k}": ndcg(ranks_in_lists(lists, requests.owner, requests.item), k)}
        return values | {
            f"miscalibration_{other}@{k}": miscalibration(lists, attributes[other], mix) for other, mix in mixes.items()
        }

    return judge


def _lists(
    candidates: np.ndarray,
    relevance: np.ndarray,
    attributes: np.ndarray,
    mix: np.ndarray,
    strength: float,
    calibration: CalibrationParams,
    evaluation: EvaluationParams,
) -> np.ndarray:
    """Calibrated lists (n, k), a block of requests at a time."""
    blocks = [slice(start, start + evaluation.block) for start in range(0, len(candidates), evaluation.block)]
    found = [
        calibrated_lists(
            candidates[at],
            relevance[at],
            attributes,
            mix[at],
            k=evaluation.k,
            strength=strength,
            alpha=calibration.alpha,
        )
        for at in blocks
    ]
    return np.concatenate(found)


def _candidates(
    recommender: Recommender,
    requests: Requests,
    arrays: BehaviourArrays,
    n_candidates: int,
    evaluation: EvaluationParams,
) -> tuple[np.ndarray, np.ndarray]:
    """The best candidates of each request (n, M) and their relevance."""
    found = []
    for start in range(0, requests.n_users, evaluation.block):
        rows = np.arange(start, min(start + evaluation.block, requests.n_users))
        histories = requests.histories.take(rows)
        asked = requests.request_time[rows]
        scores = only_candidates(recommender.score(histories), histories, asked, arrays.catalogue)
        best = top_items(scores, n_candidates)
        at = np.where(best >= 0, np.take_along_axis(scores, np.maximum(best, 0), axis=1), -np.inf)
        found.append((best, relevance_of(at)))
    candidates, relevance = zip(*found, strict=True)
    return np.concatenate(candidates), np.concatenate(relevance)


def _points(
    name: str, strength: float, split: Literal["valid", "test"], is_chosen: bool, values: Values, seed: int
) -> pd.DataFrame:
    rows = [
        (name, strength, split, is_chosen, metric, each.value, each.lower, each.upper, each.n)
        for metric, each in mean_estimates(values, seed).items()
    ]
    return pd.DataFrame(rows, columns=list(FRONTIER_COLUMNS))


def _rows(
    model: str, name: str, strength: float, calibrated: Values, plain: Values, seed: int, dataset: str
) -> pd.DataFrame:
    """The calibrated lists on the test requests, and what is kept of each metric: 1 is no change."""
    estimates = {metric: mean_estimate(values, seed) for metric, values in calibrated.items()}
    estimates |= {
        f"kept:{metric}": ratio_estimate(values, plain[metric], seed) for metric, values in calibrated.items()
    }
    estimates["strength"] = Estimate.exact(strength, len(next(iter(calibrated.values()))))
    return leaderboard_rows(
        stage="recommender",
        model=f"{model}, calibrated by {name}",
        is_baseline=False,
        estimates=estimates,
        split="test",
        protocol="calibrated",
        seed=seed,
        dataset=dataset,
    )
