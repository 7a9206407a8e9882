"""The report: one page a run, the figures in it and the same numbers as JSON."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
