"""The conditional Wasserstein GAN of content vectors: a generator and its critic."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from affectlens.models.gan.conditional import ConditionalGenerator, perceptron
from affectlens.params import Params


class WganParams(Params):
    """Sizes of the generator and its critic."""

    hidden_size: int = Field(ge=1)
    noise_size: int = Field(ge=1)


# Shapes: B contents, d vector size, C emotions, u interest size, z noise size.
class WganGenerator(ConditionalGenerator):
    """Generator of content features (Xian et al. 2018, "Feature Generating Networks", arXiv:1712.00981).

    Departs from it in a linear path from noise and condition beside the hidden layers.
    """

    def __init__(
        self, n_emotions: int, vector_size: int, interest_size: int, hidden_size: int, noise_size: int
    ) -> None:
        super().__init__(n_emotions, vector_size, interest_size)
        given_size = noise_size + n_emotions + interest_size
        self.noise_size = noise_size
        self.hidden = perceptron((given_size, hidden_size, hidden_size, vector_size), normalise=False)
        self.linear = nn.Linear(given_size, vector_size, bias=False)

    def forward(self, emotion: Tensor, interest: Tensor, noise: Tensor) -> Tensor:
        """Content vectors (B, d) from emotion (B, C), interest (B, u) and noise (B, z)."""
        given = torch.cat([noise, emotion, interest], dim=1)
        vectors: Tensor = self.hidden(given) + self.linear(given)
        return vectors

    def sample(self, emotion: Tensor, interest: Tensor, noise: Tensor) -> Tensor:
        """The same as `forward`, under the name that the family shares."""
        vectors: Tensor = self(emotion, interest, noise)
        return vectors


class WganCritic(nn.Module):
    """Critic D(g, c) (Gulrajani et al. 2017, arXiv:1704.00028) and the emotion head h(g).

    Departs from it in having no layer norm, which hides the length of a vector, and with it how far vectors scatter.
    The head has weights of its own: what it learns of emotions does not bend the critic. Spectral norm (Miyato et al.
    2018, arXiv:1802.05957) bounds the slope of every layer of the score by 1.
    """

    def __init__(
        self, n_emotions: int, vector_size: int, interest_size: int, hidden_size: int, *, spectral_norm: bool
    ) -> None:
        super().__init__()
        given_size = vector_size + n_emotions + interest_size
        self.score = perceptron((given_size, hidden_size, hidden_size, 1), normalise=False)
        if spectral_norm:
            for layer in self.score:
                if isinstance(layer, nn.Linear):
                    parametrizations.spectral_norm(layer)
        self.recognise = perceptron((vector_size, hidden_size, n_emotions), normalise=True)

    def forward(self, vectors: Tensor, emotion: Tensor, interest: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (B,), higher for real vectors, and emotion logits (B, C) of vectors (B, d)."""
        score: Tensor = self.score(torch.cat([vectors, emotion, interest], dim=1))
        return score.squeeze(1), self.recognise(vectors)
