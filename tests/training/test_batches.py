from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from affectlens.features.text import PADDING, UNKNOWN, UNKNOWN_INDEX, Vocabulary
from affectlens.models.emotion.build import build_emotion_model
from affectlens.training.batches import TokenRows, bucketed_order, emotion_batches, network_outputs

VOCABULARY = Vocabulary((PADDING, UNKNOWN, "joy", "sad", "the", "cat"))
TEXTS = ["joy", "the cat the cat", "sad cat", "", "the sad the joy cat joy"]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=300), st.integers(1, 16), st.integers(0, 99))
def test_each_row_comes_once_an_epoch(lengths: list[int], batch_size: int, seed: int) -> None:
    batches = bucketed_order(np.array(lengths), batch_size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert max(map(len, batches)) <= batch_size


def test_rows_of_a_batch_are_of_similar_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, size=4000)
    batches = bucketed_order(lengths, 32, np.random.default_rng(1))
    padded = sum(lengths[rows].max() * len(rows) for rows in batches)
    assert padded < 1.05 * lengths.sum()


def test_the_order_follows_from_the_generator() -> None:
    lengths = np.arange(1, 100)
    first, again, other = (
        np.concatenate(bucketed_order(lengths, 8, np.random.default_rng(seed))) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_texts_are_cut_and_an_empty_one_is_an_unknown_token() -> None:
    rows = TokenRows.of([*TEXTS, "\u200b"], VOCABULARY, max_tokens=4)
    assert rows.tokens.shape == (6, 4)
    assert rows.tokens[0].tolist() == [2, 0, 0, 0]
    assert rows.lengths[4] == 4
    assert rows.tokens[5, 0] == UNKNOWN_INDEX
    assert rows.lengths.min() == 1


def test_labels_stay_with_their_texts() -> None:
    rows = TokenRows.of(TEXTS, VOCABULARY, max_tokens=8)
    labels = np.eye(5)[:, :5]
    for batch in emotion_batches(rows, labels, 2)(np.random.default_rng(0)):
        for tokens, label in zip(batch.tokens, batch.labels, strict=True):
            row = int(label.argmax())
            assert tokens[tokens > 0].tolist() == rows.tokens[row][rows.tokens[row] > 0].tolist()


def test_outputs_come_in_the_order_of_the_texts_whatever_the_batch_size() -> None:
    torch.manual_seed(0)
    model = build_emotion_model(
        "cnn",
        {
            "model": {"kind": "cnn", "language": "en", "neighbourhood": None, "lexicon": False, "max_tokens": 8,
                      "embedding_size": 6, "widths": [2], "n_filters": 5,
                      "hidden_size": 4, "dropout": 0.5, "word_dropout": 0.5},
            "vocabulary": list(VOCABULARY.tokens),
            "labels": ["a", "b"],
        },
    ).eval()  # fmt: skip
    rows = TokenRows.of(TEXTS, VOCABULARY, max_tokens=8)
    logits, hidden = network_outputs(model, rows, batch_size=2)
    all_at_once = model(torch.from_numpy(rows.tokens.astype(np.int64))).detach().numpy()
    assert np.allclose(logits, all_at_once, atol=1e-6)
    assert hidden.shape == (5, 4)
