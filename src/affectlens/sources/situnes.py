"""SiTunes: music heard in the lab and in daily life, rated, with emotion before and after (Li et al. 2024, CHIIR)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import NoRowsError, read_csv, read_text

# What is measured beside a rating travels as `attribute_*` of the interaction, what is known of a song as that of the
# content; valence and arousal are in [-1, 1].
_WRIST = ("heart", "intensity", "steps")
_ACTIVITIES = dict(enumerate(("still", "coming_to_rest", "walking", "unknown", "lying", "running")))
_DAYTIMES = dict(enumerate(("morning", "afternoon", "evening"), start=1))
_WEATHERS = dict(enumerate(("sunny", "cloudy", "rainy")))
_TOLD = (
    "daytime", "weather", "pressure", "temperature", "humidity", "place_x", "place_y", "speed", "activity",
)  # fmt: skip
_N_WEATHER, _N_PLACE = 4, 3  # of their numbers, those that are read
HEARD = ("user_id", "item_id", "timestamp", "rating", "duration")
_FELT_IN_LAB = ("emo_valence", "emo_arousal")
_FELT = ("emo_pre_valence", "emo_pre_arousal", "emo_post_valence", "emo_post_arousal")
ONLINE = ("online", "online_situations", "online_wrist")
SOUND = (
    "popularity", "loudness", "danceability", "energy", "speechiness", "acousticness", "instrumentalness", "valence",
    "tempo", "F0final_sma_amean", "F0final_sma_stddev", "audspec_lengthL1norm_sma_stddev", "pcm_RMSenergy_sma_stddev",
    "pcm_fftMag_psySharpness_sma_amean", "pcm_fftMag_psySharpness_sma_stddev", "pcm_zcr_sma_amean",
    "pcm_zcr_sma_stddev",
)  # fmt: skip


class SituNesSource(SourceParams):
    """The lab study, the field study with its situations, and perhaps the online study of the same form."""

    name: Literal["situnes"]
    music: FileName
    lab: FileName
    field: FileName
    field_situations: FileName
    field_wrist: FileName
    online: FileName | None
    online_situations: FileName | None
    online_wrist: FileName | None


def read_situnes(params: SituNesSource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Listeners, songs, and one rating a song heard; `surface` names the study.

    Raises:
        ValueError: a file is of another form, or of the online study only a part is stated.
    """
    online = [field for field in ONLINE if field in paths]
    if online and len(online) < len(ONLINE):
        raise ValueError(
            f"of the online study only {[f'source.{field}' for field in online]} is stated; expected all of "
            f"{[f'source.{field}' for field in ONLINE]}: state the others, too, or leave all out (null)"
        )
    studies = [_lab(read_csv(paths["lab"], (*HEARD, *_FELT_IN_LAB)))]
    for name in ("field", "online") if online else ("field",):
        situations = _situations(paths[f"{name}_situations"], paths[f"{name}_wrist"])
        studies.append(_field(read_csv(paths[name], ("inter_id", *HEARD, *_FELT)), situations, name))
    interactions = pd.concat(studies, ignore_index=True)
    return {
        "users": pd.DataFrame({"user_id": interactions["user_id"].dropna().unique()}),
        "contents": _songs(read_csv(paths["music"], ("item_id", "general_genre", *SOUND))),
        "interactions": interactions,
    }


def _songs(music: pd.DataFrame) -> pd.DataFrame:
    sound = {f"attribute_{name.lower()}": _numbers(music[name]) for name in SOUND}
    return pd.DataFrame(
        {
            "content_id": music["item_id"],
            "form": "music",
            "tags": music["general_genre"].map(lambda genre: [] if pd.isna(genre) else [genre]),
            "defect": music["defect"],
            **sound,
        }
    )


def _numbers(cells: pd.Series) -> pd.Series:
    """Numbers as float64; a cell that is none is null."""
    return pd.to_numeric(cells, errors="coerce").astype("float64")


def _heard(rows: pd.DataFrame, study: str, felt: Mapping[str, str]) -> pd.DataFrame:
    """Ratings with what was felt, whose columns of the file `felt` names by attribute."""
    moment = pd.to_datetime(_numbers(rows["timestamp"]), unit="s", utc=True, errors="coerce")
    feelings = pd.DataFrame({name: _numbers(rows[column]) for name, column in felt.items()})
    no_moment = rows["defect"].isna() & rows["timestamp"].notna() & moment.isna()
    is_outside = rows["defect"].isna() & ~(feelings.isna() | feelings.abs().le(1.0)).all(axis=1)
    heard = pd.DataFrame(
        {
            "interaction_id": [f"{study}-{number}" for number in range(len(rows))],
            "user_id": rows["user_id"],
            "content_id": rows["item_id"],
            "occurred_at": moment,
            "kind": "rating",
            "value": _numbers(rows["rating"]),
            "dwell_s": _numbers(rows["duration"]),
            "surface": study,
            "defect": rows["defect"]
            .mask(no_moment, "timestamp is no time in seconds")
            .mask(is_outside, "valence or arousal outside [-1, 1]"),
        }
    )
    return heard.join(feelings)


def _lab(rows: pd.DataFrame) -> pd.DataFrame:
    return _heard(
        rows, "lab", dict(zip(("attribute_valence_after", "attribute_arousal_after"), _FELT_IN_LAB, strict=True))
    )


def _field(rows: pd.DataFrame, situations: pd.DataFrame, study: str) -> pd.DataFrame:
    felt = {
        f"attribute_{dimension}_{moment}": f"emo_{short}_{dimension}"
        for moment, short in (("before", "pre"), ("after", "post"))
        for dimension in ("valence", "arousal")
    }
    heard = _heard(rows, study, felt)
    measured = situations.reindex(rows["inter_id"]).reset_index(drop=True)
    defect = heard["defect"].fillna(measured.pop("defect"))
    return pd.concat([heard.assign(defect=defect), measured], axis=1)


def _situations(path: Path, wrist: Path) -> pd.DataFrame:
    """Time of day, weather, place and the last half hour at the wrist, by `inter_id`; `defect` where one is unreadable.

    Raises:
        ValueError: the two files differ in their number of rows, or one is of another form.
    """
    told, sensed = _told(path), _sensed(wrist)
    if len(told) != len(sensed):
        raise ValueError(f"{path} has {len(told)} situations, {wrist} {len(sensed)}; both need one an interaction")
    rows = [_situation(row, minutes) for row, minutes in zip(told.values(), sensed, strict=True)]
    frame = pd.DataFrame(rows, columns=[*_TOLD, "defect"], index=pd.Index(told, dtype="str"))
    means = {f"{name}_mean": sensed[:, :, place].mean(axis=1) for place, name in enumerate(_WRIST)}
    spreads = {f"{name}_sd": sensed[:, :, place].std(axis=1, ddof=1) for place, name in enumerate(_WRIST)}
    frame = frame.assign(**means, **spreads)
    return frame.drop(columns="defect").add_prefix("attribute_").assign(defect=frame["defect"])


def _told(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(read_text(path))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}); fetch or copy it again") from error
    if not isinstance(told, dict):
        raise ValueError(f"{path} holds a JSON {type(told).__name__}, expected {{inter_id: situation}}")  # noqa: TRY004
    if not told:
        raise NoRowsError(path, "{inter_id: situation}")
    return told


def _sensed(path: Path) -> np.ndarray:
    try:
        sensed = np.load(path, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise ValueError(f"{path} is no .npy file of numbers ({error}); fetch or copy it again") from error
    shape, n_measures = np.shape(sensed), len(_WRIST) + 1
    if len(shape) != len(("row", "minute", "measure")) or shape[2] != n_measures or sensed.dtype.kind not in "iuf":
        raise ValueError(
            f"{path} holds an array of shape {shape}; expected numbers of shape (interactions, minutes, {n_measures}): "
            f"{', '.join(_WRIST)} and activity"
        )
    found: np.ndarray = sensed.astype(np.float64)
    return found


def _situation(told: Any, minutes: np.ndarray) -> dict[str, object]:
    """One situation; a code that is null or unknown makes it unreadable."""
    try:
        kind, *air = told["weather"][:_N_WEATHER]
        measured = map(float, (*air, *told["GPS"][:_N_PLACE]))
        values = (_DAYTIMES[told["time"]], _WEATHERS[kind], *measured, _commonest(minutes[:, -1]))
        return dict(zip(_TOLD, values, strict=True))
    except (KeyError, TypeError, ValueError):
        return {"defect": "unreadable situation"}


def _commonest(codes: np.ndarray) -> str:
    """The commonest activity; of equals the one that was seen first."""
    values, first, counts = np.unique(codes, return_index=True, return_counts=True)
    return _ACTIVITIES[int(values[np.lexsort((first, -counts))[0]])]


_NOTE = (
    "its repository publishes no release with checksums: copy `SiTunes/` of "
    "https://github.com/JiayuLi-997/SiTunes_dataset (commit aea53fe) yourself into a mirror as `situnes/`"
)

SOURCE = Source(
    params=SituNesSource,
    read=read_situnes,
    homepage="https://github.com/JiayuLi-997/SiTunes_dataset",
    licence="no licence file; released by the authors for research; cite Li et al. 2024, CHIIR",
    remote_files=tuple(
        RemoteFile(path=f"situnes/{path}", sha256=sha256, note=_NOTE)
        for path, sha256 in (
            ("Stage1/interactions.csv", "032453ab294a4e1b20f32ad652a55b256dc5ac527e3dd5eeb761c4579ee75f74"),
            ("Stage2/env.json", "236611f069f57b62c79e27588a6adb1c05c7400dc4704c3310e0b46d54dcaaa8"),
            ("Stage2/interactions.csv", "cc58be9e8ecec613f01e22e9d1ad4f76cac6d152f2b0c4dafb69b306f0b12f87"),
            ("Stage2/wrist.npy", "2777fb8894d5afe8f7d7087ccf0979c09267c9801792eda02c72ccb6b1429935"),
            ("music_metadata/music_info.csv", "6f0481f92f3c8d7192b5fb23757f583ba7acbdd59cba2ea749f7541895e85cac"),
        )
    ),
)
