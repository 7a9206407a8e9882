"""What the networks of pictures and clips promise."""

from __future__ import annotations

import pytest
import torch

from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.image import build_image_model
from tiny_networks import IMAGE_FACTS, image_network, some_pictures


def test_logits_have_a_column_a_label_and_codes_the_hidden_size() -> None:
    image, clip = image_network("image_cnn"), image_network("clip_gru")
    assert image(some_pictures(4)).shape == (4, 3)
    assert image.encode(some_pictures(4)).shape == (4, 6)
    codes = clip.read(some_pictures(4, 7))
    assert codes.shape == (4, 7, 6)
    assert clip.encode(codes, torch.ones(4, 7, dtype=torch.bool)).shape == (4, 5)
    assert clip(codes, torch.ones(4, 7, dtype=torch.bool)).shape == (4, 3)


def test_the_other_pictures_of_a_batch_do_not_change_the_logits() -> None:
    image, shown = image_network("image_cnn"), some_pictures(5)
    alone = torch.cat([image(shown[row : row + 1]) for row in range(5)])
    assert torch.allclose(image(shown), alone, atol=1e-5)


def test_a_brighter_copy_of_a_picture_says_the_same() -> None:
    image, shown = image_network("image_cnn"), some_pictures(3) * 0.5
    assert torch.allclose(image(shown), image(shown + 0.4), atol=1e-3)


def test_an_empty_picture_has_finite_logits() -> None:
    assert torch.isfinite(image_network("image_cnn")(torch.zeros(2, 3, 32, 32))).all()


def test_frames_that_pad_a_clip_do_not_change_its_logits() -> None:
    clip, shown = image_network("clip_gru"), some_pictures(3, 4)
    wider = torch.cat([shown, torch.zeros(3, 2, 3, 32, 32)], dim=1)
    is_frame = torch.arange(6).expand(3, 6) < 4
    short, long = clip(clip.read(shown), is_frame[:, :4]), clip(clip.read(wider), is_frame)
    assert torch.allclose(short, long, atol=1e-5)


def test_the_order_of_frames_matters() -> None:
    clip, shown = image_network("clip_gru"), some_pictures(3, 4)
    every = torch.ones(3, 4, dtype=torch.bool)
    assert not torch.allclose(clip(clip.read(shown), every), clip(clip.read(shown.flip(1)), every), atol=1e-5)


@pytest.mark.parametrize("architecture", ["image_cnn", "clip_gru"])
def test_a_restored_network_has_the_same_weights(architecture: str) -> None:
    model = image_network(architecture)
    again = Checkpoint.of(model, architecture, IMAGE_FACTS, seed=1).restore(build_image_model)
    assert all(torch.equal(mine, other) for mine, other in zip(model.parameters(), again.parameters(), strict=True))


def test_an_unknown_architecture_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'cnn' is unknown; pictures are read by image_cnn"):
        build_image_model("cnn", IMAGE_FACTS)
