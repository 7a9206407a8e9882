"""What was put into synthetic streams is found again: prevalence, trends, breaks, drift; nothing where nothing was."""

from __future__ import annotations

import numpy as np
import pytest
import ruptures

from affectlens.evaluation import changepoints, drift, prevalence, trends


def classifier_posteriors(n: int, shares: np.ndarray, prior: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """True classes of n posts, and posteriors under `prior` of a classifier that sees them through noise."""
    draw = np.random.default_rng(seed)
    truth = draw.choice(len(shares), n, p=shares)
    seen = np.eye(len(shares))[truth] * 2.0 + draw.normal(size=(n, len(shares)))
    likelihood = np.exp(2.0 * (seen - seen.max(axis=1, keepdims=True)))
    weighted = likelihood * prior
    return truth, weighted / weighted.sum(axis=1, keepdims=True)


def test_adjusted_prevalence_has_at_most_half_of_countings_error_when_shares_move() -> None:
    prior, errors = np.array([0.6, 0.25, 0.15]), []
    truth, labelled = classifier_posteriors(4000, prior, prior, 0)
    confusion = prevalence.confusion_of(np.eye(3)[truth], labelled.argmax(axis=1), 3)
    for seed, shares in enumerate(np.random.default_rng(1).dirichlet(np.ones(3), 12)):
        _, posteriors = classifier_posteriors(3000, shares, prior, seed + 10)
        counted = prevalence.counted(posteriors.argmax(axis=1), 3)
        estimates = (
            counted,
            prevalence.adjusted(counted, confusion),
            prevalence.expectation_maximised(posteriors, prior, np.ones((1, 3000)))[0],
        )
        errors.append([np.abs(estimate - shares).mean() for estimate in estimates])
    counting, adjusting, maximising = np.mean(errors, axis=0)
    assert adjusting < 0.5 * counting
    assert maximising < 0.5 * counting


def test_no_posts_have_no_prevalence() -> None:
    nothing = prevalence.counted(np.empty(0, dtype=int), 3)
    assert np.isnan(nothing).all()
    assert np.isnan(prevalence.adjusted(nothing, np.eye(3))).all()
    assert np.isnan(prevalence.expectation_maximised(np.empty((0, 3)), np.full(3, 1 / 3), np.empty((1, 0)))).all()


def test_a_post_that_no_class_of_the_prior_could_have_written_counts_for_nothing() -> None:
    posteriors = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.0, 0.0, 1.0]])
    prior, weights = np.array([0.5, 0.5, 0.0]), np.array([[1.0, 1.0, 3.0], [1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    found = prevalence.expectation_maximised(posteriors, prior, weights)
    assert found[0] == pytest.approx(prevalence.expectation_maximised(posteriors[:2], prior, np.ones((1, 2)))[0])
    assert found[1] == pytest.approx([1.0, 0.0, 0.0], abs=1e-4)
    assert np.isnan(found[2]).all()


def test_a_class_without_labels_is_believed() -> None:
    found = prevalence.confusion_of(np.array([[1.0, 0, 0]]), np.array([1]), 3)
    assert found.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]


def autoregressive(n: int, rho: float, draw: np.random.Generator) -> np.ndarray:
    noise = draw.normal(size=n + 30)
    for place in range(1, n + 30):
        noise[place] += rho * noise[place - 1]
    return noise[30:]


def test_few_series_without_a_break_raise_an_alarm_although_they_rise_and_depend_on_their_past() -> None:
    draw = np.random.default_rng(2)
    alarms = sum(
        bool(changepoints.find_breaks(autoregressive(80, 0.3, draw) + 0.05 * np.arange(80), 5, 0.05, 5, i, 200).found)
        for i in range(120)
    )
    assert alarms <= 0.05 * 120 + 5  # 97 % quantile of the binomial at 5 %


def test_breaks_beside_a_trend_are_found_within_two_windows() -> None:
    draw, hits, wrong, missed = np.random.default_rng(3), 0, 0, 0
    true = np.array([20, 45, 70, 95, 115])
    for i in range(12):
        level = np.searchsorted(true, np.arange(140), side="right") % 2 * 4.0
        series = autoregressive(140, 0.2, draw) + level + 0.02 * np.arange(140)
        found = changepoints.find_breaks(series, 5, 0.05, 5, i, 200).found
        a, b, c = changepoints.match_breaks(np.array([jump.at for jump in found]), true, 2)
        hits, wrong, missed = hits + a, wrong + b, missed + c
    assert 2 * hits / (2 * hits + wrong + missed) >= 0.9


def test_the_interval_of_a_break_holds_it_and_its_size() -> None:
    draw, places, sizes = np.random.default_rng(4), [], []
    for i in range(30):
        series = draw.normal(size=100) + np.where(np.arange(100) >= 60, 2.0, 0.0)
        for jump in changepoints.find_breaks(series, 5, 0.05, 5, i, 200).found[:1]:
            places.append(jump.earliest <= 60 <= jump.latest)
            sizes.append(jump.size.lower < 2.0 < jump.size.upper)
    assert len(places) >= 28
    assert np.mean(places) >= 0.9
    assert np.mean(sizes) >= 0.85


def test_the_search_is_pelt_with_squared_error_at_every_place() -> None:
    draw = np.random.default_rng(5)
    for _ in range(5):
        series, penalty = draw.normal(size=60) + np.repeat([0, 2, 1], 20), float(draw.uniform(2, 10))
        slow = ruptures.Pelt(model="l2", min_size=4, jump=1).fit(series).predict(pen=penalty)[:-1]
        assert changepoints._pelt(series, 4, penalty).tolist() == slow


@pytest.mark.parametrize("series", [np.ones(50), np.arange(10.0)])
def test_constant_and_short_series_have_no_breaks(series: np.ndarray) -> None:
    assert changepoints.find_breaks(series, 5, 0.05, 5, 0, 50).found == ()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_window_without_a_value_is_refused(value: float) -> None:
    series = np.where(np.arange(40) == 7, value, np.random.default_rng(0).normal(size=40))
    for search in (changepoints.find_breaks, changepoints.detectable_jump):
        with pytest.raises(ValueError, match="without a finite value"):
            search(series, 5, 0.05, 5, 0, 50)


def test_a_jump_that_is_called_detectable_is_found_in_new_series_of_the_same_kind() -> None:
    draw, rule, step = np.random.default_rng(11), (4, 0.05, 4, 0, 200), np.arange(60) >= 30
    sizes = [changepoints.detectable_jump(draw.normal(size=60), *rule) for _ in range(9)]
    found = [changepoints.find_breaks(draw.normal(size=60) + np.median(sizes) * step, *rule).found for _ in range(100)]
    assert 72 <= sum(any(abs(jump.at - 30) < 4 for jump in jumps) for jumps in found) <= 88


def test_series_in_which_no_break_is_looked_for_have_no_detectable_one() -> None:
    assert np.isnan(changepoints.detectable_jump(np.ones(50), 5, 0.05, 5, 0, 50))
    assert np.isnan(changepoints.detectable_jump(np.arange(10.0), 5, 0.05, 5, 0, 50))


def test_authors_who_come_and_go_make_a_pooled_trend_but_none_within() -> None:
    draw = np.random.default_rng(6)
    author = np.repeat(np.arange(60), 20)
    times = author / 60 + draw.uniform(0, 0.3, author.size)
    pooled, within = trends.author_trends(times, 2.0 * author / 60 + draw.normal(0, 0.5, author.size), author)
    assert pooled.lower > 1
    assert within.lower < 0 < within.upper
    _, changing = trends.author_trends(times, 3.0 * times + draw.normal(0, 0.5, author.size), author)
    assert changing.lower < 3 < changing.upper


def test_a_trend_of_dependent_windows_is_not_taken_for_more_than_it_is() -> None:
    draw = np.random.default_rng(7)
    p_values = [trends.monotone_trend(np.arange(60.0), autoregressive(60, 0.5, draw))[1] for _ in range(100)]
    assert np.mean(np.array(p_values) < 0.05) < 0.2
    slope, p = trends.monotone_trend(np.arange(60.0), autoregressive(60, 0.5, draw) + 0.2 * np.arange(60))
    assert slope.lower < 0.2 < slope.upper
    assert p < 0.001


@pytest.mark.parametrize("n", [8, 12, 30])
def test_independent_windows_raise_about_the_nominal_share_of_alarms(n: int) -> None:
    draw = np.random.default_rng(9)
    p_values = np.array([trends.monotone_trend(np.arange(float(n)), draw.normal(size=n))[1] for _ in range(400)])
    assert np.isfinite(p_values).all()
    assert np.mean(p_values < 0.05) <= 0.075  # 98 % quantile of the binomial at 5 %
    assert p_values.min() > 1e-5


def test_a_variance_that_dependence_makes_tiny_is_not_believed() -> None:
    values = np.array([-3.22, 2.98, -2.48, -0.06, -2.01, 1.09, -0.47, 1.64])
    assert trends.monotone_trend(np.arange(8.0), values)[1] == pytest.approx(0.2655, abs=1e-4)


def test_the_p_value_of_a_long_trend_is_tiny_but_not_zero() -> None:
    values = np.arange(200.0) + np.random.default_rng(10).normal(size=200)
    assert 0 < trends.monotone_trend(np.arange(200.0), values)[1] < 1e-30


def test_the_trend_of_few_authors_is_as_unsure_as_it_is() -> None:
    hits, author = 0, np.repeat(np.arange(5), 30)
    for seed in range(200):
        draw = np.random.default_rng(seed)
        times = draw.uniform(0, 1, author.size)
        own = draw.normal(1.0, 1.0, 5)[author]
        within = trends.author_trends(times, own * times + draw.normal(0, 0.1, author.size), author)[1]
        hits += within.lower < 1.0 < within.upper
    assert hits >= 182  # of 190 expected; the normal quantile gives 170


def test_authors_of_one_post_lend_a_trend_within_authors_no_certainty() -> None:
    times, values = np.array([0.0, 1.0, 0.0, 1.0, 0.2, 0.7]), np.array([0.0, 1.0, 0.0, 3.0, 5.0, 9.0])
    without, beside = (trends.author_trends(times[:n], values[:n], np.array([0, 0, 1, 1, 2, 3])[:n])[1] for n in (4, 6))
    assert (beside.value, beside.lower, beside.upper) == (without.value, without.lower, without.upper)


def test_a_mix_that_moves_drifts_and_one_that_stays_does_not() -> None:
    draw = np.random.default_rng(8)
    windows = np.repeat(np.arange(6), 5)
    still = draw.multinomial(80, [0.5, 0.3, 0.2], size=30)
    moving = np.stack([draw.multinomial(80, [0.5 - 0.06 * w, 0.3, 0.2 + 0.06 * w]) for w in windows])
    assert drift.drift(still, windows, 0, 199).p_value.min() > 0.05
    found = drift.drift(moving, windows, 0, 199)
    assert found.p_value[-1] < 0.02
    assert found.n_posts == still.sum(axis=1)[:5].sum()
