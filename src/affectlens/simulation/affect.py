"""Emotion and mood: the seven Ekman classes in the space of valence, arousal and dominance (VAD)."""

from typing import Annotated

import numpy as np
from pydantic import Field

from affectlens.features.taxonomy import EKMAN
from affectlens.params import Params
from affectlens.simulation.randomness import mixture

# Mean ratings of emotion terms by Russell & Mehrabian 1977, "Evidence for a three-factor theory of emotions"
# (J. Research in Personality 11), in the order of EKMAN. Sadness and neutral depart from it: the paper's sadness is
# aroused, the quiet kind is meant here, and neutral is the origin.
PROTOTYPES = np.array(
    [
        [-0.51, 0.59, 0.25],  # anger
        [-0.60, 0.35, 0.11],  # disgust
        [-0.64, 0.60, -0.43],  # fear
        [0.76, 0.48, 0.35],  # joy
        [-0.63, -0.27, -0.33],  # sadness
        [0.40, 0.67, -0.13],  # surprise
        [0.00, 0.00, 0.00],  # neutral
    ]
)
NEUTRAL = EKMAN.index("neutral")
NEGATIVE = tuple(EKMAN.index(name) for name in ("anger", "disgust", "fear", "sadness"))

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class MoodParams(Params):
    """How moods start, drift, move with what is seen, and rest between sessions."""

    baseline_mean: tuple[float, float, float] = Field(description="mean VAD of the users' baselines")
    baseline_sd: float = Field(ge=0.0, description="spread of baselines between users")
    pull: Share = Field(description="share of the way back to the baseline at each feed position (lambda)")
    contagion: Share = Field(description="share of the way to the VAD of a content that is viewed (c)")
    noise_sd: float = Field(ge=0.0, description="noise of the mood at each feed position")
    rest_days: float = Field(gt=0.0, description="time constant with which a mood fades between sessions")
    life_sd: float = Field(ge=0.0, description="spread of moods brought in from outside the feed after a long rest")


class ExpressionLink(Params):
    """How a state (VAD) turns into a discrete emotion that is expressed."""

    bandwidth: float = Field(gt=0.0, description="distance in VAD at which an emotion stops being likely")
    prior: dict[str, float] = Field(description="weight of each emotion before the state is known")


def move_mood(
    mood: np.ndarray,
    baseline: np.ndarray,
    seen: np.ndarray,
    is_viewed: np.ndarray,
    params: MoodParams,
    rng: np.random.Generator,
) -> np.ndarray:
    """The mood after one feed position: s' = s + pull (baseline - s) + contagion (content - s) viewed + noise.

    Args:
        mood: (n, 3) VAD before.
        baseline: (n, 3) VAD to which each user returns.
        seen: (n, 3) VAD of the content at this position.
        is_viewed: (n,) whether it was viewed; what is skipped moves nobody.
        params: strengths of the three forces.
        rng: source of the noise.

    Returns:
        (n, 3), clipped to [-1, 1].
    """
    noise = rng.normal(0.0, params.noise_sd, mood.shape) if params.noise_sd else 0.0
    caught = params.contagion * is_viewed[:, None] * (seen - mood)
    moved: np.ndarray = np.clip(mood + params.pull * (baseline - mood) + caught + noise, -1.0, 1.0)
    return moved


def rest_mood(
    mood: np.ndarray, baseline: np.ndarray, days: np.ndarray, params: MoodParams, rng: np.random.Generator
) -> np.ndarray:
    """The mood (n, 3) after `days` (n,) away: an Ornstein-Uhlenbeck step around the baseline."""
    kept = np.exp(-days / params.rest_days)[:, None]
    spread = params.life_sd * np.sqrt(1.0 - kept**2)
    rested = baseline + (mood - baseline) * kept + spread * rng.normal(size=mood.shape)
    clipped: np.ndarray = np.clip(rested, -1.0, 1.0)
    return clipped


def emotion_weights(state: np.ndarray, params: ExpressionLink) -> np.ndarray:
    """Probability of each emotion (n, 7, Ekman order) given a state in VAD (n, 3)."""
    distance = ((state[:, None, :] - PROTOTYPES[None, :, :]) ** 2).sum(axis=2)
    prior = np.array([params.prior[name] for name in EKMAN])
    return mixture(prior * np.exp(-distance / (2.0 * params.bandwidth**2)) + np.finfo(float).tiny)


def felt(emotions: np.ndarray, intensity: np.ndarray) -> np.ndarray:
    """VAD (n, 3) of emotion mixtures (n, 7): half as strong at intensity (n,) 0 as at intensity 1.

    >>> felt(np.eye(7)[[3]], np.array([1.0])).tolist()
    [[0.76, 0.48, 0.35]]
    """
    strength = 0.5 * (1.0 + intensity)
    scaled: np.ndarray = emotions @ PROTOTYPES * strength[:, None]
    return scaled


def soften(emotions: np.ndarray, intensity: np.ndarray, leak: float) -> np.ndarray:
    """Emotion mixtures (n, 7) with up to `leak` of their mass moved to neutral where the intensity (n,) is low."""
    moved = leak * (1.0 - intensity)[:, None]
    softened: np.ndarray = emotions * (1.0 - moved)
    softened[:, NEUTRAL] += moved[:, 0]
    return softened
