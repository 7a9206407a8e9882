"""The page about the attention economy: statistics and curves as exhibits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from affectlens.exhibits import Axis, Curves, Exhibit, Finding, Intervals, Message, Note, Records, series_of

from . import wording
from .blocks import each
from .measured import ALL
from .told import SUBJECTS, Row, all_numbers, bounded, chosen, code_of, interval_of, name_of

_CONCENTRATION, _TAILS, _LASTING = "How unequal attention is", "Heavy tails", "How long attention lasts"
_PACE, _EMOTION = "How fast attention moves on", "Emotion and attention"
_RANDOMISED, _TRUTH = "What words do to clicks, randomised", "Beside what the world knows"
_PUBLISHED_EFFECT = 0.023  # per negative word: Robertson et al. 2023, Nature Human Behaviour


def attention_exhibits(statistics: pd.DataFrame, curves: pd.DataFrame, reader: Mapping[str, Any]) -> list[Exhibit]:
    """How unequal, how lasting, how fast attention is, and what goes along with it."""
    if statistics.empty:
        why = "There is no behaviour and no author in these data, so no distribution of attention can be shown."
        return [Note(title=_CONCENTRATION, sentences=(why,))]
    return [
        *_concentration(statistics, curves),
        *_tails(statistics),
        *_lasting(statistics, curves),
        *_pace(statistics),
        *_premiums(statistics, reader),
        *_contrasts(statistics),
        *_truth(statistics),
        all_numbers(statistics),
    ]


def _concentration(statistics: pd.DataFrame, curves: pd.DataFrame) -> list[Exhibit]:
    whole = statistics[(statistics["window"] == ALL) & statistics["group"].isin(list(SUBJECTS))]
    by_subject = {
        name: {row["quantity"]: row for row in each(rows)} for name, rows in whole.groupby("group", sort=False)
    }
    subjects = {str(name): rows for name, rows in by_subject.items() if "gini" in rows}
    if not subjects:  # too few units to say how unequal they are
        return []
    lorenz = Curves(
        title="Lorenz curves",
        part=_CONCENTRATION,
        note="The further below the diagonal, the more unequal.",
        x=Axis(label="share of units, least attention first", is_share=True),
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
    findings = [_gini(subject, rows) for subject, rows in subjects.items()]
    return [*findings, lorenz, rank_size, _concentration_table(subjects), *_by_birth(statistics)]


def _named(curves: pd.DataFrame, kind: str) -> pd.DataFrame:
    rows = curves[curves["curve"] == kind]
    return rows.assign(series=rows["subject"].map(SUBJECTS))


def _gini(subject: str, rows: Mapping[str, Row]) -> Finding:
    """The Gini of a distribution, with the sentence that says it."""
    value, lower, upper = bounded(rows["gini"])
    tops = [
        Message(
            text="the top {part} hold {held}",
            values={"part": name_of(name).removeprefix("top "), "held": wording.share(row["value"])},
        )
        for name, row in rows.items()
        if name.startswith("top_")
    ]
    held = tops[0]
    for top in tops[1:]:
        held = Message(text="{head}, {next}", values={"head": held, "next": top})
    values: dict[str, str | Message] = {
        "subject": SUBJECTS[subject].capitalize(),
        "gini": wording.estimate(rows["gini"]),
        "held": held,
        "n": wording.count(rows["gini"]["n"]),
    }
    note = Message(text="{subject}: Gini {gini}, {held} (n = {n}).", values=values)
    title = f"Gini, {SUBJECTS[subject]}"
    return Finding(title=title, part=_CONCENTRATION, note=note, value=value, lower=lower, upper=upper)


def _concentration_table(subjects: Mapping[str, Mapping[str, Row]]) -> Records:
    first = next(iter(subjects.values()))
    names = [name for name in first if name in ("gini", "effective_number", "zero_share") or name.startswith("top_")]
    rows = tuple(
        (SUBJECTS[subject], *(bounded(found[name]) for name in names), int(found["gini"]["n"]))
        for subject, found in subjects.items()
    )
    columns = ("Distribution", *map(name_of, names), "n")
    return Records(title="Concentration, with 95 % intervals", part=_CONCENTRATION, columns=columns, rows=rows)


def _by_birth(statistics: pd.DataFrame) -> list[Exhibit]:
    rows = chosen(statistics, "gini", "contents_by_birth")
    if rows.empty:
        return []
    note = Message(
        text="{n} contents were drawn from each window, since a longer list of contents alone raises the Gini.",
        values={"n": wording.count(rows["n"].iloc[0])},
    )
    return [
        Curves(
            title="Gini of the contents born in each window",
            part=_CONCENTRATION,
            note=note,
            x=Axis(label="", scale="ordinal"),
            y=Axis(label="Gini"),
            series=series_of(rows.assign(series="Gini", x=rows["window"], y=rows["value"])),
        )
    ]


def _tails(statistics: pd.DataFrame) -> list[Exhibit]:
    rows = []
    for found in each(chosen(statistics, "tail_exponent")):
        others = {row["quantity"]: row for row in each(statistics[statistics["group"] == found["group"]])}
        ratio, p = others["tail_log_ratio"]["value"], others["tail_log_ratio_p"]["value"]
        better = "not told apart" if p >= 0.1 else "log-normal" if ratio < 0 else "power law"
        told = (SUBJECTS[found["group"]], bounded(found), float(others["tail_x_min"]["value"]), int(found["n"]))
        rows.append((*told, float(ratio), float(p), better))
    if not rows:
        return []
    columns = ("Distribution", "Exponent", "From", "n", "Log ratio", "p", "Better fit")
    note = "Discrete maximum likelihood above the threshold; the log ratio is that of a power law over a log-normal."
    return [Records(title="Power laws of the tails", part=_TAILS, note=note, columns=columns, rows=tuple(rows))]


def _lasting(statistics: pd.DataFrame, curves: pd.DataFrame) -> list[Exhibit]:
    lives = statistics[statistics["quantity"] == "half_life"]
    halves = lives.dropna(subset=["value"])
    if lives.empty:
        why = "The source does not tell when each content was attended to, so half-lives and pace cannot be measured."
        return [Note(title="No times of attention", part=_LASTING, sentences=(why,))]
    if halves.empty:
        why = "Too few contents were followed for long enough, so their half-life cannot be measured."
        return [Note(title="No half-life", part=_LASTING, sentences=(why,)), *_novelty(statistics, curves)]
    first = each(halves)[0]
    value, lower, upper = bounded(first)
    note = Message(
        text="Half of the contents had half of their attention within {days} days (n = {n}).",
        values={"days": wording.estimate(first), "n": wording.count(first["n"])},
    )
    days = Axis(label="age", unit="days")
    survival = series_of(_named(curves, "survival").assign(series="contents"))
    forms = tuple(interval_of(row, name_of(row["group"])) for row in each(halves.iloc[1:]))
    found: list[Exhibit] = [
        Finding(title="Half-life", part=_LASTING, note=note, value=value, lower=lower, upper=upper, unit="days"),
        Curves(
            title="Contents that have not yet had half of their attention",
            part=_LASTING,
            note="Of contents that were followed to the horizon.",
            x=days,
            y=Axis(label="share of contents", is_share=True),
            series=survival,
        ),
    ]
    if forms:
        axis = Axis(label="half-life", unit="days")
        found.append(Intervals(title="Half-life by form", part=_LASTING, axis=axis, rows=forms))
    return [*found, *_novelty(statistics, curves)]


def _novelty(statistics: pd.DataFrame, curves: pd.DataFrame) -> list[Exhibit]:
    laws = [name.split(":")[1] for name in chosen(statistics, "novelty_aic:")["quantity"]]
    rate = _named(curves, "novelty").assign(series="contents")
    if not laws or rate.empty:
        return []
    by_name = {row["quantity"]: row for row in each(statistics[statistics["quantity"].str.startswith("novelty_")])}
    rows = tuple(
        (wording.plain(law), *(bounded(by_name[f"novelty_{part}:{law}"]) for part in ("half_life", "scale", "shape")),
         float(by_name[f"novelty_aic:{law}"]["value"]))
        for law in laws
    )  # fmt: skip
    columns = ("Law", "Half-life (days)", "Scale (days)", "Shape", "AIC")
    return [
        Curves(
            title="Attention by age",
            part=_LASTING,
            note="Of contents that were followed to the horizon.",
            x=Axis(label="age", unit="days", scale="log"),
            y=Axis(label="attention a content and day", scale="log"),
            series=series_of(rate),
        ),
        Records(title="Laws of decay; the lower AIC fits better", part=_LASTING, columns=columns, rows=rows),
    ]


def _pace(statistics: pd.DataFrame) -> list[Exhibit]:
    names = {
        "turnover": "turnover of the top",
        "stay": "stay in the top",
        "relative_gain": "gain of those that rise",
        "relative_loss": "loss of those that fall",
    }
    found = statistics[statistics["quantity"].isin(list(names))]
    rows = tuple((names[row["quantity"]], row["unit"], bounded(row), int(row["n"])) for row in each(found))
    if not rows:
        return []
    columns = ("Measure", "Unit", "Value", "n")
    note = "Turnover is the share of the top that was not there the window before; a stay ends when it is broken."
    return [Records(title="Pace of the top contents", part=_PACE, note=note, columns=columns, rows=rows)]


def _premiums(statistics: pd.DataFrame, reader: Mapping[str, Any]) -> list[Exhibit]:
    rows = tuple(interval_of(row, name_of(row["quantity"])) for row in each(chosen(statistics, "emotion_premium:")))
    told = Note(title="Who read the emotions", part=_EMOTION, sentences=(Message.model_validate(reader["message"]),))
    if not rows:
        return [told]
    note = (
        "From a negative binomial regression with effects of author, topic, form, hour, length, age and time: "
        "correlational, no effect of the emotion is claimed."
    )
    return [
        told,
        Intervals(
            title="Attention that goes along with a certain emotion",
            part=_EMOTION,
            note=note,
            axis=Axis(label="more attention than neutral contents", is_share=True),
            rows=rows,
            reference=0.0,
            reference_label="no difference",
        ),
    ]


def _contrasts(statistics: pd.DataFrame) -> list[Exhibit]:
    effects = chosen(statistics, "click_effect:")
    if effects.empty:
        return []
    windows = {"clean_weeks": "weeks without defect", "all_weeks": "all weeks"}
    rows = tuple(interval_of(row, name_of(row["quantity"]), windows[row["window"]]) for row in each(effects))
    wins = tuple(
        interval_of(row, name_of(row["quantity"]), windows[row["window"]])
        for row in each(chosen(statistics, "win_rate:"))
    )
    balance = tuple(
        (windows[row["window"]], float(row["value"]), int(row["n"]))
        for row in each(chosen(statistics, "imbalanced_tests"))
    )
    note = (
        "Poisson regression within test and image, given the other words; intervals allow for anything within a test."
    )
    return [
        *_negative_word(effects),
        Intervals(
            title="Clicks for each further word or a certain emotion",
            part=_RANDOMISED,
            note=note,
            axis=Axis(label="change of the click rate", is_share=True),
            rows=rows,
            reference=0.0,
            reference_label="no effect",
        ),
        Intervals(
            title="How often such a text beats another of its test",
            part=_RANDOMISED,
            note="Pairs of different texts of one test that differ in it.",
            axis=Axis(label="pairs won", is_share=True),
            rows=wins,
            reference=0.5,
            reference_label="chance",
        ),
        Records(
            title="Tests whose traffic was too uneven for chance (p below 0.01)",
            part=_RANDOMISED,
            columns=("Weeks", "Share of tests", "n"),
            rows=balance,
        ),
    ]


def _negative_word(effects: pd.DataFrame) -> list[Exhibit]:
    rows = each(effects[(effects["quantity"] == "click_effect:negative_word") & (effects["window"] == "clean_weeks")])
    found: list[Exhibit] = []
    for row in rows:
        value, lower, upper = bounded(row)
        holds = row["lower"] <= _PUBLISHED_EFFECT <= row["upper"]
        text = (
            "Each further negative word changes clicks by {effect} (n = {n} arms); the interval holds the published "
            "2.3 %."
            if holds
            else "Each further negative word changes clicks by {effect} (n = {n} arms); the interval leaves the "
            "published 2.3 % out."
        )
        shown = f"{wording.share(row['value'])} [{wording.share(row['lower'])}, {wording.share(row['upper'])}]"
        note = Message(text=text, values={"effect": shown, "n": wording.count(row["n"])})
        title = "Clicks for a negative word"
        found.append(
            Finding(title=title, part=_RANDOMISED, note=note, value=value, lower=lower, upper=upper, is_share=True)
        )
    return found


def _truth(statistics: pd.DataFrame) -> list[Exhibit]:
    rows = tuple(
        (code_of(row), row["group"], bounded(row), float(row["truth"]),
         abs(row["value"] / row["truth"] - 1))
        for row in each(statistics.dropna(subset=["truth", "value"]))
    )  # fmt: skip
    columns = ("Quantity", "Distribution", "Measured", "Truth", "Relative error")
    note = "The world counted its own history, before it was written down, damaged, read and counted again."
    return [Records(title=_TRUTH, part=_TRUTH, note=note, columns=columns, rows=rows)] if rows else []
