"""Flow matching: noise carried to content vectors along a learnt velocity."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from affectlens.models.gan.conditional import ConditionalGenerator, perceptron
from affectlens.params import Params


class FlowParams(Params):
    """Sizes of the velocity field, and how finely it is followed."""

    hidden_size: int = Field(ge=1)
    n_waves: int = Field(ge=1, description="frequencies that tell the time of a point on its way")
    n_steps: int = Field(ge=1, description="Heun steps from noise to a vector, two looks at the field each")


# Shapes: B samples, d vector size, C emotions, u interest size, f waves.
class ConditionalFlow(ConditionalGenerator):
    """Conditional flow matching on straight paths (Lipman et al. 2023, arXiv:2210.02747; Liu et al. 2023).

    Departs from them in a linear path from (point, condition) beside the hidden layers.
    """

    waves: Tensor

    def __init__(
        self, n_emotions: int, vector_size: int, interest_size: int, hidden_size: int, n_waves: int, n_steps: int
    ) -> None:
        super().__init__(n_emotions, vector_size, interest_size)
        self.noise_size, self.n_steps = vector_size, n_steps
        self.register_buffer("waves", torch.pi * torch.arange(1, n_waves + 1, dtype=torch.float32))
        given_size = vector_size + n_emotions + interest_size + 2 * n_waves
        self.hidden = perceptron((given_size, hidden_size, hidden_size, hidden_size, vector_size), normalise=True)
        self.linear = nn.Linear(given_size, vector_size)

    def forward(self, points: Tensor, time: Tensor, emotion: Tensor, interest: Tensor) -> Tensor:
        """Velocity (B, d) at points (B, d) and times (B,) in [0, 1]: 0 is noise, 1 a content."""
        phase = time[:, None] * self.waves  # (B, f)
        given = torch.cat([points, emotion, interest, torch.sin(phase), torch.cos(phase)], dim=1)
        velocity: Tensor = self.hidden(given) + self.linear(given)
        return velocity

    def sample(self, emotion: Tensor, interest: Tensor, noise: Tensor) -> Tensor:
        """Content vectors (B, d): noise (B, d) carried along the field by Heun's rule."""
        points, step = noise, 1.0 / self.n_steps
        for index in range(self.n_steps):
            time = torch.full((len(noise),), index * step, device=noise.device)
            here = self(points, time, emotion, interest)
            there = self(points + step * here, time + step, emotion, interest)
            points = points + 0.5 * step * (here + there)
        return points
