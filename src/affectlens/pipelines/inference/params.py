"""Parameters of the inference stage."""

from pydantic import Field

from affectlens.models.recommender.search import SearchParams
from affectlens.params import Params


class RankingParams(Params):
    """How the recommendations of all users are made."""

    n_recommended: int = Field(ge=1, description="contents recommended to each user")
    scores_at_once: int = Field(
        ge=1, description="scores held in memory at a time, users times contents; some 24 bytes each"
    )
    search: SearchParams


class CheckParams(Params):
    """How the links of the chain are checked."""

    max_users: int = Field(ge=2, description="users drawn for the checks")
    n_neighbours: int = Field(ge=1, description="contents nearest to R_t whose emotion speaks for it")
    n_explained: int = Field(ge=2, description="users whose first recommendation is explained and the reasons tested")


class TraceParams(Params):
    """How many requests are written down whole."""

    n_users: int = Field(ge=0)
    n_shown: int = Field(ge=1, description="utterances, events and recommendations shown of each request")
