"""Was the user pleased: the ladder of what is known before a content is consumed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from affectlens.models.recommender.satisfaction import SatisfactionParams
from affectlens.pipelines.recommender_training.satisfaction import score_satisfaction
from affectlens.schemas import Leaderboard

N_USERS, N_LAB, N_FIELD, N_ITEMS = 12, 10, 30, 8
MOODS = [f"attribute_{name}_{moment}" for moment in ("before", "after") for name in ("valence", "arousal")]
TABLES = (
    "satisfaction, 3 random splits within users",
    "satisfaction, fitted on lab alone, 3 random splits within users",
)


def heard(mood_returns: bool) -> pd.DataFrame:
    """Ratings by chance, and a mood that returns to the usual after a song; or one that moves by chance."""
    draw = np.random.default_rng(0)
    surface = np.tile(np.repeat(["lab", "field"], [N_LAB, N_FIELD]), N_USERS)
    n = len(surface)
    before, moved = draw.uniform(-1, 1, (2, n, 2))
    after = 0.3 * moved if mood_returns else before + moved
    told = np.hstack([np.where((surface == "lab")[:, None], np.nan, before), after])
    table = pd.DataFrame(told, columns=MOODS)
    table["user_id"] = np.repeat([f"u{number}" for number in range(N_USERS)], N_LAB + N_FIELD)
    table["content_id"] = [f"c{number}" for number in draw.integers(0, N_ITEMS, n)]
    table["occurred_at"] = pd.Timestamp("2021-07-01", tz="UTC") + pd.to_timedelta(np.arange(n), unit="h")
    return table.assign(surface=surface, value=draw.integers(1, 6, n).astype(float), attribute_daytime="morning")


def scored(interactions: pd.DataFrame, parameters: dict[str, Any], **changes: Any) -> pd.DataFrame:
    contents = pd.DataFrame({"content_id": [f"c{number}" for number in range(N_ITEMS)], "tags": [["pop"]] * N_ITEMS})
    small = {
        "surface": "field", "other_surface": "lab", "split_seeds": [101, 102, 103], "situation": ["daytime"],
        "inverse_penalties": [0.1], "leaf_sizes": [5], "n_trees": 5,
        "published": [{"fitted_on": "lab", "step": "content", "metric": "auc", "values": {"FM": 0.62}}],
    }  # fmt: skip
    params = SatisfactionParams(**parameters["satisfaction"] | small | changes)
    return score_satisfaction(interactions, contents.assign(attribute_tempo=1.0), params, 7, "toy")


@pytest.mark.parametrize("mood_returns", [True, False])
def test_the_mood_before_helps_where_the_mood_returns_and_not_where_it_moves_by_chance(
    parameters: dict[str, Any], mood_returns: bool
) -> None:
    rows = scored(heard(mood_returns), parameters)
    Leaderboard.validate(rows)
    found = rows[rows["protocol"] == TABLES[0]].set_index(["model", "metric"])["value"]
    assert found["satisfaction: user emotion", "helps:mood_accuracy"] == float(mood_returns)
    for step in ("content emotion", "user emotion", "situation and user emotion", "all"):
        assert found[f"satisfaction: {step}", "helps:auc"] == 0.0
    assert not any("mood_macro_f1:" in metric for _, metric in found.index)  # no setting was chosen by it


def test_a_fit_on_the_other_surface_stands_beside_what_is_published_of_it(parameters: dict[str, Any]) -> None:
    rows = scored(heard(mood_returns=True), parameters)
    assert rows["protocol"].unique().tolist() == list(TABLES)
    across = rows[(rows["protocol"] == TABLES[1]) & (rows["metric"] == "auc")].set_index("model")
    assert across.loc["published: FM, content", "value"] == 0.62
    assert across.loc["published: FM, content", "is_baseline"]
    assert np.isnan(across.loc["published: FM, content", "lower"])
    assert not any("situation" in name or "user emotion" in name for name in across.index)


def test_what_was_heard_elsewhere_changes_nothing_of_the_fits_on_the_surface_itself(parameters: dict[str, Any]) -> None:
    table = heard(mood_returns=True)
    without_lab = scored(table[table["surface"] == "field"], parameters)
    whole = scored(table, parameters)
    whole = whole[whole["protocol"] == TABLES[0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(without_lab, whole)


def test_without_a_surface_nothing_is_scored(parameters: dict[str, Any]) -> None:
    assert scored(heard(mood_returns=True), parameters, surface=None).empty
