from __future__ import annotations

from affectlens.evaluation.estimate import Estimate
from affectlens.evaluation.ladder import Rung, climb

RUNGS = (
    Rung("plain", ("a",)),
    Rung("emotion", ("a", "b"), "plain", ("noise",)),
    Rung("noise", ("a", "c")),
)


def told(differences: dict[tuple[str, str], tuple[float, float, float]]):
    def compare(ours: str, theirs: str) -> tuple[Estimate, float]:
        value, margin, p_value = differences[ours, theirs]
        return Estimate(value, value - margin, value + margin, 20), p_value

    return compare


def test_a_step_helps_where_it_beats_the_one_below_and_every_placebo() -> None:
    rows = climb(
        RUNGS, "auc", told({("emotion", "plain"): (0.1, 0.05, 0.001), ("emotion", "noise"): (0.1, 0.05, 0.001)})
    )
    assert rows["emotion"]["helps:auc"].value == 1.0
    assert rows["plain"] == {}
    assert rows["noise"] == {}


def test_a_step_that_a_placebo_reaches_does_not_help() -> None:
    rows = climb(
        RUNGS, "auc", told({("emotion", "plain"): (0.1, 0.05, 0.001), ("emotion", "noise"): (0.01, 0.05, 0.4)})
    )
    assert rows["emotion"]["helps:auc"].value == 0.0
    assert rows["emotion"]["difference:auc:plain"].lower > 0


def test_holm_counts_every_comparison_of_the_ladder() -> None:
    rows = climb(RUNGS, "auc", told({("emotion", "plain"): (0.1, 0.05, 0.03), ("emotion", "noise"): (0.1, 0.05, 0.03)}))
    assert rows["emotion"]["p_holm:auc:plain"].value == 0.06
    assert rows["emotion"]["helps:auc"].value == 0.0
