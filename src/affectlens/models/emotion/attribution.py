"""Which words, and which parts of a picture, a network's answer rests on (integrated gradients)."""

# Shapes: n texts or pictures, T tokens, R regions, C emotions.
from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerIntegratedGradients
from torch import Tensor, nn

from affectlens.features.text import PADDING_INDEX
from affectlens.models.emotion.image import ImageCnn, standardised
from affectlens.models.emotion.recurrent import TextRecurrent

REGION = 8  # pixels along the side of a region
_STEPS = (32, 128, 512, 2048)
_TOLERANCE = 0.01
_PICTURES_AT_ONCE = 2048
_TOKENS_AT_ONCE = 8192  # a transformer keeps some 30 kB of each for the way back, per layer
_OF_ONE_LENGTH = 16  # rows that are attributed together


@dataclass(frozen=True)
class Attributed:
    """Attributions of one score a row.

    Attributes:
        values: (n, T) or (n, R); they sum to the change of the score from the neutral input.
        change: (n,) score minus the score of the neutral input.
        error: (n,) ``|sum of values - change| / |change|``.
    """

    values: np.ndarray
    change: np.ndarray
    error: np.ndarray


def attribute_tokens(network: nn.Module, tokens: np.ndarray, neutral: np.ndarray, labels: np.ndarray) -> Attributed:
    """Integrated gradients of one logit a text on its token vectors.

    Steps are added for the texts whose values do not add up to one percent.

    Args:
        network: a member of the emotion family: its token vectors, `embed`, and its lexicon channel are the path.
        tokens: (n, T) indices, 0 meaning padding.
        neutral: (n, T) the same texts saying nothing: unknown tokens where there are words.
        labels: (n,) position of the emotion in question.

    Source: Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks", arXiv:1703.01365.
    """
    known = [part for name, part in network.named_children() if name in ("embed", "lexicon")]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Multiple layers provided")  # neither of the two reads the other
        method = LayerIntegratedGradients(_logit_of(network), known)
    rows, blank_rows, asked = (torch.from_numpy(each.astype(np.int64)) for each in (tokens, neutral, labels))

    def attribute(chosen: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        width = int((rows[chosen] != PADDING_INDEX).sum(dim=1).max())
        found, delta = method.attribute(
            rows[chosen, :width],
            baselines=blank_rows[chosen, :width],
            additional_forward_args=asked[chosen],
            n_steps=steps,
            internal_batch_size=max(len(chosen), _TOKENS_AT_ONCE // width),
            return_convergence_delta=True,
        )
        values = torch.zeros(len(chosen), rows.shape[1])
        values[:, :width] = torch.stack([part.sum(dim=2) for part in found]).sum(dim=0)
        return values, delta

    return _until_complete(attribute, (rows != PADDING_INDEX).sum(dim=1), rows.shape[1])


def attribute_regions(network: ImageCnn, pictures: np.ndarray, labels: np.ndarray) -> Attributed:
    """Integrated gradients of one logit a picture, summed over regions of 8 x 8 pixels; neutral is its mean colour.

    The path leads through standardised pictures: on the way from a picture without contrast through raw ones, all
    change of the score lies in the first steps, and no affordable number of them adds up.

    Args:
        network: of pictures.
        pictures: (n, 3, 32, 32) in [0, 1].
        labels: (n,) position of the emotion in question.
    """
    method = IntegratedGradients(_logit_of(lambda standard: network.head(network.encode_standard(standard))))
    raw, asked = torch.from_numpy(pictures), torch.from_numpy(labels.astype(np.int64))
    shown, neutral = standardised(raw), standardised(blank(raw))

    def attribute(chosen: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        found, delta = method.attribute(
            shown[chosen],
            baselines=neutral[chosen],
            additional_forward_args=asked[chosen],
            n_steps=steps,
            internal_batch_size=_PICTURES_AT_ONCE,
            return_convergence_delta=True,
        )
        return _by_region(found.sum(dim=1)), delta

    n_regions = (shown.shape[2] // REGION) * (shown.shape[3] // REGION)
    return _until_complete(attribute, torch.zeros(len(shown)), n_regions)


def blank(pictures: Tensor) -> Tensor:
    """Pictures (n, 3, 32, 32) of which only the mean colour is left."""
    return pictures.mean(dim=(2, 3), keepdim=True).expand_as(pictures)


def _by_region(pixels: Tensor) -> Tensor:
    """Values (n, 32, 32) summed over regions, row by row, (n, R)."""
    side = pixels.shape[1] // REGION
    return pixels.reshape(-1, side, REGION, side, REGION).sum(dim=(2, 4)).flatten(1)


def _until_complete(
    attribute: Callable[[Tensor, int], tuple[Tensor, Tensor]], lengths: Tensor, n_parts: int
) -> Attributed:
    """Attribute rows of similar length together, and those that do not add up once more with more steps."""
    values, change, error = np.zeros((len(lengths), n_parts)), np.zeros(len(lengths)), np.zeros(len(lengths))
    order = np.argsort(lengths.numpy(), kind="stable")
    for start in range(0, len(order), _OF_ONE_LENGTH):
        pending = order[start : start + _OF_ONE_LENGTH]
        for steps in _STEPS:
            found, delta = (each.detach().numpy() for each in attribute(torch.from_numpy(pending), steps))
            values[pending], change[pending] = found, found.sum(axis=1) - delta
            error[pending] = np.abs(delta) / np.maximum(np.abs(change[pending]), 1e-9)
            pending = pending[error[pending] > _TOLERANCE]
            if not len(pending):
                break
    return Attributed(values, change, error)


def _logit_of(network: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    def logit(inputs: Tensor, labels: Tensor) -> Tensor:
        scores: Tensor = network(inputs)
        return scores.gather(1, labels[:, None]).squeeze(1)

    return logit


def token_probabilities(network: nn.Module, tokens: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probability (n,) of one emotion a text, of tokens (n, T)."""
    with torch.no_grad():
        rows, asked = torch.from_numpy(tokens.astype(np.int64)), torch.from_numpy(labels.astype(np.int64))
        return np.asarray(torch.sigmoid(_logit_of(network)(rows, asked)).numpy(), dtype=np.float64)


def region_probabilities(network: ImageCnn, pictures: np.ndarray, hidden: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probability (n,) of one emotion a picture (n, 3, 32, 32) whose `hidden` (n, R) regions show the mean colour."""
    side = pictures.shape[2] // REGION
    mask = torch.from_numpy(hidden.reshape(-1, 1, side, side)).repeat_interleave(REGION, 2).repeat_interleave(REGION, 3)
    with torch.no_grad():
        shown = torch.from_numpy(pictures)
        covered = torch.where(mask, blank(shown), shown)
        asked = torch.from_numpy(labels.astype(np.int64))
        return np.asarray(torch.sigmoid(_logit_of(network)(covered, asked)).numpy(), dtype=np.float64)


def attention_weights(network: nn.Module, tokens: np.ndarray) -> np.ndarray | None:
    """How a network with attention pooling weighs tokens (n, T); None for one without."""
    if not isinstance(network, TextRecurrent):
        return None
    with torch.no_grad():
        return np.asarray(network.attend(torch.from_numpy(tokens.astype(np.int64))).numpy())
