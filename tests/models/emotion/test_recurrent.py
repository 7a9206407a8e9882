from __future__ import annotations

import numpy as np
import torch

from affectlens.models.emotion.recurrent import FrozenTable


def test_a_frozen_table_is_standardised_whatever_the_length_of_its_vectors() -> None:
    vectors = 0.01 * np.random.default_rng(0).normal(size=(50, 6)) + 3.0
    vectors[:, 2] = 1.0
    table = FrozenTable(50, 6)
    table.take(vectors)
    found = table(torch.arange(50))
    spread = torch.tensor([1.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    torch.testing.assert_close(found.std(dim=0, correction=0), spread, atol=1e-2, rtol=0)
    torch.testing.assert_close(found.mean(dim=0), torch.zeros(6), atol=1e-2, rtol=0)
