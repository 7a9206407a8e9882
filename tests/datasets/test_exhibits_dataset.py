from __future__ import annotations

import json
from pathlib import Path

import pytest
from kedro.io.core import DatasetError

from affectlens.datasets import ExhibitsDataset
from affectlens.exhibits import Axis, Curves, Gallery, Item, Message, Note, Series

CURVE = Curves(
    title="a curve",
    note=Message(text="{n} points", values={"n": "2"}),
    x=Axis(label="epoch"),
    y=Axis(label="loss"),
    series=(Series(name="cnn", x=(1, 2), y=(0.5, None)),),
)


def test_what_loads_is_exactly_what_was_saved(tmp_path: Path) -> None:
    dataset = ExhibitsDataset(filepath=str(tmp_path / "exhibits.json"))
    shown = [CURVE, Note(title="none", sentences=("Nothing was measured.",))]
    dataset.save(shown)
    assert dataset.load() == shown


def test_a_stage_without_exhibits_shows_none(tmp_path: Path) -> None:
    assert ExhibitsDataset(filepath=str(tmp_path / "exhibits.json")).load() == []


def test_what_is_no_exhibit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="kind"):
        ExhibitsDataset(filepath=str(tmp_path / "exhibits.json")).save([{"title": "no kind"}])


def test_what_could_not_be_loaded_again_is_refused(tmp_path: Path) -> None:
    nowhere = CURVE.model_copy(update={"series": (Series(name="cnn", x=(float("nan"),), y=(0.5,)),)})
    with pytest.raises(DatasetError, match=r"series\.0\.x\.0"):
        ExhibitsDataset(filepath=str(tmp_path / "exhibits.json")).save([nowhere])
    assert not (tmp_path / "exhibits.json").exists()


def test_a_preview_leaves_the_bytes_of_images_out(tmp_path: Path) -> None:
    dataset = ExhibitsDataset(filepath=str(tmp_path / "exhibits.json"))
    dataset.save([CURVE, Gallery(title="samples", items=(Item(title="one", image="AAAA"),))])
    (curve, gallery) = json.loads(dataset.preview())
    assert curve["series"][0]["name"] == "cnn"
    assert gallery["items"][0]["image"] is True
