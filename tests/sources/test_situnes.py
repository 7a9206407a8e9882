from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from affectlens.sources import Tables, read_source, source_params
from affectlens.sources.situnes import SOUND

FIELD = (
    "inter_id,user_id,item_id,timestamp,rating,emo_pre_valence,emo_pre_arousal,emo_post_valence,emo_post_arousal,"
    "duration,rec_type\n1,7,529,1625103746,1,0.35,-0.45,-0.27,0.15,,\n2,7,707,1625121151,4,0.5,-0.4,0.12,0.64,90,WD\n"
)


def read(tmp_path: Path, n_sensed: int = 2, **changed: Any) -> Tables:
    """The tables of a small study; `changed` gives another text of `lab` or `field`, `env`, `wrist`, or a file name."""
    situation = {"time": 3, "weather": [0, 996, 22, 83], "GPS": [2.0, 24.0, 0.5]}
    sensed = np.zeros((n_sensed, 30, 4))
    sensed[:, 20:, 3], sensed[:, :, 2] = 2, np.arange(30)
    np.save(tmp_path / "wrist.npy", changed.pop("wrist", sensed))
    songs = pd.DataFrame({"item_id": [529, 707], **dict.fromkeys(SOUND, 0.5), "general_genre": ["indie", "pop"]})
    songs.to_csv(tmp_path / "music", index=False)
    lab = "user_id,item_id,No.,timestamp,rating,duration,emo_valence,emo_arousal\n7,529,1,1625022948,4,96.5,0.3,-0.7\n"
    (tmp_path / "lab").write_text(changed.pop("lab", lab))
    (tmp_path / "field").write_text(changed.pop("field", FIELD))
    (tmp_path / "env").write_text(json.dumps({"1": situation, "2": situation | changed.pop("second", {})}))
    online: dict[str, Any] = {"online": None, "online_situations": None, "online_wrist": None}
    source = {"name": "situnes", "music": "music", "lab": "lab", "field": "field", **online}
    source |= {"field_situations": "env", "field_wrist": "wrist.npy"} | changed
    return read_source(source_params(source), lambda name: tmp_path / name)


def test_every_song_heard_is_a_rating_with_what_was_felt_and_measured(tmp_path: Path) -> None:
    heard = read(tmp_path)["interactions"]
    assert heard["interaction_id"].tolist() == ["lab-0", "field-0", "field-1"]
    assert heard["surface"].tolist() == ["lab", "field", "field"]
    assert set(heard["kind"]) == {"rating"}
    assert heard["attribute_valence_before"].tolist()[1:] == [0.35, 0.5]
    assert heard["attribute_valence_after"].tolist() == [0.3, -0.27, 0.12]
    last = heard.iloc[2]
    assert (last["attribute_daytime"], last["attribute_weather"], last["attribute_activity"]) == (
        "evening",
        "sunny",
        "still",
    )
    assert last["attribute_steps_mean"] == 14.5
    assert last["attribute_humidity"] == 83
    assert pd.isna(heard["attribute_heart_mean"].iloc[0])


def test_songs_carry_their_sound_and_genre(tmp_path: Path) -> None:
    songs = read(tmp_path)["contents"]
    assert songs["tags"].tolist() == [["indie"], ["pop"]]
    assert {f"attribute_{name.lower()}" for name in SOUND} <= set(songs)


def test_files_of_different_studies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"2 situations, .* 3; both need one an interaction"):
        read(tmp_path, n_sensed=3)


def test_one_bad_cell_costs_its_own_value_or_row_only(tmp_path: Path) -> None:
    broken = FIELD.replace("7,529,", "7,,").replace("0.5,-0.4,", "none,-0.4,")
    heard = read(tmp_path, field=broken)["interactions"]
    assert heard["content_id"].tolist()[::2] == ["529", "707"]
    assert pd.isna(heard["content_id"].iloc[1])
    assert heard["attribute_valence_before"].dtype == np.float64
    assert heard["attribute_valence_before"].isna().tolist() == [True, False, True]
    assert heard["attribute_daytime"].notna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("cell", "changed", "defect"),
    [
        ("1625121151", "2021-07-01", "timestamp is no time in seconds"),
        ("0.12,0.64", "0.12,6.4", "valence or arousal outside [-1, 1]"),
        (",WD", ",WD,more", "malformed line"),
    ],
)
def test_a_broken_rating_says_why(tmp_path: Path, cell: str, changed: str, defect: str) -> None:
    tables = read(tmp_path, field=FIELD.replace(cell, changed))
    assert tables["interactions"]["defect"].fillna("").tolist() == ["", "", defect]
    assert tables["users"]["user_id"].tolist() == ["7"]


@pytest.mark.parametrize(
    "second", [{"time": 0}, {"time": None}, {"weather": [9, 996, 22, 83]}, {"weather": None}, {"GPS": [1.0]}]
)
def test_a_situation_with_an_unknown_code_costs_its_own_row(tmp_path: Path, second: dict[str, object]) -> None:
    heard = read(tmp_path, second=second)["interactions"]
    assert heard["defect"].fillna("").tolist() == ["", "", "unreadable situation"]


@pytest.mark.parametrize("code", [np.nan, 6.0, -1.0])
def test_a_wrist_with_an_unknown_activity_costs_its_own_row(tmp_path: Path, code: float) -> None:
    sensed = np.zeros((2, 30, 4))
    sensed[1, :, 3] = code
    heard = read(tmp_path, wrist=sensed)["interactions"]
    assert heard["defect"].fillna("").tolist() == ["", "", "unreadable situation"]


def test_a_wrist_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"wrist\.npy holds an array of shape \(2, 30, 2\); expected numbers of shape"):
        read(tmp_path, wrist=np.zeros((2, 30, 2)))


def test_a_part_of_the_online_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"only \['source\.online'\] is stated; expected all of .*online_wrist"):
        read(tmp_path, online="field")
    assert len(read(tmp_path, online="field", online_situations="env", online_wrist="wrist.npy")["interactions"]) == 5


def test_a_missing_column_is_named_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"field has no columns \['rating'\]"):
        read(tmp_path, field=FIELD.replace("rating", "stars"))
