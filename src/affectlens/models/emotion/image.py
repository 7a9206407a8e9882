"""Emotion from pictures and clips: a small convolutional network, and frames of it read in their order."""

# Shapes: B batch, F frames, H code of a picture, S state, C emotions; pictures are 32 x 32 in three colours.
from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pydantic import Field
from torch import Tensor, nn

from affectlens.models.layers import AttentionPooling
from affectlens.params import Params

SIDE = 32
_COLOURS = 3
_FAINT = 0.05  # added to a picture's contrast, so that the noise of an empty one is not blown up
_GROUP = 8


class ImageCnnParams(Params):
    """Sizes of an `ImageCnn`."""

    channels: tuple[int, ...] = Field(min_length=1, max_length=5, description="filters of each block, multiples of 8")
    hidden_size: int = Field(ge=1, description="length of the emotion code of a picture")
    dropout: float = Field(ge=0, lt=1)


class ClipGruParams(Params):
    """Sizes of what a `ClipGru` adds to the network of its frames."""

    state_size: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)


class ImageCnn(nn.Module):
    """Blocks of convolution, group norm and pooling (after Simonyan & Zisserman 2015, arXiv:1409.1556).

    Group norm (Wu & He 2018, arXiv:1803.08494) stands where batch norm would: a picture's code then does not depend on
    its company; for the same reason each is standardised by its own mean and contrast. The places of the last block
    stay apart: a mouth is no brow.
    """

    def __init__(self, params: ImageCnnParams, n_labels: int) -> None:
        super().__init__()
        sizes = (_COLOURS, *params.channels)
        self.blocks = nn.Sequential(*(_block(narrow, wide) for narrow, wide in pairwise(sizes)))
        self.dropout = nn.Dropout(params.dropout)
        side = SIDE // 2 ** len(params.channels)
        self.hidden = nn.Linear(sizes[-1] * side * side, params.hidden_size)
        self.norm = nn.LayerNorm(params.hidden_size)
        self.head = nn.Linear(params.hidden_size, n_labels)

    def encode(self, pictures: Tensor) -> Tensor:
        """Emotion code (B, H) of pictures (B, 3, 32, 32) in [0, 1]."""
        return self.encode_standard(standardised(pictures))

    def encode_standard(self, standard: Tensor) -> Tensor:
        """Emotion code (B, H) of standardised pictures (B, 3, 32, 32)."""
        maps = self.blocks(standard)
        return nn.functional.gelu(self.norm(self.hidden(self.dropout(maps.flatten(1)))))

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (B, C) of pictures (B, 3, 32, 32) in [0, 1]."""
        logits: Tensor = self.head(self.dropout(self.encode(pictures)))
        return logits


def standardised(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, 32, 32) without their mean brightness, in units of their own contrast."""
    mean, spread = pictures.mean(dim=(1, 2, 3), keepdim=True), pictures.std(dim=(1, 2, 3), keepdim=True)
    return (pictures - mean) / (spread + _FAINT)


def _block(n_in: int, n_out: int) -> nn.Sequential:
    convolution = nn.Conv2d(n_in, n_out, kernel_size=3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(n_out // _GROUP, n_out), nn.GELU(), nn.MaxPool2d(2))


class ClipGru(nn.Module):
    """A GRU over the codes of a clip's frames, pooled by attention over time.

    The frames are read by an `ImageCnn` that pictures have taught; only what follows it is fitted on clips.
    """

    def __init__(self, image: ImageCnnParams, params: ClipGruParams, n_labels: int) -> None:
        super().__init__()
        self.frames = ImageCnn(image, n_labels)
        self.recur = nn.GRU(image.hidden_size, params.state_size, batch_first=True)
        self.attention = AttentionPooling(params.state_size)
        self.dropout = nn.Dropout(params.dropout)
        self.head = nn.Linear(params.state_size, n_labels)

    def read(self, frames: Tensor) -> Tensor:
        """Codes (B, F, H) of the frames (B, F, 3, 32, 32) of clips."""
        return self.frames.encode(frames.flatten(0, 1)).reshape(*frames.shape[:2], -1)

    def encode(self, codes: Tensor, is_frame: Tensor) -> Tensor:
        """Emotion code (B, S) of clips from the codes (B, F, H) of frames, of which `is_frame` (B, F) are real."""
        states, _ = self.recur(codes)
        pooled: Tensor = self.attention(states, is_frame)
        return pooled

    def forward(self, codes: Tensor, is_frame: Tensor) -> Tensor:
        """Logits (B, C) of clips from the codes of their frames."""
        logits: Tensor = self.head(self.dropout(self.encode(codes, is_frame)))
        return logits


def build_image_model(architecture: str, params: Mapping[str, Any]) -> ImageCnn | ClipGru:
    """A freshly initialised network.

    Args:
        architecture: "image_cnn" or "clip_gru".
        params: `image` (fields of `ImageCnnParams`), `labels` (names), and for clips `clip` (of `ClipGruParams`).

    Raises:
        ValueError: the architecture is unknown.
    """
    image = ImageCnnParams.model_validate(params["image"])
    if architecture == "image_cnn":
        return ImageCnn(image, len(params["labels"]))
    if architecture == "clip_gru":
        return ClipGru(image, ClipGruParams.model_validate(params["clip"]), len(params["labels"]))
    raise ValueError(f"architecture {architecture!r} is unknown; pictures are read by image_cnn, clips by clip_gru")
