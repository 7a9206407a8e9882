"""Kedro datasets of AffectLens: what they load is exactly what was saved, and loading never executes code."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checkpoint_dataset": ["CheckpointDataset"],
        "event_log_dataset": ["EventLogDataset"],
        "exhibits_dataset": ["ExhibitsDataset"],
        "flow_dataset": ["FlowDataset"],
        "hash_key_dataset": ["HashKeyDataset"],
        "held_dataset": ["HeldDataset"],
        "leaderboard_dataset": ["LeaderboardDataset"],
        "lent_checkpoint_dataset": ["LentCheckpointDataset"],
        "other_texts_dataset": ["OtherTextsDataset"],
        "pages_dataset": ["PagesDataset"],
        "source_dataset": ["SourceDataset"],
        "table_dataset": ["TableDataset"],
    },
)
