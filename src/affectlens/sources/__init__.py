"""Sources of real data: one small pure adapter each, from its files to the raw tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from affectlens.sources import (
    airline_tweets,
    dair_emotion,
    emoji_affect,
    facebook_live_sellers,
    facebook_reactions,
    fer2013,
    goemotions,
    interactions,
    meld,
    movielens,
    musical_instruments,
    open_bandit,
    sequences,
    situnes,
    smp2020_virus,
    upworthy,
)
from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables, complete_tables
from affectlens.sources.files import NoRowsError

__all__ = ["SOURCES", "FileName", "RemoteFile", "Source", "SourceParams", "Tables", "read_source", "source_params"]

SOURCES: dict[str, Source] = {
    "airline_tweets": airline_tweets.SOURCE,
    "dair_emotion": dair_emotion.SOURCE,
    "emoji_affect": emoji_affect.SOURCE,
    "facebook_live_sellers": facebook_live_sellers.SOURCE,
    "facebook_reactions": facebook_reactions.SOURCE,
    "fer2013": fer2013.SOURCE,
    "goemotions": goemotions.SOURCE,
    "interactions": interactions.SOURCE,
    "meld": meld.SOURCE,
    "movielens": movielens.SOURCE,
    "musical_instruments": musical_instruments.SOURCE,
    "open_bandit": open_bandit.SOURCE,
    "sequences": sequences.SOURCE,
    "situnes": situnes.SOURCE,
    "smp2020_virus": smp2020_virus.SOURCE,
    "upworthy": upworthy.SOURCE,
}


def source_params(configuration: Mapping[str, object]) -> SourceParams:
    """The configuration `source:` as the closed parameters of the source that it names.

    Raises:
        ValueError: the source is unknown, or a key is missing, misspelt or of a wrong type.
    """
    name = configuration.get("name")
    if name not in SOURCES:
        raise ValueError(f"source.name = {name!r} is unknown; expected one of {sorted(SOURCES)}")
    try:
        return SOURCES[str(name)].params.model_validate(dict(configuration))
    except ValidationError as error:
        problems = "; ".join(f"source.{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ValueError(f"the configuration of source {name!r} is wrong: {problems}") from error


def read_source(params: SourceParams, resolve: Callable[[str], Path]) -> Tables:
    """Every raw table of a source.

    Args:
        params: as `source_params` gives them.
        resolve: turns a file name of the configuration into the path of an existing file.

    Raises:
        ValueError: a file cannot be read, or it is stated but holds no rows.
    """
    paths = {field: resolve(name) for field, name in params.files().items()}
    try:
        tables = SOURCES[params.name].read(params, paths)
    except NoRowsError as error:
        fields = [field for field, path in paths.items() if path == error.path]
        raise ValueError(
            f"{' and '.join(f'source.{field}' for field in fields)}: {error}. {_way_out(params, fields)}"
        ) from error
    return complete_tables(tables)


def _way_out(params: SourceParams, fields: list[str]) -> str:
    model = type(params).model_fields
    optional = [f"source.{name}" for name in fields if type(None) in get_args(model[name].annotation)]
    return f"Leave {' and '.join(optional)} out (null) or pass another file" if optional else "Pass another file"
