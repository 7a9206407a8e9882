"""Reports on disk: the HTML pages of one run in one folder, so that they can link to each other."""

from __future__ import annotations

from collections.abc import Mapping

from affectlens.datasets.table_dataset import write_atomically
from affectlens.datasets.versioned_file import VersionedFileDataset


class PagesDataset(VersionedFileDataset[Mapping[str, str]]):
    """Pages by the names of their files, as UTF-8 text.

    The one that is named as the dataset's own file is written last: where it stands, the others do. A save is atomic
    for each file and keeps line ends, so what loads is what was saved.
    """

    def load(self) -> dict[str, str]:
        """The pages."""
        main = self._file_to_load()
        others = sorted(path for path in main.parent.glob(f"*{main.suffix}") if path != main)
        return {path.stem: path.read_bytes().decode() for path in (main, *others)}

    def save(self, data: Mapping[str, str]) -> None:
        """Write the pages."""
        main = self._file_to_save()
        for name in sorted(data, key=lambda name: name == main.stem):
            write_atomically(main.with_name(f"{name}{main.suffix}"), data[name].encode())
