"""What every network of the emotion family promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.build import build_emotion_model
from affectlens.training.batches import EmotionBatch
from affectlens.training.losses import multilabel_loss
from tiny_networks import SIZES, network, params_of, some_tokens, without_dropout


@pytest.fixture(params=sorted(SIZES))
def member(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_logits_have_a_column_a_label_and_codes_the_hidden_size(member: str) -> None:
    model = network(member).eval()
    assert model(some_tokens()).shape == (8, 3)
    assert model.encode(some_tokens()).shape == (8, 9)


def test_padding_does_not_change_the_logits(member: str) -> None:
    model, tokens = network(member).eval(), some_tokens()
    wider = torch.cat([tokens, torch.zeros(8, 5, dtype=torch.int64)], dim=1)
    assert torch.allclose(model(tokens), model(wider), atol=1e-6)


def test_the_other_texts_of_a_batch_do_not_change_the_logits(member: str) -> None:
    model, tokens = network(member).eval(), some_tokens()
    alone = torch.cat([model(tokens[row : row + 1, : int((tokens[row] != 0).sum())]) for row in range(8)])
    assert torch.allclose(model(tokens), alone, atol=1e-6)


def test_the_order_of_the_words_changes_the_logits(member: str) -> None:
    model = network(member).eval()
    tokens = torch.tensor([[4, 9, 7, 12]])
    assert not torch.allclose(model(tokens), model(tokens.flip(1)), atol=1e-5)


def test_every_parameter_gets_a_gradient(member: str) -> None:
    model = network(member, **without_dropout(member))
    labels = torch.from_numpy(np.random.default_rng(1).integers(0, 2, size=(8, 3)).astype(np.float32))
    multilabel_loss(model, EmotionBatch(some_tokens(), labels)).backward()
    without = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert without == []


def test_it_overfits_eight_examples(member: str) -> None:
    model = network(member, **without_dropout(member))
    labels = torch.from_numpy(np.random.default_rng(2).integers(0, 2, size=(8, 3)).astype(np.float32))
    batch, optimizer = EmotionBatch(some_tokens(), labels), torch.optim.AdamW(model.parameters(), lr=0.02)
    for _ in range(120):
        loss = multilabel_loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.equal((model.eval()(batch.tokens) > 0).float(), labels)


def test_it_survives_save_and_restore(member: str) -> None:
    model = network(member).eval()
    restored = Checkpoint.of(model, member, params_of(member)).restore(build_emotion_model)
    assert torch.equal(model(some_tokens()), restored(some_tokens()))


def test_same_seed_same_weights_and_another_seed_others(member: str) -> None:
    def weights(seed: int) -> list[Tensor]:
        return list(network(member, seed).state_dict().values())

    assert all(torch.equal(a, b) for a, b in zip(weights(1), weights(1), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(weights(1), weights(2), strict=True))


def test_words_are_hidden_in_training_only(member: str) -> None:
    hiding = "state_dropout" if member == "encoder" else "word_dropout"
    model, tokens = network(member, **{**without_dropout(member), hiding: 0.9}), some_tokens()
    assert not torch.allclose(model.train()(tokens), model.eval()(tokens), atol=1e-4)
    assert torch.equal(model.eval()(tokens), model.eval()(tokens))


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="transformer"):
        build_emotion_model("transformer", params_of("cnn"))
