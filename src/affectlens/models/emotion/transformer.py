"""A pretrained encoder with an emotion head: the lower layers as they came, the upper ones fine-tuned."""

# Shapes: B batch, T tokens, D width of the encoder, A attention heads, L frozen layers, H hidden, C emotions.
from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from affectlens.features.text import PADDING_INDEX
from affectlens.models.emotion.pretrained import EncoderSizes
from affectlens.models.layers import AttentionPooling, StateDropout, masked_mean
from affectlens.params import Params

_FARTHEST = 128  # places; distances beyond are all alike
_SMALLEST_SPREAD = 1e-3


class PupilParams(Params):
    """Further fits, from the same start, that hear what the network says of the train texts beside their labels."""

    share: float = Field(gt=0, le=1, description="of what the network says; the rest are the labels as they are")
    max_epochs: int = Field(ge=1)
    fits: int = Field(ge=1, description="in different orders; their weights are averaged")


class TransformerParams(Params):
    """Which layers of the encoder learn, and the head on top."""

    kind: Literal["encoder"]
    max_tokens: int = Field(ge=3, description="a longer text is cut")
    frozen_layers: int = Field(
        ge=0, description="lower layers kept as they are, as token vectors are; 0: every layer learns"
    )
    fits: int = Field(
        default=1,  # what checkpoints have that do not say
        ge=1,
        description="fits in different orders whose weights are averaged; one begins only if there is time for it",
    )
    pupil: PupilParams | None = Field(
        default=None,  # what checkpoints have that do not say
        description="takes the place of the network that teaches it, if there is time for it; null: none is taught",
    )
    rank: int | None = Field(ge=1, description="low-rank adaptation of this rank; null: whole weight matrices learn")
    hidden_size: int = Field(ge=1, description="length of the emotion code of a text")
    dropout: float = Field(ge=0, lt=1, description="inside the encoder")
    state_dropout: float = Field(ge=0, lt=1, description="share of tokens whose state is hidden in training")
    head_dropout: float = Field(ge=0, lt=1, description="share of what the emotion code reads")


def _attention_kernel(device: torch.device) -> AbstractContextManager[None]:
    """Plain products where a CPU multiplies bfloat16: the backward pass of its fused kernel takes ten times as long."""
    is_bfloat16 = device.type == "cpu" and torch.is_autocast_enabled("cpu")
    return sdpa_kernel(SDPBackend.MATH) if is_bfloat16 else nullcontext()


class EncoderLayer(nn.Module):
    """One layer of BERT (Devlin et al. 2019, arXiv:1810.04805): query, key and value in one matrix."""

    def __init__(self, sizes: EncoderSizes, dropout: float) -> None:
        super().__init__()
        width = sizes.hidden_size
        self.n_heads = sizes.num_attention_heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, eps=sizes.layer_norm_eps)
        self.widen = nn.Linear(width, sizes.intermediate_size)
        self.narrow = nn.Linear(sizes.intermediate_size, width)
        self.norm = nn.LayerNorm(width, eps=sizes.layer_norm_eps)
        self.dropout = StateDropout(dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """States (B, T, D) of the next layer, given what `attention_mask` says."""
        n, length, width = states.shape
        projected = self.query_key_value(states).view(n, length, 3, self.n_heads, width // self.n_heads)
        query, key, value = projected.permute(2, 0, 3, 1, 4)  # each (B, A, T, D / A)
        with _attention_kernel(states.device):
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = self.attended(mixed.transpose(1, 2).reshape(n, length, width))
        states = self.attention_norm(states + self.dropout(mixed))
        out: Tensor = self.norm(states + self.dropout(self.narrow(functional.gelu(self.widen(states)))))
        return out


class DistanceBias(nn.Module):
    """What attention adds for the distance of two places, one number a head and bucket (T5, arXiv:1910.10683)."""

    def __init__(self, n_buckets: int, n_heads: int) -> None:
        super().__init__()
        self.n_buckets = n_buckets
        self.bias = nn.Embedding(n_buckets, n_heads)

    def forward(self, length: int) -> Tensor:
        """Scores (A, T, T) of what looks (rows) at what is looked at (columns)."""
        place = torch.arange(length, device=self.bias.weight.device)
        ahead = place[None, :] - place[:, None]
        half, distance = self.n_buckets // 2, ahead.abs()
        exact = half // 2
        wide = torch.log(distance.clamp_min(1) / exact) / math.log(_FARTHEST / exact) * (half - exact)
        bucket = torch.where(distance < exact, distance, (exact + wide.long()).clamp_max(half - 1))
        scores: Tensor = self.bias(bucket + half * (ahead > 0)).permute(2, 0, 1)
        return scores


class TextTransformer(nn.Module):
    """BERT-like encoder; its code reads the top, pooled by attention and mean, and the mean of every frozen layer.

    The frozen means matter: the sentence vector of the top layer knows less of emotion than the layers below. Code and
    head are linear: what the layers below know already reaches even a rare label within few steps.
    """

    mean_shift: Tensor
    mean_scale: Tensor

    def __init__(self, params: TransformerParams, sizes: EncoderSizes, n_tokens: int, n_labels: int) -> None:
        super().__init__()
        width, self.n_frozen = sizes.hidden_size, params.frozen_layers
        self.state_dropout = params.state_dropout
        self.embed = nn.Embedding(n_tokens, width)
        self.place = nn.Embedding(sizes.max_position_embeddings, width)
        self.embed_norm = nn.LayerNorm(width, eps=sizes.layer_norm_eps)
        n_buckets = sizes.relative_attention_num_buckets
        self.distance = DistanceBias(n_buckets, sizes.num_attention_heads) if n_buckets else None
        self.layers = nn.ModuleList(EncoderLayer(sizes, params.dropout) for _ in range(sizes.num_hidden_layers))
        self.attention = AttentionPooling(width)
        self.top_norm = nn.LayerNorm(2 * width)
        n_means = (self.n_frozen + 1) * width
        self.register_buffer("mean_shift", torch.zeros(n_means))
        self.register_buffer("mean_scale", torch.ones(n_means))
        self.dropout = nn.Dropout(params.head_dropout)
        self.code = nn.Linear(2 * width + n_means, params.hidden_size)
        self.head = nn.Linear(params.hidden_size, n_labels)

    def attention_mask(self, is_token: Tensor) -> Tensor:
        """What attention adds to its scores, or may look at: padding, where `is_token` (B, T) does not hold, never."""
        if self.distance is None:
            return is_token[:, None, None, :]
        scores: Tensor = self.distance(is_token.shape[1])
        return scores.masked_fill(~is_token[:, None, None, :], float("-inf"))

    def frozen_states(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """What the frozen part makes of tokens (B, T): the states (B, T, D) and its means ((L + 1) * D)."""
        is_token = tokens != PADDING_INDEX
        position = torch.arange(tokens.shape[1], device=tokens.device)
        states = self.embed_norm(self.embed(tokens) + self.place(position))
        means, mask = [masked_mean(states, is_token)], self.attention_mask(is_token)
        for layer in self.layers[: self.n_frozen]:
            states = layer(states, mask)
            means.append(masked_mean(states, is_token))
        return states, torch.cat(means, dim=1)

    def code_of(self, states: Tensor, means: Tensor, is_token: Tensor) -> Tensor:
        """Emotion code (B, H) from what `frozen_states` gave."""
        if self.training and self.state_dropout > 0.0:
            is_kept = torch.rand(is_token.shape, device=states.device) >= self.state_dropout
            states = states * is_kept.unsqueeze(2)
        mask = self.attention_mask(is_token)
        for layer in self.layers[self.n_frozen :]:
            states = layer(states, mask)
        top = torch.cat((self.attention(states, is_token), masked_mean(states, is_token)), dim=1)
        pooled = torch.cat((self.top_norm(top), (means - self.mean_shift) * self.mean_scale), dim=1)
        code: Tensor = self.code(self.dropout(pooled))
        return code

    def encode(self, tokens: Tensor) -> Tensor:
        """Emotion code (B, H) of token indices (B, T), 0 meaning padding; each text has at least one token."""
        return self.code_of(*self.frozen_states(tokens), tokens != PADDING_INDEX)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (B, C) of token indices (B, T)."""
        logits: Tensor = self.head(self.encode(tokens))
        return logits

    def standardise(self, means: np.ndarray) -> None:
        """Let the head read means of frozen states ((L + 1) * D) in units of their spread over train texts (n, ...)."""
        known = torch.from_numpy(means.astype(np.float32))
        self.mean_shift.copy_(known.mean(dim=0))
        self.mean_scale.copy_(1.0 / known.std(dim=0).clamp_min(_SMALLEST_SPREAD))

    def freeze(self) -> None:
        """Let the token vectors and the frozen layers learn nothing."""
        lower = (self.embed, self.place, self.embed_norm, self.distance, *self.layers[: self.n_frozen])
        for part in (part for part in lower if part is not None):
            part.requires_grad_(requires_grad=False)


class LowRankLinear(nn.Module):
    """A linear map that learns a correction of low rank only (LoRA, Hu et al. 2021, arXiv:2106.09685)."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(requires_grad=False)
        self.down = nn.Linear(linear.in_features, rank, bias=False)
        self.up = nn.Linear(rank, linear.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, states: Tensor) -> Tensor:
        """The linear map of states (..., D_in) with its correction (..., D_out)."""
        out: Tensor = self.linear(states) + self.up(self.down(states))
        return out

    def merged(self) -> nn.Linear:
        """The linear map with the correction added to its weights."""
        with torch.no_grad():
            self.linear.weight += self.up.weight @ self.down.weight
        return self.linear


_ADAPTED = ("query_key_value", "attended", "widen", "narrow")


def adapt_low_rank(model: TextTransformer, rank: int) -> None:
    """Freeze the layers above the frozen ones too, and give each of their linear maps a correction that learns."""
    for layer in model.layers[model.n_frozen :]:
        layer.requires_grad_(requires_grad=False)
        for name in _ADAPTED:
            setattr(layer, name, LowRankLinear(getattr(layer, name), rank))


def merge_low_rank(model: TextTransformer) -> None:
    """Fold the corrections into the weights: the model is then one like any other."""
    for layer in model.layers[model.n_frozen :]:
        for name in _ADAPTED:
            setattr(layer, name, getattr(layer, name).merged())


def take_weights(model: TextTransformer, weights: Mapping[str, np.ndarray]) -> None:
    """Put published weights, under BERT's names, into the encoder; the head stays as it is.

    Raises:
        KeyError: a weight is missing.
    """
    loaded = {name: torch.from_numpy(np.asarray(array, dtype=np.float32)) for name, array in weights.items()}
    state = {
        "embed.weight": loaded["embeddings.word_embeddings.weight"],
        "place.weight": loaded["embeddings.position_embeddings.weight"]
        + loaded["embeddings.token_type_embeddings.weight"][0],
        **_of("embed_norm", loaded, "embeddings.LayerNorm"),
    }
    if model.distance is not None:
        state["distance.bias.weight"] = loaded["encoder.relative_attention_bias.weight"]
    for number in range(len(model.layers)):
        mine, theirs = f"layers.{number}", f"encoder.layer.{number}"
        state |= {
            f"{mine}.query_key_value.{part}": torch.cat(
                [loaded[f"{theirs}.attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            )
            for part in ("weight", "bias")
        }
        for name, source in _LAYER.items():
            state |= _of(f"{mine}.{name}", loaded, f"{theirs}.{source}")
    model.load_state_dict({**model.state_dict(), **state})


_LAYER = {
    "attended": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "widen": "intermediate.dense",
    "narrow": "output.dense",
    "norm": "output.LayerNorm",
}


def _of(mine: str, loaded: Mapping[str, Tensor], theirs: str) -> dict[str, Tensor]:
    return {f"{mine}.{part}": loaded[f"{theirs}.{part}"] for part in ("weight", "bias")}
