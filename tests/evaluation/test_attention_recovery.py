"""What was put into synthetic streams is found again: inequality, tails, half-lives, decay, pace, premiums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

from affectlens.evaluation import attention, contrast, half_life, novelty, pace, premium, tails


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5])
def test_the_gini_of_a_lognormal_is_found_within_two_percent(sigma: float) -> None:
    counts = np.random.default_rng(1).poisson(np.random.default_rng(0).lognormal(5, sigma, 40_000))
    assert attention.gini(counts) == pytest.approx(erf(sigma / 2), rel=0.02)


def test_concentration_is_the_same_at_equal_n_and_grows_with_n_otherwise() -> None:
    sizes = np.random.default_rng(2).pareto(1.2, 8000).round(1)
    small, large = sizes[:400], sizes
    raw = [attention.effective_number(part, order=1) for part in (small, large)]
    equal = [attention.concentration_at_equal_n(part, 300, 0, 300)["effective_number"] for part in (small, large)]
    assert raw[1] > 5 * raw[0]
    assert equal[0].lower < equal[1].value < equal[0].upper


def test_more_units_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="5 units cannot be drawn from 4"):
        attention.concentration_at_equal_n(np.ones(4), 5, 0, 20)


def test_the_exponent_of_a_power_law_lies_in_its_interval_and_a_lognormal_fits_no_better() -> None:
    fit = tails.tail_fit(np.random.default_rng(3).zipf(2.4, 2500))
    assert fit.exponent.lower < 2.4 < fit.exponent.upper
    assert fit.exponent.n >= tails.LEAST_TAIL
    assert fit.p_value > 0.05


def test_a_lognormal_body_is_told_from_a_power_law() -> None:
    fit = tails.tail_fit(np.round(np.random.default_rng(4).lognormal(2, 0.5, 4000)))
    assert fit.exponent.value > 3
    assert fit.log_ratio < 0


def test_a_tail_of_few_points_has_no_exponent() -> None:
    assert np.isnan(tails.tail_fit(np.arange(1.0, 40.0)).exponent.value)


def lives(seed: int, n: int, young_share: float, horizon: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half-age so far, attention so far and age of contents whose attention fades within days."""
    draw = np.random.default_rng(seed)
    is_young = draw.random(n) < young_share
    observed = np.where(is_young, draw.uniform(1.0, 8.0, n), draw.uniform(horizon, 2 * horizon, n))
    ages = draw.lognormal(1.5, 0.4, n)[:, None] * draw.exponential(size=(n, 120))
    seen = np.where(ages <= np.minimum(observed, horizon)[:, None], ages, np.nan)
    return np.nanmedian(seen, axis=1), np.isfinite(seen).sum(axis=1), observed


@pytest.mark.parametrize("young_share", [0.0, 0.5, 0.9])
def test_the_half_life_and_its_interval_do_not_depend_on_how_many_contents_are_young(young_share: float) -> None:
    truth = np.median(lives(0, 20_000, 0.0, 60.0)[0])
    found = [half_life.half_life(*lives(seed, 400, young_share, 60.0), 60.0) for seed in range(1, 61)]
    assert np.mean([each.value for each in found]) == pytest.approx(truth, rel=0.03)
    assert np.mean([each.lower <= truth <= each.upper for each in found]) >= 0.88


def test_without_enough_complete_contents_there_is_no_half_life_and_no_curve() -> None:
    told = np.full(7, 2.0), np.full(7, 50), np.array([*[90.0] * 5, 3.0, 4.0])
    found = half_life.half_life(*told, 60.0)
    assert np.isnan([found.value, found.lower, found.upper]).all()
    assert found.n == 5
    assert half_life.survival_curve(*told, 60.0)[0].size == 0


@pytest.mark.parametrize(
    ("law", "other"), [("stretched_exponential", "power_law"), ("power_law", "stretched_exponential")]
)
def test_the_law_that_made_the_rates_has_the_lower_aic_and_its_half_life(law: str, other: str) -> None:
    age = np.geomspace(0.3, 60, 25)
    made = novelty.LAWS[law](age, np.log(40.0), np.log(6.0), np.log(0.6 if law == "stretched_exponential" else 1.5))
    n_events = np.random.default_rng(6).poisson(200 * np.exp(made))
    fits = {name: novelty.fit_decay(name, age, n_events / 200, n_events) for name in novelty.LAWS}
    truth = 6 * np.log(2) ** (1 / 0.6) if law == "stretched_exponential" else 6 * (2 ** (1 / 1.5) - 1)
    assert fits[law].aic < fits[other].aic
    assert fits[law].half_life == pytest.approx(truth, rel=0.1)


def test_too_few_ages_are_not_fitted() -> None:
    assert novelty.fit_decay("power_law", np.arange(1.0, 5.0), np.ones(4), np.full(4, 9)) is None


def test_a_window_without_a_full_top_has_no_turnover() -> None:
    shares = pace.turnover(np.array([0, 0, 1, 2, 2]), np.array(["a", "b", "a", "a", "b"]), 2)
    assert np.isnan(shares).all()


def test_the_mean_stay_is_found_although_the_data_begin_and_end_within_stays() -> None:
    found = []
    for seed in range(40):
        leaves = np.random.default_rng(seed).random((12, 200)) < 0.125  # a mean stay of 8 windows
        holders = np.cumsum(leaves, axis=0) * 200 + np.arange(200)
        stayed, ended = pace.stays(np.repeat(np.arange(12), 200), holders.ravel())
        found.append(stayed.sum() / ended.sum())
    assert np.mean(found) == pytest.approx(8.0, rel=0.05)


def test_a_premium_is_found_beside_author_effects_that_would_hide_it() -> None:
    draw = np.random.default_rng(7)
    n, author = 1200, np.repeat(np.arange(12), 100)
    feature = (draw.random(n) < 0.2 + 0.05 * author).astype(float)
    mean = np.exp(1.5 + 0.4 * feature - 0.25 * author)
    counts = draw.negative_binomial(2.0, 2.0 / (2.0 + mean))
    dummies = (author[:, None] == np.arange(1, 12)).astype(float)
    within = premium.attention_premiums(counts, feature[:, None], dummies, author)[0]
    pooled = premium.attention_premiums(counts, feature[:, None], np.empty((n, 0)), author)[0]
    assert within.lower < np.expm1(0.4) < within.upper
    assert pooled.value < 0


def test_premiums_of_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative or non-finite"):
        premium.attention_premiums(np.array([-1.0, 2]), np.ones((2, 1)), np.empty((2, 0)), np.arange(2))


def experiments(effect: float, seed: int, n_tests: int = 800) -> dict[str, np.ndarray]:
    """Arms of tests whose stories differ in pull; a feature multiplies clicks by 1 + effect."""
    draw = np.random.default_rng(seed)
    test = np.repeat(np.arange(n_tests), 4)
    story = np.exp(draw.normal(-4, 0.7, n_tests))[test]
    feature = draw.poisson(0.6 + 40 * story)
    pull = story * np.exp(draw.normal(0, 0.15, test.size))
    impressions = draw.poisson(3000, test.size)
    return {
        "test": test,
        "feature": feature,
        "impressions": impressions,
        "clicks": draw.poisson(impressions * pull * (1 + effect) ** feature),
    }


def test_an_effect_within_tests_is_found_with_its_coverage() -> None:
    hits = 0
    for seed in range(40):
        arms = experiments(0.03, seed, 300)
        found = contrast.rate_effects(
            arms["clicks"], arms["impressions"], arms["feature"][:, None].astype(float), arms["test"], arms["test"]
        )[0]
        hits += found.lower < 0.03 < found.upper
    assert hits >= 34


def test_a_feature_without_effect_wins_half_of_the_pairs() -> None:
    arms = experiments(0.0, 1)
    rate = arms["clicks"] / arms["impressions"]
    noise = np.random.default_rng(0).permutation(arms["feature"])
    fair = contrast.win_rate(rate, noise, arms["test"], 0, 300)
    strong = contrast.win_rate(rate, arms["clicks"], arms["test"], 0, 300)
    assert fair.lower < 0.5 < fair.upper
    assert strong.value > 0.9


def test_effects_are_undefined_without_a_click_or_a_feature_that_varies_within_a_test() -> None:
    features, one = np.ones((2, 1)), np.zeros(2)
    for clicks, differing in ((np.array([3, 4]), features), (np.zeros(2), np.array([[0.0], [1.0]]))):
        (effect,) = contrast.rate_effects(clicks, np.array([9, 9]), differing, one, one)
        assert np.isnan([effect.value, effect.lower, effect.upper]).all()
        assert effect.n == 2
    nothing = np.empty(0)
    assert np.isnan(contrast.rate_effects(nothing, nothing, np.empty((0, 1)), nothing, nothing)[0].value)
    assert contrast.win_rate(nothing, nothing, nothing, seed=0, n_resamples=20).n == 0


def test_only_a_lame_test_is_flagged_as_imbalanced() -> None:
    shares = contrast.imbalance_p_values(np.array([1000, 1010, 990, 1000, 400]), np.array([0, 0, 0, 1, 1]))
    assert shares[0] > 0.5
    assert shares[1] < 1e-6
