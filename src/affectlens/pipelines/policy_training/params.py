"""What `parameters_policy_training.yml` must hold."""

from typing import Annotated

from pydantic import Field

from affectlens.models.policy import PolicyParams
from affectlens.models.policy.reward_model import RewardModelParams
from affectlens.params import Params

NonNegative = Annotated[float, Field(ge=0.0)]


class MemberParams(Params):
    """One member of the family of policies."""

    model: PolicyParams


class SelectionParams(Params):
    """How a member's settings are chosen on the validation slice: by the lower limit of its doubly robust value.

    Attributes:
        reward_ridge: penalty of the reward model, which is fitted on the train slice.
        n_resamples: bootstrap draws of sessions.
    """

    reward_ridge: float = Field(gt=0.0)
    n_resamples: int = Field(ge=50)


class ScoringParams(Params):
    """How policies are judged on the test slice.

    Attributes:
        reward_model: penalty and folds of the cross-fitted reward model.
        lambdas: candidates for the bound on importance weights of the switch estimator and of DRos, beside none.
        n_resamples: bootstrap draws of sessions.
        min_n_eff: below this effective sample size there is no verdict.
        max_support_gap: above this share of unsupported target probability there is no verdict.
    """

    reward_model: RewardModelParams
    lambdas: tuple[NonNegative, ...]
    n_resamples: int = Field(ge=50)
    min_n_eff: float = Field(ge=0.0)
    max_support_gap: float = Field(ge=0.0, le=1.0)
