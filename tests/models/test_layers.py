from __future__ import annotations

import pytest
import torch

from affectlens.models.layers import StateDropout


@pytest.mark.parametrize("rate", [0.1, 0.4, 0.75])
def test_dropout_hides_its_share_and_keeps_the_mean(rate: float) -> None:
    torch.manual_seed(0)
    states = torch.ones(201, 303, requires_grad=True)
    found = StateDropout(rate)(states)
    assert (found == 0).float().mean().item() == pytest.approx(rate, abs=0.006)
    assert found.mean().item() == pytest.approx(1.0, abs=0.015)
    assert found.unique().numel() == 2
    found.sum().backward()
    assert torch.equal(states.grad, found.detach())


def test_dropout_follows_the_seed_and_is_off_outside_training() -> None:
    drop, states = StateDropout(0.5), torch.randn(7, 5)
    masks = []
    for _ in range(2):
        torch.manual_seed(3)
        masks.append(drop(states))
    assert torch.equal(*masks)
    assert not torch.equal(masks[0], drop(states))
    assert drop.eval()(states) is states
    assert StateDropout(0.0)(states) is states
