from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from affectlens.training.losses import blocked_cross_entropy


@pytest.mark.parametrize("block", [1, 4, 7, 100])
def test_the_blocked_loss_and_its_gradients_are_those_of_the_plain_one(block: int) -> None:
    generator = torch.Generator().manual_seed(0)
    states, items = (torch.randn(n, 5, generator=generator, dtype=torch.float32).mul_(4) for n in (7, 11))
    target = torch.tensor([3, 3, 0, 10, 7, 1, 3])
    found = []
    for loss_of in (
        lambda left, right: functional.cross_entropy(left @ right.T, target),
        lambda left, right: blocked_cross_entropy(left, right, target, block),
    ):
        left, right = states.clone().requires_grad_(), items.clone().requires_grad_()
        loss = loss_of(left, right)
        (2.5 * loss).backward()
        found.append((loss.detach(), left.grad, right.grad))
    for plain, blocked in zip(*found, strict=True):
        torch.testing.assert_close(blocked, plain, rtol=1e-5, atol=1e-6)


def test_large_scores_do_not_overflow() -> None:
    states, items = torch.full((2, 3), 40.0), torch.eye(3) * 30
    assert torch.isfinite(blocked_cross_entropy(states, items, torch.tensor([0, 1]), 2))
