from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from affectlens.evaluation.off_policy import dm, dr, dr_terms, expected_under, importance_weights, ips, sndr, snips
from affectlens.evaluation.resampling import Resampling

N_ARMS = 3
LOGGING = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
TARGET = np.array([[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]])
REWARD = np.array([[0.2, 0.5, 0.8], [0.6, 0.3, 0.1]])
TRUE_VALUE = float((TARGET * REWARD).sum(axis=1).mean())


class Log:
    """A log of a world with two contexts, three arms and known rewards."""

    def __init__(self, n: int, seed: int) -> None:
        generator = np.random.default_rng(seed)
        context = generator.integers(0, 2, size=n)
        self.action = (LOGGING[context].cumsum(axis=1) < generator.random((n, 1))).sum(axis=1)
        rows = np.arange(n)
        self.reward = (generator.random(n) < REWARD[context, self.action]).astype(float)
        self.propensity = LOGGING[context, self.action]
        self.target, self.truth = TARGET[context], REWARD[context]
        self.target_probability = self.target[rows, self.action]
        self.resampling = Resampling.of(rows, seed=seed, n_resamples=200)

    def estimates(self, predicted: np.ndarray) -> dict[str, object]:
        weighted = (self.reward, self.propensity, self.target_probability, self.resampling)
        modelled = (self.reward, self.propensity, self.action, self.target, predicted, self.resampling)
        return {"ips": ips(*weighted), "snips": snips(*weighted), "dr": dr(*modelled), "sndr": sndr(*modelled)}


def units(n: int) -> Resampling:
    return Resampling.of(np.arange(n), seed=0, n_resamples=100)


def test_a_worked_log_of_three_rows() -> None:
    reward, propensity = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.25, 0.8])
    target = np.array([[0.2, 0.8], [0.5, 0.5], [0.4, 0.6]])
    action, predicted = np.array([0, 1, 0]), np.array([[0.5, 0.5], [0.2, 0.4], [1.0, 0.0]])
    probability = target[np.arange(3), action]  # 0.2, 0.5, 0.4: weights 0.4, 2, 0.5
    assert importance_weights(propensity, probability) == pytest.approx([0.4, 2.0, 0.5])
    assert ips(reward, propensity, probability, units(3)).value == pytest.approx((0.4 + 0.5) / 3)
    assert snips(reward, propensity, probability, units(3)).value == pytest.approx(0.9 / 2.9)
    assert dm(target, predicted, units(3)).value == pytest.approx((0.5 + 0.3 + 0.4) / 3)
    corrections = 0.4 * 0.5, 2 * -0.4, 0.5 * 0.0
    assert dr(reward, propensity, action, target, predicted, units(3)).value == pytest.approx(
        (1.2 + sum(corrections)) / 3
    )
    assert sndr(reward, propensity, action, target, predicted, units(3)).value == pytest.approx(
        1.2 / 3 + sum(corrections) / 2.9
    )


def test_the_logging_policy_itself_is_worth_the_sample_mean() -> None:
    log = Log(200, seed=1)
    for estimator in (ips, snips):
        estimate = estimator(log.reward, log.propensity, log.propensity, log.resampling)
        assert estimate.value == pytest.approx(log.reward.mean())


def test_doubly_robust_with_a_constant_model_and_the_logging_policy_is_the_sample_mean() -> None:
    action, reward = np.array([0, 1, 1, 0]), np.array([1.0, 0.0, 1.0, 1.0])
    target = np.full((4, 2), 0.5)
    estimate = dr(reward, np.full(4, 0.5), action, target, np.full((4, 2), 0.3), units(4))
    assert estimate.value == pytest.approx(0.75)


def test_a_perfect_model_without_noise_leaves_nothing_to_correct() -> None:
    log = Log(100, seed=2)
    noiseless = log.truth[np.arange(100), log.action]
    terms = dr_terms(noiseless, log.propensity, log.action, log.target, log.truth)
    assert terms == pytest.approx(expected_under(log.target, log.truth))


@pytest.mark.parametrize("estimator", ["ips", "snips", "dr", "sndr"])
def test_the_intervals_cover_the_known_value_about_as_often_as_they_say(estimator: str) -> None:
    covered = 0
    for seed in range(150):
        log = Log(500, seed=seed)
        estimate = log.estimates(np.full((500, N_ARMS), 0.4))[estimator]
        covered += estimate.lower <= TRUE_VALUE <= estimate.upper
    assert 0.87 <= covered / 150 <= 0.995  # 95 % less bootstrap error at n = 500, plus and minus three standard errors


@pytest.mark.parametrize(
    ("model_is_right", "propensities_are_right", "is_unbiased"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_doubly_robust_needs_either_the_model_or_the_propensities(
    model_is_right: bool, propensities_are_right: bool, is_unbiased: bool
) -> None:
    values = []
    for seed in range(100):
        log = Log(400, seed=seed)
        predicted = log.truth if model_is_right else 1.0 - log.truth
        propensity = log.propensity if propensities_are_right else np.full(400, 1 / N_ARMS)
        values.append(dr_terms(log.reward, propensity, log.action, log.target, predicted).mean())
    standard_error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert (abs(np.mean(values) - TRUE_VALUE) < 4 * standard_error) == is_unbiased


def test_a_good_model_narrows_the_interval_of_inverse_propensity_scoring() -> None:
    log = Log(2000, seed=3)
    estimates = log.estimates(log.truth)
    assert estimates["dr"].upper - estimates["dr"].lower < 0.8 * (estimates["ips"].upper - estimates["ips"].lower)


def test_the_interval_is_wider_where_whole_sessions_repeat_themselves() -> None:
    reward = np.repeat(np.array([1.0, 0.0] * 25), 10)
    half = np.full(500, 0.5)
    by_session = ips(reward, half, half, Resampling.of(np.repeat(np.arange(50), 10), seed=0))
    by_row = ips(reward, half, half, Resampling.of(np.arange(500), seed=0))
    assert by_session.value == by_row.value
    assert by_session.upper - by_session.lower > 2 * (by_row.upper - by_row.lower)
    assert (by_session.n, by_row.n) == (50, 500)


def test_a_logging_policy_that_never_chose_at_random_leaves_the_value_undefined() -> None:
    ones, target = np.ones(3), np.array([[0.5, 0.5]] * 3)
    action = np.zeros(3, dtype=int)
    assert np.isnan(ips(ones, ones, target[:, 0], units(3)).value)
    assert np.isnan(snips(ones, ones, target[:, 0], units(3)).value)
    assert np.isnan(dr(ones, ones, action, target, target, units(3)).value)
    assert np.isnan(sndr(ones, ones, action, target, target, units(3)).value)


def test_self_normalised_scoring_is_undefined_without_any_weight() -> None:
    assert np.isnan(snips(np.ones(2), np.full(2, 0.5), np.zeros(2), units(2)).value)


probabilities = arrays(np.float64, 8, elements=st.floats(0.05, 1.0))
rewards = arrays(np.float64, 8, elements=st.floats(0.0, 1.0))


@settings(max_examples=30)
@given(reward=rewards, propensity=probabilities, target=probabilities, factor=st.floats(0.1, 1.0))
def test_weights_scale_inverse_propensity_scoring_and_leave_its_self_normalised_form(
    reward: np.ndarray, propensity: np.ndarray, target: np.ndarray, factor: float
) -> None:
    propensity = propensity * 0.99  # never all 1
    plain, scaled = (ips(reward, propensity, target * share, units(8)).value for share in (1.0, factor))
    assert scaled == pytest.approx(factor * plain)
    plain, scaled = (snips(reward, propensity, target * share, units(8)).value for share in (1.0, factor))
    assert scaled == pytest.approx(plain)


@settings(max_examples=30)
@given(reward=rewards, propensity=probabilities, target=probabilities, shift=st.floats(-2.0, 2.0))
def test_self_normalised_scoring_stays_among_the_rewards_and_moves_with_them(
    reward: np.ndarray, propensity: np.ndarray, target: np.ndarray, shift: float
) -> None:
    propensity = propensity * 0.99
    value = snips(reward, propensity, target, units(8)).value
    assert reward.min() - 1e-9 <= value <= reward.max() + 1e-9
    assert snips(reward + shift, propensity, target, units(8)).value == pytest.approx(value + shift)


def test_a_propensity_of_zero_is_named_with_its_row() -> None:
    with pytest.raises(ValueError, match=r"1 of 3 propensities are outside \(0, 1\], first at row 1 \(0.0\)"):
        ips(np.ones(3), np.array([0.5, 0.0, 1.0]), np.full(3, 0.5), units(3))


def test_a_target_probability_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2 target probabilities"):
        snips(np.ones(2), np.full(2, 0.5), np.array([0.5, 1.5]), units(2))


def test_arrays_of_different_length_are_named() -> None:
    with pytest.raises(ValueError, match="'propensity': 2, 'target_probability': 3"):
        ips(np.ones(2), np.full(2, 0.5), np.full(3, 0.5), units(2))
    with pytest.raises(ValueError, match="'reward': 3"):
        ips(np.ones(3), np.full(2, 0.5), np.full(2, 0.5), units(2))


def test_a_target_that_is_no_distribution_is_refused() -> None:
    with pytest.raises(ValueError, match="total probability 1, first at row 0"):
        dm(np.array([[0.5, 0.6]]), np.array([[0.1, 0.1]]), units(1))
    with pytest.raises(ValueError, match="smallest target probabilities"):
        dm(np.array([[1.5, -0.5]]), np.array([[0.1, 0.1]]), units(1))


def test_an_action_that_the_target_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1 of 1 actions are outside 0..1"):
        dr(np.ones(1), np.full(1, 0.5), np.array([2]), np.array([[0.5, 0.5]]), np.zeros((1, 2)), units(1))


def test_predictions_need_one_column_per_arm() -> None:
    with pytest.raises(ValueError, match=r"got \(1, 2\) and \(1, 3\)"):
        dm(np.array([[0.5, 0.5]]), np.zeros((1, 3)), units(1))
