"""Contents as vectors: all modalities in one whitened space, fitted on train contents only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from affectlens.features.content_blocks import Block
from affectlens.schemas import SPLITS

_LEAST_EIGENVALUE = 1e-6  # of the largest one: below it a direction is rounding noise


@dataclass(frozen=True)
class ContentSpace:
    """Whitened vectors and what was lost on the way.

    Attributes:
        vectors: (n, d_g) float32; mean 0 and covariance 1 over train contents.
        explained: (d_g,) share of the blocks' train variance along each dimension.
        kept: share of each block's train variance that the d_g dimensions keep.
        error: (n,) squared distance between the blocks and their reconstruction, and `energy` (n,) from the mean.
    """

    vectors: np.ndarray
    explained: np.ndarray
    kept: Mapping[str, float]
    error: np.ndarray
    energy: np.ndarray


def content_space(blocks: Sequence[Block], is_train: np.ndarray, dimensions: int) -> ContentSpace | None:
    """Blocks of equal total variance, rotated to their principal axes and scaled to unit variance.

    Args:
        blocks: modalities of the same n contents.
        is_train: (n,) the contents that are fitted on.
        dimensions: most dimensions kept; fewer where the blocks vary in fewer directions.

    Returns:
        The space; None where train contents do not differ in anything, or are fewer than two.
    """
    if is_train.sum() < 2:
        return None
    scaled = {block.name: _unit_variance(block.values, is_train) for block in blocks}
    varying = {name: values for name, values in scaled.items() if values[is_train].any()}
    if not varying:
        return None
    joined = np.hstack(list(varying.values()))
    values, axes = _principal_axes(joined[is_train], dimensions)
    scores = joined @ axes
    residual = joined - scores @ axes.T
    bounds = np.cumsum([0, *(part.shape[1] for part in varying.values())])
    lost = [float((residual[is_train, a:b] ** 2).sum(axis=1).mean()) for a, b in pairwise(bounds)]
    return ContentSpace(
        vectors=(scores / np.sqrt(values)).astype(np.float32),
        explained=values / len(varying),
        kept={name: 1.0 - loss for name, loss in zip(varying, lost, strict=True)},
        error=(residual**2).sum(axis=1),
        energy=(joined**2).sum(axis=1),
    )


def _unit_variance(values: np.ndarray, is_train: np.ndarray) -> np.ndarray:
    """Centred on train; total train variance 1, or all zero where train does not vary."""
    centred = values - values[is_train].mean(axis=0)
    total = (centred[is_train] ** 2).sum(axis=1).mean()
    return centred / np.sqrt(total) if total > 1e-12 else np.zeros_like(centred)


def _principal_axes(train: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest variances (d,) and their axes (k, d), each axis pointing so that its largest entry is positive."""
    variances, axes = np.linalg.eigh(train.T @ train / len(train))
    variances, axes = variances[::-1], axes[:, ::-1]
    n_kept = min(dimensions, int((variances > _LEAST_EIGENVALUE * variances[0]).sum()))
    variances, axes = variances[:n_kept], axes[:, :n_kept]
    largest = np.abs(axes).argmax(axis=0)
    return variances, axes * np.sign(axes[largest, np.arange(n_kept)])


def content_vectors(documents: pd.DataFrame, space: ContentSpace | None) -> pd.DataFrame:
    """`content_features`: one vector a content; no rows where contents have no signal."""
    columns = documents[["content_id", "created_at", "form", "topic", "split"]]
    if space is None:
        return columns.iloc[:0].assign(vector=pd.Series(dtype=object))
    return columns.assign(vector=list(space.vectors))


def space_summary(space: ContentSpace | None, blocks: Sequence[Block], split: pd.Series) -> dict[str, Any]:
    """What a report says about the space: sizes, variance kept per block, reconstruction error per split.

    The reconstruction error is the share of the squared distance from the train mean that is lost, null for a split
    without contents. No space is a space of 0 dimensions.
    """
    n_contents = {name: int((split == name).sum()) for name in SPLITS}
    if space is None:
        return {"d_g": 0, "n_contents": n_contents, "blocks": {}, "explained_variance": [], "reconstruction_error": {}}
    sums = pd.DataFrame({"error": space.error, "energy": space.energy}).groupby(split.to_numpy()).sum()
    ratio = (sums["error"] / sums["energy"]).reindex(list(SPLITS))
    return {
        "d_g": space.vectors.shape[1],
        "explained_variance": space.explained.round(6).tolist(),
        "blocks": {
            block.name: {
                "dimensions": block.values.shape[1],
                "explained_by_block": round(block.explained, 6),
                "kept_in_space": round(space.kept[block.name], 6),
            }
            for block in blocks
            if block.name in space.kept
        },
        "reconstruction_error": {name: None if np.isnan(value) else round(value, 6) for name, value in ratio.items()},
        "n_contents": n_contents,
    }
