"""What each step of the ranking ladder may read: blocks of item vectors, and dated vectors of users.

Every step is the same attention model. What is known of items stands side by side in the content vectors; what a user
felt (E_t) or what was generated from it (G_t) stands in the dated vectors, each in the columns of its block.
"""

# Shapes: N items, K generated vectors, S states, d a block's width.
from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent

NOISE, SHUFFLED, LEARNED, CONTENT = "noise", "learned_shuffled", "learned", "content"
STATE, GENERATED = "state", "generated"
NOTHING = GeneratedContent(np.zeros(0, dtype=object), np.zeros(0), np.zeros((0, 0, 0), dtype=np.float32))
OF_ANOTHER = "_of_another"  # suffix of a dated part that is handed to the wrong users


@dataclass(frozen=True)
class Material:
    """Everything that a step may be built from.

    Attributes:
        catalogue: the items; its vectors are the content space in which G_t lives.
        blocks: name -> (N, d) what is known of items, zero where nothing is.
        states: E_t, one vector (1, C) a state, in the order of the columns of the block `learned`.
        generated: G_t, K vectors a state.
    """

    catalogue: Catalogue
    blocks: Mapping[str, np.ndarray]
    states: GeneratedContent
    generated: GeneratedContent

    @property
    def parts(self) -> set[str]:
        """Names of everything that is there."""
        dated = {STATE: self.states, GENERATED: self.generated}
        known = {name for name, content in dated.items() if not content.is_empty}
        return set(self.blocks) | known | {f"{name}{OF_ANOTHER}" for name in known}


def block_of_unit_variance(values: np.ndarray, is_train: np.ndarray) -> np.ndarray:
    """Centred on train items, mean variance of a column 1 there; NaN rows (unknown) become zero, as float32."""
    known = ~np.isnan(values).any(axis=1)
    fitted = values[known & is_train]
    if len(fitted) == 0:
        return np.zeros(values.shape, dtype=np.float32)
    spread = np.sqrt(fitted.var(axis=0).mean())
    scaled = (values - fitted.mean(axis=0)) / (spread if spread > 0 else 1.0)
    return np.where(known[:, None], scaled, 0.0).astype(np.float32)


def with_placebos(blocks: Mapping[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """The blocks, and beside the learned emotion as many random numbers, and itself shuffled over the items."""
    if LEARNED not in blocks:
        return dict(blocks)
    generator, emotion = np.random.default_rng(seed), blocks[LEARNED]
    noise = generator.normal(size=emotion.shape).astype(np.float32)
    return {**blocks, NOISE: noise, SHUFFLED: emotion[generator.permutation(len(emotion))]}


def step_of(material: Material, parts: Sequence[str], seed: int) -> tuple[Catalogue, GeneratedContent]:
    """Content vectors of the items, and dated vectors of the users, for a step that reads these parts.

    Args:
        material: of the data set.
        parts: names of blocks; `state` and `generated` (or these of another user) put dated vectors into the columns
            of `learned` and of `content`.
        seed: of the exchange of users.
    """
    blocks = [name for name in parts if name in material.blocks]
    widths = [material.blocks[name].shape[1] for name in blocks]
    starts = dict(zip(blocks, np.cumsum([0, *widths]), strict=False))
    vectors = np.hstack([np.zeros((material.catalogue.n_items, 0), np.float32), *(material.blocks[n] for n in blocks)])
    has_vector = np.full(material.catalogue.n_items, vectors.shape[1] > 0)
    catalogue = dataclasses.replace(material.catalogue, vectors=vectors, has_vector=has_vector)
    dated = [
        _placed(_owned(content, f"{name}{OF_ANOTHER}" in parts, seed), starts[block], vectors.shape[1])
        for name, content, block in ((STATE, material.states, LEARNED), (GENERATED, material.generated, CONTENT))
        if name in parts or f"{name}{OF_ANOTHER}" in parts
    ]
    return catalogue, (_together(dated) if dated else NOTHING)


def _owned(content: GeneratedContent, is_exchanged: bool, seed: int) -> GeneratedContent:
    """The same vectors; or each user's handed to the next one in a random ring of all users."""
    if not is_exchanged:
        return content
    following = following_users(content.user_ids, seed)
    return dataclasses.replace(content, user_ids=np.array([following[user] for user in content.user_ids], dtype=object))


def following_users(user_ids: np.ndarray, seed: int) -> dict[str, str]:
    """The next user of each in a random ring of all of them, in which nobody stands alone."""
    users = user_ids[np.sort(np.unique(user_ids.astype(str), return_index=True)[1])]
    ring = np.random.default_rng(seed).permutation(users)
    return dict(zip(ring, np.roll(ring, 1), strict=True))


def _placed(content: GeneratedContent, start: int, width: int) -> GeneratedContent:
    n_states, n_vectors, d = content.vectors.shape
    vectors = np.zeros((n_states, n_vectors, width), dtype=np.float32)
    vectors[:, :, start : start + d] = content.vectors
    return dataclasses.replace(content, vectors=vectors)


def _together(parts: Sequence[GeneratedContent]) -> GeneratedContent:
    """Vectors of one part, or the sum of both: [g_k ; E_t], so that W_t mixes the g_k and E_t comes through whole.

    Raises:
        ValueError: the parts have states of different times.
    """
    first, *others = parts
    total = first.vectors
    for other in others:
        if len(other.times) != len(first.times) or not np.array_equal(other.times, first.times):
            raise ValueError("emotion states and generated content must stand row by row; run gan_training again")
        total = total + other.vectors
    return dataclasses.replace(first, vectors=total)
