"""Emoji as pictures, faces that are off by default, and what sources of pictures share."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from affectlens.features.images import decode_pixels
from affectlens.sources import read_source, source_params
from affectlens.sources.pictures import png, read_arrays, split_of

GREY = np.random.default_rng(0).integers(0, 255, size=(40, 48, 48), dtype=np.uint8)
EMOJI = """index,codepoint,name,negative,neutral,positive,sentiment_score
0,1F600,GRINNING FACE,1,2,9,0.67
1,1F621,POUTING FACE,8,1,1,-0.7
2,1F4CE,PAPERCLIP,,1,0,0.1
"""


def faces(folder: Path, *, test: bool = False, allowed: bool = True) -> dict[str, pd.DataFrame]:
    path = folder / "faces.npz"
    np.savez(path, images=GREY, labels=np.arange(40) % 4, classes=np.array(["angry", "happy", "bored"]))
    given = {"name": "fer2013", "faces": str(path), "test": str(path) if test else None, "valid_share": 0.25}
    return read_source(source_params({**given, "i_may_process_faces": allowed}), Path)


def emoji(folder: Path, n_pictures: int = 3, text: str = EMOJI) -> dict[str, pd.DataFrame]:
    (folder / "emoji.csv").write_text(text)
    pictures = np.random.default_rng(0).integers(0, 255, size=(n_pictures, 32, 32, 4), dtype=np.uint8)
    np.savez(folder / "emoji.npz", images=pictures)
    files = {"table": str(folder / "emoji.csv"), "pictures": str(folder / "emoji.npz")}
    given = {"name": "emoji_affect", **files, "test_table": None, "test_pictures": None, "valid_share": 0.2}
    return read_source(source_params(given), Path)


def test_the_split_of_a_picture_follows_from_its_pixels_alone() -> None:
    drawn = [split_of(one.tobytes(), 0.25) for one in GREY]
    assert drawn == [split_of(one.tobytes(), 0.25) for one in GREY]
    many = [split_of(str(number).encode(), 0.25) for number in range(2000)]
    assert 0.22 < np.mean([one == "valid" for one in many]) < 0.28


def test_no_face_is_read_before_it_is_declared_that_one_may(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"faces is off.* docs/law\.md.* --params source\.i_may_process_faces=true"):
        faces(tmp_path, allowed=False)


def test_faces_become_pictures_without_words_and_unknown_classes_are_defects(tmp_path: Path) -> None:
    tables = faces(tmp_path)
    labels = tables["emotion_labels"]
    assert labels["labels"].tolist()[:2] == [["anger"], ["joy"]]
    assert labels["defect"].isna().tolist()[:4] == [True, True, False, False]  # bored, and a number without a name
    assert tables["utterances"]["text"].unique().tolist() == ["[picture]"]
    assert tables["utterances"]["image_path"].tolist() == tables["media"]["media_path"].tolist()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(tables["media"]["data"].iloc[5]))), GREY[5])


def test_held_back_faces_are_the_test_split_with_ids_of_their_own(tmp_path: Path) -> None:
    tables = faces(tmp_path, test=True)
    assert tables["utterances"]["utterance_id"].is_unique
    assert tables["emotion_labels"]["split"].value_counts()["test"] == 40


def test_an_emoji_has_its_picture_name_most_frequent_sentiment_and_valence(tmp_path: Path) -> None:
    tables = emoji(tmp_path)
    labels = tables["emotion_labels"]
    assert labels["labels"].tolist()[:2] == [["positive"], ["negative"]]
    assert labels["valence"].tolist()[:2] == [0.67, -0.7]
    assert labels["n_annotators"].tolist()[:2] == [12, 10]
    assert labels["defect"].tolist()[2] == "unreadable counts"
    assert tables["utterances"]["text"].tolist() == ["grinning face", "pouting face", "paperclip"]


def test_a_transparent_picture_opens_as_pixels_of_the_size_that_networks_read(tmp_path: Path) -> None:
    data = emoji(tmp_path)["media"]["data"].iloc[0]
    assert decode_pixels(data, 1).shape == (1, 32, 32, 3)


def test_a_table_and_pictures_of_different_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"3 rows, .* 2 pictures"):
        emoji(tmp_path, n_pictures=2)


def test_a_file_that_holds_objects_or_is_damaged_is_never_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "objects.npz", images=np.array([{"a": 1}], dtype=object))
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04 no archive")
    for name in ("objects.npz", "damaged.npz"):
        with pytest.raises(ValueError, match=f"{name} is no .npz file of plain arrays"):
            read_arrays(tmp_path / name, ("images",))


def test_pictures_that_are_none_are_refused_with_what_was_expected(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", pictures=GREY)
    np.save(tmp_path / "one.npy", GREY)
    np.savez(tmp_path / "float.npz", images=GREY / 255)
    np.savez(tmp_path / "flat.npz", images=GREY[0])
    expected = {
        "other.npz": r"has no arrays \['images'\], but \['pictures'\]; write it with numpy\.savez\(path, images=",
        "one.npy": r"has no arrays \['images'\], but one array without a name",
        "float.npz": r"are float64 of shape \(40, 48, 48\); expected uint8",
        "flat.npz": r"are uint8 of shape \(48, 48\); expected uint8 \(n, height, width\)",
    }
    for name, message in expected.items():
        with pytest.raises(ValueError, match=message) as caught:
            read_arrays(tmp_path / name, ("images",))
        assert name in str(caught.value)


def test_faces_and_labels_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "faces.npz"
    given = {"name": "fer2013", "faces": str(path), "test": None, "valid_share": 0.25, "i_may_process_faces": True}
    for labels in (np.zeros(39, dtype=int), np.zeros(40)):
        np.savez(path, images=GREY, labels=labels, classes=np.array(["angry"]))
        with pytest.raises(ValueError, match=rf"{len(labels)} `labels` of {labels.dtype} for 40 `images`"):
            read_source(source_params(given), Path)
    np.savez(path, images=GREY, labels=np.full(40, -1), classes=np.array(["angry"]))
    assert set(read_source(source_params(given), Path)["emotion_labels"]["defect"]) == {"unknown class"}


@pytest.mark.parametrize("field", ["test_table", "test_pictures"])
def test_a_held_back_table_or_pictures_alone_are_refused(tmp_path: Path, field: str) -> None:
    emoji(tmp_path)
    files = {"table": str(tmp_path / "emoji.csv"), "pictures": str(tmp_path / "emoji.npz")}
    given = {"name": "emoji_affect", **files, "test_table": None, "test_pictures": None, "valid_share": 0.2}
    given[field] = files[field.removeprefix("test_")]
    with pytest.raises(ValueError, match=rf"source\.{field} is stated alone; expected both"):
        read_source(source_params(given), Path)


def test_an_emoji_without_code_point_is_a_defect_in_every_table(tmp_path: Path) -> None:
    tables = emoji(tmp_path, text=EMOJI.replace("1F621", "").replace("0.1\n", "0.1,too many\n"))
    for name in ("utterances", "emotion_labels", "media"):
        assert tables[name]["defect"].tolist() == [None, "missing codepoint", "malformed line"]


def test_a_missing_column_of_the_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"emoji\.csv has no columns \['sentiment_score'\]"):
        emoji(tmp_path, text=EMOJI.replace("sentiment_score", "score"))


def test_png_keeps_the_pixels() -> None:
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(GREY[0])))), GREY[0])
