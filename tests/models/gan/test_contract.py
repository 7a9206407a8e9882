"""What every generator of content vectors must do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan import ConditionedVectors, GaussianParams, build_gan_model, generate, make_projection
from affectlens.models.gan.conditional import ConditionalGenerator, GeneratorBatch
from affectlens.models.gan.gaussian import ConditionalGaussian, fit_gaussian
from affectlens.models.gan.mixture import ConditionalMixture, MixtureParams, fit_mixture, load_mixture
from affectlens.models.gan.wgan import WganCritic
from affectlens.training.gan_losses import (
    VaeLossParams,
    WganLossParams,
    critic_loss,
    flow_loss,
    generator_loss,
    vae_loss,
)

C, D, U = 3, 5, 2
SHAPES: dict[str, dict[str, Any]] = {
    "gaussian": {},
    "vae": {"hidden_size": 16, "latent_size": 4},
    "wgan": {"hidden_size": 16, "noise_size": 4},
    "flow": {"hidden_size": 32, "n_waves": 3, "n_steps": 6},
    "mixture": {"n_components": 3},
}
VAE_LOSS = VaeLossParams(warmup_batches=10, kl_weight=1.0, free_bits=0.01, emotion_weight=1.0)
WGAN_LOSS = WganLossParams(gradient_penalty=1.0, emotion_weight=0.5, interest_weight=0.5)


def contents(n: int = 240, seed: int = 0) -> ConditionedVectors:
    """A mixture: each emotion has its own place, the interest is the first two numbers."""
    draws = np.random.default_rng(seed)
    labels = draws.integers(C, size=n)
    places = 3.0 * np.eye(C, D, k=1)
    vectors = places[labels] + 0.3 * draws.standard_normal((n, D))
    emotion = 0.9 * np.eye(C)[labels] + 0.1 / C
    return ConditionedVectors(*(part.astype(np.float32) for part in (vectors, emotion, vectors[:, :U])))


def build(kind: str) -> ConditionalGenerator:
    torch.manual_seed(0)
    return build_gan_model(kind, {"n_emotions": C, "vector_size": D, "interest_size": U} | SHAPES[kind])


def fitted(kind: str, steps: int = 200) -> tuple[ConditionalGenerator, list[float]]:
    """A member after a short fit on the mixture, and its losses."""
    model, data = build(kind), contents()
    if isinstance(model, ConditionalGaussian):
        fit_gaussian(model, data, GaussianParams(ridge=0.1, min_class_rows=10))
        return model, []
    if isinstance(model, ConditionalMixture):
        projection = make_projection(D, U)
        params = MixtureParams(ridge=0.1, components=[3], covariance_floor=0.01)
        model.projection.copy_(torch.from_numpy(projection))
        load_mixture(model, fit_mixture(data, data, projection, 0.3, params, seed=0))
        return model, []
    batch = GeneratorBatch(*(torch.from_numpy(part) for part in (data.vectors, data.emotion, data.interest)))
    critic = WganCritic(C, D, U, hidden_size=16, spectral_norm=False)
    own = torch.optim.Adam(model.parameters(), lr=5e-3, betas=(0.5, 0.9))
    other = torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.5, 0.9))
    losses: list[float] = []

    def step(optimizer: torch.optim.Optimizer, loss_of: Callable[[], torch.Tensor]) -> float:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(steps):
        if kind == "vae":
            losses.append(step(own, functools.partial(vae_loss, model, batch, VAE_LOSS)))
        elif kind == "flow":
            losses.append(step(own, functools.partial(flow_loss, model, batch)))
        else:
            step(other, functools.partial(critic_loss, model, critic, batch, WGAN_LOSS))
            losses.append(step(own, functools.partial(generator_loss, model, critic, batch, WGAN_LOSS)))
    return model.eval(), losses


@pytest.fixture(scope="module", params=list(SHAPES))
def member(request: pytest.FixtureRequest) -> tuple[str, ConditionalGenerator, list[float]]:
    return (request.param, *fitted(request.param))


@pytest.fixture(scope="module")
def checkpoint(member: tuple[str, ConditionalGenerator, list[float]]) -> Checkpoint:
    kind, model, _ = member
    return Checkpoint.of(model, kind, {"n_emotions": C, "vector_size": D, "interest_size": U} | SHAPES[kind])


def asked(emotion: int, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    return np.tile(0.9 * np.eye(C)[emotion] + 0.1 / C, (n, 1)), np.zeros((n, U))


def test_generated_vectors_have_one_row_a_condition_and_one_layer_a_sample(checkpoint: Checkpoint) -> None:
    vectors = generate(checkpoint, *asked(0, n=7), n_samples=3, seed=1)
    assert vectors.shape == (7, 3, D)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_no_condition_gives_no_vectors(checkpoint: Checkpoint) -> None:
    assert generate(checkpoint, *asked(0, n=0), n_samples=3, seed=1).shape == (0, 3, D)


def test_same_seed_same_samples_and_another_seed_others(checkpoint: Checkpoint) -> None:
    first, again, other = (generate(checkpoint, *asked(0), n_samples=2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_samples_of_one_condition_differ_from_each_other(checkpoint: Checkpoint) -> None:
    assert generate(checkpoint, *asked(0, n=1), n_samples=50, seed=1)[0].std(axis=0).min() > 0.01


def test_rows_do_not_depend_on_how_many_are_generated_at_once(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = generate(checkpoint, *asked(0, n=9), n_samples=2, seed=1)
    monkeypatch.setattr("affectlens.models.gan.build._ROWS_AT_ONCE", 4)
    np.testing.assert_allclose(generate(checkpoint, *asked(0, n=9), n_samples=2, seed=1), whole, rtol=1e-5, atol=1e-6)


def test_an_emotion_draws_vectors_to_its_own_place(checkpoint: Checkpoint) -> None:
    means = [generate(checkpoint, *asked(emotion), n_samples=1, seed=1).mean(axis=(0, 1)) for emotion in range(C)]
    # Emotion k lives on axis k + 1; axes from U on are not given away by the interest.
    assert means[1][2] > means[0][2] + 0.5
    assert means[2][3] > means[0][3] + 0.5


def test_the_interest_moves_the_vectors(checkpoint: Checkpoint) -> None:
    emotion, interest = asked(0)
    moved = interest + np.array([0.0, 2.0])
    before, after = (
        generate(checkpoint, emotion, taste, n_samples=1, seed=1).mean(axis=(0, 1)) for taste in (interest, moved)
    )
    assert after[1] > before[1] + 0.2


def test_save_and_restore_keep_the_samples(checkpoint: Checkpoint) -> None:
    model = checkpoint.restore(build_gan_model)
    again = Checkpoint.of(model, checkpoint.architecture, checkpoint.params)
    np.testing.assert_array_equal(
        generate(checkpoint, *asked(1), n_samples=2, seed=3), generate(again, *asked(1), n_samples=2, seed=3)
    )
    assert again.fingerprint() == checkpoint.fingerprint()


def test_a_condition_of_the_wrong_width_is_refused(checkpoint: Checkpoint) -> None:
    emotion, interest = asked(0)
    with pytest.raises(ValueError, match="expects"):
        generate(checkpoint, emotion[:, :2], interest, n_samples=1, seed=1)
    with pytest.raises(ValueError, match="expects"):
        generate(checkpoint, emotion, interest[:5], n_samples=1, seed=1)


def test_every_parameter_gets_a_gradient() -> None:
    data = contents(32)
    batch = GeneratorBatch(*(torch.from_numpy(part) for part in (data.vectors, data.emotion, data.interest)))
    vae, generator, critic = build("vae"), build("wgan"), WganCritic(C, D, U, hidden_size=16, spectral_norm=False)
    vae.batches_seen += 5
    vae_loss(vae.train(), batch, VAE_LOSS).backward()
    flow = build("flow")
    flow_loss(flow, batch).backward()
    generator_loss(generator, critic, batch, WGAN_LOSS).backward()
    critic.zero_grad()
    critic_loss(generator, critic, batch, WGAN_LOSS).backward()
    for module in (vae, flow, generator, critic):
        for name, parameter in module.named_parameters():
            # The last bias of a critic cancels out of a difference of scores.
            if name != "score.4.bias":
                assert parameter.grad is not None, name
                assert parameter.grad.abs().sum() > 0, name


def test_the_fit_of_the_vae_lowers_its_loss() -> None:
    _, losses = fitted("vae")
    assert np.mean(losses[-10:]) < 0.5 * losses[0]


def test_generated_vectors_come_near_the_real_ones(checkpoint: Checkpoint) -> None:
    data = contents(seed=1)
    vectors = generate(checkpoint, data.emotion, data.interest, n_samples=1, seed=1)[:, 0]
    labels = data.emotion.argmax(axis=1)
    for emotion in range(C):
        gap = vectors[labels == emotion].mean(axis=0) - data.vectors[labels == emotion].mean(axis=0)
        assert np.linalg.norm(gap) < 1.5  # places lie 3 from the origin and 4.2 from each other


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        build_gan_model("diffusion", {})


def test_the_gaussian_learns_mean_and_covariance_of_a_class() -> None:
    draws = np.random.default_rng(0)
    covariance = np.array([[1.0, 0.6], [0.6, 0.5]])
    vectors = draws.multivariate_normal([2.0, -1.0], covariance, size=5000)
    ones, interest = np.ones((5000, 1)), np.zeros((5000, 1))
    model = ConditionalGaussian(n_emotions=1, vector_size=2, interest_size=1)
    loss = fit_gaussian(
        model, ConditionedVectors(vectors, ones, interest), GaussianParams(ridge=1e-6, min_class_rows=2)
    )
    np.testing.assert_allclose(model.coefficient[0].numpy(), [2.0, -1.0], atol=0.05)
    np.testing.assert_allclose((model.factor[0] @ model.factor[0].T).numpy(), covariance, atol=0.05)
    entropy = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1]
    assert loss == pytest.approx(entropy, abs=0.05)


def test_a_rare_class_takes_the_covariance_of_all() -> None:
    draws = np.random.default_rng(0)
    emotion = np.repeat(np.eye(2), [300, 3], axis=0)
    vectors = draws.standard_normal((303, 4))
    model = ConditionalGaussian(n_emotions=2, vector_size=4, interest_size=1)
    data = ConditionedVectors(vectors, emotion, np.zeros((303, 1)))
    fit_gaussian(model, data, GaussianParams(ridge=1.0, min_class_rows=10))
    assert np.linalg.eigvalsh((model.factor[1] @ model.factor[1].T).numpy()).min() > 0.5


def two_kinds() -> ConditionalMixture:
    """Emotions move the first axis; kinds lie apart on the second, which is the interest, at -1 and 1 with sd 1."""
    model = ConditionalMixture(n_emotions=2, vector_size=2, interest_size=1, n_components=2)
    model.projection.copy_(torch.tensor([[0.0], [1.0]]))
    model.coefficient.copy_(torch.tensor([[0.0, 0.0], [3.0, 0.5]]))
    model.center.copy_(torch.tensor([[0.0, -1.0], [0.0, 1.0]]))
    model.factor.mul_(0.0)
    return model


def test_a_mixture_reads_the_kind_off_the_interest() -> None:
    model = two_kinds()
    model.mean_emotion.copy_(torch.tensor([1.0, 0.0]))
    noise = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0))
    emotion, interest = torch.tensor([[1.0, 0.0]]).expand(len(noise), -1), torch.full((len(noise), 1), 0.4)
    share = (model.sample(emotion, interest, noise)[:, 1] > 0).float().mean().item()
    assert share == pytest.approx(1.0 / (1.0 + np.exp(-2.0 * 0.4)), abs=0.015)


def test_a_sample_of_a_mixture_keeps_its_kind_while_the_asked_emotion_grows() -> None:
    model = two_kinds()
    noise = torch.randn(500, 3, generator=torch.Generator().manual_seed(1))
    doses = [torch.tensor([[1.0 - dose, dose]]).expand(len(noise), -1) for dose in (0.0, 0.5, 1.0)]
    low, middle, high = (model.sample(dose, torch.full((len(noise), 1), 0.1), noise) for dose in doses)
    torch.testing.assert_close(middle - low, high - middle)
    assert ((low[:, 1] > 0).float().mean() - 0.5).abs() < 0.2  # both kinds are drawn


def test_the_vae_counts_batches_in_training_only() -> None:
    model, data = build("vae"), contents(8)
    parts = [torch.from_numpy(part) for part in (data.vectors, data.emotion, data.interest)]
    model.train()(*parts)
    model.eval()(*parts)
    assert model.batches_seen.item() == 1


def test_kl_of_the_vae_matches_torch_distributions() -> None:
    model, data = build("vae"), contents(8)
    output = model(*(torch.from_numpy(part) for part in (data.vectors, data.emotion, data.interest)))
    posterior = torch.distributions.Normal(output.mu, torch.exp(0.5 * output.latent_log_var))
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(output.kl(), expected)


def test_the_gradient_penalty_is_the_squared_distance_of_a_linear_slope_from_one() -> None:
    data = contents(16)
    batch = GeneratorBatch(*(torch.from_numpy(part) for part in (data.vectors, data.emotion, data.interest)))

    class Linear(torch.nn.Module):
        def forward(self, vectors: torch.Tensor, emotion: torch.Tensor, interest: torch.Tensor) -> Any:
            return 4.0 * vectors[:, 0], torch.zeros(len(vectors), C)

    generator = build("wgan")

    def loss(weight: float) -> float:
        torch.manual_seed(0)
        params = WganLossParams(gradient_penalty=weight, emotion_weight=0.0, interest_weight=0.0)
        return critic_loss(generator, Linear(), batch, params).item()

    assert loss(1.0) - loss(0.0) == pytest.approx((4.0 - 1.0) ** 2, rel=1e-4)
