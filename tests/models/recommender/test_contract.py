"""What every member of the family promises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.recommender.attention import AttentionParams
from affectlens.models.recommender.build import build_recommender_model, load_recommender
from affectlens.models.recommender.content_knn import fit_content_knn
from affectlens.models.recommender.ease import fit_ease
from affectlens.models.recommender.item_knn import co_occurrence, fit_item_knn
from affectlens.models.recommender.popularity import fit_popularity
from affectlens.models.recommender.requests import BehaviourArrays
from affectlens.models.recommender.tuning import best_of
from affectlens.schemas import INTERACTION_KINDS

PARAMS = AttentionParams(
    width=8, n_blocks=2, n_heads=2, expansion=2, dropout=0.1, item_dropout=0.1, item_start="spectral",
    similarity="cosine", temperature=0.1,
    max_length=6, overlap=2, n_dwell_buckets=6, n_gap_buckets=6, match_width=3,
    n_age_buckets=5, age_unit_hours=24, heat_half_life_days=3.0, heat_floor=0.1,
)  # fmt: skip


def popularity(arrays: BehaviourArrays) -> Checkpoint:
    return fit_popularity(arrays.train, arrays.catalogue.n_items, 3.0).checkpoint(arrays.catalogue.item_ids)


def item_knn(arrays: BehaviourArrays) -> Checkpoint:
    together = co_occurrence(arrays.train, arrays.catalogue.n_items)
    model = fit_item_knn(arrays.train, together, similarity="cosine", shrinkage=1.0, neighbours=10)
    return model.with_decay(0.7).checkpoint(arrays.catalogue.item_ids)


def ease(arrays: BehaviourArrays) -> Checkpoint:
    model = fit_ease(arrays.train, arrays.catalogue.n_items, regularisation=3.0, stored_weights=5, dense_below=0)
    return model.with_decay(0.7).checkpoint(arrays.catalogue.item_ids)


def attention(arrays: BehaviourArrays) -> Checkpoint:
    sizes = {
        "model": PARAMS.model_dump(),
        "item_ids": list(arrays.catalogue.item_ids),
        "n_kinds": len(INTERACTION_KINDS),
        "content_width": arrays.catalogue.vectors.shape[1],
        "uses_generated": True,
        "uses_time": True,
    }
    return Checkpoint.of(build_recommender_model("attention", sizes), "attention", sizes)


def content_knn(arrays: BehaviourArrays) -> Checkpoint:
    model = fit_content_knn(arrays.catalogue, decay=0.9, heat_weight=0.1, half_life_days=3.0)
    return model.checkpoint(arrays.catalogue.item_ids)


MEMBERS: dict[str, Callable[[BehaviourArrays], Checkpoint]] = {
    "popularity": popularity,
    "content_knn": content_knn,
    "item_knn": item_knn,
    "ease": ease,
    "attention": attention,
}


@pytest.fixture(params=MEMBERS)
def checkpoint(request, arrays) -> Checkpoint:
    return MEMBERS[request.param](arrays)


def test_scores_are_finite_numbers_one_for_each_user_and_item(checkpoint, arrays) -> None:
    scores = load_recommender(checkpoint, arrays.generated).score(arrays.valid.histories)
    assert scores.shape == (arrays.valid.n_users, arrays.catalogue.n_items)
    assert np.isfinite(scores).all()


def test_the_scores_of_a_user_do_not_depend_on_who_else_asks(checkpoint, arrays) -> None:
    model = load_recommender(checkpoint, arrays.generated)
    together = model.score(arrays.train)
    alone = [model.score(arrays.train.take(np.array([user]))) for user in range(arrays.train.n_users)]
    assert np.allclose(together, np.concatenate(alone), atol=1e-5)


def test_a_user_without_a_history_can_ask(checkpoint, arrays) -> None:
    one = arrays.train.take(np.array([0]))
    nobody = one.keep(np.zeros(len(one.item), dtype=bool))
    assert np.isfinite(load_recommender(checkpoint, arrays.generated).score(nobody)).all()


def test_a_saved_model_scores_as_before(checkpoint, arrays, tmp_path) -> None:
    from affectlens.datasets import CheckpointDataset

    dataset = CheckpointDataset(filepath=str(tmp_path / "checkpoint.safetensors"))
    dataset.save(checkpoint)
    before, after = (
        load_recommender(each, arrays.generated).score(arrays.valid.histories) for each in (checkpoint, dataset.load())
    )
    assert np.array_equal(before, after)


def test_the_names_of_users_do_not_matter(arrays, sequences, contents, generated) -> None:
    from affectlens.models.recommender.requests import behaviour_arrays

    names = {f"user{number}": f"{97 - number:03d}" for number in range(20)}
    renamed = behaviour_arrays(
        sequences.assign(user_id=sequences["user_id"].map(names)),
        contents,
        generated.assign(user_id=generated["user_id"].map(names)),
    )
    for member in (popularity, content_knn, item_knn, ease):
        one, two = member(arrays), member(renamed)
        assert one.fingerprint() == two.fingerprint()
    assert np.array_equal(arrays.train.state, renamed.train.state)


def test_an_unknown_architecture_is_refused(arrays) -> None:
    with pytest.raises(ValueError, match="unknown"):
        load_recommender(Checkpoint("oracle", {}, {}), arrays.generated)
    with pytest.raises(ValueError, match="unknown"):
        build_recommender_model("oracle", {})


def test_tuning_keeps_the_best_setting_and_every_trial() -> None:
    values = {"a": 0.2, "b": 0.5, "c": 0.5}
    tuned = best_of((({"name": name}, name) for name in values), values.__getitem__)  # type: ignore[type-var]
    assert (tuned.model, tuned.value, tuned.settings) == ("b", 0.5, {"name": "b"})
    assert [trial["value"] for trial in tuned.trials] == [0.2, 0.5, 0.5]


def test_tuning_without_settings_is_refused() -> None:
    with pytest.raises(ValueError, match="no settings"):
        best_of(iter(()), len)  # type: ignore[arg-type]
