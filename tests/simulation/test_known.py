"""What the world states of itself is what its history holds, and no break is stated where no law makes one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affectlens.evaluation import attention, prevalence
from affectlens.features.taxonomy import EKMAN
from affectlens.simulation import world
from affectlens.simulation.known import _breaks


@pytest.fixture(scope="module")
def stated(history) -> pd.DataFrame:
    return world.statistics(history).set_index(["quantity", "group", "window"])["value"]


def test_the_stated_gini_is_that_of_the_estimator(history, stated: pd.Series) -> None:
    impressions = history.impressions
    views = np.bincount(impressions.content[impressions.is_viewed], minlength=len(history.world.catalogue))
    assert attention.gini(views) == pytest.approx(stated["gini", "content_attention", "all"], rel=1e-9)


def test_expected_shares_are_near_what_happened(history, stated: pd.Series) -> None:
    written = stated.xs("written", level="group")
    shares = written[written.index.get_level_values("quantity").str.startswith("form_share:")]
    assert shares.groupby(level="window").sum().to_numpy() == pytest.approx(1.0)
    emotions = written.filter(like="prevalence:").groupby(level="quantity").mean()
    counted = prevalence.counted(history.utterances.emotion, len(EKMAN))
    whole = np.array([emotions[f"prevalence:{name}"] for name in EKMAN])
    assert np.abs(whole - counted).max() < 0.1


def test_a_world_without_breaks_states_none_but_the_buttons(history) -> None:
    shift = history.params.shift
    calm = shift.model_copy(
        update={"breaks": shift.breaks.model_copy(
            update={"emoji_use": 0.0, "emoji_long_text": 0.0, "reactions_like": 0.0, "reactions_comment": 0.0})}
    )  # fmt: skip
    still = type(history.world)(history.world.population, history.world.catalogue,
                                history.world.params.model_copy(update={"shift": calm}))  # fmt: skip
    assert {group for _, group, _, _ in _breaks(still)} == {"reacted"}
