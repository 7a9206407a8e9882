"""The channel inside a network says what the rule says of a text."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectlens.features.lexicon import lexicon_scores
from affectlens.features.taxonomy import labels_of
from affectlens.features.text import Vocabulary, VocabularyParams
from affectlens.models.emotion.lexicon_channel import LexiconChannel
from affectlens.training.batches import TokenRows

TEXTS = [
    "I am very happy but not amused",
    "NOT sad. Happy, slightly afraid",
    "a table",
    "not a table, never really so furious, wonderful",
    "love",
]


@pytest.mark.parametrize("taxonomy", ["goemotions", "ekman", "sentiment"])
def test_the_channel_says_what_the_rule_says(taxonomy: str) -> None:
    vocabulary = Vocabulary.from_texts(TEXTS, VocabularyParams(language="en", min_count=1, max_size=100))
    channel = LexiconChannel(len(vocabulary), len(labels_of(taxonomy)))
    channel.take(vocabulary.tokens, taxonomy)
    rows = TokenRows.of(TEXTS, vocabulary, 20)
    scores = channel(torch.from_numpy(rows.tokens.astype(np.int64))).sum(dim=1).numpy()
    expected = lexicon_scores(TEXTS, taxonomy)
    expected[:, labels_of(taxonomy).index("neutral")] = 0.0  # the rule's word for nothing at all
    assert np.allclose(scores, expected)
    assert scores.any(axis=1).tolist() == [True, True, False, True, True]
