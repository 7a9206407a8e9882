"""Contents as vectors: text, tags, form, picture and clip in one whitened space, fitted on train contents only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from affectlens.features.images import appearance, decode_frames, motion
from affectlens.features.text import tokenise
from affectlens.params import Params
from affectlens.schemas import FORMS, SPLITS

_LEAST_EIGENVALUE = 1e-6  # of the largest one: below it a direction is rounding noise


class ContentParams(Params):
    """Sizes of the content space."""

    dimensions: int = Field(ge=1, description="most dimensions of a content vector, d_g")
    text_dimensions: int = Field(ge=1, description="latent dimensions of the words")
    text_features: int = Field(ge=1, description="most word unigrams and bigrams that are counted")
    reviews_per_content: int = Field(ge=0, description="train utterances that stand in for a missing text; 0 is none")
    tag_dimensions: int = Field(ge=1, description="latent dimensions of the tags")
    media_dimensions: int = Field(ge=1, description="principal components of pictures, and of clips")
    clip_frames: int = Field(ge=2, description="most frames that are read of a clip")


@dataclass(frozen=True)
class Block:
    """One modality of all contents.

    Attributes:
        name: text, tags, form, image or clip.
        values: (n, k); contents without this modality are at the mean of those with it, or at zero words.
        explained: share of the variance of the raw train features that the k dimensions keep.
    """

    name: str
    values: np.ndarray
    explained: float


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


def gather_blocks(
    documents: pd.DataFrame, media: pd.DataFrame, is_train: np.ndarray, params: ContentParams, seed: int
) -> list[Block]:
    """Every modality that train contents have: text, tags, form, image, clip.

    Args:
        documents: `content_documents`, n rows.
        media: pictures and clips by path.
        is_train: (n,) the contents that everything is fitted on.
        params: sizes.
        seed: of the randomised decompositions.
    """
    texts = documents["text"].fillna("").tolist()
    tags = [list(values) for values in documents["tags"]]
    blocks = [
        text_block(texts, is_train, params, seed),
        tag_block(tags, is_train, params, seed),
        form_block(documents["form"]),
        *media_blocks(documents, media, is_train, params, seed),
    ]
    return [block for block in blocks if block is not None]


def text_block(texts: Sequence[str], is_train: np.ndarray, params: ContentParams, seed: int) -> Block | None:
    """Latent words: TF-IDF of word unigrams and bigrams, then a truncated SVD. None if train has no words."""
    rows = [tokenise(text) for text in texts]
    analyser = _words_and_pairs
    return _latent(
        "text",
        rows,
        is_train,
        TfidfVectorizer(analyzer=analyser, sublinear_tf=True, max_features=params.text_features),
        params.text_dimensions,
        seed,
    )


def tag_block(tags: Sequence[Sequence[str]], is_train: np.ndarray, params: ContentParams, seed: int) -> Block | None:
    """Latent tags: one-hot, weighted by rarity, then a truncated SVD. None if train has no tags."""
    return _latent("tags", tags, is_train, TfidfVectorizer(analyzer=list), params.tag_dimensions, seed)


def _words_and_pairs(tokens: Sequence[str]) -> list[str]:
    pairs = [f"{first} {second}" for first, second in pairwise(tokens)]
    return [*tokens, *pairs]


def _latent(
    name: str, rows: Sequence[Sequence[str]], is_train: np.ndarray, counter: TfidfVectorizer, dimensions: int, seed: int
) -> Block | None:
    train = [row for row, belongs in zip(rows, is_train, strict=True) if belongs]
    if not any(len(row) for row in train):
        return None
    weights = counter.fit_transform(train)
    svd = TruncatedSVD(min(dimensions, *weights.shape), random_state=seed)
    with np.errstate(invalid="ignore"):  # train rows that are all alike have no variance to share out
        svd.fit(weights)
    return Block(name, svd.transform(counter.transform(rows)), _total(svd.explained_variance_ratio_))


def form_block(forms: pd.Series) -> Block:
    """Form of each content, one-hot."""
    codes = pd.Categorical(forms, categories=list(FORMS)).codes
    return Block("form", np.eye(len(FORMS))[codes], 1.0)


def media_blocks(
    documents: pd.DataFrame, media: pd.DataFrame, is_train: np.ndarray, params: ContentParams, seed: int
) -> list[Block]:
    """Principal components of pictures and of clips (with their motion), where train contents have any."""
    data = media.set_index("media_path")["data"]
    blocks = [
        _media_block(name, documents[column].map(data), is_train, params, seed)
        for name, column in (("image", "image_path"), ("clip", "clip_path"))
    ]
    return [block for block in blocks if block is not None]


def _media_block(name: str, data: pd.Series, is_train: np.ndarray, params: ContentParams, seed: int) -> Block | None:
    at = np.flatnonzero(data.notna())
    is_fitted = is_train[at]
    if is_fitted.sum() < 2:
        return None
    frames = [decode_frames(content, params.clip_frames) for content in data.iloc[at]]
    looks, moves = np.stack([appearance(f) for f in frames]), np.stack([motion(f) for f in frames])
    pca = PCA(min(params.media_dimensions, int(is_fitted.sum()) - 1), svd_solver="randomized", random_state=seed)
    pca.fit(looks[is_fitted])
    spread = np.sqrt(pca.explained_variance_.sum())
    centred, scale = moves - moves[is_fitted].mean(axis=0), moves[is_fitted].std(axis=0)
    standard = np.divide(centred, scale, out=np.zeros_like(centred), where=scale > 0)
    moved = standard * spread / np.sqrt(moves.shape[1])
    values = np.zeros((len(data), pca.n_components_ + moves.shape[1]))
    values[at] = np.hstack([pca.transform(looks), moved])
    return Block(name, values, _total(pca.explained_variance_ratio_))


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


def _total(shares: np.ndarray) -> float:
    return float(np.clip(np.nansum(shares), 0.0, 1.0))
