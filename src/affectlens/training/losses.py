"""Losses that several tasks share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from affectlens.models.recommender.attention import FeedMoment
from affectlens.training.batches import EmotionBatch


def multilabel_loss(model: nn.Module, batch: EmotionBatch) -> Tensor:
    """Binary cross-entropy of independent labels, summed over labels and averaged over texts.

    Plain, unweighted: its scores stay near calibrated, and what weights for rare labels would gain, thresholds gain.
    """
    logits = model(batch.tokens)
    return functional.binary_cross_entropy_with_logits(logits, batch.labels, reduction="sum") / len(logits)


_TILE = 768  # items whose logits are in the cache together
_TAME = 40.0  # logits below need no shift: their exponentials, and sums of them, are far inside float32's range


class _BlockedCrossEntropy(torch.autograd.Function):
    """Mean cross-entropy of states @ items.T, with its gradients, a block of states at a time.

    Per block three products, and one exponential in place: logits, gradient of the states, gradient of the items. The
    first two and the exponential go over the items in tiles that stay in the cache. The softmax is never divided out,
    its denominators scale the thin factors of the products instead, and come as one more row of the second product.
    Thin sums lie on their side, (M, ...): so the products over tiles run at nearly the rate of large ones.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, items: Tensor, target: Tensor, block: int, products: torch.dtype) -> Tensor:
        n_states, (n_items, width) = len(states), items.shape
        loss = states.new_zeros(())
        for_states, for_items, hits = torch.empty_like(states), items.new_zeros(width, n_items), torch.zeros_like(items)
        factor = items.to(products)
        factor_and_one = torch.cat([factor.T, factor.new_ones(1, n_items)])
        is_tame = bool(states.norm(dim=1).max() * items.norm(dim=1).max() < _TAME)  # Cauchy-Schwarz
        memory = factor.new_empty(n_items * min(block, n_states))
        for start in range(0, n_states, block):
            part, wanted = states[start : start + block], target[start : start + block]
            asks = part.to(products).T
            scores = memory[: n_items * len(part)].view(n_items, len(part))  # (N, block): faster than its transpose
            top = scores.new_zeros(()) if is_tame else torch.mm(factor, asks, out=scores).amax(dim=0)
            pulled_and_total = part.new_zeros(width + 1, len(part))
            for first in range(0, n_items, _TILE):
                tile = slice(first, first + _TILE)
                if is_tame:
                    torch.mm(factor[tile], asks, out=scores[tile])
                else:
                    scores[tile].sub_(top)
                _add_product(pulled_and_total, factor_and_one[:, tile], scores[tile].exp_())
            pulled, total = torch.tensor_split(pulled_and_total, [width])
            loss += (total.squeeze(0).log() + top - (items[wanted] * part).sum(dim=1)).sum()
            torch.sub((pulled / total).T, items[wanted], out=for_states[start : start + block])
            _add_product(for_items, (part.T / total).to(products), scores.T)
            hits.index_add_(0, wanted, part)
        ctx.save_for_backward(for_states / n_states, (for_items.T - hits) / n_states)
        return loss / n_states

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        for_states, for_items = ctx.saved_tensors
        return gradient * for_states, gradient * for_items, None, None, None


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Add left @ right to a total, which may be of a wider type."""
    if total.dtype == left.dtype:
        total.addmm_(left, right)
    else:
        total.add_(torch.mm(left, right))


def blocked_cross_entropy(
    states: Tensor, items: Tensor, target: Tensor, block: int, products: torch.dtype = torch.float32
) -> Tensor:
    """Mean cross-entropy of the logits states @ items.T without holding more than `block` rows of them.

    Equal to `cross_entropy(states @ items.T, target)` up to rounding, and differentiable once.

    Args:
        states: (P, M).
        items: (N, M).
        target: (P,) row of `items`.
        block: states whose logits are held at once, above 0.
        products: type of the logits and of the factors of all products; sums of products are in single precision.
    """
    with torch.autocast(device_type=states.device.type, enabled=False):
        loss: Tensor = _BlockedCrossEntropy.apply(  # type: ignore[no-untyped-call]
            states.float(), items.float(), target, block, products
        )
    return loss


class _BlockedFeedCrossEntropy(torch.autograd.Function):
    """Mean cross-entropy of states @ items.T + moment, with its gradients, a block of requests at a time.

    A block reads only the items that existed at its last request: about half of them, where requests come in the order
    of time and items in that of creation.
    """

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        items: Tensor,
        by_age: Tensor,
        warmth: Tensor,
        target: Tensor,
        moment: FeedMoment,
        block: int,
    ) -> Tensor:
        n_states = len(states)
        loss = states.new_zeros(())
        for_states, for_items = torch.empty_like(states), torch.zeros_like(items)
        for_age, for_warmth = torch.zeros_like(by_age), torch.empty_like(warmth)
        for start in range(0, n_states, block):
            rows = slice(start, start + block)
            part, wanted = states[rows], target[rows, None]
            existed = int(torch.searchsorted(moment.created, moment.hour[rows].max(), right=True))
            known = slice(0, max(existed, int(wanted.max()) + 1))
            bucket, log_heat = moment.read(rows, known)
            scores = part @ items[known].T
            scores.add_(by_age[rows].gather(1, bucket)).addcmul_(log_heat, warmth[rows])
            hit = scores.gather(1, wanted)
            top = scores.amax(dim=1, keepdim=True)
            total = scores.sub_(top).exp_().sum(dim=1, keepdim=True)
            loss += (total.log() + top - hit).sum()
            scores.div_(total).scatter_add_(1, wanted, torch.full_like(hit, -1.0))
            torch.mm(scores, items[known], out=for_states[rows])
            for_items[known].addmm_(scores.T, part)
            for_age[rows].scatter_add_(1, bucket, scores)
            for_warmth[rows] = scores.mul_(log_heat).sum(dim=1, keepdim=True)
        ctx.save_for_backward(*(each / n_states for each in (for_states, for_items, for_age, for_warmth)))
        return loss / n_states

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return *(gradient * each for each in ctx.saved_tensors), None, None, None


def blocked_feed_cross_entropy(states: Tensor, items: Tensor, moment: FeedMoment, target: Tensor, block: int) -> Tensor:
    """Mean cross-entropy of the logits states @ items.T + moment.scores, `block` rows of them at a time.

    Equal to `cross_entropy` of them up to rounding, and differentiable once.

    Args:
        states: (P, M), best in the order of time.
        items: (N, M), the oldest first.
        moment: what the moment of the request adds; it hides the items to come.
        target: (P,) row of `items`.
        block: requests whose logits are held at once, above 0.
    """
    with torch.autocast(device_type=states.device.type, enabled=False):
        loss: Tensor = _BlockedFeedCrossEntropy.apply(  # type: ignore[no-untyped-call]
            states.float(), items.float(), moment.by_age.float(), moment.warmth.float(), target, moment, block
        )
    return loss
