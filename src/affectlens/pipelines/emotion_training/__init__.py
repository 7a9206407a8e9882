"""Fit models that read emotion from text, rank them, and read every text and every user with the best."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
