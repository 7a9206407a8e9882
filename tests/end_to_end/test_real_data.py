"""The real environments from the head of their files to a report, where AFFECTLENS_MIRROR names a folder of them."""

from __future__ import annotations

import gzip
import os
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from affectlens.pipelines.reporting import measured
from affectlens.pipelines.reporting.attention_effects import randomised_contrasts
from affectlens.pipelines.reporting.emotion_readings import Readings
from affectlens.pipelines.reporting.params import ContrastParams
from affectlens.session import StageSession
from affectlens.sources import read_source, source_params

ROOT = Path(__file__).parents[2]

MIRROR = os.environ.get("AFFECTLENS_MIRROR", "")
# Budgets of continuous integration: the paths are those of a full run, the fits are short.
ONE_EPOCH = {"training": {"max_epochs": 1}}
QUICK_EMOTION = {
    "few_labels": {"taught_epochs": 1, **ONE_EPOCH},
    "explaining": {"n_shown": 2, "n_texts": 6, "n_pictures": 2},
    "robustness": {"n_edited": 100, "n_other": 100},
}
QUICK_GAN = {
    "mixture": {"member": {"model": {"components": [8]}}},
    "vae": {"member": ONE_EPOCH},
    "flow": {"member": ONE_EPOCH},
    "wgan": {"member": {"training": {"steps": {"max_epochs": 1}}}},
    "text": ONE_EPOCH,
    "decoding": {"max_texts": 2000},
    "evaluation": {"max_samples": 300, "n_resamples": 100, "n_permutations": 99},
}
ONE_FIT = {"steps": ["id", "text", "learned emotion"], "seeds": [7]}
SHORT: dict[str, dict[str, Any]] = {
    "facebook_live_sellers": {},
    "facebook_reactions": {},
    "upworthy": {},
    "open_bandit": {"policy": {"scoring": {"n_resamples": 200}}},
    "goemotions": {
        "emotion": {"members": {"profile": "fast"}, "table_lstm": ONE_EPOCH, **QUICK_EMOTION},
        "gan": QUICK_GAN,
    },
    "musical_instruments": {
        "emotion": {"cnn": ONE_EPOCH, "lstm": ONE_EPOCH, **QUICK_EMOTION},
        "gan": QUICK_GAN,
        "recommender": {"ladder": ONE_FIT, "exposures": ONE_FIT},
    },
    "situnes": {
        "recommender": {
            "ladder": {"steps": ["id", "user emotion"], "seeds": [7], "max_epochs": 1},
            "exposures": {"steps": ["id", "user emotion"], "seeds": [7], **ONE_EPOCH},
            "satisfaction": {"split_seeds": [101, 102], "n_trees": 5},
        }
    },
    "sequences": {
        "recommender": {
            "attention": {"model": {"width": 32}, **ONE_EPOCH},
            "ease": {"regularisations": [100.0], "decays": [0.6]},
            "item_knn": {"shrinkages": [10.0], "neighbours": [200], "decays": [0.6]},
        }
    },
}
STAGES: dict[str, set[str]] = {
    "facebook_live_sellers": set(),
    "facebook_reactions": set(),
    "upworthy": set(),
    "open_bandit": {"policy"},
    "goemotions": {"emotion", "gan"},
    "musical_instruments": {"emotion", "gan", "recommender"},
    "situnes": {"recommender"},
    "sequences": {"recommender"},
}

# Rows of the files that are longer than continuous integration has time for: field of `source:`, file, rows.
HEADS: dict[str, list[tuple[str, str, int]]] = {
    "facebook_live_sellers": [],
    "facebook_reactions": [("posts", "facebook_reactions/posts.csv.gz", 6000)],
    "upworthy": [("packages", "upworthy/packages.csv.gz", 4000)],
    "goemotions": [("train", "goemotions/train.tsv", 5000), ("valid", "goemotions/dev.tsv", 1500)],
    "musical_instruments": [("reviews", "amazon_musical_instruments/reviews.csv.gz", 2500)],
    "situnes": [],
    "open_bandit": [],
    "sequences": [("interactions", "amazon_sequences/Beauty.txt.gz", 1500)],
}

# The data sets keep their own licences and lie outside the repository: without them there is nothing to run on.
pytestmark = pytest.mark.skipif(
    not Path(MIRROR).is_dir() or not MIRROR, reason="AFFECTLENS_MIRROR names no folder of real data"
)


def head_of(file: str, n_rows: int, folder: Path) -> str:
    """Path of a copy of the first rows of a file of the mirror."""
    whole, part = Path(MIRROR) / file, folder / Path(file).name
    if ".csv" in part.suffixes:  # rows that may hold line breaks
        pd.read_csv(whole, dtype="str", keep_default_na=False, nrows=n_rows).to_csv(part, index=False)
    else:
        opener = gzip.open if part.suffix == ".gz" else open
        with opener(whole, "rt", encoding="utf-8") as lines, opener(part, "wt", encoding="utf-8") as copy:
            copy.writelines(islice(lines, n_rows))
    return str(part)


@pytest.mark.parametrize("environment", list(SHORT))
def test_real_files_become_a_report(project_root: Path, tmp_path: Path, environment: str) -> None:
    heads = {field: head_of(file, n_rows, tmp_path) for field, file, n_rows in HEADS[environment]}
    options = {"data_root": str(tmp_path), "source": heads, **SHORT[environment]}
    with StageSession.create(project_path=project_root, env=environment, runtime_params=options) as session:
        session.run(pipeline_names=["analysis"])
    assert len(list(tmp_path.glob("08_reporting/report.html/*/report.html"))) == 1
    boards = {
        path.parents[1].stem.removesuffix("_leaderboard"): pd.read_parquet(path)
        for path in tmp_path.rglob("*_leaderboard.parquet/*/*.parquet")
    }
    assert set(boards) == STAGES[environment]
    for board in boards.values():
        assert board["is_baseline"].any()
        assert board["value"].notna().any()
    if environment == "facebook_live_sellers":
        launch_of_reactions_is_found(tmp_path)
    if environment == "open_bandit":
        weights_find_what_the_other_policy_earned(tmp_path)


def weights_find_what_the_other_policy_earned(root: Path) -> None:
    """Clicks as the files have them, and from either log weighted estimates whose intervals meet those of the other."""
    (path,) = root.glob("08_reporting/logged_policy_values.parquet/*/*.parquet")
    rows = pd.read_parquet(path).set_index(["policy", "estimator"])
    assert rows.loc[("random", "ips"), "on_policy"] == pytest.approx(38 / 10_000)
    assert rows.loc[("bts", "ips"), "on_policy"] == pytest.approx(42 / 10_000)
    for policy in ("random", "bts"):
        for estimator in ("ips", "snips", "dr", "sndr"):
            row = rows.loc[(policy, estimator)]
            assert row["lower"] < row["on_policy_upper"]
            assert row["on_policy_lower"] < row["upper"]


def launch_of_reactions_is_found(root: Path) -> None:
    """The largest break in the share of posts with an emotional reaction is the day on which they became possible."""
    (path,) = root.glob("08_reporting/expression_statistics.parquet/*/*.parquet")
    rows = pd.read_parquet(path).query("quantity.str.endswith(':some_emotional_share')", engine="python")
    found = rows[rows["window"] != "all"].set_index(["quantity", "window"])
    sizes = found.loc["break_size:some_emotional_share", "value"]
    largest = found.loc[("break_day:some_emotional_share", sizes.abs().idxmax())]
    launch = (pd.Timestamp("2016-02-24") - pd.Timestamp("1970-01-01")).days
    assert abs(largest["value"] - launch) <= 7
    assert largest["lower"] <= launch <= largest["upper"]


def test_negative_words_bring_the_clicks_that_were_published() -> None:
    """Robertson et al. 2023: +2.3 % a negative word; and the win rates that the data's own page states."""
    packages = source_params({"name": "upworthy", "packages": "upworthy/packages.csv.gz"})
    tables = read_source(packages, lambda file: Path(MIRROR) / file)
    counts = tables["reaction_counts"].assign(count=tables["reaction_counts"]["count"].astype(float))
    params = yaml.safe_load((ROOT / "conf/base/parameters_reporting.yml").read_text())["reporting"]["contrast"]
    contrast = ContrastParams(**params | {"n_resamples": 100})
    nothing = Readings(pd.DataFrame(), ["neutral"], None)
    rows = measured.table(randomised_contrasts(tables["contents"], counts, nothing, contrast, 7))
    found = rows.set_index(["quantity", "window"])
    negative, positive = (found.loc[(f"click_effect:{word}_word", "clean_weeks")] for word in ("negative", "positive"))
    assert 0 < negative["lower"] < 0.023 < negative["upper"]
    assert positive["upper"] < 0
    wins = {"more_negative": (0.525, 10_287), "more_positive": (0.483, 12_095), "longer": (0.527, 15_572)}
    for name, (rate, n_pairs) in wins.items():
        row = found.loc[(f"win_rate:{name}", "all_weeks")]
        assert row["value"] == pytest.approx(rate, abs=0.001)
        assert row["n"] == n_pairs
