"""Tables of counts and measures: what they hold, and how the truth stands beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affectlens import schemas
from affectlens.datasets.table_dataset import empty_table
from affectlens.evaluation.estimate import Estimate
from affectlens.features.event_log import CountingParams, EventLog
from affectlens.models.checkpoint import Checkpoint
from affectlens.pipelines.reporting import (
    attention_effects,
    attention_exhibits,
    attention_measures,
    attention_tables,
    emotion_readings,
    expression_measures,
    expression_posts,
    expression_shifts,
    measured,
)
from affectlens.pipelines.reporting.params import AttentionParams, ContrastParams, ExpressionParams, ShiftParams

COUNTING = CountingParams(memory_limit_mb=64, threads=1)
ATTENTION = AttentionParams(
    kinds=("view",), counters=("clicks",), period="month", min_contents=2, horizon_days=10, finest_age_days=1,
    n_age_bins=7, n_decay_resamples=20, pace_period="week", n_top=1, min_contents_of_author=2, top_shares=(0.5,),
    n_resamples=20, n_curve_points=5,
)  # fmt: skip
EXPRESSION = ExpressionParams(kinds=("view",), period="quarter", min_posts=2, n_resamples=30, n_prevalence_resamples=20)
SHIFT = ShiftParams(
    most_windows=60, min_posts=20, min_windows=4, block=4, alarm_rate=0.05, n_replicates=200, n_permutations=99
)
NO_READINGS = emotion_readings.Readings(pd.DataFrame({"content_id": pd.Series(dtype=str)}), ["neutral"], None)


@pytest.fixture
def small(tmp_path: Path) -> dict[str, pd.DataFrame]:
    times = pd.to_datetime(["2024-01-05", "2024-02-05", "2024-05-05", "2024-05-06", "2024-09-01"], utc=True)
    tables = {
        "users": pd.DataFrame({"user_id": ["u1", "u2", "silent"]}),
        "contents": pd.DataFrame(
            {"content_id": ["c1", "c2", "c3"], "author_id": ["u1", "u1", None], "form": ["image", "link", "image"],
             "created_at": times[:3], "text": ["So GREAT 🎉", None, "soooo what?!"]}
        ),
        "interactions": pd.DataFrame(
            {"user_id": ["u1", "u1", "u2", "u2", "u2"], "content_id": ["c1", "c1", "c1", "c2", "c2"],
             "kind": ["view", "view", "view", "view", "impression"], "occurred_at": times}
        ),
        "utterances": pd.DataFrame(
            {"utterance_id": list("abcde"), "user_id": ["u1", None, "u2", "u2", "u2"], "content_id": None,
             "text": ["a b", "a", "a b c", "🎉", "late"], "form": "short_text", "occurred_at": times}
        ),
        "recommendations": pd.DataFrame({"user_id": ["u1", "u2"], "content_id": ["c1", "c1"]}),
    }  # fmt: skip
    tables["interactions"].to_parquet(tmp_path / "log.parquet", index=False)
    return tables


@pytest.fixture
def log(small: dict[str, pd.DataFrame], tmp_path: Path) -> EventLog:
    return EventLog(tmp_path / "log.parquet")


def reactions(**counts: list[int]) -> pd.DataFrame:
    rows = [
        {
            "content_id": f"c{place + 1}",
            "observed_at": pd.Timestamp("2024-12-01", tz="UTC"),
            "reaction": name,
            "count": n,
        }
        for name, values in counts.items()
        for place, n in enumerate(values)
    ]
    return pd.DataFrame(rows) if rows else empty_table("affectlens.schemas.ReactionCounts")


def test_units_without_attention_count_as_zeros(small: dict[str, pd.DataFrame], log: EventLog) -> None:
    attention = attention_tables.content_attention(log, small["contents"], reactions(), ATTENTION, COUNTING)
    schemas.ContentAttention.validate(attention)
    units = attention_tables.unit_attention(
        attention, log, small["users"], small["utterances"], small["recommendations"], ATTENTION, COUNTING
    )
    assert {str(name): sorted(rows["n"]) for name, rows in units.groupby("subject")} == {
        "content_attention": [0, 1, 3],
        "user_activity": [0, 2, 2],
        "user_utterances": [0, 1, 3],
        "recommended_exposure": [0, 0, 2],
    }


def test_counters_are_attention_where_nobody_is_logged(small: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    small["interactions"].iloc[:0].to_parquet(tmp_path / "empty.parquet", index=False)
    counts = reactions(clicks=[5, 7], impressions=[50, 70])
    found = attention_tables.content_attention(
        EventLog(tmp_path / "empty.parquet"), small["contents"], counts, ATTENTION, COUNTING
    )
    assert found["n"].tolist() == [5, 7]
    assert found["half_age_days"].isna().all()


def test_times_that_tell_an_order_only_give_no_ages(small: dict[str, pd.DataFrame], log: EventLog) -> None:
    attention = attention_tables.content_attention(log, small["contents"], reactions(), ATTENTION, COUNTING)
    blank = attention_tables.without_ages(attention)
    schemas.ContentAttention.validate(blank)
    assert blank["n"].tolist() == attention["n"].tolist()
    assert blank[["born_at", "half_age_days", "observed_days"]].isna().all(axis=None)


def test_contents_that_are_all_young_have_an_undefined_half_life_and_the_page_says_why() -> None:
    young = pd.DataFrame({"form": "image", "half_age_days": [2.0] * 9, "n_followed": 50, "observed_days": 3.0})
    found = measured.table(attention_measures.lifetimes(young, ATTENTION))
    assert found["quantity"].tolist() == ["half_life"]
    assert found["value"].isna().all()
    assert found["n"].tolist() == [0]
    curves = pd.DataFrame(columns=attention_measures.CURVE_COLUMNS)
    assert [each.title for each in attention_exhibits._lasting(found, curves)] == ["No half-life"]
    assert [each.title for each in attention_exhibits._lasting(found[:0], curves)] == ["No times of attention"]


def test_a_stay_that_still_runs_lengthens_the_mean_and_one_of_the_first_window_is_none() -> None:
    start = pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22", "2024-01-29"], utc=True)
    tops = pd.DataFrame({"start": start, "content_id": ["a", "b", "c", "c", "c"], "n": 2, "n_before": 1})
    rows = measured.table(attention_measures.collective_pace(tops, ATTENTION, 0)).set_index("quantity")
    assert rows.loc["stay", "value"] == 21.0
    assert rows.loc["stay", "n"] == 2


def test_posts_carry_the_marks_of_their_texts_and_the_shares_of_their_reactions(small: dict[str, pd.DataFrame]) -> None:
    counts = reactions(likes=[6, 0, 3], loves=[2, 0, 0], comments=[2, 0, 1], sads=[0, 0, 1])
    posts = expression_posts.expression_posts(small["contents"], small["utterances"], counts)
    schemas.ExpressionPosts.validate(posts)
    assert posts["source"].value_counts().to_dict() == {"written": 5, "published": 3, "reacted": 2}
    published = posts[posts["source"] == "published"]
    assert published["emoji_share"].tolist()[::2] == [1.0, 0.0]
    assert published["capital_share"].tolist()[::2] == [1.0, 0.0]
    assert published["elongation_share"].tolist()[::2] == [0.0, 1.0]
    assert published["tokens"].isna().tolist() == [False, True, False]
    reacted = posts[posts["source"] == "reacted"]
    assert reacted["emotional_share"].tolist() == [0.25, 0.25]
    assert reacted["comment_share"].tolist() == [0.2, 0.2]
    assert reacted["time"].tolist() == small["contents"]["created_at"].tolist()[::2]


def test_later_readings_of_counters_hold_what_is_new_and_stand_between_the_readings() -> None:
    read = pd.to_datetime(["2024-01-02", "2024-01-08", "2024-03-08"], utc=True)
    rows = [("a", at, name, count) for name, counts in (("likes", [1, 4, 9]), ("loves", [None, None, 3]))
            for at, count in zip(read, counts, strict=True) if count is not None]  # fmt: skip
    counts = pd.DataFrame(rows, columns=["content_id", "observed_at", "reaction", "count"])
    grown = expression_posts.new_reactions(counts)
    assert grown["likes"].tolist() == [1, 3, 5]
    assert grown["loves"].tolist() == [0, 0, 3]
    assert grown["observed_at"].tolist() == [pd.NaT, *pd.to_datetime(["2024-01-05", "2024-02-07"], utc=True)]
    shares = expression_posts.reaction_shares(grown)
    assert shares["emotional_share"].tolist() == [0, 0, 0.375]


def test_nobody_new_makes_no_further_row() -> None:
    twice = pd.concat([reactions(likes=[2, 0]), reactions(likes=[2, 0])], ignore_index=True)
    twice["observed_at"] += pd.to_timedelta([0, 0, 30, 30], unit="D")
    assert len(expression_posts.reaction_shares(expression_posts.new_reactions(twice))) == 1


def test_posts_of_unknown_people_are_units_of_their_own() -> None:
    assert expression_posts.units_of(pd.Series(["b", None, "a", "b", None])).tolist() == [0, 2, 1, 0, 3]


def test_forms_and_lengths_are_measured_by_window_and_thin_windows_are_left_out(small: dict[str, pd.DataFrame]) -> None:
    posts = expression_posts.expression_posts(small["contents"], small["utterances"], reactions())
    table = measured.table(expression_measures.texts(posts, EXPRESSION, 1))
    schemas.Measures.validate(table)
    written = table[table["group"] == "written"].set_index(["window", "quantity"])["value"]
    assert set(written.index.get_level_values("window")) == {"2024Q1", "2024Q2"}
    assert written["2024Q2", "emoji_share"] == 0.5
    assert written["2024Q1", "tokens_median"] == 1.0
    assert written["2024Q2", "tokens_p90"] == 3.0


def test_numbers_do_not_depend_on_what_people_are_called(small: dict[str, pd.DataFrame]) -> None:
    names = {"u1": "zz", "u2": "aa"}
    renamed = small["utterances"].assign(user_id=small["utterances"]["user_id"].map(names))
    tables = [
        measured.table(
            expression_measures.texts(
                expression_posts.expression_posts(small["contents"], texts, reactions()), EXPRESSION, 1
            )
        )
        for texts in (small["utterances"], renamed)
    ]
    pd.testing.assert_frame_equal(*tables)


def daily(jump: float, seed: int = 0, n_days: int = 600) -> pd.DataFrame:
    """A share by day that has a cycle of the week and jumps on day 400."""
    draw = np.random.default_rng(seed)
    day = pd.date_range("2022-01-01", periods=n_days)
    n = draw.poisson(20, n_days) + 1
    share = 0.2 + 0.08 * (day.day_of_week >= 5) + jump * (np.arange(n_days) >= 400)
    return pd.DataFrame(
        {"source": "written", "quantity": "emoji_share", "day": day, "n": n, "total": draw.binomial(n, share)}
    )


def test_a_break_is_found_to_the_day_beside_the_cycle_of_the_week() -> None:
    """The largest one: beside a true jump a series of its own may show a small one by chance."""
    table = measured.table(expression_shifts.breaks(daily(0.15), SHIFT, 0))
    sizes = table[table["quantity"] == "break_size:emoji_share"].set_index("window")["value"]
    places = table[table["quantity"] == "break_day:emoji_share"].set_index("window")["value"]
    true = (pd.Timestamp("2022-01-01") + pd.Timedelta(days=400) - pd.Timestamp("1970-01-01")).days
    largest = sizes.abs().idxmax()
    assert abs(places[largest] - true) <= 3
    assert sizes[largest] == pytest.approx(0.15, abs=0.03)


def test_every_series_that_is_searched_has_the_jump_that_would_be_found_in_it() -> None:
    series = pd.concat([daily(0.0, 0), daily(0.0, 1).assign(quantity="capital_share")])
    found = measured.table(expression_shifts.detectable_breaks(series, SHIFT, 0))
    assert found["quantity"].tolist() == ["break_detectable:emoji_share", "break_detectable:capital_share"]
    assert found["value"].between(0.02, 0.12).all()
    assert measured.table(expression_shifts.detectable_breaks(series[:0], SHIFT, 0)).empty


def falling(jump: float, seed: int, n_days: int = 600) -> pd.DataFrame:
    """A share that falls evenly in log-odds from 0.62 to 0.08, and jumps on day 400."""
    draw, days = np.random.default_rng(seed), np.arange(n_days)
    n = draw.poisson(40, n_days) + 1
    share = 1 / (1 + np.exp(-0.5 + 3.0 * days / n_days - jump * (days >= 400)))
    return pd.DataFrame({"source": "written", "quantity": "form_share:long_text", "total": draw.binomial(n, share),
                         "n": n, "day": pd.date_range("2022-01-01", periods=n_days)})  # fmt: skip


def test_a_jump_down_of_a_share_that_falls_is_not_hidden_by_the_bow_of_its_fall() -> None:
    sizes = []
    for seed in range(6):
        table = measured.table(expression_shifts.breaks(falling(-0.5, seed), SHIFT, seed))
        sizes += table.loc[table["quantity"] == "break_size:form_share:long_text", "value"].tolist()
    assert len(sizes) >= 5
    assert np.mean(sizes) == pytest.approx(-0.064, abs=0.02)  # from 0.182 to 0.119


def test_a_share_that_falls_evenly_in_log_odds_has_no_break() -> None:
    found = [measured.table(expression_shifts.breaks(falling(0.0, seed), SHIFT, seed)) for seed in range(12)]
    assert sum(table["quantity"].str.startswith("break_day:").any() for table in found) <= 2


def test_a_share_of_what_did_not_exist_before_jumps_once_and_by_its_size() -> None:
    """Before its first day the share is none: in log-odds its first weeks would be worth several jumps."""
    rows = daily(0.0, 3)
    draw, days = np.random.default_rng(3), np.arange(len(rows))
    share = np.where(days < 300, 0.0, np.where(days < 320, 0.03, 0.3))
    table = measured.table(expression_shifts.breaks(rows.assign(total=draw.binomial(rows["n"], share)), SHIFT, 0))
    (size,) = table.loc[table["quantity"] == "break_size:emoji_share", "value"]
    assert size == pytest.approx(0.3, abs=0.05)


def test_what_breaks_in_one_series_is_asked_of_the_others() -> None:
    """Too small to be seen among all places, large enough at the one that another series names; and no other."""
    alone = measured.table(expression_shifts.breaks(daily(0.03), SHIFT, 0))
    assert not alone["quantity"].str.startswith("break_day:").any()
    weak, still = daily(0.03).assign(quantity="emoticon_share"), daily(0.0, 1).assign(quantity="capital_share")
    together = measured.table(expression_shifts.breaks(pd.concat([daily(0.15, 2), weak, still]), SHIFT, 0))
    days = together[together["quantity"].str.startswith("break_day:")]
    assert sorted(days["quantity"]) == ["break_day:emoji_share", "break_day:emoticon_share"]
    assert len(set(days["value"])) == 1


def test_breaks_found_again_are_counted_within_two_windows() -> None:
    rows = [measured.row("break_window:a", "written", Estimate.exact(10.0, 60), "days", ""),
            *(measured.row("break_day:a", "written", Estimate(day, day - 30, day + 30, 60), measured.DAYS, "", str(day))
              for day in (100.0, 225.0, 500.0))]  # fmt: skip
    truth = pd.DataFrame([("break_day:a", "written", "all", day) for day in (118.0, 200.0)],
                         columns=["quantity", "group", "window", "value"])  # fmt: skip
    looked_for = measured.row("breaks:a", "written", Estimate.exact(3, 60), "breaks", "")
    found = expression_shifts.recovery(measured.with_truth(measured.table([looked_for, *rows]), truth))
    assert found == expression_shifts.Recovery(true=2, held=1, near=1, wrong=1)
    assert found.f1 == 0.4
    assert expression_shifts.recovery(measured.table(rows).assign(truth=np.nan)) is None


def test_a_week_that_only_repeats_itself_has_no_break() -> None:
    found = [
        measured.table(expression_shifts.breaks(daily(0.0, seed), SHIFT, seed))["quantity"].tolist()
        for seed in range(8)
    ]
    assert sum("break_day:emoji_share" in names for names in found) <= 1


def test_truth_stands_beside_its_row_and_missed_breaks_are_told() -> None:
    days = Estimate(100.0, 90.0, 110.0, 60)
    rows = measured.table(
        [
            measured.row("gini", "content_attention", Estimate.exact(0.5, 3), "share", "m"),
            measured.row("breaks:emoji_share", "written", Estimate.exact(1, 60), "breaks", "m"),
            measured.row("break_day:emoji_share", "written", days, measured.DAYS, "m", "1970-04-11"),
            measured.row("breaks:form_share:image", "written", Estimate.exact(0, 60), "breaks", "m"),
        ]
    )
    truth = pd.DataFrame(
        [
            ("gini", "content_attention", "all", 0.51),
            ("break_day:emoji_share", "written", "all", 101.0),
            ("break_day:form_share:image", "written", "all", 50.0),
            ("break_day:like_rate", "attended", "all", 50.0),
        ],
        columns=["quantity", "group", "window", "value"],
    )
    joined = measured.with_truth(rows, truth)
    schemas.ExpressionStatistics.validate(joined)
    told = joined.set_index("quantity")["truth"]
    assert told["gini"] == 0.51
    assert told["break_day:emoji_share"] == 101.0
    missed = joined[joined["quantity"] == "break_day:form_share:image"]
    assert missed["value"].isna().all()
    assert missed["truth"].tolist() == [50.0]
    assert "break_day:like_rate" not in told  # nobody looked for it here


def arms(n_tests: int, effect: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Experiments in which a negative word multiplies clicks."""
    draw = np.random.default_rng(1)
    test = np.repeat(np.arange(n_tests), 2)
    negative = np.tile([0, 1], n_tests)
    rate = np.exp(draw.normal(-3, 0.5, n_tests))[test] * (1 + effect) ** negative
    ids = np.char.add("a", np.arange(test.size).astype(str))
    contents = pd.DataFrame(
        {"content_id": ids, "experiment_id": np.char.add("t", test.astype(str)), "attribute_image": "one",
         "created_at": pd.Timestamp("2014-06-02", tz="UTC"),
         "text": np.where(negative, "a terrible story of a day", "another plain story of a day")}
    )  # fmt: skip
    counts = pd.concat(
        [
            pd.DataFrame({"content_id": ids, "reaction": "impressions", "count": 3000}),
            pd.DataFrame({"content_id": ids, "reaction": "clicks", "count": draw.poisson(3000 * rate)}),
        ]
    )
    return contents, counts


def test_the_effect_of_a_negative_word_is_found_among_arms_of_one_test() -> None:
    contents, counts = arms(300, 0.1)
    params = ContrastParams(
        same=("attribute_image",), excluded_from="2013-06-25", excluded_to="2014-01-19", n_resamples=50
    )
    strata = attention_effects._strata(contents, params)
    assert len(set(strata)) == 300
    joined = attention_effects._arms(contents, counts)
    (effect,) = attention_effects._effects(
        joined.assign(n_negative=[0, 1] * 300), {"negative_word": "n_negative"}, "text", params, "all_weeks"
    )
    assert effect["lower"] < 0.1 < effect["upper"]
    assert effect["lower"] > 0


def test_a_source_without_experiments_has_no_contrast(small: dict[str, pd.DataFrame]) -> None:
    params = ContrastParams(same=(), excluded_from="2013-06-25", excluded_to="2014-01-19", n_resamples=50)
    assert list(attention_effects.randomised_contrasts(small["contents"], reactions(), NO_READINGS, params, 0)) == []


def test_without_a_model_nothing_is_read_and_the_way_out_is_told(small: dict[str, pd.DataFrame]) -> None:
    nobody = empty_table("affectlens.schemas.ContentEmotions")
    table, facts = emotion_readings.read_contents(small["contents"], nobody, "ekman", None, "data/envs/goemotions")
    assert table.empty
    assert facts["reader"] == "none"
    assert "emotion_model" in facts["message"]["text"]
    assert facts["message"]["values"] == {"lender": "data/envs/goemotions"}


def test_a_lent_model_reads_the_texts_and_is_named(
    small: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emotion_readings, "encode_texts", lambda _, texts: (np.full((len(texts), 28), 0.1), None))
    facts = {"version": "v1", "metric_name": "macro_f1", "valid_metric": 0.5, "prior": [0.05] * 28}
    lent = Checkpoint("cnn", {"taxonomy": "goemotions", "labels": []}, {}, facts)
    nobody = empty_table("affectlens.schemas.ContentEmotions")
    table, told = emotion_readings.read_contents(small["contents"], nobody, "ekman", lent, "elsewhere")
    assert table["content_id"].tolist() == ["c1", "c3"]
    assert table[told["labels"]].sum(axis=1).tolist() == pytest.approx([1.0, 1.0])
    assert told["labels"][-1] == "neutral"
    assert told["message"]["values"]["version"] == "v1"
    assert sum(told["prior"]) == pytest.approx(1.0)


def test_posts_without_any_mark_have_no_daily_series(small: dict[str, pd.DataFrame]) -> None:
    one = small["contents"].iloc[:1].assign(text=None)
    posts = expression_posts.expression_posts(one, small["utterances"].iloc[:0], reactions().iloc[:0])
    assert len(posts) == 1
    assert expression_posts.daily_series(posts, pd.DataFrame()).empty


def test_attention_without_a_distribution_exhibits_no_concentration() -> None:
    statistics, curves = (
        pd.DataFrame(columns=list(schema.columns)) for schema in (schemas.AttentionStatistics, schemas.AttentionCurves)
    )
    assert attention_exhibits._concentration(statistics, curves) == []
