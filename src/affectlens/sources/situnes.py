"""SiTunes: music heard in the lab and in daily life, rated, with emotion before and after (Li et al. 2024, CHIIR)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import read_text

# What is measured beside a rating travels as `attribute_*` of the interaction, what is known of a song as that of the
# content; valence and arousal are in [-1, 1].
_WRIST = ("heart", "intensity", "steps")
_ACTIVITIES = ("still", "coming_to_rest", "walking", "unknown", "lying", "running")
_DAYTIMES = ("morning", "afternoon", "evening")
_WEATHERS = ("sunny", "cloudy", "rainy")
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
    """Listeners, songs, and one rating a song heard; `surface` names the study."""
    studies = [_lab(pd.read_csv(paths["lab"]))]
    for name in ("field", "online"):
        if name in paths:
            situations = _situations(paths[f"{name}_situations"], paths[f"{name}_wrist"])
            studies.append(_field(pd.read_csv(paths[name]), situations, name))
    interactions = pd.concat(studies, ignore_index=True)
    return {
        "users": pd.DataFrame({"user_id": interactions["user_id"].unique()}),
        "contents": _songs(pd.read_csv(paths["music"])),
        "interactions": interactions,
    }


def _songs(music: pd.DataFrame) -> pd.DataFrame:
    sound = {f"attribute_{name.lower()}": music[name] for name in SOUND}
    return pd.DataFrame(
        {
            "content_id": music["item_id"].astype("str"),
            "form": "music",
            "tags": music["general_genre"].map(lambda genre: [genre]),
            **sound,
        }
    )


def _heard(rows: pd.DataFrame, study: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "interaction_id": [f"{study}-{number}" for number in range(len(rows))],
            "user_id": rows["user_id"].astype("str"),
            "content_id": rows["item_id"].astype("str"),
            "occurred_at": pd.to_datetime(rows["timestamp"], unit="s", utc=True),
            "kind": "rating",
            "value": rows["rating"],
            "dwell_s": rows["duration"],
            "surface": study,
        }
    )


def _lab(rows: pd.DataFrame) -> pd.DataFrame:
    after = {"attribute_valence_after": rows["emo_valence"], "attribute_arousal_after": rows["emo_arousal"]}
    return _heard(rows, "lab").assign(**after)


def _field(rows: pd.DataFrame, situations: pd.DataFrame, study: str) -> pd.DataFrame:
    felt = {
        f"attribute_{dimension}_{moment}": rows[f"emo_{short}_{dimension}"]
        for moment, short in (("before", "pre"), ("after", "post"))
        for dimension in ("valence", "arousal")
    }
    measured = situations.reindex(rows["inter_id"]).reset_index(drop=True)
    return pd.concat([_heard(rows, study).assign(**felt), measured], axis=1)


def _situations(path: Path, wrist: Path) -> pd.DataFrame:
    """Time of day, weather, place and the last half hour at the wrist, by `inter_id`.

    Raises:
        ValueError: the two files differ in their number of rows.
    """
    told = json.loads(read_text(path))
    sensed = np.load(wrist, allow_pickle=False)
    if len(told) != len(sensed):
        raise ValueError(f"{path} has {len(told)} situations, {wrist} {len(sensed)}; both need one an interaction")
    weather, place = (np.array([row[name] for row in told.values()], dtype=np.float64) for name in ("weather", "GPS"))
    columns = {
        "daytime": [_DAYTIMES[row["time"] - 1] for row in told.values()],
        "weather": [_WEATHERS[int(kind) - 1] for kind in weather[:, 0]],
        "pressure": weather[:, 1],
        "temperature": weather[:, 2],
        "humidity": weather[:, 3],
        "place_x": place[:, 0],
        "place_y": place[:, 1],
        "speed": place[:, 2],
        "activity": [_commonest(row) for row in sensed[:, :, 3]],
    }
    columns |= {f"{name}_mean": sensed[:, :, place].mean(axis=1) for place, name in enumerate(_WRIST)}
    columns |= {f"{name}_sd": sensed[:, :, place].std(axis=1, ddof=1) for place, name in enumerate(_WRIST)}
    return pd.DataFrame(columns, index=[int(key) for key in told]).add_prefix("attribute_")


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
