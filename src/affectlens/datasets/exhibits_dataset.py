"""Exhibits of a stage on disk: JSON that is checked when it is saved and when it is loaded."""

from __future__ import annotations

import json

from kedro_datasets._typing import JSONPreview

from affectlens.datasets.table_dataset import write_atomically
from affectlens.datasets.versioned_file import VersionedFileDataset
from affectlens.exhibits import EXHIBITS, Exhibit


class ExhibitsDataset(VersionedFileDataset[list[Exhibit]]):
    """A list of exhibits. Where a stage has not written any, the list is empty."""

    def load(self) -> list[Exhibit]:
        """The exhibits."""
        return EXHIBITS.validate_json(self._file_to_load().read_bytes()) if self._exists() else []

    def save(self, data: list[Exhibit]) -> None:
        """Write the exhibits; one that could not be loaded again, such as a point at NaN, is refused."""
        content = EXHIBITS.dump_json(EXHIBITS.validate_python(data), indent=1)
        EXHIBITS.validate_json(content)
        write_atomically(self._file_to_save(), content)

    def preview(self) -> JSONPreview:
        """The exhibits, for kedro-viz; of images only that there are some."""
        shown = EXHIBITS.dump_python(self.load(), mode="json")
        for item in (item for exhibit in shown for item in exhibit.get("items", [])):
            item["image"] = bool(item["image"])
        return JSONPreview(json.dumps(shown))
