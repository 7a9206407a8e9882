"""What a source of real data is: its parameters, its files, its licence and the function that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from affectlens import schemas
from affectlens.params import Params

Tables = dict[str, pd.DataFrame]

# The raw tables that a source may fill; a row that could not be read says why in the extra column `defect`.
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "users": tuple(schemas.RawUsers.columns),
        "contents": tuple(schemas.RawContents.columns),
        "interactions": tuple(schemas.RawInteractions.columns),
        "utterances": tuple(schemas.RawUtterances.columns),
        "emotion_labels": tuple(schemas.RawEmotionLabels.columns),
        "annotations": tuple(schemas.RawAnnotations.columns),
        "reaction_counts": tuple(schemas.RawReactionCounts.columns),
        "media": tuple(schemas.RawMedia.columns),
    }
)

FileName = Annotated[str, Field(min_length=1, description="a path, or the name of a file that fetch knows")]


class SourceParams(Params):
    """The configuration `source:` of an environment; each source closes it with its own file fields."""

    name: str

    def files(self) -> dict[str, str]:
        """File names by field. A source whose files follow from other parameters overrides this."""
        return {field: value for field, value in self if field != "name" and value is not None}


@dataclass(frozen=True)
class RemoteFile:
    """A file that fetch knows.

    Attributes:
        path: its place in a mirror, which is also its name in `source:`.
        sha256: checksum of the mirror's file.
        url: the official address, or None where that does not serve a file with a known checksum.
        url_sha256: checksum of the file at the official address, where it differs from the mirror's (not compressed).
        note: what to do where `url` is None.
    """

    path: str
    sha256: str
    url: str | None = None
    url_sha256: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Source:
    """A source of real data: `read(params, paths)` is a pure function of its parameters and files."""

    params: type[SourceParams]
    read: Callable[[Any, Mapping[str, Path]], Tables]
    homepage: str
    licence: str
    remote_files: tuple[RemoteFile, ...] = ()


def no_file(name: str, fields: Sequence[str]) -> str:
    """What to say where a source was given none of the files of which it needs one."""
    return f"source {name!r} has no file; state one or more of {[f'source.{field}' for field in fields]}"


def complete_tables(tables: Tables) -> Tables:
    """Every raw table with every column: a column that the source lacks is null, a table that it lacks is empty.

    Raises:
        ValueError: the source returned a table or a column that no contract knows.
    """
    unknown = sorted(set(tables) - set(COLUMNS))
    if unknown:
        raise ValueError(f"the source returned unknown tables {unknown}; expected some of {sorted(COLUMNS)}")
    return {name: _complete(name, tables.get(name, pd.DataFrame())) for name in COLUMNS}


def _complete(name: str, table: pd.DataFrame) -> pd.DataFrame:
    allowed = [*COLUMNS[name], "defect", *(str(column) for column in table if str(column).startswith("attribute_"))]
    unknown = sorted(set(map(str, table)) - set(allowed))
    if unknown:
        raise ValueError(f"the source returned unknown columns {unknown} in {name!r}; expected some of {allowed}")
    return table.reindex(columns=allowed).reset_index(drop=True)
