"""Taking raw rows in: hash the people, sort accepted from refused rows, count both."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from affectlens.pipelines.ingestion.checks import Check, broken_encoding, reasons
from affectlens.pipelines.ingestion.columns import BYTES, STRING, typed
from affectlens.pipelines.ingestion.params import Mask
from affectlens.pipelines.ingestion.rules import Rules

logger = logging.getLogger(__name__)

PEOPLE = ("user_id", "author_id", "annotator_id")
TEXTS = ("text",)
MEDIA_PATHS = ("image_path", "clip_path")
N_HASH_DIGITS = 16
MAX_RAW_CHARACTERS = 200
UNDETERMINED_LANGUAGE = "und"  # ISO 639-2


@dataclass(frozen=True)
class Intake:
    """What ingestion made of one raw table.

    Attributes:
        accepted: the rows that passed, in their order, in the types of the contract.
        refusals: source, row (position in the raw table), reason, raw (what is not personal of the row, shortened).
        tally: one row with source, read, accepted, media_paths_cleared.
    """

    accepted: pd.DataFrame
    refusals: pd.DataFrame
    tally: pd.DataFrame

    def parts(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """As the outputs of a node."""
        return self.accepted, self.refusals, self.tally


def take_in(raw: pd.DataFrame, rules: Rules, key: str, media_paths: pd.Series | None = None) -> Intake:
    """Sort the rows of a raw table; ids of people are hashed before anything is compared or kept.

    Args:
        raw: (n, .) any values.
        rules: the checks of this table.
        key: secret of the hash.
        media_paths: accepted media; a path that is not among them is set to null and the row stays.
    """
    frame, unreadable = typed(raw, rules.contract)
    people = [name for name in PEOPLE if name in frame]
    if people:  # what a hash hides is looked at before
        frame["defect"] = frame["defect"].combine_first(reasons(frame, [broken_encoding(people)], ()))
    frame = frame.assign(**{name: hash_ids(frame[name], key) for name in people})
    reason = reasons(frame, _readable(unreadable), ()).where(frame["defect"].isna(), frame["defect"])
    checked = frame[reason.isna()]
    reason = reason.combine_first(reasons(checked, rules.checks, rules.uniques)).astype(object)
    accepted = frame[reason.isna()].drop(columns="defect").reset_index(drop=True)
    accepted, n_cleared = _without_lost_media(_finished(accepted, rules), media_paths)
    name = str(rules.contract.name)
    tally = {"source": name, "read": len(raw), "accepted": len(accepted), "media_paths_cleared": n_cleared}
    logger.info("%s: %d rows read, %d accepted, %d media paths cleared", name, len(raw), len(accepted), n_cleared)
    return Intake(accepted, _refusals(name, frame, reason), pd.DataFrame([tally]))


def hash_ids(ids: pd.Series, key: str) -> pd.Series:
    """Keyed hash of each id (HMAC-SHA256, 16 hexadecimal digits): the same id and key, the same hash; null stays null.

    >>> hash_ids(pd.Series(["ann", "ben", "ann", None]), "a secret of one's own").str.len().tolist()
    [16.0, 16.0, 16.0, nan]
    """
    codes, unique = pd.factorize(ids)
    secret = key.encode()
    digests = [hmac.new(secret, str(value).encode(), hashlib.sha256).hexdigest()[:N_HASH_DIGITS] for value in unique]
    return pd.Series(digests, dtype=STRING).reindex(codes).set_axis(ids.index)


def mask_texts(frame: pd.DataFrame, masks: Sequence[Mask]) -> pd.DataFrame:
    """The table with personal data in its texts replaced."""
    text = frame["text"]
    for mask in masks:
        text = text.str.replace(mask.pattern, mask.replacement, regex=True)
    return frame.assign(text=text)


def _readable(unreadable: pd.DataFrame) -> list[Check]:
    return [_marked(f"unreadable {name}", unreadable[name]) for name in unreadable if unreadable[name].any()]


def _marked(reason: str, marks: pd.Series) -> Check:
    return Check(reason, lambda _: marks)


def _finished(accepted: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    counts = {name: "int64" for name, column in rules.contract.columns.items() if str(column.dtype) == "int64"}
    accepted = accepted.astype(counts)
    language = rules.contract.columns.get("language")
    if language is not None and not language.nullable:
        accepted = accepted.assign(language=accepted["language"].fillna(UNDETERMINED_LANGUAGE))
    return accepted


def _without_lost_media(accepted: pd.DataFrame, media_paths: pd.Series | None) -> tuple[pd.DataFrame, int]:
    if media_paths is None:
        return accepted, 0
    lost = accepted[list(MEDIA_PATHS)].notna() & ~accepted[list(MEDIA_PATHS)].isin(media_paths.tolist())
    return accepted.assign(**{name: accepted[name].mask(lost[name]) for name in MEDIA_PATHS}), int(
        lost.to_numpy().sum()
    )


def _refusals(name: str, frame: pd.DataFrame, reason: pd.Series) -> pd.DataFrame:
    refused = frame[reason.notna()]
    return pd.DataFrame(
        {
            "source": pd.Series(name, index=refused.index, dtype=STRING),
            "row": refused.index.astype("int64"),
            "reason": reason[refused.index].astype(STRING),
            "raw": _impersonal(refused),
        }
    ).reset_index(drop=True)


def _impersonal(refused: pd.DataFrame) -> pd.Series:
    """Rows as JSON without ids of people, with the length of a text or file in its place, shortened."""
    hidden = [*TEXTS, *BYTES]
    lengths = {f"{name}_length": refused[name].map(len, na_action="ignore") for name in hidden if name in refused}
    shown = refused.drop(columns=[*PEOPLE, *hidden, "defect"], errors="ignore").assign(**lengths)
    shown = shown.astype(object).where(shown.notna(), None).dropna(axis="columns", how="all")
    rows = shown.to_json(orient="records", lines=True, date_format="iso", default_handler=str).splitlines()
    rows = rows if len(rows) == len(refused) else ["{}"] * len(refused)
    return pd.Series(rows, index=refused.index, dtype=STRING).str.slice(0, MAX_RAW_CHARACTERS)
