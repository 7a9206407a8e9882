from __future__ import annotations

from affectlens.pipelines.recommender_training import create_pipeline
from affectlens.pipelines.recommender_training.pipeline import MEMBERS


def test_it_reads_features_and_generated_content_and_hands_on_the_chain_recommender() -> None:
    pipeline = create_pipeline()
    read = {name for name in pipeline.inputs() if not name.startswith("params:")}
    assert read == {"behaviour_sequences", "content_features", "generated_content_features", "split_boundaries"}
    written = {name for name in pipeline.all_outputs() if "." not in name}
    assert written == {"recommender_checkpoint", "recommender_history", "recommender_leaderboard", "candidate_scores"}


def test_every_member_is_fitted_in_its_own_namespace() -> None:
    namespaces = {node.namespace for node in create_pipeline().nodes if node.namespace != "recommender"}
    assert namespaces == {f"recommender.{member}" for member in MEMBERS}
