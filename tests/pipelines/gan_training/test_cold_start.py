from __future__ import annotations

import numpy as np
import pandas as pd

from affectlens.pipelines.gan_training.cold_start import STAND_INS, places_of_own
from affectlens.pipelines.gan_training.use_nodes import score_cold_contents


def test_a_vector_of_zeros_has_no_place_and_takes_none_of_the_others() -> None:
    own = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    stand_in = np.array([[1.0, 0.1], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(places_of_own(stand_in, own), [1.0, np.nan, np.nan, 2.0])


def test_contents_with_the_same_vector_share_the_middle_place() -> None:
    assert places_of_own(np.eye(3)[[0, 0, 0]], np.eye(3)[[0, 0, 0]]).tolist() == [2.0, 2.0, 2.0]


def test_a_stand_in_of_zeros_is_no_hit_and_no_miss() -> None:
    features = pd.DataFrame({"content_id": list("abc"), "vector": list(np.eye(3))})
    stand_in = list(np.eye(3) * np.array([[1.0], [1.0], [0.0]]))
    cold = pd.DataFrame({"content_id": list("abc"), "split": "test"} | dict.fromkeys(STAND_INS, stand_in))
    rows = score_cold_contents(cold, features, 0, "toy")
    hits = rows[rows["metric"] == "cold_hit@10"]
    assert hits["n"].tolist() == [2, 2, 2]
    assert hits["value"].tolist() == [1.0, 1.0, 1.0]
