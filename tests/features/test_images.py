import io

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from affectlens.features.images import COLOUR_SIZE, GREY_SIZE, N_MOTION, appearance, decode_frames, motion


def encoded(*frames, kind="PNG", size=(40, 20)):
    pictures = [Image.fromarray(np.full((size[1], size[0], 3), frame, dtype=np.uint8)) for frame in frames]
    buffer = io.BytesIO()
    pictures[0].save(buffer, kind, **({"save_all": True, "append_images": pictures[1:]} if kind == "GIF" else {}))
    return buffer.getvalue()


def dot_at(column):
    frame = np.zeros((GREY_SIZE, GREY_SIZE, 3), dtype=np.float32)
    frame[16, column] = 1.0
    return frame


def test_a_picture_is_one_frame_with_its_colour():
    frames = decode_frames(encoded((255, 0, 51)), max_frames=4)
    assert frames.shape == (1, GREY_SIZE, GREY_SIZE, 3)
    np.testing.assert_allclose(frames[0, 5, 7], [1.0, 0.0, 0.2], atol=1e-6)


def test_a_long_clip_is_thinned_evenly_from_first_to_last_frame():
    shades = (0, 50, 100, 150, 200)
    frames = decode_frames(encoded(*shades, kind="GIF"), max_frames=3)
    np.testing.assert_allclose(frames[:, 0, 0, 0] * 255, [0, 100, 200], atol=2)


def test_transparency_is_laid_on_white():
    buffer = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(buffer, "PNG")
    assert decode_frames(buffer.getvalue(), 1).min() == 1.0


def test_bytes_that_are_no_picture_are_refused():
    with pytest.raises(UnidentifiedImageError):
        decode_frames(b"not a picture", 1)


def test_a_grey_picture_has_its_brightness_and_no_colour():
    looks = appearance(np.full((1, GREY_SIZE, GREY_SIZE, 3), 0.25, dtype=np.float32))
    assert looks.shape == (GREY_SIZE**2 + 2 * COLOUR_SIZE**2,)
    np.testing.assert_allclose(looks[: GREY_SIZE**2], 0.25, atol=1e-6)
    np.testing.assert_allclose(looks[GREY_SIZE**2 :], 0.0, atol=1e-6)


def test_red_and_blue_of_equal_brightness_look_different():
    red, blue = np.array([0.114, 0, 0]), np.array([0, 0, 0.299])
    one, other = (appearance(np.ones((1, GREY_SIZE, GREY_SIZE, 3)) * colour) for colour in (red, blue))
    np.testing.assert_allclose(one[: GREY_SIZE**2], other[: GREY_SIZE**2], atol=1e-6)
    assert np.abs(one - other).max() > 0.1


def test_a_still_and_a_clip_of_equal_frames_do_not_move():
    still = decode_frames(encoded(90), 1)
    assert motion(still).tolist() == [0.0] * N_MOTION
    np.testing.assert_allclose(motion(np.repeat(still, 3, axis=0)), 0.0, atol=1e-5)


def test_a_dot_that_crosses_the_picture_moves_by_its_path():
    step, largest, share, path, brighter, contrast = motion(np.stack([dot_at(0), dot_at(8), dot_at(16)]))
    assert (step, largest) == pytest.approx((2 / GREY_SIZE**2, 2 / GREY_SIZE**2), rel=1e-4)
    assert share == pytest.approx(3 / GREY_SIZE**2)
    assert path == pytest.approx(16 / GREY_SIZE, rel=0.01)
    assert (brighter, contrast) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_a_clip_that_brightens_says_so():
    frames = np.stack([np.full((GREY_SIZE, GREY_SIZE, 3), shade, dtype=np.float32) for shade in (0.1, 0.6)])
    assert motion(frames)[[0, 2, 4]] == pytest.approx([0.5, 1.0, 0.5], abs=1e-5)
