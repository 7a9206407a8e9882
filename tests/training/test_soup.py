"""A soup is the mean of its fits, keeps to its time and goes on where it was killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

from affectlens.training.soup import fit_soup

Fit = Callable[[nn.Module, int, float | None], pd.DataFrame]


def start() -> nn.Module:
    model = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(model.weight)
    return model


def fits_to(values: list[float], seconds: float = 1.0, seen: list[float | None] | None = None) -> Fit:
    """Every fit begins at zero and ends at its own value, after two epochs."""

    def fit_one(one: nn.Module, number: int, left: float | None) -> pd.DataFrame:
        assert not one.weight.any()
        if seen is not None:
            seen.append(left)
        nn.init.constant_(one.weight, values[number])
        return pd.DataFrame({"epoch": [1, 2], "seconds": [seconds / 2, seconds / 2]})

    return fit_one


def test_the_weights_are_the_mean_of_the_fits_and_epochs_are_numbered_on() -> None:
    model = start()
    history = fit_soup(model, fits_to([1.0, 2.0, 6.0]), 3, None, "a", None)
    assert model.weight.flatten().tolist() == pytest.approx([3.0, 3.0])
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]


def test_another_fit_begins_only_if_the_budget_leaves_it_the_time_of_the_longest() -> None:
    model, seen = start(), []
    fit_soup(model, fits_to([1.0, 3.0, 100.0], seconds=4.0, seen=seen), 3, 10.0, "a", None)
    assert seen == [10.0, 6.0]
    assert model.weight.flatten().tolist() == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize(("identity", "n_fitted_again"), [("a", 1), ("b", 2)])
def test_a_killed_soup_fits_again_only_what_was_not_finished(
    tmp_path: Path, identity: str, n_fitted_again: int
) -> None:
    def killed(one: nn.Module, number: int, left: float | None) -> pd.DataFrame:
        if number == 1:
            raise KeyboardInterrupt
        return fits_to([1.0])(one, number, left)

    with pytest.raises(KeyboardInterrupt):
        fit_soup(start(), killed, 2, None, "a", tmp_path)
    model, seen = start(), []
    fit_soup(model, fits_to([1.0, 5.0], seen=seen), 2, None, identity, tmp_path)
    assert len(seen) == n_fitted_again
    assert model.weight.flatten().tolist() == pytest.approx([3.0, 3.0])
    assert not list(tmp_path.rglob("*.safetensors"))


def test_weights_that_are_equal_in_all_fits_stay_as_they_are() -> None:
    model = start()
    fit_soup(model, fits_to([0.1, 0.1, 0.1]), 3, None, "a", None)
    assert torch.equal(model.weight, torch.full((2, 1), 0.1))
