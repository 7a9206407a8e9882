"""Text to tokens to integers: what models without a tokeniser of their own read."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

import numpy as np
from pydantic import Field

from affectlens.features.spelling import Spelling
from affectlens.params import Params

PADDING, UNKNOWN = "<pad>", "<unknown>"
URL, MENTION, SHOUT, NUMBER = "<url>", "<user>", "<caps>", "<number>"
PADDING_INDEX, UNKNOWN_INDEX = 0, 1

_PICTOGRAM = r"[\U0001F300-\U0001F3FA\U0001F400-\U0001FAFF\u2600-\u27BF\u2B05-\u2B55\u203C\u2049]"
_EMOJI = rf"(?:[\U0001F1E6-\U0001F1FF]{{2}}|{_PICTOGRAM}(?:\u200D{_PICTOGRAM}|\u200D[\u2640\u2642])*)"
_EMOTICON = r"(?:[<>]?[:;=][\-o^']?[)(\]\[dDpP/\\|3*]+(?!\w)|[xX][dD]+(?!\w)|<+3+|\^[_.\-]*\^|[tT]_+[tT]|[oO]_+[oO])"
_IDEOGRAPH = r"\u3040-\u30FF\u3400-\u9FFF"
_ALPHANUMERIC = rf"[^\W_{_IDEOGRAPH}]+"
_WORD = rf"{_ALPHANUMERIC}(?:'{_ALPHANUMERIC})*"
_TOKEN = re.compile(
    rf"<(?:url|user|caps|number|name|religion)>|{_EMOTICON}|{_EMOJI}|[!?]+|{_WORD}|[{_IDEOGRAPH}]|\.{{2,}}|[^\w\s]|\w"
)
_BRACKETED = re.compile(r"(\[[^\[\]\s]{1,8}\])")
_WEB_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_AT_NAME = re.compile(r"(?<!\w)@\w+")
_MASK = re.compile(r"\[(NAME|RELIGION)\]", re.IGNORECASE)
_FIGURE = re.compile(r"(?<![\w<:;=])[+-]?\d+(?:[.,:]\d+)*(?!\w)")
_SHOUTED_RUN = re.compile(r"\b(?:[A-Z]{2,}|[AI](?=\W+[A-Z]{2}))(?:\W+(?:[A-Z]{2,}|[AI])\b)*")
_ELONGATION = re.compile(r"([^\W\d_])\1{2,}")
_INVISIBLE = re.compile("[\u200b\u200c\u2060\ufe0e\ufe0f\ufeff\U0001f3fb-\U0001f3ff]")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"'})
# Letters that look like Latin small or capital ones (Unicode Technical Standard 39, confusables), folded to them.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0432\u0435\u0456\u0457\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0501\u051b\u051d"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5"
    "\u0410\u0412\u0415\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405",
    "abeiijkmhopctyxsdqwABEZHIKMNOPTYXaikvopuABEIJKMHOPCTYXS",
)
_FOREIGN_LETTER = re.compile(r"[\u0370-\u052f]")
_MIXED_WORD = re.compile(r"\b(?=\w*[A-Za-z])\w*[\u0370-\u052f]\w*")
_NOT_IN_KEY = frozenset({URL, MENTION, SHOUT, "rt"})


Language = Literal["en", "zh"]


class VocabularyParams(Params):
    """Which tokens a model can know."""

    language: Language = Field(description="whose tokens")
    min_count: int = Field(ge=1, description="rarer tokens are unknown")
    max_size: int = Field(ge=2, description="most entries, padding and unknown included")


def in_one_script(text: str) -> str:
    """Words that mix Latin letters with their doubles of the Greek and Cyrillic scripts, in Latin letters.

    >>> in_one_script("h\u0430ppy \u0434\u0430"), in_one_script("\u0434\u0430") == "\u0434\u0430"
    ('happy да', True)
    """
    if _FOREIGN_LETTER.search(text) is None:
        return text
    return _MIXED_WORD.sub(lambda word: word.group().translate(_LOOK_ALIKES), text)


def normalise(text: str) -> str:
    """One spelling for what readers see as one: quotes, widths, scripts, masks, elongation ("sooo" becomes "soo").

    Web addresses, @names and figures become `<url>`, `<user>`, `<number>`; a run of words in capitals is lower-cased
    behind one `<caps>`; skin tones and emoji variants are dropped.

    >>> normalise("@amy  I AM SOOOO happy 😍👍🏽 http://a.b")
    '<user> <caps> i am soo happy 😍👍 <url>'
    """
    if not text.isascii():
        text = in_one_script(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text).translate(_QUOTES)))
    if "&" in text:
        text = html.unescape(text)
    if "/" in text or "www." in text.lower():
        text = _WEB_ADDRESS.sub(f" {URL} ", text)
    if "@" in text:
        text = _AT_NAME.sub(f" {MENTION} ", text)
    text = _SHOUTED_RUN.sub(rf"{SHOUT} \g<0>", _MASK.sub(_mask, text))
    return " ".join(_ELONGATION.sub(r"\1\1", _FIGURE.sub(NUMBER, text).lower()).split())


def _mask(found: re.Match[str]) -> str:
    return f" <{found.group(1).lower()}> "


def tokenise(text: str) -> list[str]:
    """Tokens of a text: words, emoji and emoticons whole, runs of ! and ? (longer than two cut to two), punctuation.

    >>> tokenise("Don't GO!!! :-( 👨‍👩‍👧 we're #sad...")
    ["don't", '<caps>', 'go', '!!', ':-(', '👨\u200d👩\u200d👧', "we're", '#', 'sad', '..']
    """
    return [token[:2] if token[0] in "!?." else token for token in _TOKEN.findall(normalise(text))]


def tokenise_chinese(text: str) -> list[str]:
    """Tokens of a text in Chinese: every character for itself, emoticons of microblogs whole, the rest as `tokenise`.

    >>> tokenise_chinese("武汉加油[心][中国赞]!!!")
    ['武', '汉', '加', '油', '[心]', '[中国赞]', '!!']
    """
    parts = _BRACKETED.split(text)  # the odd ones are emoticons
    return [token for at, part in enumerate(parts) for token in ([part] if at % 2 else tokenise(part))]


TOKENISERS: Mapping[str, Callable[[str], list[str]]] = {"en": tokenise, "zh": tokenise_chinese}


def tokenise_all(texts: Sequence[str], language: str = "en") -> tuple[list[str], np.ndarray]:
    """Tokens of all texts in one flat list, and offsets (n + 1,): text i owns tokens[offsets[i]:offsets[i + 1]]."""
    return _flat([TOKENISERS[language](text) for text in texts])


def _flat(rows: Sequence[list[str]]) -> tuple[list[str], np.ndarray]:
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return list(chain.from_iterable(rows)), offsets


def normalised_key(text: str) -> str:
    """What two near-duplicates share: the words without case, elongation, punctuation, figures, names and addresses.

    A text without any word keeps its symbols.

    >>> normalised_key("RT @amy: So HAPPY!!! http://a.b") == normalised_key("so happy")
    True
    """
    tokens = [token for token in tokenise(text) if token not in _NOT_IN_KEY]
    words = [token for token in tokens if token[0].isalnum() or token[0] == "<"]
    return " ".join(words or tokens)


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that a model knows; a token's place is its index. 0 pads, 1 stands for everything else.

    Attributes:
        tokens: padding, unknown, and then the others.
        language: whose tokeniser cuts texts into them.
    """

    tokens: tuple[str, ...]
    language: str = "en"

    def __post_init__(self) -> None:
        if self.tokens[:2] != (PADDING, UNKNOWN):
            raise ValueError(f"a vocabulary starts with {PADDING}, {UNKNOWN}; got {list(self.tokens[:2])}")
        if len(self._index) != len(self.tokens):
            raise ValueError("a vocabulary holds each token once")

    @classmethod
    def from_texts(cls, texts: Sequence[str], params: VocabularyParams) -> Vocabulary:
        """The most frequent tokens of training texts, most frequent first, equally frequent ones by spelling."""
        counts = Counter(tokenise_all(texts, params.language)[0])
        ranked = sorted((-count, token) for token, count in counts.items() if count >= params.min_count)
        known = (token for _, token in ranked[: params.max_size - 2])
        return cls((PADDING, UNKNOWN, *known), params.language)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {token: index for index, token in enumerate(self.tokens)}

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling.of(self.tokens)

    def __len__(self) -> int:
        """Number of entries, the reserved ones included."""
        return len(self.tokens)

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Indices of all tokens, flat int32, and offsets (n + 1,); a text without tokens is one unknown token."""
        cut = TOKENISERS[self.language]
        tokens, offsets = _flat([cut(text) or [UNKNOWN] for text in texts])
        index, repaired = self._index, dict[str, int]()
        for token in set(tokens) - index.keys():
            repaired[token] = self._spelling.nearest(token) or UNKNOWN_INDEX
        ids = np.fromiter((index.get(t) or repaired[t] for t in tokens), dtype=np.int32, count=len(tokens))
        return ids, offsets


def padded(ids: np.ndarray, offsets: np.ndarray, max_tokens: int) -> np.ndarray:
    """Flat indices as a matrix (n, T), T the longest row but at most `max_tokens`; the rest of a row is 0.

    >>> padded(np.array([5, 6, 7]), np.array([0, 1, 3]), 8).tolist()
    [[5, 0], [6, 7]]
    """
    lengths = np.minimum(np.diff(offsets), max_tokens)
    columns = np.arange(int(lengths.max(initial=0)))
    is_token = columns[None, :] < lengths[:, None]
    matrix = np.zeros(is_token.shape, dtype=np.int32)
    matrix[is_token] = ids[(offsets[:-1, None] + columns)[is_token]]
    return matrix
