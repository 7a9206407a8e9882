"""Encoders of random weights, as small as they can be, in the form in which encoders are published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SIZES = {
    "hidden_size": 16,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 20,
}
WORDS = (
    *("happy", "glad", "lovely", "great", "angry", "furious", "mad", "hate", "sad", "cry", "lonely", "lost"),
    *("table", "green", "seven", "box", "the", "a", "so", "it"),
)
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "##s", "!", "?", *"abcdefghijklmnopqrstuvwxyz")


def published_weights(seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    width, inner = SIZES["hidden_size"], SIZES["intermediate_size"]

    def draw(*shape: int) -> np.ndarray:
        return generator.normal(0, 0.2, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": draw(len(VOCABULARY), width),
        "embeddings.position_embeddings.weight": draw(SIZES["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": draw(2, width),
    }
    linear = {"embeddings.LayerNorm": None}
    for layer in range(SIZES["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        linear |= {f"{name}.attention.self.{part}": (width, width) for part in ("query", "key", "value")}
        linear |= {f"{name}.attention.output.dense": (width, width), f"{name}.intermediate.dense": (inner, width)}
        linear |= {f"{name}.output.dense": (width, inner)}
        linear |= {f"{name}.attention.output.LayerNorm": None, f"{name}.output.LayerNorm": None}
    for name, shape in linear.items():
        weights[f"{name}.weight"] = np.ones(width, dtype=np.float32) if shape is None else draw(*shape)
        weights[f"{name}.bias"] = draw(width if shape is None else shape[0])
    return weights


def publish(folder: Path, **config: object) -> Path:
    """Write the files of the encoder into a folder; `config` replaces entries of its config.json."""
    folder.mkdir(exist_ok=True)
    facts = {"model_type": "bert", "hidden_act": "gelu", **SIZES, **config}
    (folder / "config.json").write_text(json.dumps(facts))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    save_file(published_weights(), folder / "model.safetensors")
    return folder


def publish_as_mpnet(folder: Path, distance_bias: np.ndarray) -> Path:
    """The same encoder under the names, signs and places of an MPNet; attention adds a bias (buckets, heads)."""
    publish(folder)
    renamed = {
        "attention.self.query": "attention.attn.q",
        "attention.self.key": "attention.attn.k",
        "attention.self.value": "attention.attn.v",
        "attention.output.dense": "attention.attn.o",
        "attention.output.LayerNorm": "attention.LayerNorm",
    }
    weights = {"encoder.relative_attention_bias.weight": distance_bias}
    for name, array in published_weights().items():
        for mine, theirs in renamed.items():
            name = name.replace(mine, theirs)  # noqa: PLW2901
        weights[name] = array
    types = weights.pop("embeddings.token_type_embeddings.weight")
    places = weights["embeddings.position_embeddings.weight"] + types[0]
    weights["embeddings.position_embeddings.weight"] = np.concatenate([np.full_like(places[:2], 9.0), places])
    pieces = weights[
        "embeddings.word_embeddings.weight"
    ]  # <s>, <pad>, </s> stand first, BERT's own signs last and unused
    order = [VOCABULARY.index(sign) for sign in ("[CLS]", "[PAD]", "[SEP]")]
    others = [place for place in range(len(VOCABULARY)) if place not in order]
    unused = np.full_like(pieces[:3], 9.0)
    weights["embeddings.word_embeddings.weight"] = np.concatenate([pieces[order], pieces[others], unused])
    save_file(weights, folder / "model.safetensors")
    vocabulary = ("<s>", "<pad>", "</s>", *(VOCABULARY[place] for place in others), "[PAD]", "[CLS]", "[SEP]")
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    sizes = {**SIZES, "max_position_embeddings": len(places) + 2, "relative_attention_num_buckets": len(distance_bias)}
    (folder / "config.json").write_text(json.dumps({"model_type": "mpnet", "hidden_act": "gelu", **sizes}))
    return folder
