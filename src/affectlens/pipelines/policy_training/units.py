"""What each policy is worth slate by slate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from affectlens.evaluation.policy_values import PolicyScore


def unit_scores(scores: Mapping[str, PolicyScore], units: np.ndarray) -> pd.DataFrame:
    """One row a policy, kind of value and slate: the mean reward an impression of the slate.

    Args:
        scores: policy -> what is known of it, whose terms are (n,).
        units: (n,) the slate of each decision.
    """
    parts = [
        pd.DataFrame({"unit": units, "value": terms})
        .groupby("unit", sort=False, as_index=False)["value"]
        .mean()
        .assign(stage="policy", model=policy, metric=f"value:{kind}")
        for policy, score in scores.items()
        for kind, terms in score.terms.items()
    ]
    return pd.concat(parts, ignore_index=True)[["stage", "model", "metric", "unit", "value"]]
