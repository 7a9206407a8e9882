"""RecBole's SASRec on a sequence file; runs in an environment of its own and prints one JSON line an epoch.

Arguments: folder with `sequences.inter`, epochs, batches an epoch (0: all), seconds at most, settings as JSON.
"""

import json
import resource
import sys
import time

import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.model.sequential_recommender import SASRec
from recbole.trainer import Trainer


def main(folder: str, epochs: int, batches: int, seconds: float, settings: dict) -> None:
    """Fit with cross-entropy over all items; every prefix of a user is a row, as the library has it."""
    config = Config(
        model="SASRec",
        dataset="sequences",
        config_dict={
            "data_path": folder,
            "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
            "hidden_size": settings["width"],
            "inner_size": 4 * settings["width"],
            "n_layers": settings["n_blocks"],
            "n_heads": settings["n_heads"],
            "hidden_dropout_prob": settings["dropout"],
            "attn_dropout_prob": settings["dropout"],
            "MAX_ITEM_LIST_LENGTH": settings["max_length"],
            "loss_type": "CE",
            "train_neg_sample_args": None,
            "train_batch_size": 256,
            "eval_batch_size": 512,
            "learning_rate": 1e-3,
            "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "group_by": "user", "mode": "full"},
            "metrics": ["NDCG"],
            "topk": [10],
            "valid_metric": "NDCG@10",
            "seed": 7,
            "use_gpu": False,
            "show_progress": False,
            "state": "ERROR",
        },
    )
    dataset = create_dataset(config)
    train, valid, _ = data_preparation(config, dataset)
    model = SASRec(config, train.dataset)
    trainer = Trainer(config, model)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    spent, started = 0.0, time.monotonic()
    for epoch in range(epochs):
        model.train()
        before, n_rows = time.process_time(), 0
        for number, rows in enumerate(train):
            optimizer.zero_grad()
            model.calculate_loss(rows).backward()
            optimizer.step()
            n_rows += len(rows)
            if batches and number + 1 == batches:
                break
        spent += time.process_time() - before
        facts = {"epoch": epoch + 1, "cpu_s": spent, "targets": n_rows}
        if not batches:
            facts["valid_ndcg"] = float(trainer.evaluate(valid, load_best_model=False)["ndcg@10"])
        facts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(facts), flush=True)  # noqa: T201  what the caller reads
        if time.monotonic() - started > seconds:
            break


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), json.loads(sys.argv[5]))
