"""Kedro datasets of AffectLens: what they load is exactly what was saved, and loading never executes code."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checkpoint_dataset": ["CheckpointDataset"],
        "hash_key_dataset": ["HashKeyDataset"],
        "html_dataset": ["HtmlDataset"],
        "leaderboard_dataset": ["LeaderboardDataset"],
        "source_dataset": ["SourceDataset"],
        "table_dataset": ["TableDataset"],
    },
)
