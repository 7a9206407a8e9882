from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from affectlens.features.taxonomy import EKMAN
from affectlens.simulation import world
from affectlens.simulation.affect import NEGATIVE, PROTOTYPES, emotion_weights
from affectlens.simulation.style import capitalise, draw_out, slip, tidy
from affectlens.simulation.timeline import emoji_share, form_shares
from affectlens.simulation.world import History, WorldParams, make_history

MakeParams = Callable[..., WorldParams]
EMOJI = r"[\U0001F300-\U0001FAFF\u2600-\u27BF]"


@pytest.fixture(scope="module")
def written(history: History) -> pd.DataFrame:
    clean = History(**{**vars(history), "params": history.params.model_copy(update={"bad_row_share": 0.0})})
    utterances, truth = world.utterances_and_truth(clean)
    return utterances.merge(truth, on="utterance_id")


def test_a_state_at_a_prototype_expresses_its_emotion(world_params: MakeParams) -> None:
    link = {"prior": dict.fromkeys(EKMAN, 1.0), "bandwidth": 0.3}
    weights = emotion_weights(PROTOTYPES, world_params(utterances={"link": link}).utterances.link)
    assert weights.argmax(axis=1).tolist() == list(range(len(EKMAN)))


def test_posts_express_the_mood_that_led_to_them(world_params: MakeParams) -> None:
    valences = []
    for level in (-0.6, 0.6):
        mood = {"baseline_mean": [level, 0.3, 0.0], "baseline_sd": 0.0, "life_sd": 0.05}
        made = make_history(world_params(mood=mood), seed=2)
        _, truth = world.utterances_and_truth(made)
        valences.append(truth["valence"].mean())
    assert valences[0] < -0.2
    assert valences[1] > 0.2


def test_irony_is_negative_with_joyful_words(written: pd.DataFrame) -> None:
    ironic = written[written["is_ironic"]]
    assert len(ironic) > 20
    strongest = np.array(ironic["emotion_probabilities"].tolist())[:, list(NEGATIVE)].sum(axis=1)
    assert (strongest > 0.5).all()
    assert set(ironic["surface_emotion"]) == {"joy"}


def test_probabilities_sum_to_one_and_mixed_ones_have_two_emotions(written: pd.DataFrame) -> None:
    probabilities = np.array(written["emotion_probabilities"].tolist())
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    felt = (probabilities[:, : EKMAN.index("neutral")] > 0.1).sum(axis=1)
    assert (felt[written["is_mixed"]] == 2).all()
    assert (felt[~written["is_mixed"]] <= 1).all()


def test_comments_name_the_content_that_they_are_about(written: pd.DataFrame, history: History) -> None:
    comments = written["content_id"].notna()
    assert comments.sum() == history.impressions.is_commented.sum()
    assert written["occurred_at"].is_monotonic_increasing


def test_texts_are_never_empty_and_seldom_alike(written: pd.DataFrame) -> None:
    assert (written["text"].str.len() > 0).all()
    assert written["text"].duplicated().mean() < 0.1
    assert not written["text"].str.contains(r"[{}]").any()


def test_long_texts_are_longer(written: pd.DataFrame) -> None:
    lengths = written.assign(length=written["text"].str.len()).groupby("form")["length"].median()
    assert lengths["long_text"] > 1.5 * lengths["short_text"]


def test_media_exist_up_to_the_limits(written: pd.DataFrame, history: History) -> None:
    contents = world.users_and_contents(history)[1].drop_duplicates("content_id")
    images = contents["image_path"].notna().sum() + written["image_path"].notna().sum()
    assert images == history.params.media.max_images
    assert (written.loc[written["image_path"].notna(), "form"] == "image").all()
    stored = world.media(history)["media_path"].dropna()
    assert set(written["image_path"].dropna()) <= set(stored)


def test_long_texts_give_way_and_emoji_spread_at_the_break(world_params: MakeParams) -> None:
    shift = world_params().shift
    shares = form_shares(
        shift.utterances, shift, np.array([0.0, shift.breaks.emoji_at - 0.01, shift.breaks.emoji_at, 1.0])
    )
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    long = shares[:, list(shift.utterances.start).index("long_text")]
    assert long[0] > long[1] > long[2] > long[3]
    assert long[1] - long[2] > 0.03
    before, after = emoji_share(shift, np.array([shift.breaks.emoji_at - 0.01, shift.breaks.emoji_at]))
    assert after > 1.5 * before


def test_written_emoji_follow_the_trend(written: pd.DataFrame, history: History) -> None:
    progress = history.utterances.time / history.params.time.horizon_s
    has_emoji = written["text"].str.contains(EMOJI).to_numpy()
    assert has_emoji[progress > 0.75].mean() > has_emoji[progress < 0.5].mean() + 0.1


def test_only_the_chosen_texts_change() -> None:
    texts = np.array(["i am so happy about the recount"] * 2, dtype=object)
    chosen = np.array([True, False])
    for changed in (draw_out(texts, chosen), capitalise(texts, chosen)):
        assert changed[0] != texts[0]
        assert changed[1] == texts[1]
    slipped = [slip(texts, chosen, np.random.default_rng(seed)) for seed in range(20)]
    assert len({first for first, _ in slipped}) > 2
    assert {second for _, second in slipped} == {texts[1]}


def test_tidying_closes_gaps_and_drops_what_dangles() -> None:
    raw = np.array(["well ,  so .", "our tabby, ", "fine. .", "really.!"], dtype=object)
    assert tidy(raw).tolist() == ["well, so.", "our tabby", "fine.", "really!"]
