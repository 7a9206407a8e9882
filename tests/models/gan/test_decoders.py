"""What the decoders of vectors and emotions into contents must do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.gan.drawing import build_picture_decoder, draw_pictures, drawn_noise
from affectlens.models.gan.picture import PictureCritic, PictureVae
from affectlens.models.gan.text_decoder import END_INDEX, N_RESERVED, START_INDEX, TextDecoder
from affectlens.models.gan.writing import WritingParams, build_text_decoder, write_texts

WORDS = ["<pad>", "<unknown>", "<start>", "<end>", "so", "happy", "sad", "!"]
SIZES = {"n_words": len(WORDS), "condition_size": 3, "embedding_size": 8, "hidden_size": 8, "dropout": 0.0}
WRITING = WritingParams(nucleus=1.0, guidance=1.0)
PICTURE = {"n_frames": 2, "condition_size": 4, "channels": 8, "latent_size": 3, "n_kinds": 2, "n_motions": 2}


@pytest.fixture
def text_decoder() -> TextDecoder:
    torch.manual_seed(0)
    return TextDecoder(**SIZES)


def text_checkpoint(model: TextDecoder) -> Checkpoint:
    return Checkpoint.of(model, "text_decoder", SIZES, words=WORDS, max_tokens=6)


def test_the_logits_of_a_word_do_not_know_later_words(text_decoder: TextDecoder) -> None:
    text_decoder.eval()
    tokens, condition = torch.tensor([[START_INDEX, 4, 5]]), torch.ones(1, 3)
    other = torch.tensor([[START_INDEX, 4, 7]])
    before, after = (text_decoder(each, condition) for each in (tokens, other))
    torch.testing.assert_close(before[:, :2], after[:, :2])
    assert before.shape == (1, 3, len(WORDS))


def test_a_text_word_by_word_is_the_text_at_once(text_decoder: TextDecoder) -> None:
    text_decoder.eval()
    tokens, condition = torch.tensor([[START_INDEX, 4, 5, 7]]), torch.randn(1, 3)
    whole, state, parts = text_decoder(tokens, condition), None, []
    for place in range(4):
        logits, state = text_decoder.step(tokens[:, place : place + 1], condition, state)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole)


def test_every_parameter_of_the_text_decoder_gets_a_gradient(text_decoder: TextDecoder) -> None:
    text_decoder(torch.tensor([[START_INDEX, 4, 5]]), torch.ones(1, 3)).square().sum().backward()
    for name, parameter in text_decoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_written_texts_hold_words_only_and_the_same_seed_writes_the_same(text_decoder: TextDecoder) -> None:
    checkpoint = text_checkpoint(text_decoder)
    emotion, vectors = np.ones((40, 1)), np.zeros((40, 2))
    first, again, other = (write_texts(checkpoint, emotion, vectors, WRITING, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 40
    assert set(" ".join(first).replace("!", " ! ").split()) <= set(WORDS[N_RESERVED:])


def test_nothing_is_written_after_the_end(text_decoder: TextDecoder) -> None:
    uniform = torch.rand(50, 6, generator=torch.Generator().manual_seed(0))
    written = text_decoder.eval().write(torch.zeros(50, 3), 6, 1.0, 1.0, uniform)
    ended = (written == END_INDEX).cumsum(dim=1)
    assert (written[(ended > 0) & (written != END_INDEX)] == 0).all()
    assert (ended <= 1).all()
    assert (written != START_INDEX).all()


def test_a_small_nucleus_writes_the_likeliest_word_alone(text_decoder: TextDecoder) -> None:
    with torch.no_grad():
        text_decoder.bias[5] += 3.0
    texts = write_texts(
        text_checkpoint(text_decoder), np.ones((5, 1)), np.ones((5, 2)), WritingParams(nucleus=0.01, guidance=1.0), 0
    )
    assert len(set(texts)) == 1
    assert texts[0].startswith("happy")


def test_guidance_leans_towards_the_condition(text_decoder: TextDecoder) -> None:
    emotion, vectors = np.full((200, 1), 3.0), np.zeros((200, 2))
    model = text_decoder.eval()
    start = torch.tensor([[START_INDEX]])
    with torch.no_grad():
        given, free = (model(start, torch.tensor([[x, 0.0, 0.0]]))[0, 0] for x in (3.0, 0.0))
    favoured = int((given - free)[N_RESERVED:].argmax()) + N_RESERVED
    counts = [
        sum(
            text.split()[:1] == [WORDS[favoured]]
            for text in write_texts(
                text_checkpoint(model), emotion, vectors, WritingParams(nucleus=1.0, guidance=guidance), 0
            )
        )
        for guidance in (1.0, 30.0)
    ]
    assert counts[1] > counts[0]


def test_a_text_condition_of_another_width_is_refused(text_decoder: TextDecoder) -> None:
    with pytest.raises(ValueError, match="this decoder expects 3"):
        write_texts(text_checkpoint(text_decoder), np.ones((2, 1)), np.ones((2, 5)), WRITING, 0)
    with pytest.raises(ValueError, match="expected 'text_decoder'"):
        build_text_decoder("vae", {})


@pytest.fixture
def vae() -> PictureVae:
    torch.manual_seed(0)
    return PictureVae(**PICTURE)


def test_pictures_have_a_frame_each_and_lie_between_black_and_white(vae: PictureVae) -> None:
    checkpoint = Checkpoint.of(vae, "picture_decoder", PICTURE)
    frames = draw_pictures(checkpoint, np.ones((5, 4)), seed=1)
    assert frames.shape == (5, 2, 32, 32, 3)
    assert frames.dtype == np.float32
    assert ((frames >= 0) & (frames <= 1)).all()
    np.testing.assert_array_equal(frames, draw_pictures(checkpoint, np.ones((5, 4)), seed=1))
    assert not np.allclose(frames, draw_pictures(checkpoint, np.ones((5, 4)), seed=2))
    assert draw_pictures(checkpoint, np.ones((0, 4)), seed=1).shape == (0, 2, 32, 32, 3)


def test_the_condition_moves_the_pictures(vae: PictureVae) -> None:
    checkpoint = Checkpoint.of(vae, "picture_decoder", PICTURE)
    plain, moved = (draw_pictures(checkpoint, np.full((3, 4), value), seed=1) for value in (0.0, 2.0))
    assert np.abs(plain - moved).mean() > 1e-3


def test_without_pictures_only_what_is_drawn_comes_back(vae: PictureVae) -> None:
    torch.manual_seed(3)
    drawn = vae(None, torch.ones(2, 4))
    torch.manual_seed(3)
    torch.testing.assert_close(drawn, vae.decode(torch.ones(2, 4), vae.latent(torch.rand(2), torch.randn(2, 3))))


def test_latents_come_from_the_kinds_of_the_prior_by_their_shares(vae: PictureVae) -> None:
    with torch.no_grad():
        vae.kind_logit.copy_(torch.tensor([0.25, 0.75]).log())
        vae.kind_mean.copy_(torch.tensor([[-5.0] * 3, [5.0] * 3]))
        vae.kind_log_var.fill_(2.0 * np.log(0.1))
    latent = vae.latent(*drawn_noise(vae, 4000, seed=1)).detach().numpy()
    first = latent.mean(axis=1) < 0
    assert first.mean() == pytest.approx(0.25, abs=0.03)
    np.testing.assert_allclose(latent[first].mean(axis=0), -5.0, atol=0.02)
    np.testing.assert_allclose(latent[~first].std(axis=0), 0.1, atol=0.01)


def test_the_divergence_from_the_prior_is_the_one_in_closed_form_where_the_prior_has_one_kind() -> None:
    torch.manual_seed(0)
    vae = PictureVae(**PICTURE | {"n_kinds": 1}).double()
    pictures, condition = torch.rand(1, 6, 32, 32).double(), torch.randn(1, 4).double()
    features = torch.nn.functional.leaky_relu(vae.look(pictures), 0.2).flatten(1)
    mu, log_var = vae.posterior(torch.cat([features, condition], dim=1)).chunk(2, dim=1)
    posterior = torch.distributions.Normal(mu, torch.exp(0.5 * log_var))
    prior = torch.distributions.Normal(vae.kind_mean, torch.exp(0.5 * vae.kind_log_var))
    exact = torch.distributions.kl_divergence(posterior, prior).sum()
    with torch.no_grad():
        sampled = vae(pictures.expand(4000, -1, -1, -1), condition.expand(4000, -1)).kl
    assert abs(sampled.mean() - exact) < 4.0 * sampled.std() / 4000**0.5


def test_the_condition_alone_tells_how_much_of_a_change_each_frame_shows(vae: PictureVae) -> None:
    with torch.no_grad():
        vae.course.weight.zero_()
        vae.course.bias.zero_()
        still = vae.decode(torch.ones(2, 4), torch.randn(2, 3)).unflatten(1, (2, 3))
        torch.testing.assert_close(still[:, 0], still[:, 1])
        vae.course.weight[-1, 0] = 1.0  # the last change, in the last frame, by the first number of the condition
        condition, latent = torch.zeros(1, 4), torch.randn(1, 3)
        vae.film[0].weight[:, 3:], vae.film[1].weight[:, 3:], vae.open.weight[:, 3:] = 0.0, 0.0, 0.0
        frames = [
            vae.decode(condition.index_fill(1, torch.tensor([0]), dose), latent).logit() for dose in (0.0, 1.0, 2.0)
        ]
    changes = [(each[:, 3:] - frames[0][:, 3:]) for each in frames]
    torch.testing.assert_close(changes[2], 2.0 * changes[1], atol=1e-4, rtol=1e-3)
    assert changes[1].abs().mean() > 1e-3
    torch.testing.assert_close(frames[2][:, :3], frames[0][:, :3])


def test_every_parameter_of_the_picture_pair_gets_a_gradient(vae: PictureVae) -> None:
    pictures, condition = torch.rand(3, 6, 32, 32), torch.randn(3, 4)
    output = vae(pictures, condition)
    (output.reconstruction.sum() + output.drawn.square().sum() + output.kl.sum()).backward()
    critic = PictureCritic(2, 4, channels=8)
    critic(pictures, condition).sum().backward()
    for module in (vae, critic):
        for name, parameter in module.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_a_picture_condition_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="this decoder expects 4"):
        draw_pictures(Checkpoint.of(PictureVae(**PICTURE), "picture_decoder", PICTURE), np.ones((2, 5)), seed=0)
    with pytest.raises(ValueError, match="expected 'picture_decoder'"):
        build_picture_decoder("vae", {})
