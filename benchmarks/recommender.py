"""SASRec on Amazon Beauty, one core: ours against RecBole's and RecTools' on the same sequences and targets.

Each peer gets an environment of its own (their numpy needs differ from ours and from each other's), made on first use
in `.venv/peers/`. Needs `affectlens fetch sequences` or AFFECTLENS_MIRROR. Width 64, 2 blocks, 2 heads, 50 positions,
softmax over all items. Ours stands there twice: as it is by default, with the softmax in bfloat16 where the core has
instructions for it, and in single precision throughout, as the peers are. `python -m benchmarks.recommender --seconds
3600` trains each peer that long, then ours until it is as good as the better one (at most as long), and adds the CPU
seconds that each takes to the best validation NDCG@10 of each peer; `--peers recbole` leaves the other out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
SETTINGS = {"width": 64, "n_blocks": 2, "n_heads": 2, "max_length": 50, "dropout": 0.3}
TORCH = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch=="))
PEERS = {
    "recbole": [TORCH, "recbole==1.2.1", "numpy==1.26.4", "pandas==2.2.3", "scipy==1.10.1", "setuptools<81"],
    "rectools": [TORCH, "rectools[torch]==0.19.0"],
}
TIMED_BATCHES = {"recbole": 20, "rectools": 10}


def main(seconds: float = 0.0, peers: Sequence[str] = tuple(PEERS)) -> str:
    """CPU seconds an epoch, peak memory, and with `seconds` those to equal validation accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        n_targets = write_sequences(Path(folder))
        found = {}
        for name in peers:
            batches = 0 if seconds else TIMED_BATCHES[name]
            arguments = [folder, str(1000 if seconds else 1), str(batches), str(seconds or 1e9), json.dumps(SETTINGS)]
            script = ROOT / "benchmarks" / "peers" / f"{name}_sasrec.py"
            found[name] = run([str(environment(name)), str(script), *arguments])
        best = max(epoch.get("valid_ndcg", 0.0) for printed in found.values() for epoch in printed)
        ours = {"affectlens": run_ours(seconds, best, "auto")}
        if not seconds:
            ours["affectlens, 32-true"] = run_ours(0.0, best, "32-true")
    return summary({**ours, **found}, n_targets).to_string()


def summary(found: dict[str, list[dict[str, float]]], n_targets: int) -> pd.DataFrame:
    """One row a system. An epoch predicts all targets once; its time follows from the rate of those that were timed.

    `share_of_peak` is the rate of the products of an epoch against that of one large product, of numbers of the type
    that the softmax multiplies, on the same core.
    """
    rows = {}
    for name, printed in found.items():
        epochs = [facts for facts in printed if "cpu_s" in facts]
        rate = epochs[-1]["cpu_s"] / sum(epoch["targets"] for epoch in epochs)
        rows[name] = {"cpu_s_an_epoch": rate * n_targets, "peak_mb": max(epoch["peak_mb"] for epoch in epochs)}
        for counted in (facts for facts in printed if "flop" in facts):
            rows[name]["teraflop_an_epoch"] = counted["flop"] / 1e12
            rows[name]["share_of_peak"] = counted["flop"] / epochs[-1]["cpu_s"] / counted["flop_s_of_a_product"]
        if "valid_ndcg" in epochs[-1]:
            rows[name]["best_valid_ndcg"] = max(epoch["valid_ndcg"] for epoch in epochs)
    frame = pd.DataFrame(rows).T
    frame["times_slower_an_epoch"] = frame["cpu_s_an_epoch"] / frame.loc["affectlens", "cpu_s_an_epoch"]
    for name in found if "best_valid_ndcg" in frame else ():
        for system, epochs in found.items():
            best = frame.loc[name, "best_valid_ndcg"]
            reached = [epoch["cpu_s"] for epoch in epochs if epoch.get("valid_ndcg", 0.0) >= best]
            frame.loc[system, f"cpu_s_to_{name}_best"] = min(reached, default=float("nan"))
    return frame.round(3)


def write_sequences(folder: Path) -> int:
    """The file in RecBole's form, with the position as time; returns how many events of training have one before."""
    from affectlens.fetch import fetch_files

    (path,) = [path for path in fetch_files("sequences") if path.name == "Beauty.txt.gz"]
    target = folder / "sequences" / "sequences.inter"
    target.parent.mkdir()
    n_targets = 0
    with gzip.open(path, "rt") as lines, target.open("w") as rows:
        rows.write("user_id:token\titem_id:token\ttimestamp:float\n")
        for line in lines:
            user, *items = line.split()
            n_targets += len(items) - 3
            rows.writelines(f"{user}\t{item}\t{place}\n" for place, item in enumerate(items))
    (folder / "sequences.inter").write_text(target.read_text())
    return n_targets


def environment(name: str) -> Path:
    """The interpreter of a peer, with the peer installed."""
    folder = ROOT / ".venv" / "peers" / name
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[name]], check=True)  # noqa: S603
        (folder / "installed").touch()
    return python


def run(command: list[str]) -> list[dict[str, float]]:
    """The JSON lines that a worker on one core prints, shown as they come."""
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "GOMP_SPINCOUNT": "10000"}
    found = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=alone, cwd=ROOT) as worker:  # noqa: S603
        for line in worker.stdout or ():
            if line.startswith("{"):
                sys.stderr.write(line)  # an epoch may take ten minutes
                found.append(json.loads(line))
    if worker.returncode:
        raise subprocess.CalledProcessError(worker.returncode, command)
    return found


def run_ours(seconds: float, until: float, precision: str) -> list[dict[str, float]]:
    """This project's attention model in a process of its own, until its validation NDCG@10 is high enough."""
    options = ["--seconds", str(seconds), "--until", str(until), "--precision", precision]
    return run([sys.executable, "-m", "benchmarks.recommender", "--worker", *options])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0, help="how long each system trains; 0: some batches only")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--worker", action="store_true", help="run this project's side")
    parser.add_argument("--until", type=float, default=1.0, help="validation NDCG@10 at which this project's side ends")
    parser.add_argument("--precision", default="auto", help="of this project's side")
    options = parser.parse_args()
    if options.worker:
        from benchmarks.peers.ours import train

        train(options.seconds, options.until, options.precision, SETTINGS)
    else:
        print(main(options.seconds, options.peers))  # noqa: T201  a command's output
