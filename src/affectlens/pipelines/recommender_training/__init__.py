"""recommender_training: baselines and the attention recommender of the chain."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
