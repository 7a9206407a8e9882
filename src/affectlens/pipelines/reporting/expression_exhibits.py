"""The page about the shift of expression: statistics as exhibits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from affectlens.evaluation.policy_values import holm
from affectlens.exhibits import Axis, Curves, Exhibit, Finding, Intervals, Message, Note, Records, series_of

from . import wording
from .blocks import each
from .expression_shifts import recovery
from .measured import ALL
from .told import ESTIMATORS, Row, all_numbers, bounded, chosen, code_of, interval_of, name_of

_FORMS, _TEXTS, _REACTIONS, _EMOTIONS = (
    "Forms over time",
    "Texts over time",
    "Reactions over time",
    "Emotions over time",
)
_TRENDS, _BREAKS, _TRUTH = "Trends", "Breaks", "Beside what the world knows"
_BANDS = "Bands are 95 % intervals over authors."
_FORM_CHARTS = {
    "published": ("Forms of the contents that were published", "share of contents published"),
    "attended": ("Forms of the contents that received attention", "share of attention"),
    "written": ("Forms of what people wrote", "share of texts written"),
}
_TEXT_CHARTS = {"written": ("Length of texts", "Marks of what people wrote"),
                "published": ("Length of what was published", "Marks of what was published")}  # fmt: skip
_MARKS = ("emoji_share", "emoticon_share", "elongation_share", "mark_run_share", "capital_share")
_SOURCES = {
    "published": "contents published",
    "attended": "attention",
    "written": "texts written",
    "reacted": "reactions",
}
_SURE = 0.05  # of a trend, after Holm over all of them
_EMOTION_CHARTS = {
    ("written", "CC"): "Emotions of what people wrote, counted",
    ("written", "ACC"): "Emotions of what people wrote, adjusted for the model's errors",
    ("written", "EMQ"): "Emotions of what people wrote, by expectation-maximisation",
    ("written", "LAP"): "Emotions of what people wrote, labels and adjusted readings together",
    ("published", "CC"): "Emotions of what was published, counted",
    ("published", "EMQ"): "Emotions of what was published, by expectation-maximisation",
}
_PERIOD = Axis(label="", scale="ordinal")
_DRIFTING = (
    "Errors of the model are known from labelled texts of one time only, so a drift of the classifier is not excluded: "
    "a trend here may be the model's."
)


def expression_exhibits(statistics: pd.DataFrame, reader: Mapping[str, Any]) -> list[Exhibit]:
    """How forms, texts, reactions and emotions move, and whether that is a trend, a break or other people."""
    if statistics.empty:
        why = "The sources carry no times, or too few posts a period, so forms cannot be followed over time."
        return [Note(title=_FORMS, sentences=(why,))]
    return [
        *_forms(statistics),
        *_texts(statistics),
        *_reactions(statistics),
        *_emotions(statistics, reader),
        *_trends(statistics),
        *_breaks(statistics),
        *_truth(statistics),
        all_numbers(statistics),
    ]


def _forms(statistics: pd.DataFrame) -> list[Exhibit]:
    charts: list[Exhibit] = []
    for group, (title, label) in _FORM_CHARTS.items():
        rows = chosen(statistics, "form_share:", group)
        if len(set(rows["quantity"])) > 1:
            y = Axis(label=label, is_share=True)
            charts.append(_chart(rows, title, _FORMS, y))
    return [*charts, *_drift(statistics)]


def _drift(statistics: pd.DataFrame) -> list[Exhibit]:
    distances, p_values = chosen(statistics, "form_drift"), chosen(statistics, "form_drift_p")
    if distances.empty:
        return []
    named = {"published": "contents", "written": "texts"}
    series = series_of(
        distances.assign(series=distances["group"].map(named), x=distances["window"], y=distances["value"])
    )
    last = p_values.groupby("group", sort=False).last().reset_index()
    text = "{source} in the last window: p {p}"
    told: Message | str = ""
    for row in each(last):
        one = Message(text=text, values={"source": named[row["group"]], "p": wording.p_value(row["value"])})
        told = Message(text="{head}, {next}", values={"head": told, "next": one}) if told else one
    y = Axis(label="distance from the first window", unit="bits")
    title = "How far the mix of forms has moved"
    return [Curves(title=title, part=_FORMS, note=told, x=_PERIOD, y=y, series=series)]


def _texts(statistics: pd.DataFrame) -> list[Exhibit]:
    charts: list[Exhibit] = []
    for group, (length, marks) in _TEXT_CHARTS.items():
        lengths = statistics[statistics["quantity"].str.startswith("tokens_") & (statistics["group"] == group)]
        if len(lengths):
            charts.append(_chart(lengths, length, _TEXTS, Axis(label="length", unit="tokens")))
        found = statistics[statistics["quantity"].isin(_MARKS) & (statistics["group"] == group)]
        used = found.groupby("quantity")["value"].transform("max") > 0
        if used.any():
            charts.append(_chart(found[used], marks, _TEXTS, Axis(label="share of texts", is_share=True)))
    return charts


def _reactions(statistics: pd.DataFrame) -> list[Exhibit]:
    reacted = statistics[(statistics["group"] == "reacted") & (statistics["window"] != ALL)]
    parts = reacted[reacted["quantity"].str.fullmatch("(loves|wows|hahas|sads|angrys)_share")]
    whole = reacted[reacted["quantity"].isin(["emotional_share", "some_emotional_share", "comment_share"])]
    rates = statistics[
        statistics["quantity"].isin(["like_rate", "comment_rate", "share_rate"]) & (statistics["window"] != ALL)
    ]
    share = Axis(label="mean share of a post's reactions", is_share=True)
    charts = (
        (parts, "Emotional reactions, one by one", share),
        (
            whole,
            "Emotional reactions, and comments beside reactions",
            Axis(label="mean share of a post", is_share=True),
        ),
        (rates, "What users did with what they viewed", Axis(label="share of views", is_share=True)),
    )
    return [_chart(rows, title, _REACTIONS, y) for rows, title, y in charts if len(rows)]


def _emotions(statistics: pd.DataFrame, reader: Mapping[str, Any]) -> list[Exhibit]:
    told: list[Exhibit] = []
    for group in ("written", "published"):
        rows = chosen(statistics, "prevalence:", group)
        for method, found in rows.groupby("method", sort=False):
            y = Axis(label="share of texts", is_share=True)
            told.append(_chart(found, _EMOTION_CHARTS[group, ESTIMATORS[str(method)]], _EMOTIONS, y))
    if told:
        told.append(Note(title="What the curves cannot tell", part=_EMOTIONS, sentences=(_DRIFTING,)))
    agreeing = tuple(interval_of(row, name_of(row["quantity"])) for row in each(chosen(statistics, "agreement:")))
    if agreeing:
        axis = Axis(label="rank correlation")
        title = "Do readers press what the model reads?"
        note = "Emotions read in the posts against reactions to them, over posts: a check without any label."
        told.append(Intervals(title=title, part=_EMOTIONS, note=note, axis=axis, rows=agreeing, reference=0.0,
                              reference_label="no agreement"))  # fmt: skip
    if told or reader["reader"] != "own":
        told.insert(
            0,
            Note(title="Who read the emotions", part=_EMOTIONS, sentences=(Message.model_validate(reader["message"]),)),
        )
    return told


def _strongest(statistics: pd.DataFrame) -> list[Exhibit]:
    """Of each source the share that moves most, among the trends that are sure when all are counted."""
    slopes = chosen(statistics, "trend:")
    slopes = slopes[(slopes["unit"] == "share a year") & ~slopes["quantity"].str.startswith("trend:prevalence:")]
    slopes = slopes.assign(key=slopes["quantity"].str.replace("trend:", "trend_p:") + " " + slopes["group"])
    asked = statistics.assign(key=statistics["quantity"] + " " + statistics["group"])
    asked = asked[asked["key"].isin(slopes["key"])]  # prevalence, left out, has one p for each of its estimators
    known = {str(key): float(p) for key, p in asked.set_index("key")["value"].dropna().items()}
    slopes = slopes.assign(p=slopes["key"].map(holm(known)).fillna(1.0), size=slopes["value"].abs())
    sure = slopes[(slopes["p"] < _SURE) & (slopes["size"] > 0)].sort_values("size", ascending=False)
    first = {row["group"]: row for row in each(sure.drop_duplicates("group"))}
    return [_shift(first[group], group, len(known)) for group in _SOURCES if group in first]


def _shift(row: Row, group: str, n_trends: int) -> Finding:
    """The strongest shift of a source, in points a year."""
    value, lower, upper = (100.0 * float(row[name]) for name in ("value", "lower", "upper"))
    text = (
        "Of {source}, the share of {name} rises by {size} points a year {bounds} (p {p}, adjusted for {n} trends)."
        if value > 0
        else "Of {source}, the share of {name} falls by {size} points a year {bounds} (p {p}, adjusted for {n} trends)."
    )
    ends = (lower, upper) if value > 0 else (-upper, -lower)
    values: dict[str, str | Message] = {
        "source": _SOURCES[group],
        "name": Message(text="`{name}`", values={"name": name_of(row["quantity"].removeprefix("trend:"))}),
        "size": wording.number(abs(value)),
        "bounds": wording.interval(abs(value), *ends),
        "p": wording.p_value(row["p"]),
        "n": wording.count(n_trends),
    }
    note = Message(text=text, values=values)
    title = f"Strongest trend, {_SOURCES[group]}"
    return Finding(title=title, part=_TRENDS, note=note, value=value, lower=lower, upper=upper, unit="points a year")


def _trends(statistics: pd.DataFrame) -> list[Exhibit]:
    slopes = chosen(statistics, "trend:")
    rows = []
    for row in each(slopes):
        name = row["quantity"].removeprefix("trend:")
        told, estimator = _estimator(row["method"])
        same = statistics[statistics["group"] == row["group"]]
        p = same[(same["quantity"] == f"trend_p:{name}") & same["method"].str.endswith(told or "Rao")]["value"]
        pooled, within = (_first(same[same["quantity"] == f"trend_{kind}:{name}"]) for kind in ("pooled", "within"))
        code = f"{name}/{estimator}" if estimator else name
        rows.append((code, row["group"], row["unit"], bounded(row), float(p.iloc[0]), pooled, within))
    columns = ("Quantity", "Source", "Unit", "By window", "p", "Over posts", "Within authors")
    note = "Theil-Sen with the test of Hamed and Rao by window; over posts; and each author compared with themselves."
    title = "Slopes, with 95 % intervals"
    table = Records(title=title, part=_TRENDS, note=note, columns=columns, rows=tuple(rows))
    return [*_strongest(statistics), table] if rows else []


def _estimator(method: str) -> tuple[str, str]:
    """Name and code of the estimator of prevalence behind a trend; empty for other trends."""
    return next((pair for pair in ESTIMATORS.items() if method.endswith(pair[0])), ("", ""))


def _first(rows: pd.DataFrame) -> tuple[float | None, ...]:
    return next((bounded(row) for row in each(rows)), (None, None, None))


def _breaks(statistics: pd.DataFrame) -> list[Exhibit]:
    tested = chosen(statistics, "breaks:")
    if tested.empty:
        return []
    found = chosen(statistics, "break_day:")
    rows = tuple(_break_cells(row, statistics) for row in each(found))
    n_found = int(found["value"].notna().sum())
    text = (
        "{n} break in {series} series, which raise a false alarm in at most one run of twenty."
        if n_found == 1
        else "{n} breaks in {series} series, which raise a false alarm in at most one run of twenty."
    )
    note = Message(text=text, values={"n": wording.count(n_found), "series": wording.count(len(tested))})
    least = {(row["quantity"].removeprefix("break_detectable:"), row["group"]): row["value"]
             for row in each(chosen(statistics, "break_detectable:"))}  # fmt: skip
    searched = tuple(
        (name := row["quantity"].removeprefix("breaks:"), row["group"], int(row["value"]), int(row["n"]),
         float(least[name, row["group"]]))
        for row in each(tested)
    )  # fmt: skip
    known = found["truth"].notna().any()
    columns = ("Quantity", "Source", "First day after", "From", "To", "Jump", *(("True day",) if known else ()))
    rows = rows if known else tuple(row[:-1] for row in rows)
    everywhere = ("Quantity", "Source", "Breaks", "Windows", "Jump that would be found")
    return [
        Finding(title="Breaks found", part=_BREAKS, note=note, value=float(n_found), is_count=True),
        *_found_again(statistics),
        *([Records(title="Where the level jumps", part=_BREAKS, columns=columns, rows=rows)] if rows else []),
        Records(title="Every series in which breaks were looked for", part=_BREAKS, columns=everywhere, rows=searched,
                folded=True),
    ]  # fmt: skip


def _found_again(statistics: pd.DataFrame) -> list[Exhibit]:
    """How many of the breaks that a world made were found, and how many others: nothing where nobody knows."""
    found = recovery(statistics)
    if found is None:
        return []
    note = Message(
        text="Breaks that the world made: {true}. Found within two windows: {held}; further away: {near}; not at all: "
        "{missed}. Found where it made none: {wrong}.",
        values={
            "true": wording.count(found.true),
            "held": wording.count(found.held),
            "near": wording.count(found.near),
            "missed": wording.count(found.true - found.held - found.near),
            "wrong": wording.count(found.wrong),
        },
    )
    return [Finding(title="Breaks found again (F1)", part=_BREAKS, note=note, value=found.f1)]


def _break_cells(row: Mapping[str, Any], statistics: pd.DataFrame) -> tuple[Any, ...]:
    name = row["quantity"].removeprefix("break_day:")
    place = (statistics["group"] == row["group"]) & (statistics["window"] == row["window"])
    size = _first(statistics[place & (statistics["quantity"] == f"break_size:{name}")])
    days = (_date(row[end]) for end in ("value", "lower", "upper"))
    return (name, row["group"], *days, size, _date(row["truth"]))


def _date(days: float) -> str:
    return "" if pd.isna(days) else f"{pd.Timestamp('1970-01-01') + pd.Timedelta(days=float(days)):%Y-%m-%d}"


def _truth(statistics: pd.DataFrame) -> list[Exhibit]:
    known = statistics[statistics["truth"].notna() & ~statistics["quantity"].str.startswith("break_day:")]
    if known.empty:
        return []
    known = known.assign(
        error=(known["value"] - known["truth"]).abs(),
        held=(known["lower"] <= known["truth"]) & (known["truth"] <= known["upper"]),
        kind=[code_of(row).replace(row["quantity"], row["quantity"].split(":")[0]) for row in each(known)],
    )
    rows = tuple(
        (str(kind), str(group), float(found["error"].mean()), float(found["held"].mean()), len(found))
        for (kind, group), found in known.groupby(["kind", "group"], sort=False)
    )
    columns = ("Quantity", "Source", "Mean error", "Intervals that hold it", "n")
    note = "Expected by the laws of the world, over all windows; breaks stand above beside their true days."
    return [Records(title=_TRUTH, part=_TRUTH, note=note, columns=columns, rows=rows)]


def _chart(rows: pd.DataFrame, title: str, part: str, y: Axis) -> Curves:
    """Quantities by window, with their intervals as bands."""
    spoken = rows["quantity"].map(name_of)
    series = series_of(rows.assign(series=spoken, x=rows["window"].astype(str), y=rows["value"]))
    return Curves(title=title, part=part, note=_BANDS, x=_PERIOD, y=y, series=series)
