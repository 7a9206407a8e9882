"""Sources of labelled texts beside GoEmotions: MELD, CARER (dair-ai emotion) and the airline tweets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from affectlens import schemas
from affectlens.features.taxonomy import EKMAN, SENTIMENT
from affectlens.sources import SOURCES, read_source, source_params

MELD = """Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season
1,"Oh my God, he\x92s lost it.",Phoebe,sadness,negative,0,0,4
2,What?,Monica,surprise,negative,0,1,4
3,N/A,Phoebe,neutral,neutral,1,0,4
4,Mine!,Ross,bored,neutral,1,1,4
"""
CARER = """text;label_name
i didnt feel humiliated;sadness
i feel; love;love
i am bored;bored
no label here
"""
TWEETS = """airline_sentiment,user,text,tweet_created
negative,ann,@air you lost my bag,24-02-2015 11.35
negative,ann,@air you lost my bag,24-02-2015 11.35
positive,bob,thank you,24-02-2015 11.36
neutral,bob,which gate?,yesterday
"""


def written(folder: Path, text: str, encoding: str = "utf-8") -> str:
    path = folder / "data.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


def read(name: str, **files: Any) -> dict[str, pd.DataFrame]:
    return read_source(source_params({"name": name, **files}), Path)


@pytest.fixture
def meld(tmp_path: Path) -> dict[str, pd.DataFrame]:
    return read("meld", train=written(tmp_path, MELD), valid=None, test=None)


@pytest.fixture
def carer(tmp_path: Path) -> dict[str, pd.DataFrame]:
    return read("dair_emotion", train=None, valid=written(tmp_path, CARER), test=None)


@pytest.fixture
def tweets(tmp_path: Path) -> dict[str, pd.DataFrame]:
    return read("airline_tweets", tweets=written(tmp_path, TWEETS))


@pytest.mark.parametrize("source", ["meld", "carer", "tweets"])
def test_every_utterance_has_its_own_id_and_one_label(source: str, request: pytest.FixtureRequest) -> None:
    tables = request.getfixturevalue(source)
    ids = tables["utterances"]["utterance_id"]
    assert ids.is_unique
    assert tables["emotion_labels"]["utterance_id"].tolist() == ids.tolist()
    assert tables["emotion_labels"]["taxonomy"].isin(["ekman", "sentiment"]).all()
    assert tables["emotion_labels"]["labels"].map(len).eq(1).all()


@pytest.mark.parametrize(("source", "taxonomy"), [("meld", EKMAN), ("carer", EKMAN), ("tweets", SENTIMENT)])
def test_labels_are_of_the_taxonomy_or_the_row_is_turned_away(
    source: str, taxonomy: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    labels = request.getfixturevalue(source)["emotion_labels"]
    known = labels["labels"].map(lambda names: names[0] in taxonomy)
    accepted = schemas.RawEmotionLabels.validate(labels, lazy=True)
    assert len(accepted) == len(labels)
    assert known.any()


def test_speakers_become_users_and_windows_quotes_plain_ones(meld: dict[str, pd.DataFrame]) -> None:
    assert meld["users"]["user_id"].tolist() == ["Phoebe", "Monica", "Ross"]
    assert meld["utterances"]["text"].tolist()[0] == "Oh my God, he's lost it."
    assert meld["utterances"]["text"].tolist()[2] == "N/A"
    assert meld["emotion_labels"]["split"].unique().tolist() == ["train"]


def test_love_is_joy_and_what_cannot_be_read_says_why(carer: dict[str, pd.DataFrame]) -> None:
    labels = carer["emotion_labels"]
    assert labels["labels"].tolist()[:2] == [["sadness"], ["joy"]]
    assert carer["utterances"]["text"].tolist()[1] == "i feel; love"
    assert labels["defect"].tolist()[2:] == ["unknown label", "malformed line"]
    assert carer["utterances"]["defect"].tolist()[3] == "malformed line"


def test_the_same_tweet_counts_once_and_times_are_read_day_first(tweets: dict[str, pd.DataFrame]) -> None:
    utterances = tweets["utterances"]
    assert utterances["text"].tolist() == ["@air you lost my bag", "thank you", "which gate?"]
    assert utterances["occurred_at"].iloc[0] == pd.Timestamp("2015-02-24 11:35", tz="UTC")
    assert utterances["occurred_at"].isna().tolist() == [False, False, True]
    assert tweets["users"]["user_id"].tolist() == ["ann", "bob"]


@pytest.mark.parametrize("name", ["meld", "dair_emotion", "airline_tweets", "emoji_affect"])
def test_a_source_tells_where_it_comes_from(name: str) -> None:
    source = SOURCES[name]
    assert source.homepage.startswith("https://")
    assert source.licence
    assert all(len(file.sha256) == 64 for file in source.remote_files)


@pytest.mark.parametrize("name", ["meld", "dair_emotion"])
def test_no_file_at_all_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"'{name}' has no file; state one or more of .*source\.train"):
        read(name, train=None, valid=None, test=None)


def test_a_line_of_too_many_fields_costs_itself_alone(tmp_path: Path) -> None:
    dialogue = read("meld", train=written(tmp_path, MELD + "5,a,b,c,d,e,f,g,h,i\n"), valid=None, test=None)
    assert dialogue["utterances"]["defect"].tolist()[3:] == [None, "malformed line"]
    assert dialogue["emotion_labels"]["defect"].tolist()[3:] == [None, "malformed line"]
    assert dialogue["users"]["user_id"].tolist() == ["Phoebe", "Monica", "Ross"]
    tweets = read("airline_tweets", tweets=written(tmp_path, TWEETS + "a,b,c,d,e\na,b,c,d,e\n"))
    assert tweets["utterances"]["defect"].tolist()[3:] == ["malformed line", "malformed line"]


def test_a_missing_label_is_a_defect_of_the_label_alone(tmp_path: Path) -> None:
    tables = read("meld", train=written(tmp_path, MELD.replace("sadness", "")), valid=None, test=None)
    assert tables["emotion_labels"]["defect"].iloc[0] == "missing Emotion"
    assert tables["utterances"]["defect"].isna().all()


@pytest.mark.parametrize(("name", "text", "column"), [("meld", MELD, "Emotion"), ("airline_tweets", TWEETS, "user")])
def test_a_missing_column_is_named_with_its_file(tmp_path: Path, name: str, text: str, column: str) -> None:
    path = written(tmp_path, text.replace(column, "Other", 1))
    files = {"tweets": path} if name == "airline_tweets" else {"train": path, "valid": None, "test": None}
    with pytest.raises(ValueError, match=rf"data\.csv has no columns \['{column}'\]"):
        read(name, **files)
