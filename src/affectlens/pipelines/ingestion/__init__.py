"""Ingestion: raw tables in, checked primary tables and the account of every refused row out."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
