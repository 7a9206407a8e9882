from __future__ import annotations

from affectlens.pipelines.recommender_training import create_pipeline
from affectlens.pipelines.recommender_training.pipeline import MEMBERS


def test_it_reads_features_and_generated_content_and_hands_on_the_chain_recommender() -> None:
    pipeline = create_pipeline()
    read = {name for name in pipeline.inputs() if not name.startswith("params:")}
    features = {"behaviour_sequences", "content_features", "generated_content_features", "split_boundaries"}
    assert read == features | {
        "content_emotions",
        "emotion_signals",
        "emotion_states",
        "utterances",
        "utterance_splits",
        "interactions",
        "simulated_truth",
        "contents",
        "content_documents",
        "media",
        "emotion_examples",
        "cold_start_vectors",
        "gan_checkpoint",
    }
    written = {name for name in pipeline.all_outputs() if "." not in name}
    handed_on = {"recommender_checkpoint", "recommender_history", "recommender_leaderboard", "candidate_scores"}
    assert written == handed_on | {
        "item_attributes",
        "recommender_scores",
        "recommender_unit_scores",
        "stand_in_scores",
        "outcome_scores",
        "ladder_scores",
        "ladder_material",
        "exposure_scores",
        "satisfaction_scores",
        "calibration_scores",
        "calibration_frontier",
        "recommender_exhibits",
    }


def test_every_member_is_fitted_in_its_own_namespace() -> None:
    namespaces = {node.namespace for node in create_pipeline().nodes if node.namespace != "recommender"}
    assert namespaces == {f"recommender.{member}" for member in MEMBERS}
