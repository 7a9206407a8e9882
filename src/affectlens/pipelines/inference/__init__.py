"""Recommendations, traces and checks of the whole chain."""

from affectlens.pipelines.inference.pipeline import create_pipeline

__all__ = ["create_pipeline"]
