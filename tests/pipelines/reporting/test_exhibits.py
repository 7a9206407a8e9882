"""What stages exhibit becomes blocks, and sentences that say what is shown."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from affectlens.exhibits import Axis, Exhibit, Series, WeightedText, png_base64, series_of
from affectlens.pipelines.reporting import exhibit_figures, pages
from affectlens.pipelines.reporting.exhibited import blocks_of
from affectlens.pipelines.reporting.readings import reading
from affectlens.pipelines.reporting.texts import language, told

Exhibits = dict[str, Exhibit]


def said(exhibit: Exhibit) -> str:
    return told(reading(exhibit), language("en"))


def with_series(exhibit: Exhibit, **lines: list[float]) -> Exhibit:
    series = tuple(Series(name=name, x=tuple(range(len(y))), y=tuple(y)) for name, y in lines.items())
    return exhibit.model_copy(update={"series": series})


def test_a_curve_says_where_it_begins_ends_and_peaks(exhibits: Exhibits) -> None:
    assert (
        said(exhibits["curves"])
        == "The line of `cnn` goes from 50.0 % at epoch 1 to 70.0 % at epoch 3, with its top 80.0 % at epoch 2."
    )


def test_of_many_curves_the_ends_and_the_greatest_moves_are_said(exhibits: Exhibits) -> None:
    many = with_series(exhibits["curves"], up=[0.1, 0.6], flat=[0.3, 0.3], down=[0.5, 0.2])
    assert said(many) == (
        "At its end the line of `up` is highest with 60.0 %, that of `down` lowest with 20.0 %. "
        "The line of `up` rises most, from 10.0 % to 60.0 %. The line of `down` falls most, from 50.0 % to 20.0 %."
    )


def test_lines_that_end_alike_are_not_ranked_by_their_ends(exhibits: Exhibits) -> None:
    many = with_series(exhibits["curves"], a=[0.4, 0.1], b=[0.3, 0.1], c=[0.1, 0.1])
    assert said(many) == "All 3 lines end at 10.0 %. The line of `a` falls most, from 40.0 % to 10.0 %."


def test_a_line_whose_ends_and_top_print_alike_is_not_said_to_move(exhibits: Exhibits) -> None:
    flat = with_series(exhibits["curves"], flat=[0.20001, 0.20002])
    assert said(flat).startswith("The line of `flat` is at 20.0 % at epoch 0 and at 20.0 % at epoch 1, and no higher")


@pytest.mark.parametrize(("upper", "doubt"), [(0.25, ", but the two intervals overlap"), (0.15, "")])
def test_a_rise_within_the_intervals_is_said_to_be_one(exhibits: Exhibits, upper: float, doubt: str) -> None:
    rising = Series(name="up", x=(1, 2), y=(0.1, 0.3), lower=(0.05, 0.2), upper=(upper, 0.4))
    flat = [Series(name=name, x=(1, 2), y=(0.3, 0.3)) for name in "ab"]
    many = exhibits["curves"].model_copy(update={"series": (rising, *flat)})
    assert f"The line of `up` rises most, from 10.0 % to 30.0 %{doubt}." in said(many)


def test_curves_beside_the_diagonal_say_how_far_away_they_lie(exhibits: Exhibits) -> None:
    plain = {"x": Axis(label="stated"), "y": Axis(label="seen"), "diagonal": True}
    one = Series(name="one", x=(0.0, 0.5), y=(0.2, 0.4))
    far = Series(name="far", x=(0.0, 0.5), y=(0.9, 0.9))
    alone, both = (exhibits["curves"].model_copy(update={**plain, "series": s}) for s in ((one,), (one, far)))
    assert said(alone).startswith(
        "The line of `one` lies 0.150 from the diagonal on average over its 2 points, furthest at stated 0, where "
    )
    assert said(both) == (
        "Closest to the diagonal lies the line of `one` with a mean distance of 0.150, furthest that of `far` with "
        "0.650."
    )


def test_intervals_say_the_ends_and_how_many_leave_the_reference_out(exhibits: Exhibits) -> None:
    assert said(exhibits["intervals"]) == (
        "Highest is `b` with 0.500 [0.400, 0.600] points, lowest `a` with 0.200 [0.100, 0.300] points. "
        "Of 2 intervals, 1 lies above and 1 lies below the line (0.350 points)."
    )


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        (0.05, "All 2 intervals lie above chance (0.050 points)."),
        (0.2, "Of 2 intervals, 1 lies above and 1 lies around chance (0.200 points)."),
        (0.7, "All 2 intervals lie below chance (0.700 points)."),
    ],
)
def test_only_the_sides_on_which_intervals_lie_are_named(exhibits: Exhibits, reference: float, told: str) -> None:
    changed = {"reference": reference, "reference_label": "chance"}
    assert said(exhibits["intervals"].model_copy(update=changed)).endswith(told)


def test_one_interval_is_not_counted(exhibits: Exhibits) -> None:
    alone = exhibits["intervals"].model_copy(update={"rows": exhibits["intervals"].rows[:1]})
    assert said(alone) == "`a` has 0.200 [0.100, 0.300] points. Its interval lies below the line (0.350 points)."


def test_weighted_texts_say_what_weighs_most_in_each(exhibits: Exhibits) -> None:
    pieces = [("good ", "day", 0.9, 0.1), ("no", " thanks", -0.8, 0.3), ("great", "!", 0.7, 0.0)]
    texts = tuple(WeightedText(pieces=(a, b), weights=(x, y)) for a, b, x, y in pieces)
    assert said(exhibits["weighted_texts"].model_copy(update={"texts": texts})) == (
        "Heaviest token, text by text: 2 speak for it (“good”, “great”) and 1 speaks against it (“no”)."
    )


def test_a_gallery_says_what_its_samples_are(exhibits: Exhibits) -> None:
    (item,) = exhibits["gallery"].items
    two = exhibits["gallery"].model_copy(update={"items": (item, item.model_copy(update={"title": "two"}))})
    assert said(two) == "Samples: 2 (one and two)."


def test_counts_are_said_without_decimals_and_places_with_few(exhibits: Exhibits) -> None:
    ranked = Series(name="posts", x=(1.0, 12.34567, 17951.0), y=(975.0, 20.0, 1.0))
    axes = {"x": Axis(label="rank"), "y": Axis(label="size"), "series": (ranked,)}
    assert said(exhibits["curves"].model_copy(update=axes)) == (
        "The line of `posts` goes from 975 at rank 1 to 1 at rank 17,951."
    )
    days = {**axes, "x": Axis(label="age", unit="days"), "series": (ranked.model_copy(update={"y": (0.5, 1.5, 0.5)}),)}
    assert "top 1.500 at 12.35 days" in said(exhibits["curves"].model_copy(update=days))


def test_a_square_matrix_says_its_largest_error(exhibits: Exhibits) -> None:
    assert said(exhibits["matrix"]) == "Off the diagonal the largest cell is truth `fear`, read as `joy`: 30.0 %."


def test_a_matrix_with_a_column_more_still_leaves_its_diagonal_out(exhibits: Exhibits) -> None:
    wider = {"columns": ("joy", "fear", "no label"), "values": ((0.9, 0.1, 0.0), (0.2, 0.5, 0.3))}
    assert said(exhibits["matrix"].model_copy(update=wider)) == (
        "Off the diagonal the largest cell is truth `fear`, read as `no label`: 30.0 %."
    )


def test_every_kind_becomes_a_block(exhibits: Exhibits) -> None:
    assert {block["kind"] for block in blocks_of(list(exhibits.values())) if block} == {
        "charts", "table", "matrix", "weighted_texts", "gallery", "card", "heading", "paragraph",
    }  # fmt: skip


def test_no_text_of_an_exhibit_becomes_markup(exhibited_page: str) -> None:
    assert "<script>alert" not in exhibited_page
    assert "<img src=x" not in exhibited_page
    assert exhibited_page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 5
    assert exhibited_page.count("{x} ") == 5
    assert "data:image/png;base64," in exhibited_page
    assert "Nothing was measured." in exhibited_page


def test_exhibits_of_one_part_stand_under_one_heading(exhibits: Exhibits) -> None:
    fit, use, none = (exhibits["curves"].model_copy(update={"part": part}) for part in ("Fit", "Use", ""))
    kinds = [
        (block["kind"], block.get("text", len(block.get("charts", [])))) for block in blocks_of([fit, fit, use, none])
    ]
    assert kinds == [("heading", "Fit"), ("charts", 2), ("heading", "Use"), ("charts", 2)]


def test_a_page_has_one_section_a_part_and_begins_with_the_findings(exhibits: Exhibits) -> None:
    parted = [exhibits[kind].model_copy(update={"part": "One"}) for kind in ("finding", "curves")]
    sections = pages.sections_of([*parted, exhibits["note"]])
    page = pages.analytics_page("p", "Page", {"dataset": "d", "environment": "e", "seed": 1}, sections)
    assert [part["id"] for part in sections] == ["one", "nothing"]
    assert [(where, told(text, language("en"))) for where, text in page.findings] == [("one", "It is 8.")]
    assert page.facts[0]["interval"] == "[0.700, 0.900]"


def test_undefined_values_are_left_out_of_figures(exhibits: Exhibits) -> None:
    (trace, line) = exhibit_figures.intervals(exhibits["intervals"]).data
    assert list(trace.x) == [0.2, 0.5]
    assert list(line.x) == [0.35, 0.35]


def test_all_charts_of_a_stage_stand_in_one_figure_for_kedro_viz(exhibits: Exhibits) -> None:
    figure = exhibit_figures.overview(list(exhibits.values()))
    assert [note.text for note in figure.layout.annotations] == ["Curve (share)", "Rows (gain (points))"]
    assert figure.layout.xaxis.title.text is None  # it would lie across the title below
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
