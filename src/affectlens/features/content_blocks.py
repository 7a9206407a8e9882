"""What a content shows, modality by modality: words, their affect, tags, form, picture, clip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from affectlens.features.affect import WordEmotions, cross_fitted_scores
from affectlens.features.images import appearance, decode_frames, motion
from affectlens.features.splits import TRAIN
from affectlens.features.taxonomy import indicator_matrix
from affectlens.features.text import tokenise
from affectlens.params import Params
from affectlens.schemas import FORMS, SPLITS

_N_FOLDS = 5  # of the affect of contents that are labelled utterances themselves


class ContentParams(Params):
    """Sizes of the content space."""

    dimensions: int = Field(ge=1, description="most dimensions of a content vector, d_g")
    text_dimensions: int = Field(ge=1, description="latent dimensions of the words")
    text_features: int = Field(ge=1, description="most word unigrams and bigrams that are counted")
    reviews_per_content: int = Field(ge=0, description="train utterances that stand in for a missing text; 0 is none")
    affect: bool = Field(description="whether words bring the emotions that labelled train utterances give them")
    affect_min_count: int = Field(ge=1, description="train utterances in which a word has to stand to carry emotion")
    affect_penalty: float = Field(gt=0.0, description="ridge penalty on how much a word may speak for an emotion")
    tag_dimensions: int = Field(ge=1, description="latent dimensions of the tags")
    media_dimensions: int = Field(ge=1, description="principal components of pictures, and of clips")
    clip_frames: int = Field(ge=2, description="most frames that are read of a clip")


@dataclass(frozen=True)
class Block:
    """One modality of all contents.

    Attributes:
        name: text, affect, tags, form, attributes, image or clip.
        values: (n, k); contents without this modality are at the mean of those with it, or at zero words.
        explained: share of the variance of the raw train features that the k dimensions keep.
    """

    name: str
    values: np.ndarray
    explained: float


def gather_blocks(
    documents: pd.DataFrame, media: pd.DataFrame, examples: pd.DataFrame, params: ContentParams, seed: int
) -> list[Block]:
    """Every modality that train contents have: text, affect, tags, form, attributes, image, clip; none without any.

    Args:
        documents: `content_documents`, n rows; everything is fitted on its train rows.
        media: pictures and clips by path.
        examples: `emotion_examples`; its train rows teach the words' affect.
        params: sizes.
        seed: of the randomised decompositions.
    """
    is_train = train_rows(documents)
    if not is_train.any():
        return []
    texts = _rows_of_terms(documents["text"].fillna(""))
    tags = [list(values) for values in documents["tags"]]
    blocks = [
        text_block(texts, is_train, params, seed),
        affect_block(texts, documents["content_id"], examples, params) if params.affect else None,
        tag_block(tags, is_train, params, seed),
        form_block(documents["form"]),
        attribute_block(documents, is_train),
        *media_blocks(documents, media, is_train, params, seed),
    ]
    return [block for block in blocks if block is not None]


def text_block(texts: Sequence[Sequence[str]], is_train: np.ndarray, params: ContentParams, seed: int) -> Block | None:
    """Latent words: TF-IDF of word unigrams and bigrams, then a truncated SVD. None if train has no words."""
    return _latent(
        "text",
        texts,
        is_train,
        TfidfVectorizer(analyzer=list, sublinear_tf=True, max_features=params.text_features),
        params.text_dimensions,
        seed,
    )


def affect_block(
    texts: Sequence[Sequence[str]], content_ids: pd.Series, examples: pd.DataFrame, params: ContentParams
) -> Block | None:
    """Emotion that the words carry, as labelled train utterances use them. None where no word stands in enough of them.

    Latent words hardly carry emotion: few words of a text show it, and topics vary more. Where a content is itself a
    labelled train utterance, its score is that of weights learned without it.
    """
    train = examples[train_rows(examples)]
    rows, sizes = _rows_of_terms(train["text"]), (params.affect_min_count, params.affect_penalty)
    n_utterances = Counter(chain.from_iterable(map(set, rows)))
    if max(n_utterances.values(), default=0) < params.affect_min_count:
        return None
    indicator = indicator_matrix(train["labels"].tolist(), train["taxonomy"].iloc[0])
    indicator = indicator[:, indicator.any(axis=0)]
    values = WordEmotions.fit(rows, indicator, *sizes).scores(texts)
    place = pd.Index(train["utterance_id"]).get_indexer(content_ids)
    asked = np.isin(np.arange(len(rows)), place)
    if asked.any():
        own = cross_fitted_scores(rows, indicator, asked, _N_FOLDS, *sizes)
        values[place >= 0] = own[place[place >= 0]]
    return Block("affect", values, 1.0)


def _rows_of_terms(texts: Iterable[str]) -> list[list[str]]:
    return [_words_and_pairs(tokenise(text)) for text in texts]


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
    if weights.shape[1] == 1:  # one tag or word in all: nothing to compress
        return Block(name, counter.transform(rows).toarray(), 1.0)
    svd = TruncatedSVD(min(dimensions, *weights.shape), random_state=seed)
    with np.errstate(invalid="ignore"):  # train rows that are all alike have no variance to share out
        svd.fit(weights)
    return Block(name, svd.transform(counter.transform(rows)), _total(svd.explained_variance_ratio_))


def form_block(forms: pd.Series) -> Block:
    """Form of each content, one-hot."""
    codes = pd.Categorical(forms, categories=list(FORMS)).codes
    return Block("form", np.eye(len(FORMS))[codes], 1.0)


def attribute_block(documents: pd.DataFrame, is_train: np.ndarray) -> Block | None:
    """Numbers that a source measured of its contents (`attribute_*`), standardised on train; the mean where unknown."""
    names = [str(name) for name in documents if str(name).startswith("attribute_")]
    numbers = documents[names].select_dtypes("number")
    if numbers.empty:
        return None
    mean, spread = numbers[is_train].mean(), numbers[is_train].std(ddof=0)
    scaled = ((numbers - mean) / spread.where(spread > 0)).fillna(0.0)
    return Block("attributes", scaled.to_numpy(dtype=np.float64), 1.0)


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


def _total(shares: np.ndarray) -> float:
    return float(np.clip(np.nansum(shares), 0.0, 1.0))


def train_rows(table: pd.DataFrame) -> np.ndarray:
    """Which rows of a table are train, (n,)."""
    return (table["split"] == SPLITS[TRAIN]).to_numpy(dtype=bool)
