"""What nodes hand to each other without writing it down."""

from __future__ import annotations

from typing import Any

from kedro.io import MemoryDataset
from kedro.io.shared_memory_dataset import SharedMemoryDataset


class HeldDataset(SharedMemoryDataset):
    """An object in memory: the very object within one process, a copy where nodes run in several."""

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.shared_memory_dataset = MemoryDataset(copy_mode="assign")
        self.metadata = metadata
