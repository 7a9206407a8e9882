"""Statistics of attention and expression as exhibits of their two pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from affectlens.exhibits import Axis, Curves, Exhibit, Finding, Message, Note, Records, series_of

from . import wording
from .blocks import each

SUBJECTS = {
    "content_attention": "attention per content",
    "author_attention": "attention per author",
    "user_activity": "activity per user",
    "user_utterances": "texts per user",
    "recommended_exposure": "recommendations per content",
}
_STATISTICS = {"gini": "Gini", "effective_number": "effective number", "zero_share": "share with none"}
_LENGTHS = {"tokens_p10": "10th percentile", "tokens_median": "median", "tokens_p90": "90th percentile"}
_SOURCES = {
    "published": ("Forms of the contents that were published", "share of contents published"),
    "attended": ("Forms of the contents that received attention", "share of attention"),
    "written": ("Forms of what people wrote", "share of texts written"),
}
_CONCENTRATION, _FORMS, _TEXTS = "How unequal attention is", "Forms over time", "Texts over time"
_BANDS = "Bands are 95 % intervals over authors."

Row = Mapping[str, Any]


def attention_exhibits(statistics: pd.DataFrame, curves: pd.DataFrame) -> list[Exhibit]:
    """How unequal attention, activity and recommendations are."""
    if statistics.empty:
        why = "There is no behaviour and no author in these data, so no distribution of attention can be shown."
        return [Note(title=_CONCENTRATION, sentences=(why,))]
    share = Axis(label="share of units, least attention first", is_share=True)
    lorenz = Curves(
        title="Lorenz curves",
        part=_CONCENTRATION,
        note="The further below the diagonal, the more unequal.",
        x=share,
        y=Axis(label="share of attention", is_share=True),
        series=series_of(_named(curves, "lorenz")),
        diagonal=True,
    )
    rank_size = Curves(
        title="Rank and size",
        part=_CONCENTRATION,
        note="On logarithmic axes heavy tails fall slowly and nearly straight.",
        x=Axis(label="rank", scale="log"),
        y=Axis(label="size", scale="log"),
        series=series_of(_named(curves, "rank_size")),
    )
    return [*_findings(statistics), lorenz, rank_size, _concentration_table(statistics)]


def expression_exhibits(statistics: pd.DataFrame) -> list[Exhibit]:
    """How the forms of expression, the length of texts and the use of emoji move."""
    if statistics.empty:
        why = "The sources carry no times, or too few posts a period, so forms cannot be followed over time."
        return [Note(title=_FORMS, sentences=(why,))]
    period = Axis(label="", scale="ordinal")
    exhibits: list[Exhibit] = []
    for source, (title, label) in _SOURCES.items():
        rows = statistics[(statistics["source"] == source) & (statistics["statistic"] == "form_share")]
        if len(set(rows["form"])) > 1:
            y = Axis(label=label, is_share=True)
            exhibits.append(
                Curves(title=title, part=_FORMS, note=_BANDS, x=period, y=y, series=_over_time(rows, "form"))
            )
    lengths = statistics[statistics["statistic"].isin(list(_LENGTHS))].replace({"statistic": _LENGTHS})
    emoji = statistics[statistics["statistic"] == "emoji_share"].replace({"statistic": {"emoji_share": "with emoji"}})
    texts = ((lengths, "Length of texts", Axis(label="length", unit="tokens")),
             (emoji, "Texts with at least one emoji", Axis(label="share of texts", is_share=True)))  # fmt: skip
    exhibits += [
        Curves(title=title, part=_TEXTS, note=_BANDS, x=period, y=y, series=_over_time(rows, "statistic"))
        for rows, title, y in texts
        if len(rows)
    ]
    return [*exhibits, _expression_table(statistics)]


def _named(curves: pd.DataFrame, kind: str) -> pd.DataFrame:
    rows = curves[curves["curve"] == kind]
    return rows.assign(series=rows["subject"].map(SUBJECTS))


def _over_time(rows: pd.DataFrame, by: str) -> Any:
    spoken = rows[by].astype(str).str.replace("_", " ")
    return series_of(rows.assign(series=spoken, x=rows["period"].astype(str), y=rows["value"]))


def _findings(statistics: pd.DataFrame) -> list[Exhibit]:
    """The Gini of each distribution, with the sentence that says it."""
    found: list[Exhibit] = []
    for subject, rows in _by_subject(statistics).items():
        gini = rows["gini"]
        bounds = {name: None if pd.isna(gini[name]) else gini[name] for name in ("value", "lower", "upper")}
        title = f"Gini, {SUBJECTS[subject]}"
        found.append(Finding(title=title, part=_CONCENTRATION, note=_concentration(subject, rows), **bounds))
    return found


def _concentration(subject: str, rows: Mapping[str, Row]) -> Message:
    tops = [
        Message(
            text="the top {part} hold {held}",
            values={"part": _percent(name), "held": wording.share(row["value"])},
        )
        for name, row in rows.items()
        if name.startswith("top_")
    ]
    held = tops[0]
    for top in tops[1:]:
        held = Message(text="{head}, {next}", values={"head": held, "next": top})
    return Message(
        text="{subject}: Gini {gini}, {held} (n = {n}).",
        values={
            "subject": SUBJECTS[subject].capitalize(),
            "gini": wording.estimate(rows["gini"]),
            "held": held,
            "n": wording.count(rows["gini"]["n"]),
        },
    )


def _percent(name: str) -> str:
    return name.removeprefix("top_").removesuffix("_percent_share") + " %"


def _by_subject(statistics: pd.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """Subject -> statistic -> row."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in each(statistics):
        found.setdefault(row["subject"], {})[row["statistic"]] = row
    return found


def _concentration_table(statistics: pd.DataFrame) -> Records:
    names = [name for name in dict.fromkeys(statistics["statistic"]) if name != "effective_number_simpson"]
    rows = tuple(
        (SUBJECTS[subject], *(_bounded(found[name]) for name in names), int(found["gini"]["n"]))
        for subject, found in _by_subject(statistics).items()
    )
    columns = ("Distribution", *map(_statistic, names), "n")
    return Records(title="Concentration, with 95 % intervals", part=_CONCENTRATION, columns=columns, rows=rows)


def _statistic(name: str) -> str:
    return _STATISTICS.get(name, f"top {_percent(name)}" if name.startswith("top_") else wording.plain(name))


def _bounded(row: Row) -> tuple[float | None, ...]:
    return tuple(None if pd.isna(row[name]) else float(row[name]) for name in ("value", "lower", "upper"))


def _expression_table(statistics: pd.DataFrame) -> Records:
    """Every number of the page, on demand."""
    rows = tuple(
        (row["source"], row["period"], wording.plain(row["statistic"]), wording.plain(row["form"] or ""),
         _bounded(row), int(row["n"]))
        for row in each(statistics.astype(object).where(statistics.notna(), None))
    )  # fmt: skip
    columns = ("Source", "Period", "Statistic", "Form", "Value", "n")
    title = "All numbers of this page"
    return Records(title=title, part=title, columns=columns, rows=rows, folded=True)
