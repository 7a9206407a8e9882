"""The epochs of the generators: conditions with fresh noise, and emotions that none of them starves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from affectlens.models.gan.conditional import ConditionedVectors, GeneratorBatch, interest_of


def emotion_quotas(counts: np.ndarray, minority_share: float) -> np.ndarray:
    """Contents of each emotion in an epoch of as many contents as there are; emotions without contents get none.

    Quotas go with the logarithm of the counts (training by sampling, Xu et al. 2019, "Modeling Tabular Data using
    Conditional GAN"), halfway between them and the counts themselves, but never below the given share of an even split.

    Args:
        counts: (C,) contents of each emotion.
        minority_share: least share of an epoch for each emotion, over that of an even split.

    >>> emotion_quotas(np.array([90, 10, 0]), 0.5).tolist()
    [76, 24, 0]
    """
    present = counts > 0
    logs, total = np.log1p(counts), counts.sum()
    share = 0.5 * (counts / total + logs / logs.sum())
    least = minority_share / present.sum()
    share = np.where(present, np.maximum(share, least), 0.0)
    quotas: np.ndarray = np.floor(total * share / share.sum() + 0.5).astype(np.int64)
    return quotas


class EpochBatches:
    """The batches of one epoch, in an order drawn from the generator that it is called with.

    An emotion whose quota exceeds its contents repeats them; of one that has more than its quota, each epoch takes
    others. Each epoch draws new noise on the interests, so that no critic learns one pair of content and interest by
    heart. A last batch of fewer than two contents is left out.
    """

    def __init__(
        self,
        train: ConditionedVectors,
        projection: np.ndarray,
        interest_noise: float,
        minority_share: float,
        batch_size: int,
    ) -> None:
        self._vectors, self._emotion = torch.from_numpy(train.vectors), torch.from_numpy(train.emotion)
        self._interest = interest_of(train.vectors, projection)
        strongest = train.emotion.argmax(axis=1)
        self._members = [np.flatnonzero(strongest == index) for index in range(train.emotion.shape[1])]
        self._quotas = emotion_quotas(np.array([len(rows) for rows in self._members]), minority_share)
        self._noise, self._batch_size = interest_noise, batch_size

    def __call__(self, generator: np.random.Generator) -> Iterator[GeneratorBatch]:
        """Batches in a fresh order."""
        drawn = [
            np.resize(generator.permutation(rows), quota)
            for rows, quota in zip(self._members, self._quotas, strict=True)
            if quota
        ]
        order = generator.permutation(np.concatenate(drawn))
        noise = generator.normal(0.0, self._noise, (len(order), self._interest.shape[1]))
        interest = torch.from_numpy((self._interest[order] + noise).astype(np.float32))
        vectors, emotion = self._vectors[order], self._emotion[order]
        for start in range(0, len(order) - 1, self._batch_size):
            rows = slice(start, start + self._batch_size)
            yield GeneratorBatch(vectors[rows], emotion[rows], interest[rows])
