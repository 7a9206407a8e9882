from __future__ import annotations

import base64
import hashlib
import re

import pytest

from affectlens.exhibits import Axis, Curves, Interval, Intervals, Series
from affectlens.pipelines.reporting import charts, exhibit_figures, figures, render
from affectlens.pipelines.reporting.blocks import Section, section, table
from affectlens.pipelines.reporting.blocks import chart as chart_block
from affectlens.pipelines.reporting.texts import language


def test_prose_marks_names_as_code_and_escapes_the_rest() -> None:
    assert str(render.prose("`a<b>` beats <i>it</i>")) == "<code>a&lt;b&gt;</code> beats &lt;i&gt;it&lt;/i&gt;"


@pytest.mark.parametrize("code", [0x202E, 0x2066, 0x200B, 0x200F, 0xFEFF, 0x00, 0x85, 0x061C])
def test_characters_that_reorder_or_hide_text_are_written_out(code: int) -> None:
    assert render.visible(f"a{chr(code)}b") == f"a[U+{code:04X}]b"


@pytest.mark.parametrize("text", ["👩‍👩‍👧", "می‌خواهم", "tab\tand\nline", "שלום"])
def test_what_scripts_and_emoji_need_stays(text: str) -> None:
    assert render.visible(text) == text


def test_names_of_stages_and_models_are_escaped_too() -> None:
    part: Section = section(
        "x",
        "<b>title</b>",
        ["<i>lead</i>"],
        [table("<u>caption</u>", ["<s>column</s>"], [["<q>cell</q>"]])],
        numbers={},
    )
    run = {"environment": "<em>", "dataset": "d", "seed": 1, "run_ids": []}
    page = render.reports([{**part, "numbers": run}], [], [], {"nodes": [], "datasets": []}, "en")[0]["report"]
    for tag in ("<b>", "<i>", "<u>", "<s>", "<q>", "<em>"):
        assert tag not in page


def test_chart_labels_are_escaped_and_dollars_are_no_formulas() -> None:
    figure = figures.empty("a <b> & $x^2$", "y")
    figure.add_trace(figures.line([0, 1], [1, 2], "name", 0, text=["a", "b"]))
    (chart,) = chart_block(figure, "caption", "")["charts"]
    svg = charts.draw(chart["figure"], "c1", language("en")).svg
    assert "a &lt;b&gt; &amp; $x^2$" in svg
    assert svg.startswith("<svg")
    assert "<style" not in svg
    assert charts.draw(chart["figure"], "c1", language("en")).svg == svg


def test_charts_without_traces_are_left_out() -> None:
    assert chart_block(figures.empty("x", "y"), "nothing", "") is None


def test_every_colour_and_dash_of_the_figures_is_known_to_the_charts() -> None:
    assert set(figures.COLOURS) < set(charts.VARIABLES)
    assert set(figures.DASHES) == set(charts._DASHES)
    assert {symbol.removesuffix("-open") for symbol in figures.SYMBOLS} == set(charts._MARKERS)


def test_the_index_lists_reports_and_can_be_empty() -> None:
    entry = {
        "environment": "base", "dataset": "embedded", "run_id": "r", "summary": "`cnn` <w>", "href": "base/report.html",
    }  # fmt: skip
    page = render.index([entry])
    assert '<a href="base/report.html">base</a>' in page
    assert "<code>cnn</code> &lt;w&gt;" in page
    assert "No report" in render.index([])


def test_every_point_can_be_pointed_at_and_says_its_value() -> None:
    line = figures.line([1, 2], [0.5, None], "cnn", 0, text=["1", "2"])
    figure = figures.empty("epoch", "loss").add_traces([line, figures.reference([1, 2], [0, 1], "equal")])
    (chart,) = chart_block(figure, "caption", "")["charts"]
    drawing = charts.draw(chart["figure"], "c1", language("en"))
    ((series, x, y, text),) = drawing.points
    assert (series, text) == (0, "cnn, epoch 1: 0.500")
    assert 0 < x < figure.layout.width
    assert 0 < y < figure.layout.height
    assert [entry["name"] for entry in drawing.legend] == ["cnn", "equal"]
    assert 'class="series-0"' in drawing.svg


def test_a_dated_axis_is_drawn() -> None:
    days = ["2024-01-01", "2024-02-01", "2024-03-01"]
    exhibit = Curves(
        title="t", x=Axis(label="", scale="time"), y=Axis(label="n"), series=(Series(name="a", x=days, y=(1, 2, 3)),)
    )
    (chart,) = chart_block(exhibit_figures.curves(exhibit), "caption", "")["charts"]
    drawing = charts.draw(chart["figure"], "c1", language("en"))
    assert next(text for *_, text in drawing.points) == "a, 2024-01-01: 1.000"
    assert "Feb" in drawing.svg


def ticks_of(exhibit: Curves | Intervals) -> list[str]:
    figure = (exhibit_figures.curves if isinstance(exhibit, Curves) else exhibit_figures.intervals)(exhibit)
    (chart,) = chart_block(figure, "caption", "")["charts"]
    return re.findall(r">([^<>]+)</text>", charts.draw(chart["figure"], "c1", language("en")).svg)


def test_an_axis_of_shares_prints_where_its_ticks_lie() -> None:
    line = Series(name="a", x=(1, 2), y=(0.0, 0.18))
    ticks = ticks_of(Curves(title="t", x=Axis(label="x"), y=Axis(label="y", is_share=True), series=(line,)))
    assert {"2.5%", "7.5%", "10%"} <= set(ticks)


def test_a_short_logarithmic_axis_has_more_than_its_powers_of_ten() -> None:
    line = Series(name="a", x=(1, 2), y=(0.008, 0.083))
    ticks = ticks_of(Curves(title="t", x=Axis(label="x"), y=Axis(label="y", scale="log"), series=(line,)))
    assert {"0.01", "0.02", "0.05"} <= set(ticks)


def test_labels_beside_each_other_are_few_enough_not_to_touch() -> None:
    rows = (Interval(name="a", value=0.01, lower=0.0, upper=0.0202),)
    ticks = ticks_of(Intervals(title="t", axis=Axis(label="probability"), rows=rows))
    numbers = [tick for tick in ticks if re.fullmatch(r"[−\d.]+", tick)]
    assert 3 <= len(numbers) <= 8


def test_only_the_script_of_the_page_may_run() -> None:
    page = render.index([])
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in page
    assert "innerHTML" not in script


def test_sections_of_one_title_on_two_pages_keep_their_own_origins_and_numbers() -> None:
    told = [
        section("all-numbers", "All numbers", [name], [], numbers={"of": name, "findings": []}) for name in ("a", "e")
    ]
    nodes = [
        {
            "name": f"{page}.compose",
            "stage": "reporting",
            "does": "",
            "inputs": [],
            "outputs": [f"reporting.{page}.sections"],
        }
        for page in ("attention", "expression")
    ]
    run = {"environment": "e", "dataset": "d", "seed": 1, "run_ids": []}
    first = section("run", "Run", [], [], numbers=run)
    pages, summary = render.reports([first], told[:1], told[1:], {"nodes": nodes, "datasets": []}, "en")
    for page in ("attention", "expression"):
        assert re.findall(r'class="origin">.*?<code>(.*?)</code>', pages[page]) == [f"{page}.compose"]
        assert summary["sections"][f"{page}.all-numbers"]["of"] == page[0]
