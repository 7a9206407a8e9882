"""A soup is the mean of its fits, keeps to its time and goes on where it was killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

from affectlens.training.soup import fit_pupil, fit_soup

Fit = Callable[..., pd.DataFrame]


def start() -> nn.Module:
    model = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(model.weight)
    return model


def fits_to(values: list[float], seconds: float = 1.0, seen: list[float | None] | None = None) -> Fit:
    """Every fit begins at zero and ends at its own value, after two epochs."""

    def fit_one(one: nn.Module, *, number: int, left: float | None) -> pd.DataFrame:
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
    def killed(one: nn.Module, *, number: int, left: float | None) -> pd.DataFrame:
        if number == 1:
            raise KeyboardInterrupt
        return fits_to([1.0])(one, number=number, left=left)

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


def teacher(seen: list[str] | None = None) -> Callable[[nn.Module], pd.DataFrame]:
    """Ends at 2 after two epochs of a second each."""

    def fit(one: nn.Module) -> pd.DataFrame:
        if seen is not None:
            seen.append("teacher")
        return fits_to([2.0], seconds=2.0)(one, number=0, left=None)

    return fit


def pupil(one: nn.Module, taught_by: nn.Module, left: float | None) -> pd.DataFrame:
    """Begins at zero and goes one beyond its teacher."""
    assert not one.weight.any()
    nn.init.constant_(one.weight, taught_by.weight[0, 0].item() + 1.0)
    return pd.DataFrame({"epoch": [1], "seconds": [0.0 if left is None else left]})


@pytest.mark.parametrize(("budget_s", "ends_at", "epochs"), [(None, 3.0, 3), (5.0, 3.0, 3), (4.9, 2.0, 2)])
def test_a_pupil_takes_the_place_of_its_teacher_where_there_is_time(
    budget_s: float | None, ends_at: float, epochs: int
) -> None:
    model = start()
    history = fit_pupil(model, teacher(), pupil, 1.5, budget_s=budget_s, identity="a", work_dir=None)
    assert model.weight.flatten().tolist() == [ends_at, ends_at]
    assert history["epoch"].tolist() == list(range(1, epochs + 1))
    assert budget_s is None or epochs == 2 or history["seconds"].iloc[-1] == 3.0


@pytest.mark.parametrize(("identity", "fitted_again"), [("a", []), ("b", ["teacher"])])
def test_a_run_that_was_killed_while_the_pupil_learnt_keeps_the_teacher(
    tmp_path: Path, identity: str, fitted_again: list[str]
) -> None:
    def killed(one: nn.Module, taught_by: nn.Module, left: float | None) -> pd.DataFrame:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_pupil(start(), teacher(), killed, 1.0, budget_s=None, identity="a", work_dir=tmp_path)
    model, seen = start(), []
    fit_pupil(model, teacher(seen), pupil, 1.0, budget_s=None, identity=identity, work_dir=tmp_path)
    assert seen == fitted_again
    assert model.weight.flatten().tolist() == [3.0, 3.0]
    assert not list(tmp_path.rglob("*.safetensors"))
