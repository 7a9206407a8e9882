"""What stages exhibit becomes blocks, and sentences that say what is shown."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from PIL import Image
from pydantic import ValidationError

from affectlens.exhibits import (
    Axis,
    Card,
    Curves,
    Exhibit,
    Finding,
    Gallery,
    Intervals,
    Item,
    Matrix,
    Message,
    Note,
    Records,
    Series,
    WeightedText,
    WeightedTexts,
    intervals_of,
    png_base64,
    series_of,
)
from affectlens.pipelines.reporting import exhibit_figures, pages, render
from affectlens.pipelines.reporting.exhibited import blocks_of
from affectlens.pipelines.reporting.readings import reading
from affectlens.pipelines.reporting.texts import language, told

SHARE = Axis(label="share", is_share=True)
EPOCH = Axis(label="epoch")
CONFUSION = Matrix(
    title="Confusion",
    row_label="truth",
    column_label="read as",
    rows=("joy", "fear"),
    columns=("joy", "fear"),
    values=((0.9, 0.1), (0.3, 0.7)),
    is_share=True,
)
HOSTILE = "<script>alert(1)</script>\u202e{x} `code`"


def curves(**more: object) -> Curves:
    series = (Series(name="cnn", x=(1, 2, 3), y=(0.5, 0.8, 0.7), lower=(0.4, 0.7, 0.6), upper=(0.6, 0.9, 0.8)),)
    return Curves(**{"title": "Curve", "x": EPOCH, "y": SHARE, "series": series} | more)


def intervals() -> Intervals:
    table = pd.DataFrame(
        {"name": ["a", "b", "c"], "value": [0.2, 0.5, float("nan")], "lower": [0.1, 0.4, float("nan")],
         "upper": [0.3, 0.6, float("nan")], "n": [10, 10, 0]}
    )  # fmt: skip
    return Intervals(title="Rows", axis=Axis(label="gain", unit="points"), rows=intervals_of(table), reference=0.35)


def png() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(buffer, format="PNG")
    return png_base64(buffer.getvalue())


def every_kind() -> list[Exhibit]:
    return [
        curves(),
        intervals(),
        CONFUSION,
        WeightedTexts(title="Heat", texts=(WeightedText(pieces=("so ", HOSTILE), weights=(0.2, -0.9)),)),
        Gallery(title="Samples", items=(Item(title="one", text=HOSTILE, image=png(), facts={"asked": "joy"}),)),
        Records(title="Table", columns=("text", "n", "f1"), rows=((HOSTILE, 3, (0.5, 0.4, 0.6)),), user_text=("text",)),
        Card(title="Card", groups={"Details": {"name": HOSTILE}}),
        Finding(title="Gini", value=0.8, lower=0.7, upper=0.9, note=Message(text="It is {g}.", values={"g": "8"})),
        Note(title="Nothing", sentences=("Nothing was measured.",)),
    ]  # fmt: skip


def said(exhibit: Exhibit) -> str:
    return told(reading(exhibit), language("en"))


def test_a_curve_says_where_it_begins_ends_and_peaks() -> None:
    assert said(curves()) == "`cnn` goes from 50.0 % at 1 to 70.0 % at 3, with its top 80.0 % at 2."


def test_a_curve_beside_the_diagonal_says_how_far_away_it_lies() -> None:
    flat = Series(name="flat", x=(0.0, 0.5), y=(0.2, 0.4))
    sentence = said(curves(series=(flat,), x=Axis(label="stated"), y=Axis(label="seen"), diagonal=True))
    assert (
        sentence
        == "`flat` lies 0.150 from the diagonal on average over its 2 points, furthest at 0, where it is 0.200."
    )


def test_intervals_say_the_ends_and_how_many_leave_the_reference_out() -> None:
    assert said(intervals()) == (
        "Highest is `b` with 0.500 [0.400, 0.600] points, lowest `a` with 0.200 [0.100, 0.300] points. "
        "Of 2 intervals 1 lie above the line (0.350 points), 1 below, and 0 hold it."
    )


def test_a_square_matrix_says_its_largest_error() -> None:
    assert said(CONFUSION) == "Off the diagonal the largest cell is truth `fear`, read as `joy`: 30.0 %."


def test_a_sentence_changes_with_the_figure() -> None:
    assert said(curves()) != said(curves(series=(Series(name="cnn", x=(1, 2), y=(0.1, 0.2)),)))


def test_every_kind_becomes_a_block_and_a_page_without_markup_from_its_texts() -> None:
    sections = json.loads(json.dumps(pages.sections_of(every_kind())))
    assert {block["kind"] for part in sections for block in part["blocks"]} == {
        "charts", "table", "matrix", "weighted_texts", "gallery", "card",
    }  # fmt: skip
    run = {"environment": "tiny", "dataset": "tiny", "seed": 1, "run_ids": []}
    first = {"id": "run", "title": "Run", "lead": [], "blocks": [], "facts": [], "verdict": None, "numbers": run}
    page = render.reports([first], sections, [], "en")[0]["attention"]
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;[U+202E]{x}") == 5
    assert "data:image/png;base64," in page
    assert "Nothing was measured." in page


def test_exhibits_of_one_part_stand_under_one_heading() -> None:
    shown = blocks_of([curves(part="Fit"), curves(part="Fit"), curves(part="Use"), curves()])
    assert [block["text"] for block in shown if block and block["kind"] == "heading"] == ["Fit", "Use"]


def test_undefined_values_are_left_out_of_figures() -> None:
    (trace, line) = exhibit_figures.intervals(intervals()).data
    assert list(trace.x) == [0.2, 0.5]
    assert list(line.x) == [0.35, 0.35]


def test_all_charts_of_a_stage_stand_in_one_figure_for_kedro_viz() -> None:
    figure = exhibit_figures.overview(every_kind())
    assert [note.text for note in figure.layout.annotations] == ["Curve", "Rows"]
    assert len(exhibit_figures.overview([]).data) == 0


def test_tidy_tables_become_series_in_their_order() -> None:
    table = pd.DataFrame({"series": ["b", "a", "b"], "x": [1, 1, 2], "y": [0.5, float("nan"), 0.7]})
    assert series_of(table) == (Series(name="b", x=(1, 2), y=(0.5, 0.7)), Series(name="a", x=(1,), y=(None,)))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValidationError, match="lengths"):
        Series(name="a", x=(1, 2), y=(0.5,))


def test_an_image_that_is_no_png_is_refused() -> None:
    with pytest.raises(ValueError, match="PNG"):
        png_base64(b"GIF89a")
