"""Training of emotion networks on texts of GoEmotions lengths: AffectLens, a plain padded loop, and scikit-learn.

Real tokens a second, in the same run and on the same texts. The plain loop pads every text to the longest that is read
(64 tokens), in single precision; AffectLens puts texts of similar length together and multiplies the encoder's matrices
in bfloat16 where the processor has instructions for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from torch import Tensor, nn
from torch.nn import functional

from affectlens.models.emotion.pretrained import EncoderSizes
from affectlens.models.emotion.recurrent import TextRecurrent, TextRecurrentParams, text_recurrent
from affectlens.models.emotion.transformer import TextTransformer, TransformerParams
from affectlens.training.batches import TokenRows, emotion_batches
from affectlens.training.encoder import FrozenStates, OfStates, StateBatch, state_batches, state_loss
from affectlens.training.loop import multiplies_bfloat16
from affectlens.training.losses import multilabel_loss

N_TOKENS, N_LABELS, MAX_TOKENS, BATCH_SIZE, N_EPOCHS = 8000, 28, 64, 64, 2
N_TEXTS = {"lstm": 6400, "encoder": 640, "tf-idf": 6400}
MINILM = EncoderSizes(
    hidden_size=384, num_attention_heads=12, num_hidden_layers=6, intermediate_size=1536, max_position_embeddings=512
)


def texts(n: int, seed: int) -> tuple[TokenRows, np.ndarray]:
    """Random token rows with the lengths of GoEmotions (log-normal, median 17 pieces, mean 19) and random labels."""
    generator = np.random.default_rng(seed)
    lengths = np.clip(generator.lognormal(np.log(17), 0.5, n).astype(np.int64), 3, MAX_TOKENS)
    tokens = generator.integers(2, N_TOKENS, size=(n, MAX_TOKENS), dtype=np.int32)
    tokens[np.arange(MAX_TOKENS) >= lengths[:, None]] = 0
    return TokenRows(tokens, lengths), (generator.random((n, N_LABELS)) < 1 / N_LABELS).astype(np.float32)


def lstm() -> TextRecurrent:
    """The recurrent network that both loops train."""
    torch.manual_seed(0)
    sizes = {
        "language": "en",
        "embedding_size": 128,
        "neighbourhood": None,
        "lexicon": False,
        "state_size": 96,
        "hidden_size": 64,
        "max_tokens": MAX_TOKENS,
    }
    return text_recurrent(TextRecurrentParams(kind="lstm", dropout=0.3, word_dropout=0.1, **sizes), N_TOKENS, N_LABELS)


def encoder() -> TextTransformer:
    """An encoder of the sizes of MiniLM-L6, its weights random: they do not matter for speed."""
    torch.manual_seed(0)
    dropouts = {"dropout": 0.1, "state_dropout": 0.05, "head_dropout": 0.1}
    params = TransformerParams(
        kind="encoder", max_tokens=MAX_TOKENS, frozen_layers=0, rank=None, hidden_size=128, **dropouts
    )
    model = TextTransformer(params, MINILM, N_TOKENS, N_LABELS)
    model.freeze()
    return model


def padded_batches(rows: TokenRows, labels: np.ndarray) -> Iterable[tuple[Tensor, Tensor]]:
    """Random batches, every text padded to the longest that is read."""
    everything, targets = torch.from_numpy(rows.tokens.astype(np.int64)), torch.from_numpy(labels)
    for index in torch.randperm(len(labels)).split(BATCH_SIZE):
        yield everything[index], targets[index]


def train(
    network: nn.Module, batches: Iterable[object], loss_of: Callable[[nn.Module, object], Tensor], *, is_fused: bool
) -> None:
    """One epoch of gradient steps; the optimiser in one kernel, as in `fit`, or as PyTorch has it by default."""
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=1e-3, fused=is_fused)
    network.train()
    for batch in batches:
        loss_of(network, batch).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def plain_loss(network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Binary cross-entropy, as the networks of AffectLens are trained with."""
    tokens, labels = batch
    return functional.binary_cross_entropy_with_logits(network(tokens), labels, reduction="sum") / len(labels)


def ours_encoder(rows: TokenRows, labels: np.ndarray) -> None:
    """Token states once, then the epochs on all layers."""
    model = encoder()
    frozen = FrozenStates.of(model, rows)

    def loss_of(network: nn.Module, batch: StateBatch) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16("cpu")):
            return state_loss(network, batch)

    for epoch in range(N_EPOCHS):
        batches = state_batches(frozen, labels, BATCH_SIZE)(np.random.default_rng(epoch))
        train(OfStates(model), batches, loss_of, is_fused=True)


def plain_encoder(rows: TokenRows, labels: np.ndarray) -> None:
    """Every layer in every step, every text padded."""
    model = encoder()
    for _ in range(N_EPOCHS):
        train(model, padded_batches(rows, labels), plain_loss, is_fused=False)


def ours_lstm(rows: TokenRows, labels: np.ndarray) -> None:
    """Texts of similar length together."""
    model = lstm()
    for epoch in range(N_EPOCHS):
        batches = emotion_batches(rows, labels, BATCH_SIZE)(np.random.default_rng(epoch))
        train(model, batches, multilabel_loss, is_fused=True)


def plain_lstm(rows: TokenRows, labels: np.ndarray) -> None:
    """Every text padded."""
    model = lstm()
    for _ in range(N_EPOCHS):
        train(model, padded_batches(rows, labels), plain_loss, is_fused=False)


def tfidf(rows: TokenRows, labels: np.ndarray) -> None:
    """scikit-learn's TF-IDF of words 1-2 and a logistic regression a label; one pass, it knows no epochs."""
    written = [" ".join(f"w{token}" for token in row[row > 0]) for row in rows.tokens]
    features = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(written)
    OneVsRestClassifier(LogisticRegression(solver="liblinear", dual=True, tol=0.1)).fit(features, labels)


LOOPS: dict[tuple[str, str], Callable[[TokenRows, np.ndarray], None]] = {
    ("lstm", "AffectLens"): ours_lstm,
    ("lstm", "plain padded loop"): plain_lstm,
    ("encoder", "AffectLens"): ours_encoder,
    ("encoder", "plain padded loop"): plain_encoder,
    ("tf-idf", "scikit-learn"): tfidf,
}


def main() -> str:
    """Real tokens a second, seconds an epoch of GoEmotions (43,410 texts), and how many times the plain loop."""
    found = []
    for (network, loop), run in LOOPS.items():
        rows, labels = texts(N_TEXTS[network], 0)
        started = time.perf_counter()
        run(rows, labels)
        seconds = time.perf_counter() - started
        epochs = 1 if network == "tf-idf" else N_EPOCHS
        found.append(
            {
                "network": network,
                "loop": loop,
                "tokens_per_s": epochs * rows.lengths.sum() / seconds,
                "s_per_epoch": seconds / epochs * 43_410 / len(labels),
            }
        )
    frame = pd.DataFrame(found)
    plain = frame[frame["loop"] == "plain padded loop"].set_index("network")["tokens_per_s"]
    frame["times_plain"] = frame["tokens_per_s"] / frame["network"].map(plain)
    threads = f"{torch.get_num_threads()} thread(s)"
    return f"{frame.round({'tokens_per_s': 0, 's_per_epoch': 1, 'times_plain': 2}).to_string(index=False)}\n{threads}"
