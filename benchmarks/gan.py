"""Content vectors with emotions, 6000 contents of the base world: our members against CTGAN on the same table.

`tstr` is macro-F1 on held-out contents after learning from generated ones, over that after as many real ones.
CTGAN (extra `bench`; Business Source Licence) runs with its own defaults. Needs the tables of `affectlens run`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.framework.startup import bootstrap_project
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from affectlens.evaluation.generation import LocalMmd2
from affectlens.models.gan import generate, make_projection
from affectlens.pipelines.gan_training.contents import Contents, open_contents, training_parts
from affectlens.session import StageSession
from affectlens.training.gan import GeneratorTask, fit_generator

MEMBERS = ("mixture", "wgan", "flow")
SEED = 7
N_SAMPLED = 10_000
# vectors (n, d) and emotions (n,) of n generated contents
Sampler = Callable[[int], tuple[np.ndarray, np.ndarray]]


def main() -> str:
    """CPU seconds of training, samples a CPU second and TSTR of each, and ratios to CTGAN."""
    contents, params = base_contents()
    fits: dict[str, Callable[[], Sampler]] = {
        "ctgan": lambda: fit_ctgan(contents),
        **{kind: lambda kind=kind: fit_member(kind, contents, params) for kind in MEMBERS},
    }
    frame = pd.DataFrame({name: measured(fit, contents) for name, fit in fits.items()}).T
    frame["times_faster_training"] = frame.loc["ctgan", "train_s"] / frame["train_s"]
    frame["times_faster_sampling"] = frame["samples_per_s"] / frame.loc["ctgan", "samples_per_s"]
    return frame.round(3).to_string()


def base_contents() -> tuple[Contents, dict[str, Any]]:
    """The contents of the base world, and the parameters of the stage."""
    root = Path(__file__).parents[1]
    bootstrap_project(root)
    with StageSession.create(project_path=root) as session:
        context = session.load_context()
        names = ("content_features", "content_emotions", "emotion_examples")
        if not context.catalog["content_emotions"].exists():
            raise FileNotFoundError("the tables of the base world are not there; run `affectlens run` first")
        return open_contents(*(context.catalog.load(name) for name in names)), context.params


def fit_member(kind: str, contents: Contents, params: dict[str, Any]) -> Sampler:
    """A member at its default recipe; it is asked for the conditions of training contents."""
    condition, fitting = params["gan"]["condition"], params["gan"]["fitting"]
    train, valid = training_parts(contents, condition, SEED)
    projection = make_projection(train.vectors.shape[1], condition.interest_size)
    task = GeneratorTask(train, valid, projection, condition.interest_noise, fitting, LocalMmd2, SEED)
    checkpoint, _ = fit_generator(params["gan"][kind].member, task, params["trainer"], None)

    def sample(n: int) -> tuple[np.ndarray, np.ndarray]:
        rows = np.random.default_rng(SEED).integers(len(train), size=n)
        vectors = generate(checkpoint, train.emotion[rows], train.interest[rows], 1, SEED)[:, 0]
        return vectors, train.emotion[rows].argmax(axis=1)

    return sample


def fit_ctgan(contents: Contents) -> Sampler:
    """CTGAN with its defaults on the same training contents: a column a number, and one for the emotion."""
    from ctgan import CTGAN

    train = contents.where(contents.roles == "train")
    table = pd.DataFrame(train.vectors.astype(np.float64), columns=[f"g{i}" for i in range(train.vectors.shape[1])])
    model = CTGAN()
    model.set_random_state(SEED)
    model.fit(table.assign(emotion=train.emotion.argmax(axis=1).astype(str)), ["emotion"])

    def sample(n: int) -> tuple[np.ndarray, np.ndarray]:
        drawn = model.sample(n)
        return drawn[table.columns].to_numpy(), drawn["emotion"].astype(int).to_numpy()

    return sample


def measured(fit: Callable[[], Sampler], contents: Contents) -> dict[str, float]:
    """CPU seconds of a fit, samples a CPU second, and TSTR."""
    started = time.process_time()
    sample = fit()
    train_s = time.process_time() - started
    sample(10)
    started = time.process_time()
    sample(N_SAMPLED)
    samples_per_s = N_SAMPLED / (time.process_time() - started)
    train, test = (contents.where(contents.roles == role) for role in ("train", "test"))
    real = macro_f1(train.vectors, train.labels, test)
    return {"train_s": train_s, "samples_per_s": samples_per_s, "tstr": macro_f1(*sample(len(train)), test) / real}


def macro_f1(vectors: np.ndarray, labels: np.ndarray, test: Contents) -> float:
    """Macro-F1 on test contents of a classifier that learned from these."""
    learner = LogisticRegression(C=0.1, max_iter=2000).fit(vectors, labels)
    return float(f1_score(test.labels, learner.predict(test.vectors), average="macro"))
