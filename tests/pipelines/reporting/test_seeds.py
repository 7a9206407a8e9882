from __future__ import annotations

import pandas as pd

from affectlens.pipelines.reporting.params import MetricParams, StageParams
from affectlens.pipelines.reporting.seeds import seeds_table

STAGE = StageParams(
    pipeline="gan_training",
    title="Generation",
    question="Does it?",
    metrics=(MetricParams(name="m", label="M", meaning="a metric", better="higher"),),
    references=("reference: real",),
    cited=(),
)


def board(fits: list[tuple[str, int, float]]) -> pd.DataFrame:
    rows = pd.DataFrame(fits, columns=["model", "seed", "value"])
    same = {"metric": "m", "is_baseline": False, "split": "test", "protocol": "held_out", "dataset": "embedded"}
    return rows.assign(lower=rows["value"], upper=rows["value"], n=10, p_value=float("nan"), stage="gan", **same)


def test_the_references_stand_in_the_table_of_seeds_and_single_fits_do_not() -> None:
    shown = seeds_table(board([("reference: real", 1, 1.0), ("vae", 1, 0.8), ("vae", 2, 0.6), ("once", 1, 9.0)]), STAGE)
    assert shown is not None
    assert [row[0]["text"] for row in shown["rows"]] == ["reference: real", "vae"]
    assert [row[0]["tag"] for row in shown["rows"]] == ["reference", ""]
    assert shown["rows"][1][1]["text"].startswith("0.700 ± 0.141")


def test_one_seed_makes_no_table_of_seeds() -> None:
    assert seeds_table(board([("reference: real", 1, 1.0), ("vae", 1, 0.8)]), STAGE) is None
