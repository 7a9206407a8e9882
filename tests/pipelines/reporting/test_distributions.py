from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.pipelines.reporting import distributions
from affectlens.pipelines.reporting.params import AttentionParams, ExpressionParams
from affectlens.schemas import AttentionCurves, AttentionStatistics, ExpressionStatistics

ATTENTION = AttentionParams(kinds=("view",), top_shares=(0.5,), n_resamples=30, n_curve_points=11)
EXPRESSION = ExpressionParams(kinds=("view",), period="quarter", min_posts=2, n_resamples=30)


@pytest.fixture
def small() -> dict[str, pd.DataFrame]:
    times = pd.to_datetime(["2024-01-05", "2024-02-05", "2024-05-05", "2024-05-06", "2024-09-01"], utc=True)
    return {
        "users": pd.DataFrame({"user_id": ["u1", "u2", "silent"]}),
        "contents": pd.DataFrame(
            {"content_id": ["c1", "c2", "c3"], "author_id": ["u1", "u1", None], "form": ["image", "link", "image"],
             "created_at": times[:3]}
        ),
        "interactions": pd.DataFrame(
            {"user_id": ["u1", "u1", "u2", "u2", "u2"], "content_id": ["c1", "c1", "c1", "c2", "c2"],
             "kind": ["view", "view", "view", "view", "impression"], "occurred_at": times}
        ),
        "utterances": pd.DataFrame(
            {"user_id": ["u1", None, "u2", "u2", "u2"], "text": ["a b", "a", "a b c", "🎉", "late"],
             "form": "short_text", "occurred_at": times}
        ),
        "recommendations": pd.DataFrame({"user_id": ["u1", "u2"], "content_id": ["c1", "c1"]}),
    }  # fmt: skip


def test_units_without_attention_count_as_zeros(small: dict[str, pd.DataFrame]) -> None:
    subjects = distributions.attention_by_subject(*small.values(), kinds=("view",))
    assert {name: sorted(counts) for name, counts in subjects.items()} == {
        "content_attention": [0, 1, 3],
        "user_activity": [0, 2, 2],
        "user_utterances": [0, 1, 3],
        "recommended_exposure": [0, 0, 2],
    }


def test_the_tables_keep_their_contracts(small: dict[str, pd.DataFrame]) -> None:
    subjects = distributions.attention_by_subject(*small.values(), kinds=("view",))
    statistics, curves = distributions.attention_tables(subjects, ATTENTION, seed=1)
    AttentionStatistics.validate(statistics)
    AttentionCurves.validate(curves)
    posts = distributions.posts_by_source(small["contents"], small["interactions"], small["utterances"], ("view",))
    ExpressionStatistics.validate(distributions.expression_table(posts, EXPRESSION, seed=1))


def test_empty_tables_keep_their_contracts_too(small: dict[str, pd.DataFrame]) -> None:
    empty = {name: table.iloc[:0] for name, table in small.items()}
    statistics, curves = distributions.attention_tables(
        distributions.attention_by_subject(*empty.values(), kinds=("view",)), ATTENTION, seed=1
    )
    posts = distributions.posts_by_source(empty["contents"], empty["interactions"], empty["utterances"], ("view",))
    expression = distributions.expression_table(posts, EXPRESSION, seed=1)
    assert statistics.empty
    assert curves.empty
    assert expression.empty
    AttentionStatistics.validate(statistics)
    AttentionCurves.validate(curves)
    ExpressionStatistics.validate(expression)


def test_expression_is_measured_by_period_and_thin_periods_are_left_out(small: dict[str, pd.DataFrame]) -> None:
    posts = distributions.posts_by_source(small["contents"], small["interactions"], small["utterances"], ("view",))
    table = distributions.expression_table(posts, EXPRESSION, seed=1)
    written = table[table["source"] == "written"].set_index(["period", "statistic"])["value"]
    assert set(written.index.get_level_values("period")) == {"2024Q1", "2024Q2"}
    assert written["2024Q1", "emoji_share"] == 0.0
    assert written["2024Q2", "emoji_share"] == 0.5
    assert written["2024Q1", "tokens_median"] == 1.0
    assert written["2024Q2", "tokens_p90"] == 3.0
    attended = table[(table["source"] == "attended") & (table["period"] == "2024Q2")]
    assert dict(zip(attended["form"], attended["value"], strict=True)) == {"image": 0.5, "link": 0.5}


def test_posts_of_unknown_people_are_units_of_their_own() -> None:
    assert distributions._units(pd.Series(["b", None, "a", "b", None])).tolist() == [0, 2, 1, 0, 3]


def test_numbers_do_not_depend_on_what_the_user_ids_are_called(small: dict[str, pd.DataFrame]) -> None:
    names = {"u1": "zz", "u2": "aa", "silent": "mm"}
    renamed = {
        name: table.assign(
            **{column: table[column].map(lambda u: names.get(u, u)) for column in ("user_id",) if column in table}
        )
        for name, table in small.items()
    }
    both = [
        distributions.expression_table(
            distributions.posts_by_source(tables["contents"], tables["interactions"], tables["utterances"], ("view",)),
            EXPRESSION,
            seed=1,
        )
        for tables in (small, renamed)
    ]
    pd.testing.assert_frame_equal(*both)
    assert np.isfinite(both[0]["value"]).all()
