"""Signs that a generator has collapsed, and what to change then."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from scipy.spatial.distance import pdist

from affectlens.params import Params


class CollapseParams(Params):
    """When a fit is stopped because its vectors have collapsed."""

    patience: int = Field(ge=1, description="epochs in a row that must look collapsed before the fit stops")
    least_spread: float = Field(ge=0, description="mean distance of two generated vectors, over that of two real ones")
    least_active_units: int = Field(ge=0, description="latent numbers of a VAE that must carry information")
    largest_critic_gap: float = Field(
        gt=0, description="critic score of real minus generated contents, over the mean distance of two real ones"
    )


class CollapseError(RuntimeError):
    """A generator has collapsed; the message says what was seen and what to change."""


class CollapseWatch:
    """Counts epochs in a row that look collapsed, and stops the fit after `patience` of them.

    Args:
        params: bounds and patience.
        real: (n, d) real vectors that generated ones are compared with.
        name: of the member, for the message.
    """

    def __init__(self, params: CollapseParams, real: np.ndarray, name: str) -> None:
        self._params, self._name = params, name
        self._distance = mean_distance(real) or 1.0
        self._n_bad = 0

    def look(self, fake: np.ndarray, active_units: int | None, critic_gap: float | None) -> None:
        """Judge one epoch.

        Args:
            fake: (n, d) generated vectors.
            active_units: of a VAE; None where there are no latent numbers.
            critic_gap: mean critic score of real minus that of generated vectors; None without a critic.

        Raises:
            CollapseError: this is the last of `patience` bad epochs in a row.
        """
        found = self._findings(fake, active_units, critic_gap)
        self._n_bad = self._n_bad + 1 if found else 0
        if self._n_bad >= self._params.patience:
            raise CollapseError(f"the {self._name} generator has collapsed for {self._n_bad} epochs: {found[0]}")

    def _findings(self, fake: np.ndarray, active_units: int | None, critic_gap: float | None) -> list[str]:
        params, member = self._params, f"gan.{self._name}.member"
        spread = mean_distance(fake) / self._distance
        found = []
        if not spread >= params.least_spread:
            found.append(
                f"two generated vectors lie {spread:.2f} times as far apart as two real ones, expected "
                f"{params.least_spread} or more; lower the learning rates in {member}.training, or raise hidden_size "
                f"in {member}.model"
            )
        if active_units is not None and active_units < params.least_active_units:
            found.append(
                f"{active_units} latent numbers carry information, expected {params.least_active_units} or more; "
                f"lower {member}.loss.kl_weight, or raise free_bits or warmup_batches"
            )
        if critic_gap is not None and not critic_gap / self._distance <= params.largest_critic_gap:
            found.append(
                f"the critic tells real from generated contents by {critic_gap / self._distance:.2f} times their own "
                f"distance, expected {params.largest_critic_gap} at most; raise {member}.loss.gradient_penalty, set "
                f"spectral_norm, or lower {member}.training.critic_learning_rate"
            )
        return found


def mean_distance(vectors: np.ndarray, most: int = 500) -> float:
    """Mean distance between two of the first `most` vectors; 0 where there are fewer than two.

    >>> mean_distance(np.array([[0.0], [1.0], [2.0]])).__round__(4)
    1.3333
    """
    return float(pdist(vectors[:most]).mean()) if len(vectors) > 1 else 0.0
