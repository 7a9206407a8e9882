from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from affectlens.sources import Tables, read_source, source_params

HEADER = "reviewerID,asin,helpful,reviewText,overall,summary,unixReviewTime"
ROW = 'ann,p1,"[0, 1]","It ""sings"", truly",5.0,Nice,1353024000'


def read(tmp_path: Path, reviews: str, held_back: str | None = None) -> Tables:
    for name, content in {"reviews": reviews, "held_back": held_back}.items():
        (tmp_path / name).write_bytes(gzip.compress((content or "").encode()))
    names = {"reviews": "reviews", "held_back": None if held_back is None else "held_back"}
    return read_source(source_params({"name": "musical_instruments", **names}), lambda name: tmp_path / name)


def test_a_review_is_a_rating_an_utterance_and_a_distant_label(tmp_path: Path) -> None:
    tables = read(tmp_path, f"{HEADER}\n{ROW}\n")
    rating, utterance = tables["interactions"].iloc[0], tables["utterances"].iloc[0]
    assert (rating["user_id"], rating["content_id"], rating["value"]) == ("ann", "p1", 5.0)
    assert rating["occurred_at"].isoformat() == "2012-11-16T00:00:00+00:00"
    assert utterance["text"] == 'Nice\nIt "sings", truly'
    assert tables["emotion_labels"]["labels"].tolist() == [["positive"]]
    assert tables["users"]["user_id"].tolist() == ["ann"]


def test_contents_carry_nothing_of_the_reviews(tmp_path: Path) -> None:
    contents = read(tmp_path, f"{HEADER}\n{ROW}\n")["contents"]
    assert contents.drop(columns=["content_id", "form"]).isna().all(axis=None)


def test_ids_of_events_do_not_hold_the_reviewer(tmp_path: Path) -> None:
    tables = read(tmp_path, f"{HEADER}\n{ROW}\n")
    assert "ann" not in tables["interactions"]["interaction_id"].iloc[0]
    assert "ann" not in tables["utterances"]["utterance_id"].iloc[0]


@pytest.mark.parametrize(("overall", "label"), [("4.0", "positive"), ("3.0", "ambiguous"), ("2.0", "negative")])
def test_the_rating_decides_the_distant_label(tmp_path: Path, overall: str, label: str) -> None:
    tables = read(tmp_path, f"{HEADER}\nann,p1,,text,{overall},title,1353024000\n")
    assert tables["emotion_labels"]["labels"].tolist() == [[label]]


@pytest.mark.parametrize("overall", ["6.0", "0", "good", ""])
def test_a_rating_off_the_scale_costs_the_rating_but_not_the_text(tmp_path: Path, overall: str) -> None:
    tables = read(tmp_path, f"{HEADER}\nann,p1,,text,{overall},title,1353024000\n")
    assert tables["interactions"]["defect"].tolist() == ["rating outside 1 to 5"]
    assert tables["utterances"]["defect"].isna().all()
    assert len(tables["emotion_labels"]) == 0


def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = [ROW, 'bob,p1,,"never closed,5.0,Nice,1353024000', ROW.replace("ann", "cid"), "too,few,fields"]
    interactions = read(tmp_path, "\n".join([HEADER, *rows]))["interactions"]
    assert interactions["defect"].notna().tolist() == [False, True, False, True]
    assert interactions["user_id"].dropna().tolist() == ["ann", "cid"]


def test_a_quoted_text_may_run_over_lines(tmp_path: Path) -> None:
    tables = read(tmp_path, f'{HEADER}\nann,p1,,"first\nsecond",5.0,Nice,1353024000\n{ROW}\n')
    assert tables["utterances"]["text"].iloc[0] == "Nice\nfirst\nsecond"
    assert len(tables["utterances"]) == 2


def test_json_lines_give_the_same_tables_as_csv(tmp_path: Path) -> None:
    record = {"reviewerID": "ann", "asin": "p1", "reviewText": 'It "sings", truly', "overall": 5.0}
    line = json.dumps({**record, "summary": "Nice", "unixReviewTime": 1353024000})
    from_json = read(tmp_path, f"{line}\n{{broken\n")
    from_csv = read(tmp_path, f"{HEADER}\n{ROW}\nbroken\n")
    for name, table in from_csv.items():
        assert from_json[name].equals(table), name


def test_half_a_character_in_json_is_marked_not_a_crash(tmp_path: Path) -> None:
    line = '{"reviewerID": "ann", "asin": "p1", "reviewText": "\\ud83d", "overall": 5.0, "unixReviewTime": 1353024000}'
    assert "\ufffd" in read(tmp_path, line)["utterances"]["text"].iloc[0]


def test_character_references_are_resolved(tmp_path: Path) -> None:
    tables = read(tmp_path, f"{HEADER}\nann,p1,,Bob&#39;s &amp; mine,5.0,,1353024000\n")
    assert tables["utterances"]["text"].tolist() == ["Bob's & mine"]


def test_held_back_reviews_come_after_the_others(tmp_path: Path) -> None:
    tables = read(tmp_path, f"{HEADER}\n{ROW}\n", f"{HEADER}\n{ROW.replace('p1', 'p2')}\n")
    assert tables["interactions"]["content_id"].tolist() == ["p1", "p2"]
    assert tables["interactions"]["interaction_id"].is_unique


def test_a_file_of_another_form_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no columns \['asin'"):
        read(tmp_path, "a,b\n1,2\n")


def test_a_cut_off_gzip_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(gzip.compress(b"something" * 100)[:-10])
    params = source_params({"name": "musical_instruments", "reviews": "cut", "held_back": None})
    with pytest.raises(ValueError, match="damaged gzip"):
        read_source(params, lambda name: tmp_path / name)
