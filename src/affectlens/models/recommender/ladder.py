"""What each step of the ladders may read: blocks of item vectors, and dated vectors of users.

Every step is the same model. What is known of items stands side by side in the content vectors; what a user felt (E_t)
or what was generated from it (G_t) stands in the dated vectors, each in the columns of its block.
"""

# Shapes: N items, K generated vectors, S states, d a block's width.
from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from affectlens.models.recommender.catalogue import Catalogue, GeneratedContent

LEXICON, LEARNED, CONTENT = "lexicon", "learned", "content"
STATE, GENERATED = "state", "generated"
NOTHING = GeneratedContent(np.zeros(0, dtype=object), np.zeros(0), np.zeros((0, 0, 0), dtype=np.float32))
# Suffixes of placebos. Of a block: as many random numbers; the rows of other items. Of a dated part: all of it from
# another user; the user's own dates (and interest) with the emotion of another; random numbers at the user's own dates.
NOISE, SHUFFLED = "_noise", "_shuffled"
OF_ANOTHER, EMOTION_OF_ANOTHER = "_of_another", "_with_emotion_of_another"


@dataclass(frozen=True)
class Material:
    """Everything that a step may be built from.

    Attributes:
        catalogue: the items; its vectors are the content space in which G_t lives.
        blocks: name -> (N, d) what is known of items, zero where nothing is.
        dated: name -> E_t, one vector (1, C) a state, in the order of the columns of the block `learned`; or G_t, K
            vectors a state, in those of `content`.
        following: user -> the other user who stands in for them in placebos.
    """

    catalogue: Catalogue
    blocks: Mapping[str, np.ndarray]
    dated: Mapping[str, GeneratedContent]
    following: Mapping[str, str]

    @property
    def parts(self) -> set[str]:
        """Names of everything that is there."""
        return set(self.blocks) | {name for name, content in self.dated.items() if not content.is_empty}


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
    """The blocks, and beside each one of emotion as many random numbers, and itself shuffled over the items."""
    generator, found = np.random.default_rng(seed), dict(blocks)
    for name in (LEARNED, LEXICON):
        if name in blocks:
            emotion = blocks[name]
            found[f"{name}{NOISE}"] = generator.normal(size=emotion.shape).astype(np.float32)
            found[f"{name}{SHUFFLED}"] = emotion[generator.permutation(len(emotion))]
    return found


def state_placebos(states: GeneratedContent, following: Mapping[str, str], seed: int) -> dict[str, GeneratedContent]:
    """Suffix -> emotion states: as they are, another user's, another's at the own dates, and random ones."""
    if states.is_empty:
        return {}
    noise = np.random.default_rng(seed).normal(size=states.vectors.shape).astype(np.float32)
    exchanged = states.vectors[rows_of_another(states, following)]
    return {
        "": states,
        OF_ANOTHER: handed_on(states, following),
        EMOTION_OF_ANOTHER: dataclasses.replace(states, vectors=exchanged),
        NOISE: dataclasses.replace(states, vectors=noise),
    }


def handed_on(content: GeneratedContent, following: Mapping[str, str]) -> GeneratedContent:
    """The same vectors, each user's handed to the next one in the ring."""
    owners = np.array([following.get(user, user) for user in content.user_ids], dtype=object)
    return dataclasses.replace(content, user_ids=owners)


def rows_of_another(states: GeneratedContent, following: Mapping[str, str]) -> np.ndarray:
    """(S,) for each state the newest one of the user's stand-in at that time; the stand-in's first where none is."""
    asked = np.array([following.get(user, user) for user in states.user_ids], dtype=object)
    rows = states.latest(asked, states.times)
    by_time = np.argsort(states.times, kind="stable")[::-1]
    first = dict(zip(states.user_ids[by_time], by_time, strict=True))  # the last one written is the earliest
    stand_in = np.array([first.get(user, row) for row, user in enumerate(asked)], dtype=np.int64)
    return np.where(rows >= 0, rows, stand_in)


def following_users(user_ids: np.ndarray, seed: int) -> dict[str, str]:
    """The next user of each in a random ring of all of them, in which nobody stands alone."""
    users = user_ids[np.sort(np.unique(user_ids.astype(str), return_index=True)[1])]
    ring = np.random.default_rng(seed).permutation(users)
    return dict(zip(ring, np.roll(ring, 1), strict=True))


def step_of(material: Material, parts: Sequence[str]) -> tuple[Catalogue, GeneratedContent]:
    """Content vectors of the items, and dated vectors of the users, for a step that reads these parts.

    Args:
        material: of the data set.
        parts: names of blocks; and of dated parts, whose vectors stand in the columns of `learned` or of `content`.
    """
    blocks = [name for name in parts if name in material.blocks]
    widths = [material.blocks[name].shape[1] for name in blocks]
    starts = dict(zip(blocks, np.cumsum([0, *widths]), strict=False))
    vectors = np.hstack([np.zeros((material.catalogue.n_items, 0), np.float32), *(material.blocks[n] for n in blocks)])
    has_vector = np.full(material.catalogue.n_items, vectors.shape[1] > 0)
    catalogue = dataclasses.replace(material.catalogue, vectors=vectors, has_vector=has_vector)
    dated = [
        _placed(material.dated[name], starts[block_of_dated(name)], vectors.shape[1])
        for name in parts
        if name in material.dated
    ]
    return catalogue, (_together(dated) if dated else NOTHING)


def block_of_dated(name: str) -> str:
    """The block in whose columns a dated part stands.

    >>> block_of_dated("state_of_another"), block_of_dated("generated")
    ('learned', 'content')
    """
    return LEARNED if name.startswith(STATE) else CONTENT


def _placed(content: GeneratedContent, start: int, width: int) -> GeneratedContent:
    n_states, n_vectors, d = content.vectors.shape
    vectors = np.zeros((n_states, n_vectors, width), dtype=np.float32)
    vectors[:, :, start : start + d] = content.vectors
    return dataclasses.replace(content, vectors=vectors)


def _together(parts: Sequence[GeneratedContent]) -> GeneratedContent:
    """Vectors of one part, or the sum of both: [g_k ; E_t], so that W_t mixes the g_k and E_t comes through whole.

    Raises:
        ValueError: the parts have states of different times or users.
    """
    first, *others = parts
    total = first.vectors
    for other in others:
        same = len(other.times) == len(first.times) and np.array_equal(other.times, first.times)
        if not same or not np.array_equal(other.user_ids, first.user_ids):
            raise ValueError("emotion states and generated content must stand row by row; run gan_training again")
        total = total + other.vectors
    return dataclasses.replace(first, vectors=total)
