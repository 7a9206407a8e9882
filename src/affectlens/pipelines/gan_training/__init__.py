"""Fit generators of content from emotion, rank them, and generate content features for every emotion state."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
