"""Text to the word pieces of a pretrained encoder (WordPiece, Wu et al. 2016), symbols spelt out."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from affectlens.features.spelling import SHORTEST, Spelling
from affectlens.features.text import PADDING_INDEX, in_one_script

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MASK = re.compile(r"\[(NAME|RELIGION)\]")
_ELONGATION = re.compile(r"([^\W\d_])\1{2,}")
_SYMBOL = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
_JOINER = re.compile("[\u200b-\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_LONG_WORD = re.compile(rf"[^\W\d_]{{{SHORTEST},}}")
_CHUNK = 4096


def spelt_out(text: str) -> str:
    """What a vocabulary without pictures can read: emoji as their names, masks as words, "sooo" as "soo".

    >>> spelt_out("[NAME] is sooo 😍")
    'name is soo  smiling face with heart-shaped eyes '
    """
    if not text.isascii():
        text = _SYMBOL.sub(_name, _JOINER.sub(" ", in_one_script(unicodedata.normalize("NFKC", text))))
    if "&" in text:
        text = html.unescape(text)
    if "[" in text:
        text = _MASK.sub(lambda found: found.group(1).lower(), text)
    return _ELONGATION.sub(r"\1\1", text)


def _name(found: re.Match[str]) -> str:
    return f" {unicodedata.name(found.group(), '').lower()} "


@dataclass(frozen=True)
class WordPieces:
    """The word pieces that an encoder knows; a piece's place is its index, and the first one pads.

    Attributes:
        tokens: the pieces; a piece that continues a word begins with ##.
        is_lower: whether the encoder reads everything in lower case.
        max_tokens: pieces of a text that are read at most, [CLS] and [SEP] included.
        words: words of training texts in small letters, the most frequent first. A word that is neither one of them nor
            one piece, and one typing error away from one of them, is read as the most frequent such word.
    """

    tokens: tuple[str, ...]
    is_lower: bool
    max_tokens: int
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = [name for name in ("[PAD]", "[UNK]", "[CLS]", "[SEP]") if name not in self.tokens]
        if missing or self.tokens[PADDING_INDEX] != "[PAD]":
            raise ValueError(f"a vocabulary of word pieces starts with [PAD] and has {missing or 'it elsewhere'}")

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.tokens).union(self.words)

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling.of(self.words)

    def _meant(self, found: re.Match[str]) -> str:
        word = found.group().lower()
        place = None if word in self._known else self._spelling.nearest(word)
        return found.group() if place is None else self.words[place]

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

        place = {token: index for index, token in enumerate(self.tokens)}
        tokenizer = Tokenizer(models.WordPiece(place, unk_token="[UNK]"))  # noqa: S106  no password
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=self.is_lower)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", place["[SEP]"]), ("[CLS]", place["[CLS]"]))
        tokenizer.decoder = decoders.WordPiece()
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Indices of all pieces, flat int32, and offsets (n + 1,); each text begins with [CLS] and ends with [SEP]."""
        rows: list[list[int]] = []
        for start in range(0, len(texts), _CHUNK):
            spelt = [_LONG_WORD.sub(self._meant, spelt_out(text)) for text in texts[start : start + _CHUNK]]
            rows += [encoding.ids for encoding in self._tokenizer.encode_batch_fast(spelt)]
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in rows], out=offsets[1:])
        return np.fromiter((piece for row in rows for piece in row), dtype=np.int32, count=int(offsets[-1])), offsets
