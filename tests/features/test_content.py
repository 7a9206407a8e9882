import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from affectlens.features.content import content_space, content_vectors, space_summary
from affectlens.features.content_blocks import Block, ContentParams, gather_blocks, train_rows

PARAMS = ContentParams(
    dimensions=6,
    text_dimensions=8,
    text_features=500,
    reviews_per_content=0,
    affect=True,
    affect_min_count=1,
    affect_penalty=1.0,
    tag_dimensions=4,
    media_dimensions=3,
    clip_frames=4,
)
WORDS = ["guitar", "strings", "drum", "loud", "soft", "warm", "tone", "cheap", "broken", "lovely", "amp", "cable"]


def picture(generator, n_frames=1):
    frames = [Image.fromarray(generator.integers(0, 255, (12, 12, 3), dtype=np.uint8)) for _ in range(n_frames)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.fixture
def documents():
    generator = np.random.default_rng(3)
    n = 60
    return pd.DataFrame(
        {
            "content_id": [f"c{number}" for number in range(n)],
            "created_at": pd.Series([pd.NaT] * n, dtype="datetime64[us, UTC]"),
            "form": generator.choice(["long_text", "image", "short_video"], n),
            "topic": "music",
            "split": ["train"] * 40 + ["valid"] * 10 + ["test"] * 10,
            "text": [" ".join(generator.choice(WORDS, 6)) if number % 4 else None for number in range(n)],
            "tags": [list(generator.choice(list("abcde"), 2, replace=False)) for _ in range(n)],
            "image_path": [f"p{number}" if number % 3 == 0 else None for number in range(n)],
            "clip_path": [f"q{number}" if number % 3 == 1 else None for number in range(n)],
        }
    )


@pytest.fixture
def media(documents):
    generator = np.random.default_rng(4)
    stills = [(path, picture(generator)) for path in documents["image_path"].dropna()]
    clips = [(path, picture(generator, 3)) for path in documents["clip_path"].dropna()]
    return pd.DataFrame([*stills, *clips], columns=["media_path", "data"])


@pytest.fixture
def examples():
    texts = ["lovely warm", "lovely", "broken", "broken loud", "cheap", "loud cable"] * 3
    labels = [["joy"], ["joy"], ["anger"], ["anger"], ["disgust"], ["anger"]] * 3
    split = ["train"] * 12 + ["test"] * 6
    ids = [f"utterance-{row}" for row in range(len(texts))]
    return pd.DataFrame({"utterance_id": ids, "text": texts, "taxonomy": "ekman", "labels": labels, "split": split})


def space_of(documents, media, examples):
    blocks = gather_blocks(documents, media, examples, PARAMS, seed=1)
    return content_space(blocks, train_rows(documents), PARAMS.dimensions), blocks


def test_every_modality_enters_the_space(documents, media, examples):
    space, blocks = space_of(documents, media, examples)
    assert [block.name for block in blocks] == ["text", "affect", "tags", "form", "image", "clip"]
    assert set(space.kept) == {"text", "affect", "tags", "form", "image", "clip"}
    assert space.vectors.shape == (60, 6)
    assert space.vectors.dtype == np.float32


def test_train_vectors_are_white(documents, media, examples):
    space, _ = space_of(documents, media, examples)
    train = space.vectors[train_rows(documents)].astype(np.float64)
    np.testing.assert_allclose(train.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(train.T @ train / len(train), np.eye(6), atol=1e-4)


def test_what_valid_and_test_contents_hold_changes_no_train_vector(documents, media, examples):
    before, _ = space_of(documents, media, examples)
    later = ~train_rows(documents)
    changed = documents.copy()
    changed.loc[later, "text"] = "entirely new words about something else"
    changed.loc[later, "form"] = "product"
    changed["tags"] = [["unseen"] if late else tags for late, tags in zip(later, changed["tags"], strict=True)]
    shown = set(documents.loc[later, ["image_path", "clip_path"]].to_numpy().ravel())
    other = picture(np.random.default_rng(9), 2)
    changed_media = media.assign(
        data=[other if path in shown else data for path, data in media.itertuples(index=False)]
    )
    changed_examples = examples.assign(
        labels=[["fear"] if split == "test" else labels for labels, split in examples[["labels", "split"]].to_numpy()]
    )
    after, _ = space_of(changed, changed_media, changed_examples)
    np.testing.assert_array_equal(before.vectors[~later], after.vectors[~later])
    assert not np.array_equal(before.vectors[later], after.vectors[later])


def test_without_labelled_utterances_or_where_not_wanted_words_carry_no_affect(documents, media, examples):
    _, blocks = space_of(documents, media, examples.iloc[:0])
    unwanted = gather_blocks(documents, media, examples, PARAMS.model_copy(update={"affect": False}), seed=1)
    assert [block.name for block in blocks] == [block.name for block in unwanted] == [
        "text", "tags", "form", "image", "clip",
    ]  # fmt: skip


def test_affect_sets_contents_of_different_emotion_apart(documents, media, examples):
    texts = ["lovely", "lovely warm", "broken", "broken loud", "", "unheard"]
    table = documents.iloc[:6].assign(text=texts)
    block = next(b for b in gather_blocks(table, media, examples, PARAMS, seed=1) if b.name == "affect")
    anger, _disgust, joy = block.values.T
    assert (joy[:2] > 0).all()
    assert (joy[2:4] < 0).all()
    assert (anger[2:4] > 0).all()
    assert block.values[4:].tolist() == [[0.0] * 3] * 2


def test_words_that_are_too_rare_carry_no_affect(documents, media, examples):
    blocks = gather_blocks(documents, media, examples, PARAMS.model_copy(update={"affect_min_count": 99}), seed=1)
    assert "affect" not in [block.name for block in blocks]


def test_a_content_that_is_a_labelled_utterance_does_not_know_its_own_label(documents, media, examples):
    def affect(asked):
        return next(b for b in gather_blocks(asked, media, examples, PARAMS, seed=1) if b.name == "affect").values

    ids = ["elsewhere", "utterance-4", *documents["content_id"].iloc[2:]]
    table = documents.assign(content_id=ids)
    table.loc[:1, "text"] = "cheap"  # the fifth utterance in six, and the only one of its label
    stranger, own = affect(table)[:2]
    assert own[1] < stranger[1]


def test_contents_without_a_modality_get_a_vector_too(documents, media, examples):
    space, _ = space_of(documents.assign(text=None, image_path=None), media, examples)
    assert set(space.kept) == {"tags", "form", "clip"}
    assert np.isfinite(space.vectors).all()


def test_train_contents_that_do_not_differ_have_no_space(documents, media, examples):
    bare = documents.assign(text=None, form="product", image_path=None, clip_path=None)
    bare["tags"] = [[] for _ in range(len(bare))]
    space, blocks = space_of(bare, media.iloc[:0], examples)
    assert space is None
    assert content_vectors(bare, space).empty
    assert space_summary(space, blocks, bare["split"])["d_g"] == 0


def test_one_train_content_is_no_space(documents, media, examples):
    space, _ = space_of(documents.assign(split=["train", *["test"] * 59]), media, examples)
    assert space is None


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 1000))
def test_all_dimensions_keep_everything(first, second, seed):
    generator = np.random.default_rng(seed)
    blocks = [Block("a", generator.normal(size=(30, first)), 1.0), Block("b", generator.normal(size=(30, second)), 1.0)]
    belongs = np.arange(30) < 20
    space = content_space(blocks, belongs, 50)
    assert space.vectors.shape[1] == first + second
    assert space.explained.sum() == pytest.approx(1.0)
    assert list(space.kept.values()) == pytest.approx([1.0, 1.0])
    np.testing.assert_allclose(space.error, 0.0, atol=1e-9)


def test_a_block_with_large_numbers_does_not_drown_a_small_one():
    generator = np.random.default_rng(0)
    small, large = generator.normal(size=(200, 1)), 1e4 * generator.normal(size=(200, 1))
    space = content_space([Block("small", small, 1.0), Block("large", large, 1.0)], np.ones(200, dtype=bool), 2)
    assert np.abs(np.corrcoef(space.vectors.T, small[:, 0])[-1, :2]).max() > 0.5
    assert space.explained == pytest.approx([0.5, 0.5], abs=0.1)


def test_the_summary_counts_what_is_lost_on_each_split():
    values = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.0, 5.0]])
    belongs = np.array([True] * 4 + [False])
    space = content_space([Block("a", values, 1.0)], belongs, 1)
    summary = space_summary(space, [Block("a", values, 1.0)], pd.Series(["train"] * 4 + ["test"]))
    assert summary["reconstruction_error"] == {"train": 0.1, "valid": None, "test": 1.0}
    assert summary["blocks"]["a"]["kept_in_space"] == 0.9
    assert summary["n_contents"] == {"train": 4, "valid": 0, "test": 1}


def test_contents_keep_their_order_and_attributes(documents, media, examples):
    space, _ = space_of(documents, media, examples)
    table = content_vectors(documents, space)
    assert table["content_id"].tolist() == documents["content_id"].tolist()
    np.testing.assert_array_equal(np.stack(table["vector"].to_numpy()), space.vectors)


def test_one_tag_in_all_is_a_block_of_one_column(documents, media, examples):
    named = documents.assign(tags=[["books"] if row % 2 else [] for row in range(len(documents))])
    blocks = {block.name: block for block in gather_blocks(named, media, examples, PARAMS, seed=1)}
    assert blocks["tags"].values.shape == (len(documents), 1)
    assert set(blocks["tags"].values[:, 0].tolist()) == {0.0, 1.0}
