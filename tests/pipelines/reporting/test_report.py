"""The whole pipeline on made-up tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

Report = tuple[str, dict[str, Any]]
Reports = tuple[dict[str, str], dict[str, Any]]
Tables = dict[str, pd.DataFrame]
PAGES = {"report.html", "attention.html", "expression.html", "flow.html"}
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Checks that tags nest and gathers what an audit needs."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.tags.add(tag)
        self.ids += [facts["id"]] if facts.get("id") else []
        self.links += [facts["href"]] if tag == "a" and facts.get("href") else []
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_the_page_names_every_model_and_metric_of_every_leaderboard(report: Report, tables: Tables) -> None:
    text = unescape(re.sub(r"<[^>]+>", " ", report[0]))
    for name in ("emotion", "gan", "recommender", "policy"):
        rows = tables[f"{name}_leaderboard"]
        assert f"All {len(rows)} rows of" in text
        for row in rows.itertuples():
            assert re.search(rf"{re.escape(row.model)}\s+\w+\s+{re.escape(row.metric)}\s", text), (
                row.model,
                row.metric,
            )


def test_numbers_carry_their_intervals(report: Report) -> None:
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", report[0])))
    assert "cnn reaches macro-F1 0.531 [0.511, 0.551], the best baseline, tfidf , 0.452 [0.432, 0.472]" in text


def test_the_page_says_plainly_where_the_baseline_wins(report: Report) -> None:
    page, summary = report
    by_stage = {verdict["stage"]: verdict for verdict in summary["verdicts"]}
    assert by_stage["Recommendation"]["outcome"] == "maybe_behind"
    assert "No model beats the baselines." in by_stage["Recommendation"]["sentence"]
    assert "sasrec" in page[page.index('id="limits"') :]


def test_a_link_of_the_chain_that_carries_nothing_stands_under_what_did_not_work(report: Report) -> None:
    page = report[0]
    chain, limits = (page[page.index(f'id="{name}"') :].split("</section>")[0] for name in ("inference", "limits"))
    assert "R loses emotion of its user by this exchange: 0.410 [0.350, 0.470]." in chain
    told = "With noise for what was generated, NDCG@10 loses nothing that could be told from chance: 0.012"
    assert told in chain
    assert told in limits
    assert "R loses" not in limits


def test_user_text_appears_only_escaped(report: Report, hostile: str) -> None:
    page, summary = report
    assert re.findall(r"<script[^>]*>.{12}", page) == ['<script>"use strict"']
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;quoted&#34; &amp; [U+202E]evil[U+202C] [U+200B] &lt;/td" in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff]", page)
    assert hostile not in json.dumps(summary, ensure_ascii=False)


def test_the_page_is_whole_and_alone(report: Report) -> None:
    page = report[0]
    parsed = outline(page)
    assert len(page.encode()) < 5_000_000
    assert len(parsed.ids) == len(set(parsed.ids))
    inside = [link for link in parsed.links if link.split("#")[0] not in PAGES]
    assert all(link.startswith("#") and link[1:] in parsed.ids for link in inside)
    assert not {"link", "img", "iframe", "object"} & parsed.tags
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:|//)""", page)
    assert "default-src 'none'" in page


def test_headings_step_down_one_level_at_a_time(report: Report) -> None:
    headings = outline(report[0]).headings
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))


def test_every_chart_is_drawn_and_takes_its_colours_from_the_page(reports: Reports) -> None:
    drawn = {
        name: re.findall(r'<div class="chart".*?</svg>', page, flags=re.DOTALL) for name, page in reports[0].items()
    }
    assert {name: len(found) for name, found in drawn.items()} == {
        "report": 4 + 3 * 2 + 1,
        "attention": 6,
        "expression": 6,
        "flow": 0,
    }
    charts = [chart for found in drawn.values() for chart in found]
    for chart in charts:
        assert not re.search(r'[:"]#[0-9a-f]{6}', chart)
        assert "var(--chart-ink)" in chart


def test_the_commands_cite_the_versions_of_the_tables(report: Report) -> None:
    commands = report[1]["sections"]["reproduce"]["commands"]
    assert commands[0] == "kedro run --env tiny --params seed=7"
    assert "--load-versions emotion_leaderboard:2026-01-05T10.00.00.000Z," in commands[-1]
    for name in ("policy_values", "row_accounting", "rejected_rows", "chain_checks", "recommendations"):
        assert f"{name}:2026-01-05T10.00.00.000Z" in commands[-1]
    assert all(command in unescape(report[0]) for command in commands)


def test_the_summary_holds_every_leaderboard_row_and_is_json(report: Report, tables: Tables) -> None:
    numbers = json.loads(json.dumps(report[1], allow_nan=False))["sections"]
    for name in ("emotion", "gan", "recommender", "policy"):
        assert len(numbers[name]["leaderboard"]) == len(tables[f"{name}_leaderboard"])
    first = numbers["accounting"]["row_accounting"][0]
    assert [first[name] for name in ("source", "read", "accepted", "rejected")] == ["utterances", 1520, 1500, 20]
    assert {row["reason"]: row["rows"] for row in numbers["accounting"]["reasons"]} == {
        "empty text": 12, "time in the future": 8,
    }  # fmt: skip


def test_stages_that_did_not_run_say_why_and_lost_rows_are_called_out(
    run: Callable[..., Report], tables: Tables
) -> None:
    absent = ("gan", "recommender", "policy")
    skips = {f"{name}_training": "the source has texts only" for name in absent}
    skips |= {"simulation": "the data are real", "inference": "the chain needs behaviour"}
    stages = {"tiny": {"runs": ["ingestion", "feature_engineering", "emotion_training", "reporting"], "skips": skips}}
    empty = {
        name: table.iloc[:0]
        for name, table in tables.items()
        if name.startswith((*absent, "chain", "recommend", "contents", "interactions"))
    }
    lossy = {"row_accounting": tables["row_accounting"].assign(accepted=[1499, 300])}
    page, summary = run({**tables, **empty, **lossy}, stages)
    assert page.count("the source has texts only") >= 6
    assert "the chain needs behaviour" in page
    assert "rows were lost" in page
    assert [verdict["stage"] for verdict in summary["verdicts"]] == ["Emotion"]
    outline(page)


def test_empty_tables_give_a_page(run: Callable[..., Report], tables: Tables) -> None:
    page, summary = run({name: table.iloc[:0] for name, table in tables.items()})
    outline(page)
    assert "no model was judged against a baseline" in page
    assert summary["verdicts"] == []
    assert "<svg" not in page


def test_an_environment_without_a_row_is_refused(run: Callable[..., Report], tables: Tables) -> None:
    with pytest.raises(ValueError, match="'tiny' has no row"):
        run(tables, {"base": {"runs": [], "skips": {}}})


def test_off_policy_estimates_stand_beside_the_truth_with_their_health(report: Report) -> None:
    page = report[0]
    section = page[page.index('id="policy"') : page.index('id="inference"')]
    assert section.count("no verdict") == 4
    assert "true value" in section
    assert "4 of 12 off-policy estimates bear no verdict" in page
