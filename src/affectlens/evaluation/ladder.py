"""Ablation ladders: what each step adds, against the step below and against placebos of the same size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.policy_values import holm

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Rung:
    """One step of a ladder.

    Attributes:
        name: of the step.
        parts: what the model may read.
        below: the step that reads the same but for what this one adds; None for the first one.
        placebos: steps that read as many numbers instead, which say nothing about emotion.
    """

    name: str
    parts: tuple[str, ...]
    below: str | None = None
    placebos: tuple[str, ...] = ()

    @property
    def rivals(self) -> tuple[str, ...]:
        """What it has to beat."""
        return (() if self.below is None else (self.below,)) + self.placebos


Comparison = Callable[[str, str], tuple[Estimate, float]]


def climb(rungs: Sequence[Rung], metric: str, compare: Comparison) -> dict[str, dict[str, Estimate]]:
    """Every step against its rivals, adjusted by Holm over all of these comparisons.

    Args:
        rungs: the ladder.
        metric: name of what is compared.
        compare: names of two steps -> difference (first minus second) and p-value.

    Returns:
        step -> name in a leaderboard -> estimate: `difference:`, `p:` and `p_holm:` of each rival; `helps:` is 1
        where the step beats the one below and every placebo: the interval above 0, the adjusted p-value below 0.05.
    """
    pairs = {(rung.name, rival): compare(rung.name, rival) for rung in rungs for rival in rung.rivals}
    adjusted = holm({f"{ours} {theirs}": p_value for (ours, theirs), (_, p_value) in pairs.items()})
    found: dict[str, dict[str, Estimate]] = {}
    for rung in rungs:
        rows: dict[str, Estimate] = {}
        for rival in rung.rivals:
            difference, p_value = pairs[rung.name, rival]
            rows[f"difference:{metric}:{rival}"] = difference
            rows[f"p:{metric}:{rival}"] = Estimate.exact(p_value, difference.n)
            rows[f"p_holm:{metric}:{rival}"] = Estimate.exact(adjusted[f"{rung.name} {rival}"], difference.n)
        if rows:
            rows[f"helps:{metric}"] = Estimate.exact(beats_all(rows, metric, rung.rivals), _units(rows))
        found[rung.name] = rows
    return found


def beats_all(rows: Mapping[str, Estimate], metric: str, rivals: Sequence[str]) -> bool:
    """Whether every difference lies above zero and survives Holm.

    >>> row = Estimate(0.1, 0.05, 0.15, 9)
    >>> rows = {"difference:auc:a": row, "p_holm:auc:a": Estimate.exact(0.01, 9)}
    >>> beats_all(rows, "auc", ["a"])
    True
    """
    return all(
        rows[f"difference:{metric}:{rival}"].lower > 0 and rows[f"p_holm:{metric}:{rival}"].value < SIGNIFICANCE
        for rival in rivals
    )


def _units(rows: Mapping[str, Estimate]) -> int:
    return min(estimate.n for estimate in rows.values())
