"""The members of the family of generators as parameters: what each needs to be fitted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from affectlens.models.gan.flow import FlowParams
from affectlens.models.gan.gaussian import GaussianParams
from affectlens.models.gan.mixture import MixtureParams
from affectlens.models.gan.vae import VaeParams
from affectlens.models.gan.wgan import WganParams
from affectlens.params import Params
from affectlens.training.adversarial import AdversarialParams
from affectlens.training.gan_losses import VaeLossParams, WganLossParams
from affectlens.training.loop import TrainingParams


class GaussianMember(Params):
    """The conditional Gaussian: closed form, no epochs."""

    kind: Literal["gaussian"]
    model: GaussianParams


class MixtureMember(Params):
    """The conditional Gaussian mixture: EM, no epochs."""

    kind: Literal["mixture"]
    model: MixtureParams


class VaeMember(Params):
    """The conditional VAE."""

    kind: Literal["vae"]
    model: VaeParams
    loss: VaeLossParams
    training: TrainingParams


class WganMember(Params):
    """The conditional WGAN with gradient penalty."""

    kind: Literal["wgan"]
    model: WganParams
    spectral_norm: bool = Field(description="bound the critic's slope by its weights too, not by the penalty alone")
    loss: WganLossParams
    training: AdversarialParams


class FlowMember(Params):
    """Conditional flow matching."""

    kind: Literal["flow"]
    model: FlowParams
    training: TrainingParams


Member = Annotated[GaussianMember | MixtureMember | VaeMember | WganMember | FlowMember, Field(discriminator="kind")]
MEMBER: TypeAdapter[Member] = TypeAdapter(Member)
