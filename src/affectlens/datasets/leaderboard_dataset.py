"""The leaderboards: tables of numbers that carry the id of the run that made them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from affectlens.datasets.table_dataset import TableDataset, write_atomically


class LeaderboardDataset(TableDataset):
    """A versioned table of results: a save adds the column `run_id` and writes the same rows as JSON beside it."""

    def save(self, data: pd.DataFrame) -> None:
        """Write the rows, stamped with this run's id (the version under which Kedro saves)."""
        run_id = self.resolve_save_version() or "unversioned"
        stamped = data.assign(run_id=run_id)
        path = Path(str(self._get_save_path()))
        super().save(stamped)
        rows = json.loads(stamped.to_json(orient="records", date_format="iso"))
        write_atomically(path.with_suffix(".json"), json.dumps(rows, indent=1).encode())
