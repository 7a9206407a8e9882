"""Labelled texts of other sources than the one that an environment trains on."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset
from kedro.io.core import DatasetError

from affectlens.fetch import FetchError, resolve
from affectlens.sources import SourceParams, read_source, source_params

logger = logging.getLogger(__name__)

COLUMNS = ("source", "taxonomy", "text", "labels")


class OtherTextsDataset(AbstractDataset[NoReturn, pd.DataFrame]):
    """Texts and labels of some sources, each as `source:` of an environment would name it.

    A source whose files cannot be had is left out with a warning: it is a look beyond the data, not the data.
    """

    def __init__(self, *, sources: list[dict[str, Any]] | None = None, metadata: dict[str, Any] | None = None) -> None:
        try:
            self._sources = [source_params(each) for each in sources or []]
        except ValueError as error:
            raise DatasetError(str(error)) from error
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """One row a labelled text: source, taxonomy, text, labels."""
        parts = [part for part in map(_texts_of, self._sources) if len(part)]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: a source is only read."""
        raise DatasetError("a source of real data is only read")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"sources": [each.model_dump() for each in self._sources]}


def _texts_of(source: SourceParams) -> pd.DataFrame:
    try:
        paths: dict[str, Path] = {name: resolve(name) for name in source.files().values()}
    except FetchError as error:
        logger.warning("the texts of %s are left out: %s", source.name, error)
        return pd.DataFrame(columns=list(COLUMNS))
    tables = read_source(source, paths.__getitem__)
    rows = tables["emotion_labels"].merge(tables["utterances"], on="utterance_id", suffixes=("", "_of_text"))
    is_whole = rows[["text", "labels"]].notna().all(axis=1) & rows[["defect", "defect_of_text"]].isna().all(axis=1)
    return rows.loc[is_whole].assign(source=source.name)[list(COLUMNS)]
