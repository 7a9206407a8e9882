from __future__ import annotations

import numpy as np

from affectlens.features.token_vectors import token_vectors


def flat(texts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([token for text in texts for token in text]), np.cumsum([0, *map(len, texts)])


def test_tokens_of_the_same_company_have_similar_vectors() -> None:
    generator = np.random.default_rng(0)
    texts = []
    for _ in range(400):
        company = [3, 4] if generator.random() < 0.5 else [6, 7]
        word = generator.choice([2, 5]) if company == [3, 4] else 8
        texts.append([int(generator.choice(company)), int(word), int(generator.choice(company))])
    vectors = token_vectors(*flat(texts), n_tokens=10, size=4, reach=2)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    assert unit[2] @ unit[5] > 0.9
    assert unit[2] @ unit[8] < 0.5


def test_padding_is_zero_and_the_vectors_are_the_same_each_time() -> None:
    ids, offsets = flat([[2, 3, 4], [3, 2], [4, 5, 2]])
    first, second = (token_vectors(ids, offsets, n_tokens=6, size=3, reach=2) for _ in range(2))
    assert np.array_equal(first, second)
    assert not first[0].any()
    assert first.shape == (6, 3)


def test_words_of_different_texts_are_no_neighbours() -> None:
    assert not token_vectors(*flat([[2], [3], [4]]), n_tokens=5, size=2, reach=3).any()
