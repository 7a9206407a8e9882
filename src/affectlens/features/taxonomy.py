"""The emotion taxonomies and the published maps between them."""

from collections.abc import Mapping, Sequence

import numpy as np

GOEMOTIONS: tuple[str, ...] = (
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
    "neutral",
)
EKMAN: tuple[str, ...] = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
SENTIMENT: tuple[str, ...] = ("positive", "negative", "ambiguous", "neutral")

TAXONOMIES: Mapping[str, tuple[str, ...]] = {"goemotions": GOEMOTIONS, "ekman": EKMAN, "sentiment": SENTIMENT}

_EKMAN_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "joy": (
        "admiration",
        "amusement",
        "approval",
        "caring",
        "desire",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    ),
    "sadness": ("disappointment", "embarrassment", "grief", "remorse", "sadness"),
    "surprise": ("confusion", "curiosity", "realization", "surprise"),
    "neutral": ("neutral",),
}
_SENTIMENT_OF_EKMAN: Mapping[str, str] = {
    "anger": "negative",
    "disgust": "negative",
    "fear": "negative",
    "joy": "positive",
    "sadness": "negative",
    "surprise": "ambiguous",
    "neutral": "neutral",
}
_EKMAN_OF_GOEMOTIONS = {member: group for group, members in _EKMAN_MEMBERS.items() for member in members}

# (fine taxonomy, coarse taxonomy) -> {fine label: coarse label}; Demszky et al. 2020, "GoEmotions", appendix.
MAPS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("goemotions", "ekman"): _EKMAN_OF_GOEMOTIONS,
    ("goemotions", "sentiment"): {label: _SENTIMENT_OF_EKMAN[group] for label, group in _EKMAN_OF_GOEMOTIONS.items()},
    ("ekman", "sentiment"): _SENTIMENT_OF_EKMAN,
}


def labels_of(taxonomy: str) -> tuple[str, ...]:
    """Label names of a taxonomy, in the order of every probability vector.

    Raises:
        ValueError: the taxonomy is unknown.
    """
    if taxonomy not in TAXONOMIES:
        raise ValueError(f"taxonomy {taxonomy!r} is unknown; expected one of {sorted(TAXONOMIES)}")
    return TAXONOMIES[taxonomy]


def indicator_matrix(labels: Sequence[Sequence[str]], taxonomy: str) -> np.ndarray:
    """Label lists as a 0/1 matrix (n, C) of type float32.

    Raises:
        ValueError: a label is not in the taxonomy.

    >>> indicator_matrix([["joy"], ["anger", "neutral"]], "ekman").astype(int).tolist()
    [[0, 0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0, 1]]
    """
    index = {name: position for position, name in enumerate(labels_of(taxonomy))}
    lengths = np.fromiter((len(row) for row in labels), dtype=np.int64, count=len(labels))
    flat = [name for row in labels for name in row]
    unknown = sorted(set(flat) - set(index))
    if unknown:
        raise ValueError(f"labels {unknown[:5]} are not in taxonomy {taxonomy!r}; map or refuse them at ingestion")
    matrix = np.zeros((len(labels), len(index)), dtype=np.float32)
    matrix[np.repeat(np.arange(len(labels)), lengths), [index[name] for name in flat]] = 1.0
    return matrix


def coarser_probabilities(probabilities: np.ndarray, fine: str, coarse: str) -> np.ndarray:
    """Probability that at least one fine label of each coarse class holds (noisy-or), shape (n, C_coarse).

    Args:
        probabilities: (n, C_fine) independent per-label probabilities.

    >>> coarser_probabilities(np.array([[0.5, 0.5, 0, 0, 0, 0, 0]]), "ekman", "sentiment").tolist()
    [[0.0, 0.75, 0.0, 0.0]]
    """
    mapping, targets = MAPS[fine, coarse], labels_of(coarse)
    member = np.array([[mapping[name] == target for target in targets] for name in labels_of(fine)])
    complement = np.where(member[None, :, :], 1.0 - probabilities[:, :, None], 1.0)
    result: np.ndarray = 1.0 - complement.prod(axis=1)
    return result
