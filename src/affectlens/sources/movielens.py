"""MovieLens latest-small: ratings of films, with titles and genres (Harper & Konstan 2015, ACM TiiS)."""

from __future__ import annotations

from typing import Literal

from affectlens.sources.base import RemoteFile, Source
from affectlens.sources.interactions import TableSource, read_interactions


class MovieLensSource(TableSource):
    """Ratings and films in any of the forms in which GroupLens publishes them."""

    name: Literal["movielens"]


_NOTE = (
    "GroupLens serves only the newest release, not that of January 2016: download "
    "https://files.grouplens.org/datasets/movielens/ml-latest-small.zip yourself and pass its files with "
    "`--params source.interactions=ratings.csv,source.items=movies.csv`"
)

SOURCE = Source(
    params=MovieLensSource,
    read=read_interactions,
    homepage="https://grouplens.org/datasets/movielens/",
    licence="GroupLens: research use, no commercial use, acknowledgement needed; cite Harper & Konstan 2015",
    remote_files=(
        RemoteFile(
            path="ml_latest_small/ratings.csv.gz",
            sha256="7ab2e699875c956156703c92269e6f9261f33bfd8503bdcb111a11e612919879",
            note=_NOTE,
        ),
        RemoteFile(
            path="ml_latest_small/movies.csv.gz",
            sha256="9094b6a8e1df1beabe7fa10a087c6b9bae0975ba84941359f75626e07ed901d0",
            note=_NOTE,
        ),
    ),
)
