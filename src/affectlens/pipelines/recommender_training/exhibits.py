"""What the report shows of the recommenders beside their leaderboard: ablation ladders, and the cost of calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from affectlens.exhibits import Axis, Curves, Exhibit, Interval, Intervals, Message, Note, Records, Series
from affectlens.pipelines.recommender_training import outcomes, satisfaction
from affectlens.pipelines.recommender_training.rungs import LADDER

_LADDER, _FRONTIER = "Ablation ladder", "Calibration to what users consumed"
_FORETOLD = "What is done with what comes next"
_STEP = r"^(?:ladder|exposures|satisfaction): "
_DIFFERENCE = "difference:"
_PLACEBOS = {
    **{(kind, rung.name): rung.placebos for kind in ("ladder", "exposures") for rung in LADDER},
    **{(satisfaction.STEP, rung.name): rung.placebos for rung in satisfaction.LADDER},
}
_PUBLISHED = rf"^{satisfaction.PUBLISHED}: (?P<model>[^,]+), (?P<step>.+)$"
_NOT_CLIMBED = (
    "No ablation ladder was climbed in this run: `recommender.ladder.steps` and `recommender.exposures.steps` choose "
    "its steps. The environments `full`, `musical_instruments` and `situnes` climb all that their data allow."
)
_BESIDE = (
    "Means of the same random splits within users. The published models know the same as the step; their authors give "
    "no intervals. Those of ours are over users."
)
_TOGETHER = (
    "{protocol}: test events, each foretold from all that its user did before. The attention model learns these "
    "outcomes together with which content comes next; it starts as a regression on the rates so far, and validation "
    "events say how far its own voice is heard ({shares})."
)
_HELPS = (
    "{protocol}. Steps that beat the one below and every placebo of the same size, with p below 0.05 after Holm: "
    "{steps}."
)
_CHOSEN = (
    "By strength of calibration, on validation requests; bands are 95 % intervals over users. Strength {strength} was "
    "chosen; on test requests it gives NDCG {ndcg} at miscalibration {miscalibration}."
)


def recommender_exhibits(leaderboard: pd.DataFrame, frontier: pd.DataFrame) -> list[Exhibit]:
    """What each step of each ladder adds, and NDCG beside miscalibration at every strength of calibration.

    Args:
        leaderboard: `recommender_leaderboard`.
        frontier: `calibration_frontier`.
    """
    if leaderboard.empty:
        return []
    return [
        *_ladders(leaderboard),
        *_beside_published(leaderboard),
        *_foretold(leaderboard),
        *_frontiers(frontier),
    ]


def _ladders(leaderboard: pd.DataFrame) -> list[Exhibit]:
    steps = leaderboard[leaderboard["model"].str.contains(_STEP)]
    if steps.empty:
        return [Note(title="Not climbed", part=_LADDER, sentences=(_NOT_CLIMBED,))]
    gained = steps[steps["metric"].str.startswith(_DIFFERENCE) & steps["value"].notna()]
    compared = gained["metric"].str.removeprefix(_DIFFERENCE).str.rsplit(":", n=1)
    named = gained.assign(
        compared=compared.str[0],
        rival=compared.str[1],
        kind=gained["model"].str.partition(": ")[0],
        step=gained["model"].str.replace(_STEP, "", regex=True),
    )
    return [_added(rows, steps) for _, rows in named.groupby(["protocol", "compared"], sort=False)]


def _added(rows: pd.DataFrame, steps: pd.DataFrame) -> Intervals:
    """Every step minus the one below, and minus each of its placebos, on one metric."""
    protocol, metric = (str(rows[name].iloc[0]) for name in ("protocol", "compared"))
    helping = steps[(steps["protocol"] == protocol) & (steps["metric"] == f"helps:{metric}") & (steps["value"] > 0)]
    helpful = ", ".join(helping["model"].str.replace(_STEP, "", regex=True)) or "none"
    return Intervals(
        title=f"What each step adds: {metric}",
        part=_LADDER,
        note=Message(text=_HELPS, values={"protocol": protocol, "steps": helpful}),
        axis=Axis(label="difference"),
        rows=tuple(map(_gain, _records(rows))),
        reference=0.0,
        reference_label="no gain",
    )


def _gain(row: Mapping[str, Any]) -> Interval:
    group = "beside a placebo" if row["rival"] in _PLACEBOS[row["kind"], row["step"]] else "beside the step below"
    bounds = {name: row[name] for name in ("value", "lower", "upper")}
    return Interval(name=f"{row['step']} − {row['rival']}", **bounds, n=int(row["n"]), group=group)


def _beside_published(leaderboard: pd.DataFrame) -> Iterator[Records]:
    """What is published of a data set, beside the step that knows the same."""
    names = leaderboard["model"].str.extract(_PUBLISHED)
    published = leaderboard[["protocol", "metric", "value"]].assign(**names).dropna(subset="model")
    if published.empty:
        return
    ours = {(row["protocol"], row["model"], row["metric"]): row for row in _records(leaderboard)}
    rows = []
    for place, each in published.groupby(["protocol", "step", "metric"], sort=False):
        protocol, step, metric = map(str, place)
        row = ours[protocol, f"{satisfaction.STEP}: {step}", metric]
        ranked = each.sort_values("value", ascending=False)
        figures = ", ".join(
            f"{model} {value:.3f}" for model, value in zip(ranked["model"], ranked["value"], strict=True)
        )
        rows.append((protocol, step, metric, (row["value"], row["lower"], row["upper"]), figures))
    columns = ("protocol", "step", "metric", "here", "as published")
    yield Records(title="Beside published figures", part=_LADDER, note=_BESIDE, columns=columns, rows=tuple(rows))


def _foretold(leaderboard: pd.DataFrame) -> Iterator[Records]:
    """Outcomes that the attention model learnt, beside the rates so far and the usual rate."""
    rows = leaderboard[leaderboard["model"].str.startswith(f"{outcomes.STEP}: ")]
    if rows.empty:
        return
    names = rows["metric"].str.extract(r"^auc:(.+)$")[0].dropna().unique()
    told = {(row["model"], row["metric"]): row for row in _records(rows)}
    shares = ", ".join(f"{name} {told[outcomes.ATTENTION, f'share_of_network:{name}']['value']:g}" for name in names)
    cells = [
        (
            name,
            model.removeprefix(f"{outcomes.STEP}: "),
            *(
                (row["value"], row["lower"], row["upper"])
                for row in (told[model, f"{metric}:{name}"] for metric in ("auc", "log_likelihood"))
            ),
        )
        for name in names
        for model in (outcomes.ATTENTION, outcomes.RATES, outcomes.USUAL)
    ]
    yield Records(
        title="Outcomes, with 95 % intervals",
        part=_FORETOLD,
        note=Message(text=_TOGETHER, values={"protocol": str(rows["protocol"].iloc[0]), "shares": shares}),
        columns=("outcome", "model", "AUC", "log-likelihood"),
        rows=tuple(cells),
    )


def _frontiers(frontier: pd.DataFrame) -> Iterator[Curves]:
    for attribute, rows in frontier.groupby("attribute", sort=False):
        off, ndcg = (
            rows[rows["metric"].str.startswith(stem)].sort_values("strength")
            for stem in (f"miscalibration_{attribute}@", "ndcg@")
        )
        tried, points = (found[found["split"] == "valid"].reset_index(drop=True) for found in (off, ndcg))
        is_known = tried["value"].notna() & points["value"].notna()  # lists may hold nothing that has the attribute
        if not is_known.any():
            continue
        tried, points = tried[is_known], points[is_known]
        chosen, kept = (_records(found[found["split"] == "test"])[0] for found in (off, ndcg))
        values = {
            "strength": f"{kept['strength']:g}",
            "ndcg": f"{kept['value']:.3f}",
            "miscalibration": f"{chosen['value']:.3f}",
        }
        bounds = {name: tuple(points[name]) for name in ("lower", "upper")}
        line = Series(name=f"by {attribute}", x=tuple(tried["value"]), y=tuple(points["value"]), **bounds)
        yield Curves(
            title=f"What calibration by {attribute} costs",
            part=_FRONTIER,
            note=Message(text=_CHOSEN, values=values),
            x=Axis(label="miscalibration"),
            y=Axis(label="NDCG"),
            series=(line,),
        )


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
