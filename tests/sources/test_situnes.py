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


def read(tmp_path: Path, n_sensed: int = 2) -> Tables:
    situation = {"time": 3, "weather": [1, 996, 22, 83], "GPS": [2.0, 24.0, 0.5]}
    sensed = np.zeros((n_sensed, 30, 4))
    sensed[:, 20:, 3], sensed[:, :, 2] = 2, np.arange(30)
    np.save(tmp_path / "wrist.npy", sensed)
    songs = pd.DataFrame({"item_id": [529, 707], **dict.fromkeys(SOUND, 0.5), "general_genre": ["indie", "pop"]})
    songs.to_csv(tmp_path / "music", index=False)
    lab = "user_id,item_id,No.,timestamp,rating,duration,emo_valence,emo_arousal\n7,529,1,1625022948,4,96.5,0.3,-0.7\n"
    (tmp_path / "lab").write_text(lab)
    (tmp_path / "field").write_text(FIELD)
    (tmp_path / "env").write_text(json.dumps({"1": situation, "2": situation}))
    online: dict[str, Any] = {"online": None, "online_situations": None, "online_wrist": None}
    source = {"name": "situnes", "music": "music", "lab": "lab", "field": "field", **online}
    source |= {"field_situations": "env", "field_wrist": "wrist.npy"}
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
