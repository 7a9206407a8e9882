"""What posts say beside who wrote them: values without the lasting differences between authors."""

from __future__ import annotations

import numpy as np


def without_authors(values: np.ndarray, author: np.ndarray) -> np.ndarray:
    """Values less the effects of their authors: what would be seen if the same people had always written.

    An author who writes much for a while moves the mean of all posts without anybody changing. The effect of an author
    with n posts is the mean of these, less that of all posts, shrunk by n / (n + s / t) with s the variance within
    authors and t that between them (by moments): an author of one post keeps most of it.

    Args:
        values: (n,) one a post; NaN where a post has none.
        author: (n,) index of its author.

    Returns:
        (n,) with the same NaN. The values as they came where every author has one post, or authors do not differ.

    Source: Robinson 1991, "That BLUP Is a Good Thing".

    >>> without_authors(np.array([1.0, 1.0, 3.0, 3.0, np.nan]), np.array([0, 0, 1, 1, 1]))
    array([ 2.,  2.,  2.,  2., nan])
    """
    known = np.isfinite(values)
    x, (_, unit) = values[known], np.unique(author[known], return_inverse=True)
    n, total = np.bincount(unit), x.size
    if n.size < 2 or n.size == total:
        return values
    effect = np.bincount(unit, weights=x) / n - x.mean()
    within = float(np.var(x - x.mean() - effect[unit]) * total / (total - n.size))
    typical = (total - (n**2).sum() / total) / (n.size - 1)
    between = (float((n * effect**2).sum()) / (n.size - 1) - within) / typical
    if between <= 0:
        return values
    found = values.copy()
    found[known] -= (effect * n / (n + within / between))[unit]
    return found
