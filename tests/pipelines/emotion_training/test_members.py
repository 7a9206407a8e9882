from __future__ import annotations

import logging

import numpy as np
import pytest
from pydantic import ValidationError

from affectlens.models.emotion.blend import members_of
from affectlens.pipelines.emotion_training import nodes, params, scoring
from affectlens.pipelines.emotion_training.params import EmotionMemberParams, MembersParams
from affectlens.pipelines.emotion_training.pipeline import MEMBERS


def test_every_profile_names_members_that_exist(parameters) -> None:
    profiles = parameters["members"]["profiles"]
    assert set().union(*profiles.values()) <= {*MEMBERS, "blend"}
    assert all({"majority", "lexicon_rule", "tfidf"} <= set(members) for members in profiles.values())


def test_a_profile_without_its_extra_falls_back_and_says_what_to_install(parameters, monkeypatch, caplog) -> None:
    monkeypatch.setattr(params, "missing_extra", lambda source: "tokenizers")
    members = MembersParams(**{**parameters["members"], "profile": "encoder"})
    with caplog.at_level(logging.WARNING):
        assert members.fitted() == members.profiles["scratch"]
    assert "pip install 'affectlens[encoder]'" in caplog.text
    assert MembersParams(**{**parameters["members"], "profile": "light"}).fitted() == members.profiles["light"]


def test_an_unknown_profile_is_refused(parameters) -> None:
    with pytest.raises(ValidationError, match="expected one of light"):
        MembersParams(**{**parameters["members"], "profile": "heavy"})


def test_a_member_outside_the_profile_is_not_fitted(stage_tables, parameters, decision, tmp_path) -> None:
    light = MembersParams(**{**parameters["members"], "profile": "light"})
    member = EmotionMemberParams.model_validate(parameters["encoder"])
    trainer = {"accelerator": "cpu", "devices": 1, "precision": "32-true", "strategy": "auto"}
    fitted, history = nodes.train_emotion_member(
        stage_tables.examples, stage_tables.vocabulary, member, light, trainer, 7, str(tmp_path)
    )
    assert fitted.architecture == "none"
    assert len(history) == 0
    assert nodes.tune_emotion_member(fitted, stage_tables.examples, decision, 7).architecture == "none"


def test_a_blend_holds_trained_members_only_and_carries_what_every_member_carries(stage) -> None:
    blend = stage.members[-1]
    weights, members = members_of(blend)
    assert blend.architecture == "blend"
    assert {each.architecture for each in members} <= set(MEMBERS) - {"majority", "lexicon_rule"}
    assert weights.weights.sum() == pytest.approx(1.0)
    assert np.all(weights.weights > 0)


def test_members_that_were_not_fitted_are_in_no_table(stage, stage_tables) -> None:
    some = (*stage.members[:4], scoring.NOT_FITTED)
    rows, *_ = nodes.score_members(stage_tables.examples, stage_tables.annotations, stage.decision, 2, 7, "x", *some)
    assert {*rows["model"]} == {"majority", "lexicon_rule", "tfidf", "cnn", "human", "cnn - tfidf"}
