"""A fitted emotion network compressed: size, macro-F1 with its paired interval, and latency, rows of one table.

`python -m benchmarks.compression DATA_ROOT MEMBER` reads the checkpoint and the valid texts that a run left under
DATA_ROOT (data/envs/goemotions, say). Macro-F1 is cross-fitted on valid: every variant has calibration and thresholds
of its own. Latency is that of the network on texts of median length, on two threads, 200 runs after 20 that warm up.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from affectlens.datasets import CheckpointDataset
from affectlens.evaluation.emotion import macro_f1, paired_macro_f1
from affectlens.evaluation.thresholds import DecisionParams, cross_fitted
from affectlens.models.checkpoint import Checkpoint
from affectlens.models.emotion.build import reader_of
from affectlens.models.emotion.export import TokenScorer, export_onnx, onnx_scorer, pruned, quantise_onnx, torch_scorer
from affectlens.pipelines.emotion_training.tables import labelled_texts
from affectlens.training.batches import TokenRows
from affectlens.training.emotion_members import LabelledTexts
from affectlens.training.encoder import length_order

DECISION = DecisionParams(n_folds=5, shrinkage=10.0, smoothing=0.25, ridge=1.0, coverage=0.9, min_set_rows=50)
SHARES = (0.3, 0.5)
N_THREADS, N_WARM, N_RUNS, SEED = 2, 20, 200, 7


def main(root: Path, member: str) -> pd.DataFrame:
    """One row a variant; the first is PyTorch in full precision, which the others are compared with."""
    checkpoint = CheckpointDataset(filepath=str(root / f"06_models/emotion/{member}/uncalibrated.safetensors")).load()
    valid = labelled_texts(pd.read_parquet(root / "05_model_input/emotion_examples.parquet"), "valid")
    reader = reader_of(checkpoint.architecture, checkpoint.params)
    rows = TokenRows.of(valid.texts, reader, checkpoint.params["model"]["max_tokens"])
    torch.set_num_threads(N_THREADS)
    found: list[dict[str, object]] = []
    reference: np.ndarray | None = None
    first_logits: np.ndarray | None = None
    with tempfile.TemporaryDirectory() as folder:
        for name, (scorer, size, packed) in variants(checkpoint, Path(folder)).items():
            logits = scored(scorer, rows)
            decisions = cross_fitted(logits, valid.labels, valid.taxonomy, DECISION, SEED).decisions[valid.taxonomy]
            reference = decisions if reference is None else reference
            first_logits = logits if first_logits is None else first_logits
            row = {"variant": name, "mb": size, "mb_gzip": packed, "macro_f1": macro_f1(valid.labels, decisions)}
            row |= difference(valid, decisions, reference)
            row["largest_logit_gap"] = float(np.abs(logits - first_logits).max())
            for size_of_batch in (1, 32):
                p50, p95 = latency(scorer, rows, size_of_batch)
                row |= {f"p50_ms_{size_of_batch}": p50, f"p95_ms_{size_of_batch}": p95}
            found.append(row)
    return pd.DataFrame(found)


def variants(checkpoint: Checkpoint, folder: Path) -> dict[str, tuple[TokenScorer, float, float]]:
    """Name -> scorer, megabytes of its file, and of its file packed by gzip."""
    found = {}
    todo = {"PyTorch fp32": checkpoint} | {f"pruned {share:.0%}": pruned(checkpoint, share) for share in SHARES}
    for name, each in todo.items():
        path = folder / f"{len(found)}.safetensors"
        CheckpointDataset(filepath=str(path)).save(each)
        found[name] = (torch_scorer(each), *megabytes(path))
    full, quantised = folder / "full.onnx", folder / "int8.onnx"
    export_onnx(checkpoint, full)
    quantise_onnx(full, quantised)
    for name, path in (("ONNX fp32", full), ("ONNX int8", quantised)):
        found[name] = (onnx_scorer(path, N_THREADS), *megabytes(path))
    return found


def megabytes(path: Path) -> tuple[float, float]:
    """Size of a file, plain and packed."""
    content = path.read_bytes()
    return len(content) / 1e6, len(gzip.compress(content, compresslevel=6)) / 1e6


def scored(scorer: TokenScorer, rows: TokenRows) -> np.ndarray:
    """Logits of all texts, those of similar length together."""
    order = length_order(rows.lengths, 64)
    parts = np.concatenate([scorer(rows.batch(index).numpy()) for index in order])
    logits = np.empty_like(parts)
    logits[np.concatenate(order)] = parts
    return logits


def difference(valid: LabelledTexts, decisions: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Macro-F1 minus that of the first variant, with its paired interval."""
    gap, _ = paired_macro_f1(valid.labels, decisions, reference, SEED)
    return {"difference": gap.value, "lower": gap.lower, "upper": gap.upper}


def latency(scorer: TokenScorer, rows: TokenRows, batch_size: int) -> tuple[float, float]:
    """Median and 95th percentile of milliseconds for one batch of texts of about median length."""
    middle = np.argsort(rows.lengths, kind="stable")[len(rows.lengths) // 2 :][:batch_size]
    tokens, seconds = rows.batch(middle).numpy(), []
    for run in range(N_WARM + N_RUNS):
        started = time.perf_counter()
        scorer(tokens)
        if run >= N_WARM:
            seconds.append(time.perf_counter() - started)
    p50, p95 = np.percentile(seconds, [50, 95])
    return 1e3 * float(p50), 1e3 * float(p95)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2]).round(4).to_string(index=False))  # noqa: T201  a command's output
