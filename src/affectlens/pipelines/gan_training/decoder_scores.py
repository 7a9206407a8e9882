"""Leaderboard rows of the decoders: what they make for test conditions, beside what people made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from affectlens.evaluation.estimate import LEADERBOARD_COLUMNS, Estimate, leaderboard_rows
from affectlens.evaluation.generated_media import MediaTest, fit_media_judge, score_media
from affectlens.evaluation.generated_text import TextTest, fit_text_judge, score_texts
from affectlens.evaluation.generation_judge import NO_LABEL
from affectlens.features.lexicon import is_emotion_word
from affectlens.features.text import tokenise
from affectlens.models.gan import generate, make_projection
from affectlens.models.gan.drawing import draw_pictures
from affectlens.models.gan.writing import write_texts
from affectlens.pipelines.gan_training.contents import Contents, copied_rows
from affectlens.pipelines.gan_training.decoding import Generators
from affectlens.pipelines.gan_training.media import N_AFFECT, felt_pictures
from affectlens.pipelines.gan_training.params import ConditionParams, DecodingParams
from affectlens.training.gan import condition_contents
from affectlens.training.picture_decoder import FeltPictures

PROTOCOL = "decoded"


@dataclass(frozen=True)
class Setting:
    """What all rows share."""

    seed: int
    dataset: str
    params: DecodingParams

    def rows(self, model: str, estimates: dict[str, Estimate], split: str) -> pd.DataFrame:
        """The rows of one model."""
        return leaderboard_rows(
            stage="gan", model=model, is_baseline=model.startswith("reference"), estimates=estimates, split=split,
            protocol=PROTOCOL, seed=self.seed, dataset=self.dataset,
        )  # fmt: skip


def text_rows(
    generators: Generators, contents: Contents, documents: pd.DataFrame, condition: ConditionParams, where: Setting
) -> pd.DataFrame:
    """Texts written for test conditions, the test texts themselves, and training texts of the same emotion."""
    texts = documents.set_index("content_id")["text"].reindex(contents.ids).fillna("").str.strip()
    usable = (texts != "").to_numpy() & (contents.labels != NO_LABEL)
    train, valid = (contents.where(usable & (contents.roles == role)) for role in ("train", "valid"))
    asked = _some(contents.where(usable & (contents.roles == "test")), where)
    if not generators.has("text") or not len(asked):
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    tokens = {name: [tokenise(texts[each]) for each in part.ids] for name, part in (("train", train), ("valid", valid))}
    test = TextTest(
        train=tokens["train"],
        labels=asked.labels,
        is_lexical=is_emotion_word,
        judge=fit_text_judge(tokens["valid"], valid.labels),
        n_compared=where.params.n_compared,
        n_language_texts=where.params.n_language_texts,
        seed=where.seed,
    )
    copies = copied_rows(asked.labels, train.labels, np.random.default_rng(where.seed))
    samples = {
        generators.name("text"): [tokenise(text) for text in _written(generators, asked, condition, where.seed)],
        "reference: real texts": [tokenise(texts[each]) for each in asked.ids],
        "reference: copied texts": [tokens["train"][row] for row in copies],
    }
    return pd.concat([where.rows(model, score_texts(each, test), asked.split) for model, each in samples.items()])


def _some(asked: Contents, where: Setting) -> Contents:
    chosen = np.zeros(len(asked), dtype=bool)
    chosen[np.random.default_rng(where.seed).permutation(len(asked))[: where.params.n_texts]] = True
    return asked.where(chosen)


def _written(generators: Generators, asked: Contents, condition: ConditionParams, seed: int) -> list[str]:
    """Each asked content's emotion and noisy interest, to a vector, to a text."""
    projection = make_projection(asked.vectors.shape[1], condition.interest_size)
    interest = condition_contents(asked.vectors, asked.emotion, projection, condition, seed + 2).interest
    vectors = generate(generators.vectors, asked.emotion, interest, 1, seed)[:, 0]
    return write_texts(generators.decoders["text"], asked.emotion, vectors, generators.writing, seed)


def media_rows(generators: Generators, media: pd.DataFrame, form: str, where: Setting) -> pd.DataFrame:
    """Pictures or clips drawn for what people saw in the test ones, those themselves, and training ones."""
    (_, real), (_, valid) = (felt_pictures(media, form, split, known=True) for split in ("test", "valid"))
    _, train = felt_pictures(media, form, "train", known=True)
    if not generators.has(form) or min(len(real.frames), len(train.frames)) < 2:
        return pd.DataFrame(columns=list(LEADERBOARD_COLUMNS))
    labels = strongest(real)
    test = MediaTest(
        real=real.frames,
        labels=labels,
        arousal=real.condition[:, -N_AFFECT + 1],
        train=train.frames,
        judge=fit_media_judge(valid.frames, strongest(valid)),
        seed=where.seed,
    )
    copies = copied_rows(labels, strongest(train), np.random.default_rng(where.seed))
    samples = {
        f"{form} decoder": draw_pictures(generators.decoders[form], real.condition, where.seed),
        f"reference: real {form}s": real.frames,
        f"reference: copied {form}s": train.frames[copies],
    }
    return pd.concat([where.rows(model, score_media(each, test), "test") for model, each in samples.items()])


def strongest(pictures: FeltPictures) -> np.ndarray:
    """Index of the emotion that most people saw in each."""
    return np.asarray(pictures.condition[:, :-N_AFFECT].argmax(axis=1))
