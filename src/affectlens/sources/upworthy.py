"""Upworthy's headline experiments: packages shown at random, with impressions and clicks (Matias et al. 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from affectlens.sources.base import FileName, RemoteFile, Source, SourceParams, Tables
from affectlens.sources.files import read_csv

FIELDS = ("clickability_test_id", "test_week", "headline", "eyecatcher_id", "impressions", "clicks")
WEEK = pd.Timedelta(days=7)


class UpworthySource(SourceParams):
    """One file of packages."""

    name: Literal["upworthy"]
    packages: FileName


def read_upworthy(params: UpworthySource, paths: Mapping[str, Path]) -> Tables:  # noqa: ARG001
    """Packages as contents of an experiment (the test) with an image, their impressions and clicks as counts.

    The file knows weeks only (year and week of the year, weeks beginning on Monday): a package begins with its week,
    and its counts are those at the end of it.
    """
    packages = read_csv(paths["packages"], FIELDS)
    begins = pd.to_datetime(packages["test_week"] + "-1", utc=True, errors="coerce", format="%Y%W-%w")
    packages["defect"] = packages["defect"].mask(packages["defect"].isna() & begins.isna(), "unreadable test_week")
    test = packages["clickability_test_id"]
    arm = test + "/" + packages.groupby(test, sort=False).cumcount().astype("str")
    contents = pd.DataFrame(
        {
            "content_id": arm,
            "experiment_id": test,
            "attribute_image": packages["eyecatcher_id"],
            "created_at": begins,
            "form": "link",
            "text": packages["headline"],
            "language": "en",
            "defect": packages["defect"],
        }
    )
    counts = [
        pd.DataFrame(
            {"content_id": arm, "observed_at": begins + WEEK, "reaction": name, "count": packages[name],
             "defect": packages["defect"]}
        )
        for name in ("impressions", "clicks")
    ]  # fmt: skip
    return {"contents": contents, "reaction_counts": pd.concat(counts, ignore_index=True)}


SOURCE = Source(
    params=UpworthySource,
    read=read_upworthy,
    homepage="https://upworthy.natematias.com",
    licence="CC BY 4.0; cite Matias, Munger, Le Quere and Ebersole 2021, Scientific Data",
    remote_files=(
        RemoteFile(
            path="upworthy/packages.csv.gz",
            sha256="20999afc88c91322211f4f9bcedd4d8c982dae173359b9e421aced33f484024d",
            note=(
                "its official archive (https://osf.io/jd64p/) serves the whole exploratory set as a CSV with more rows "
                "and columns: download that and pass it with `--params source.packages=PATH`, it is read as well"
            ),
        ),
    ),
)
