from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from affectlens.datasets import CheckpointDataset
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.policy import PolicyLog, action_probabilities, policy_candidates
from affectlens.models.policy.choice import epsilon_greedy
from affectlens.models.policy.linucb import LinUcbParams, linucb_scores
from affectlens.models.policy.popularity import PopularityParams
from affectlens.models.policy.uniform import UniformParams

MEMBERS = {
    "uniform": UniformParams(kind="uniform"),
    "popularity": PopularityParams(kind="popularity", smoothing=5.0, epsilons=(0.1,)),
    "linucb": LinUcbParams(kind="linucb", alphas=(0.5,), ridges=(2.0,), epsilons=(0.1,)),
}


@pytest.fixture(params=sorted(MEMBERS))
def member(request: pytest.FixtureRequest) -> str:
    return request.param


def _fit(log: PolicyLog, member: str) -> Checkpoint:
    return next(iter(policy_candidates(log, MEMBERS[member])))


def test_every_context_gets_a_distribution_with_full_support(log: PolicyLog, member: str) -> None:
    probabilities = action_probabilities(_fit(log, member), log.contexts)
    assert probabilities.shape == (900, 3)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(900))
    assert probabilities.min() >= 0.1 / 3 - 1e-12


def test_a_policy_survives_save_and_restore(log: PolicyLog, member: str, tmp_path: Path) -> None:
    checkpoint = _fit(log, member)
    dataset = CheckpointDataset(filepath=str(tmp_path / "checkpoint.safetensors"))
    dataset.save(checkpoint)
    restored = dataset.load()
    assert restored.fingerprint() == checkpoint.fingerprint()
    assert np.array_equal(
        action_probabilities(restored, log.contexts[:20]), action_probabilities(checkpoint, log.contexts[:20])
    )
    assert restored.metadata["arms"] == ["up", "down", "never"]


def test_fitting_twice_gives_the_same_policy(log: PolicyLog, member: str) -> None:
    assert _fit(log, member).fingerprint() == _fit(log, member).fingerprint()


def test_a_choice_depends_on_its_own_context_only(log: PolicyLog, member: str) -> None:
    checkpoint = _fit(log, member)
    together = action_probabilities(checkpoint, log.contexts)
    alone = action_probabilities(checkpoint, log.contexts[[7]])
    assert alone[0] == pytest.approx(together[7])


def test_popularity_shows_the_arm_with_the_best_smoothed_mean_to_everyone() -> None:
    zeros = np.zeros((6, 1))
    log = PolicyLog(
        contexts=zeros,
        actions=np.array([0, 1, 1, 1, 1, 1]),
        rewards=np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0]),
        propensities=np.full(6, 0.5),
        units=np.arange(6),
        users=np.arange(6),
        positions=np.ones(6),
        arms=("once", "often"),
    )
    raw, smooth = (
        next(iter(policy_candidates(log, PopularityParams(kind="popularity", smoothing=strength, epsilons=(0.2,)))))
        for strength in (0.0, 1.0)
    )
    assert raw.weights["mean_reward"] == pytest.approx([1.0, 0.6])
    assert smooth.weights["mean_reward"] == pytest.approx([(1 + 4 / 6) / 2, (3 + 4 / 6) / 6])
    assert action_probabilities(raw, zeros[:1]).tolist() == [pytest.approx([0.9, 0.1])]


def test_linucb_follows_the_context(log: PolicyLog) -> None:
    probabilities = action_probabilities(_fit(log, "linucb"), np.array([[2.0, 3.0], [-2.0, 3.0]]))
    assert probabilities.argmax(axis=1).tolist() == [0, 1]


def test_linucb_equals_its_closed_form(log: PolicyLog) -> None:
    checkpoint = _fit(log, "linucb")
    design = np.column_stack(
        [(log.contexts[:, 0] - log.contexts[:, 0].mean()) / log.contexts[:, 0].std(), np.zeros(900)]
    )
    design = np.column_stack([design, np.ones(900)])
    rows = log.actions == 1
    inverse = np.linalg.inv(design[rows].T @ design[rows] + 2.0 * np.eye(3))
    coefficients = inverse @ design[rows].T @ log.rewards[rows]
    expected = design @ coefficients + 0.5 * np.sqrt(np.einsum("nd,de,ne->n", design, inverse, design))
    assert linucb_scores(checkpoint, log.contexts)[:, 1] == pytest.approx(expected)


def test_an_arm_without_rows_gets_the_whole_prior_bonus(log: PolicyLog) -> None:
    four = dataclasses.replace(log, arms=(*log.arms, "unseen"))
    checkpoint = _fit(four, "linucb")
    scores = linucb_scores(checkpoint, log.contexts)
    standardised = (log.contexts[:, 0] - log.contexts[:, 0].mean()) / log.contexts[:, 0].std()
    assert scores[:, 3] == pytest.approx(0.5 * np.sqrt((standardised**2 + 1.0) / 2.0))


def test_a_wider_bonus_only_raises_scores(log: PolicyLog) -> None:
    params = LinUcbParams(kind="linucb", alphas=(0.0, 1.0), ridges=(2.0,), epsilons=(0.1,))
    narrow, wide = (linucb_scores(candidate, log.contexts) for candidate in policy_candidates(log, params))
    assert (wide > narrow).all()


def test_linucb_offers_every_combination_of_its_settings(log: PolicyLog) -> None:
    params = LinUcbParams(kind="linucb", alphas=(0.0, 1.0), ridges=(1.0, 9.0), epsilons=(0.1, 0.2, 0.3))
    settings = {tuple(candidate.params.values()) for candidate in policy_candidates(log, params)}
    assert len(settings) == 12


def test_equal_scores_share_the_greedy_probability() -> None:
    assert epsilon_greedy(np.array([[1.0, 1.0, 0.0]]), 0.3)[0] == pytest.approx([0.45, 0.45, 0.1])


def test_contexts_of_another_width_are_refused(log: PolicyLog) -> None:
    with pytest.raises(ValueError, match="fitted on 2 context features, got 5"):
        action_probabilities(_fit(log, "linucb"), np.zeros((1, 5)))


def test_a_checkpoint_of_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="'cnn' is no policy"):
        action_probabilities(Checkpoint("cnn", {}, {}), np.zeros((1, 1)))
