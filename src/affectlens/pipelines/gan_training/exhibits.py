"""What the report shows of generation beside its leaderboard: goals, generated contents, and what they are good for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageSequence

from affectlens.exhibits import (
    Axis,
    Exhibit,
    Finding,
    Gallery,
    Intervals,
    Item,
    Message,
    Note,
    Records,
    intervals_of,
    png_base64,
    records_of,
)
from affectlens.features.image_files import encode_png, sheet

_GOALS, _SHOWN, _DECODED, _USE = "Goals", "Generated contents", "Scores of generated contents", "Use"
_SIGNS = {"at_least": "at least {bound:g}", "at_most": "at most {bound:g}"}
_SCALE = 3
_MOST_EMOTIONS = 8  # of 28 a page shows the first


def goal_exhibits(goals: pd.DataFrame) -> list[Exhibit]:
    """How many goals the chosen generator meets, and every goal of every member with its margin."""
    if goals.empty:
        return []
    chosen = goals[goals["is_chosen"]]
    values = {
        "model": str(chosen["model"].iloc[0]),
        "met": str(int(chosen["is_met"].sum())),
        "all": str(len(chosen)),
        "missed": ", ".join(chosen.loc[~chosen["is_met"], "metric"]),
    }
    text = (
        "{model}, chosen on validation contents, meets all {all} goals."
        if chosen["is_met"].all()
        else "{model}, chosen on validation contents, meets {met} of {all} goals; missed: {missed}."
    )
    found = Finding(
        title="Goals met by the chosen generator",
        part=_GOALS,
        note=Message(text=text, values=values),
        value=float(chosen["is_met"].mean()),
        is_share=True,
    )
    return [found, _goal_table(goals), *_baseline_note(values["model"])]


def _goal_table(goals: pd.DataFrame) -> Records:
    wanted = [_SIGNS[row["wanted"]].format(bound=row["bound"]) for row in goals.to_dict("records")]
    shown = pd.DataFrame(
        {
            "Model": goals["model"] + goals["is_chosen"].map({True: " (chosen)", False: ""}),
            "Metric": goals["metric"],
            "Wanted": wanted,
            "Value": goals["value"],
            "Spread over seeds": goals["spread"],
            "Margin": goals["margin"],
            "Goal": goals["is_met"].map({True: "met", False: "missed"}),
            "Seeds": goals["n_seeds"].astype(float),
        }
    )
    note = "Means over the seeds on held-out contents; a margin below 0 is what is missing."
    return Records(
        title="All goals of every member", part=_GOALS, note=note, columns=tuple(shown.columns), rows=records_of(shown)
    )


def _baseline_note(model: str) -> list[Exhibit]:
    if model not in ("gaussian", "mixture"):
        return []
    text = "No network comes nearer to the validation contents than the statistical {model}, so that one is handed on."
    message = Message(text=text, values={"model": model})
    return [Note(title="The chosen generator is a statistical one", part=_GOALS, sentences=(message,))]


def gallery_exhibits(generated: pd.DataFrame) -> list[Exhibit]:
    """Rows of rising intensity an emotion, each content with its nearest training neighbour."""
    emotions = generated["emotion"].drop_duplicates().head(_MOST_EMOTIONS)
    shown = generated[generated["emotion"].isin(emotions)]
    galleries = [_pictures(shown), _clips(shown), _texts(shown)]
    return [gallery for gallery in galleries if gallery is not None]


def _pictures(generated: pd.DataFrame) -> Gallery | None:
    rows = generated[generated["form"] == "image"]
    items = [
        Item(
            title=str(emotion),
            image=_strip([_frames(group["data"]), _frames(group["nearest_data"])]),
            alternative=f"Generated pictures for {emotion}, and below each the nearest training picture",
            facts=_provenance(group),
        )
        for emotion, group in rows.groupby("emotion", sort=False)
    ]
    note = "Intensity rises from left to right; below each stands the training picture that is nearest to it."
    return Gallery(title="Pictures by emotion", part=_SHOWN, note=note, items=tuple(items)) if items else None


def _clips(generated: pd.DataFrame) -> Gallery | None:
    rows = generated[generated["form"] == "clip"]
    strongest = rows[rows["intensity"] == rows["intensity"].max()].drop_duplicates("emotion")
    items = [
        Item(
            title=str(row["emotion"]),
            image=_strip([_every_frame(row["data"]), _every_frame(row["nearest_data"])]),
            alternative=f"Frames of a clip generated for {row['emotion']}, and below the nearest training clip",
            facts=_provenance(pd.DataFrame([row])),
        )
        for row in strongest.to_dict("records")
    ]
    note = "The eight frames of a clip at the highest intensity; below, those of the nearest training clip."
    return Gallery(title="Clips by emotion", part=_SHOWN, note=note, items=tuple(items)) if items else None


def _texts(generated: pd.DataFrame) -> Records | None:
    rows = generated[generated["form"] == "text"]
    if rows.empty:
        return None
    columns = {
        "emotion": "Emotion",
        "intensity": "Intensity",
        "text": "Generated text",
        "nearest_text": "Nearest training text",
    }  # fmt: skip
    shown = rows[list(columns)].rename(columns=columns).fillna("")
    return Records(
        title="Texts by emotion",
        part=_SHOWN,
        note=Message(text="Written by {model}, version {version}, seed {seed}.", values=_provenance(rows)),
        columns=tuple(shown.columns),
        rows=records_of(shown),
        user_text=("Generated text", "Nearest training text"),
    )


def _provenance(rows: pd.DataFrame) -> dict[str, str]:
    first = rows.iloc[0]
    return {"generated": "yes", **{name: str(first[name]) for name in ("model", "version", "seed")}}


def _strip(rows: list[list[np.ndarray]]) -> str:
    return png_base64(encode_png(sheet([row for row in rows if row], _SCALE)))


def _frames(files: pd.Series) -> list[np.ndarray]:
    return [_every_frame(data)[0] for data in files if data is not None]


def _every_frame(data: bytes | None) -> list[np.ndarray]:
    if data is None:
        return []
    with Image.open(io.BytesIO(data)) as picture:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]


def score_exhibits(leaderboard: pd.DataFrame) -> list[Exhibit]:
    """The decoders' scores, the lift by augmentation, and the stand-ins for cold contents."""
    parts = [
        _table_of(leaderboard, "decoded", "Texts, pictures and clips beside those of people", _DECODED, _DECODED_NOTE),
        _augmentation(leaderboard),
        _table_of(leaderboard, "cold_start", "Stand-ins for contents without history", _USE, _COLD_NOTE),
    ]
    return [part for part in parts if part is not None]


_DECODED_NOTE = "Made for the emotions of test contents; the judges learned from validation contents that people made."
_COLD_NOTE = "How near a stand-in comes to the content's own vector, which only its neighbours know."


def _table_of(leaderboard: pd.DataFrame, protocol: str, title: str, part: str, note: str) -> Records | None:
    rows = leaderboard[(leaderboard["protocol"] == protocol) & leaderboard["value"].notna()]
    if rows.empty:
        return None
    bounds = list(rows[["value", "lower", "upper"]].itertuples(index=False, name=None))
    shown = pd.DataFrame(
        {"Metric": rows["metric"], "Model": rows["model"], "Value": bounds, "n": rows["n"].astype(float)}
    )
    shown = shown.sort_values("Metric", kind="stable", key=_order_of_appearance)
    return Records(title=title, part=part, note=note, columns=tuple(shown.columns), rows=records_of(shown))


def _order_of_appearance(names: pd.Series) -> Any:
    return pd.factorize(names)[0]


def _augmentation(leaderboard: pd.DataFrame) -> Intervals | None:
    is_lift = leaderboard["metric"].str.startswith("augmentation_lift") & ~leaderboard["metric"].str.endswith("p_value")
    rows = leaderboard[is_lift & leaderboard["value"].notna()]
    if rows.empty:
        return None
    name, share = (rows["metric"].str.split("@").str[place] for place in (0, 1))
    group = name.map({"augmentation_lift": "all emotions", "augmentation_lift_rare": "rare emotions"})
    return Intervals(
        title="Lift by generated contents over real ones shown again",
        part=_USE,
        note="Macro-F1 of a classifier by the share of labels that it knows; intervals over parts of the labels.",
        axis=Axis(label="difference of macro-F1"),
        rows=intervals_of(rows.assign(name=share + " of the labels", group=group)),
        reference=0.0,
        reference_label="no lift",
    )
