"""What goes along with attention (premiums of emotions), and what brings it (randomised contrasts)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from affectlens.evaluation import contrast, premium
from affectlens.evaluation.estimate import Estimate
from affectlens.features.valence_words import valence_shares, valence_words
from affectlens.features.windows import window_starts
from affectlens.features.writing_marks import token_counts

from .emotion_readings import Readings
from .measured import Row, row
from .params import AttentionParams, ContrastParams

_HOURS_A_BLOCK = 4
_LEAST_PER_COLUMN = 10  # contents for each column of the regression
_CLEAN, _EVERY = "clean_weeks", "all_weeks"
_WORDS = {"negative_word": "n_negative", "positive_word": "n_positive", "word": "n_words"}


def emotion_premiums(
    attention: pd.DataFrame, contents: pd.DataFrame, readings: Readings, params: AttentionParams
) -> Iterator[Row]:
    """By which part attention is higher where an emotion is certain, beside effects of author, topic, hour and length.

    Nothing where no emotions were read, or for fewer contents than the effects need.
    """
    texts = contents[["content_id", "text", "tags", "created_at"]]
    rows = attention.merge(texts, on="content_id").merge(readings.probabilities, on="content_id")
    rows = rows.dropna(subset=["n"]).reset_index(drop=True)
    if rows.empty:
        return
    features = rows[readings.told].to_numpy(dtype=np.float64)
    authors = rows["author_id"].fillna("nobody").to_numpy(dtype=object)
    controls = _controls(rows, params)
    if len(rows) < _LEAST_PER_COLUMN * (features.shape[1] + controls.shape[1]):
        return
    counts = rows["n"].to_numpy(dtype=np.float64)
    units = authors if len(np.unique(authors)) > 1 else np.arange(len(rows))
    found = premium.attention_premiums(counts, features, controls, units)
    effects = "author, topic, form, hour, length, age and time"
    for emotion, estimate in zip(readings.told, found, strict=True):
        method = f"negative binomial with effects of {effects}, clusters are authors; beside {readings.reference}"
        yield row(f"emotion_premium:{emotion}", "content_attention", estimate, "share", method)


def _controls(rows: pd.DataFrame, params: AttentionParams) -> np.ndarray:
    """Dummies and numbers (n, K) of everything that attention depends on beside emotion; constant columns left out."""
    n_of_author = rows.groupby("author_id")["author_id"].transform("size")
    frequent = rows["author_id"].where(n_of_author >= params.min_contents_of_author)
    kinds = pd.DataFrame(
        {
            "author": frequent.fillna("others"),
            "topic": rows["tags"].str[0].fillna("none"),
            "form": rows["form"],
            "hour": rows["created_at"].dt.hour // _HOURS_A_BLOCK,
            "window": window_starts(rows["born_at"], params.period),
        }
    )
    dummies = pd.get_dummies(kinds.astype(str), drop_first=True, dtype=np.float64).to_numpy()
    age = np.log1p(rows["observed_days"].clip(upper=params.horizon_days).fillna(params.horizon_days).clip(lower=0.0))
    length = np.log1p(token_counts(rows["text"].fillna("")))
    controls = np.column_stack([dummies, age, length])
    return controls[:, np.ptp(controls, axis=0) > 0]


def randomised_contrasts(
    contents: pd.DataFrame, reaction_counts: pd.DataFrame, readings: Readings, params: ContrastParams, seed: int
) -> Iterator[Row]:
    """What words and emotions of the text do to clicks, among arms that were shown to viewers at random.

    Nothing where the source has no experiments with impressions and clicks.
    """
    arms = _arms(contents, reaction_counts)
    if arms.empty:
        return
    arms = pd.concat([arms, valence_words(arms["text"].tolist())], axis=1)
    is_clean = ~arms["created_at"].between(*pd.to_datetime([params.excluded_from, params.excluded_to], utc=True))
    yield from _balance(arms, is_clean)
    for window, kept in ((_CLEAN, arms[is_clean]), (_EVERY, arms)):
        yield from _effects(kept, _WORDS, "text", params, window)
        yield from _wins(kept, params, seed, window)
    if not readings.probabilities.empty:
        read = arms[is_clean].merge(readings.probabilities, on="content_id")
        columns = {f"certain_{emotion}": emotion for emotion in readings.told}
        yield from _effects(read, columns | {"word": "n_words"}, "reading", params, _CLEAN)


def _arms(contents: pd.DataFrame, reaction_counts: pd.DataFrame) -> pd.DataFrame:
    """Contents of experiments with text, impressions and clicks."""
    if "experiment_id" not in contents or contents["experiment_id"].isna().all():
        return pd.DataFrame()
    counted = reaction_counts[reaction_counts["reaction"].isin(["impressions", "clicks"])]
    counts = counted.pivot_table(index="content_id", columns="reaction", values="count", aggfunc="sum")
    counts = counts.reindex(columns=["impressions", "clicks"])
    arms = contents.dropna(subset=["experiment_id", "text"]).merge(counts, on="content_id").dropna(subset=["clicks"])
    return arms[arms["impressions"] > 0].reset_index(drop=True)


def _strata(arms: pd.DataFrame, params: ContrastParams) -> np.ndarray:
    """Arms that share the experiment and what else has to be equal."""
    shared = ["experiment_id", *(name for name in params.same if name in arms)]
    codes: np.ndarray = arms.groupby(shared, sort=False, dropna=False).ngroup().to_numpy()
    return codes


def _effects(
    arms: pd.DataFrame, columns: dict[str, str], group: str, params: ContrastParams, window: str
) -> Iterator[Row]:
    found = contrast.rate_effects(
        arms["clicks"].to_numpy(dtype=np.float64),
        arms["impressions"].to_numpy(dtype=np.float64),
        arms[list(columns.values())].to_numpy(dtype=np.float64),
        _strata(arms, params),
        arms["experiment_id"].to_numpy(dtype=object),
    )
    shared = " and ".join(["test", *(name.removeprefix("attribute_") for name in params.same if name in arms)])
    method = f"Poisson regression within {shared}, clusters are tests, given the others"
    for name, estimate in zip(columns, found, strict=True):
        yield row(f"click_effect:{name}", group, estimate, "share", method, window)


def _wins(arms: pd.DataFrame, params: ContrastParams, seed: int, window: str) -> Iterator[Row]:
    """How often the more negative, more positive or longer of two texts of one test has the higher click rate."""
    by_text = arms.groupby(["experiment_id", "text"], sort=False)[["clicks", "impressions"]].sum().reset_index()
    features = valence_shares(by_text["text"].tolist()).assign(longer=by_text["text"].str.len())
    rate = (by_text["clicks"] / by_text["impressions"]).to_numpy(dtype=np.float64)
    tests = by_text["experiment_id"].to_numpy(dtype=object)
    names = {"negative": "more_negative", "positive": "more_positive", "longer": "longer"}
    for column, name in names.items():
        found = contrast.win_rate(rate, features[column].to_numpy(), tests, seed, params.n_resamples)
        yield row(
            f"win_rate:{name}", "text", found, "share", "pairs of texts of one test, bootstrap over tests", window
        )


def _balance(arms: pd.DataFrame, is_clean: pd.Series) -> Iterator[Row]:
    """Share of tests whose traffic is too uneven for chance."""
    for window, kept in ((_CLEAN, arms[is_clean]), (_EVERY, arms)):
        p_values = contrast.imbalance_p_values(
            kept["impressions"].to_numpy(dtype=np.float64), kept["experiment_id"].to_numpy(dtype=object)
        )
        some = p_values.size > 0
        share = Estimate.exact(float((p_values < 0.01).mean()), p_values.size) if some else Estimate.undefined(0)
        method = "chi-square test of equal impressions, p below 0.01; 0.01 are expected by chance"
        yield row("imbalanced_tests", "tests", share, "share", method, window)
