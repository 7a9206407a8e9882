"""Authors who come and go leave no mark on values that take their differences out; what everybody does stays."""

from __future__ import annotations

import numpy as np
import pytest

from affectlens.features.composition import without_authors


def test_authors_who_come_and_go_move_nothing_but_a_change_of_everybody_stays() -> None:
    draw = np.random.default_rng(0)
    author = np.repeat(np.arange(40), 50)
    time = np.concatenate([np.sort(draw.uniform(start, start + 60, 50)) for start in draw.uniform(0, 40, 40)])
    habit = draw.normal(0, 1, 40)[author]
    noise = draw.normal(0, 0.3, author.size)
    late = time > 50
    month = (time // 10).astype(int)
    still = without_authors(habit + noise, author, month)
    assert np.var(still) == pytest.approx(0.09, rel=0.1)
    assert abs(still[late].mean() - still[~late].mean()) < 0.05
    moved = without_authors(habit + noise + 1.0 * late, author, month)
    assert moved[late].mean() - moved[~late].mean() == pytest.approx(1.0, abs=0.1)


def test_authors_of_one_post_and_authors_who_are_alike_lose_nothing() -> None:
    draw = np.random.default_rng(1)
    values = draw.normal(size=200)
    assert without_authors(values, np.arange(200), np.zeros(200, dtype=int)).tolist() == values.tolist()
    alike = np.tile([0.0, 1.0], 100)
    assert without_authors(alike, np.repeat(np.arange(100), 2), np.zeros(200, dtype=int)).tolist() == alike.tolist()


def test_an_author_of_few_posts_keeps_more_of_their_mean_than_one_of_many() -> None:
    draw = np.random.default_rng(2)
    author = np.concatenate([np.repeat(np.arange(30), 40), np.repeat(np.arange(30, 60), 2)])
    habit = draw.normal(0, 1, 60)
    values = habit[author] + draw.normal(0, 1, author.size)
    found = without_authors(values, author, np.zeros(author.size, dtype=int))
    kept = [np.corrcoef(found[chosen], habit[author[chosen]])[0, 1] for chosen in (author < 30, author >= 30)]
    assert abs(kept[0]) < 0.15 < kept[1]
