"""The pipelines that a user can name."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

STAGES = (
    "simulation",
    "ingestion",
    "feature_engineering",
    "emotion_training",
    "gan_training",
    "recommender_training",
    "policy_training",
    "inference",
    "reporting",
)


def register_pipelines() -> dict[str, Pipeline]:
    """Each stage by name, `__default__` (all of them) and `analysis` (all but simulation, for real data)."""
    stages = find_pipelines(raise_errors=True)
    if set(stages) < set(STAGES):
        return stages  # Kedro asks for some stages by name only, and groups are none of them
    return {
        **stages,
        "__default__": sum((stages[name] for name in STAGES), Pipeline([])),
        "analysis": sum((stages[name] for name in STAGES if name != "simulation"), Pipeline([])),
    }
