from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from affectlens.models.recommender.attention import FeedState
from affectlens.training import losses
from affectlens.training.losses import blocked_cross_entropy, blocked_feed_cross_entropy


@pytest.mark.parametrize("spread", [1.0, 4.0], ids=["tame", "wild"])
@pytest.mark.parametrize(("block", "tile"), [(1, 100), (4, 3), (7, 11), (100, 1)])
def test_the_blocked_loss_and_its_gradients_are_those_of_the_plain_one(
    block: int, tile: int, spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "_TILE", tile)
    generator = torch.Generator().manual_seed(0)
    states, items = (torch.randn(n, 5, generator=generator, dtype=torch.float32).mul_(spread) for n in (7, 11))
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


@pytest.mark.parametrize("spread", [1.0, 4.0], ids=["tame", "wild"])
def test_products_in_bfloat16_leave_loss_and_gradients_within_its_rounding(spread: float) -> None:
    generator = torch.Generator().manual_seed(2)
    states, items = (torch.randn(n, 8, generator=generator).mul_(spread) for n in (60, 900))
    target = torch.randint(0, 900, (60,), generator=generator)
    found = []
    for products in (torch.float32, torch.bfloat16):
        left, right = states.clone().requires_grad_(), items.clone().requires_grad_()
        loss = blocked_cross_entropy(left, right, target, 25, products)
        loss.backward()
        assert loss.dtype == left.grad.dtype == right.grad.dtype == torch.float32
        found.append((loss.detach(), left.grad, right.grad))
    for exact, rounded in zip(*found, strict=True):
        distance = (rounded - exact).norm() / exact.norm()
        assert 0 < distance < 0.05


def test_large_scores_do_not_overflow() -> None:
    states, items = torch.full((2, 3), 40.0), torch.eye(3) * 30
    assert torch.isfinite(blocked_cross_entropy(states, items, torch.tensor([0, 1]), 2))


@pytest.mark.parametrize("block", [1, 3, 100])
@pytest.mark.parametrize("in_order", [True, False])
def test_the_blocked_loss_of_a_feed_and_its_gradients_are_those_of_the_plain_one(block: int, in_order: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    n_requests, n_items = 9, 14
    given = torch.randn(n_requests, 4, generator=generator), torch.randn(n_items, 4, generator=generator)
    hour = torch.randint(0, 60, (n_requests,), generator=generator, dtype=torch.int32)
    created = torch.randint(-5, 60, (n_items,), generator=generator, dtype=torch.int32).sort().values
    created[0] = -5
    hour = hour.sort().values if in_order else hour
    target = (created[None] <= hour[:, None]).sum(dim=1) - 1  # the newest that exists
    heat = torch.rand(n_requests, n_items, generator=generator)
    found = []
    for loss_of in (
        lambda states, items, moment: functional.cross_entropy(states @ items.T + moment.scores, target),
        lambda states, items, moment: blocked_feed_cross_entropy(states, items, moment, target, block),
    ):
        feed = FeedState(4, 5, 3, 0.1)
        with torch.no_grad():
            feed.age.copy_(torch.arange(20.0).view(5, 4) / 10)
            feed.heat.weight.fill_(0.3)
        states, items = (each.clone().requires_grad_() for each in given)
        loss = loss_of(states, items, feed(states, hour, created, heat, True))
        (2.5 * loss).backward()
        found.append((loss.detach(), states.grad, items.grad, *(weight.grad for weight in feed.parameters())))
    for plain, blocked in zip(*found, strict=True):
        torch.testing.assert_close(blocked, plain, rtol=1e-5, atol=1e-6)
