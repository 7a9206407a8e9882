"""RecTools' SASRec on a sequence file; runs in an environment of its own and prints one JSON line an epoch.

Arguments: folder with `sequences.inter`, epochs, batches an epoch (0: all), seconds at most, settings as JSON.
"""

import json
import resource
import sys
import time

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import Callback, Trainer
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel
from rectools.models.nn.item_net import IdEmbeddingsItemNet


class Clock(Callback):
    """CPU seconds of training, without validation; one JSON line an epoch."""

    def __init__(self, valid_ndcg, seconds: float) -> None:
        self.valid_ndcg, self.seconds, self.spent, self.targets = valid_ndcg, seconds, 0.0, 0
        self.started = time.monotonic()

    def on_train_epoch_start(self, trainer, module) -> None:
        self.before, self.targets = time.process_time(), 0

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        self.targets += int((batch["y"] != 0).sum())

    def on_train_epoch_end(self, trainer, module) -> None:
        self.spent += time.process_time() - self.before
        facts = {"epoch": trainer.current_epoch + 1, "cpu_s": self.spent, "targets": self.targets}
        if self.valid_ndcg is not None:
            facts["valid_ndcg"] = self.valid_ndcg(module)
        facts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(facts), flush=True)  # noqa: T201  what the caller reads
        trainer.should_stop = time.monotonic() - self.started > self.seconds


def main(folder: str, epochs: int, batches: int, seconds: float, settings: dict) -> None:
    """Fit with the softmax over all items; a user is a row padded to the longest history, as the library has it."""
    rows = pd.read_csv(f"{folder}/sequences.inter", sep="\t").set_axis(["user_id", "item_id", "time"], axis=1)
    place = rows.groupby("user_id").cumcount(ascending=False)
    train, target = rows[place > 1], rows[place == 1].set_index("user_id")["item_id"]
    frame = train.rename(columns={"user_id": Columns.User, "item_id": Columns.Item})
    frame = frame.assign(**{Columns.Weight: 1.0, Columns.Datetime: pd.to_datetime(frame["time"], unit="D")})
    dataset = Dataset.construct(frame.drop(columns="time"))

    def valid_ndcg(module) -> float:
        model.lightning_model = module
        model.is_fitted = True
        users = train["user_id"].unique()
        found = model.recommend(users=users, dataset=dataset, k=10, filter_viewed=True)
        hit = found[found[Columns.Item].to_numpy() == target.loc[found[Columns.User]].to_numpy()]
        module.train()
        return float((1 / np.log2(1 + hit[Columns.Rank])).sum() / len(target))

    clock = Clock(None if batches else valid_ndcg, seconds)

    def trainer() -> Trainer:
        return Trainer(
            accelerator="cpu",
            max_epochs=epochs,
            limit_train_batches=batches or None,
            callbacks=[clock],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    model = SASRecModel(
        n_factors=settings["width"],
        n_blocks=settings["n_blocks"],
        n_heads=settings["n_heads"],
        session_max_len=settings["max_length"],
        dropout_rate=settings["dropout"],
        loss="softmax",
        lr=1e-3,
        batch_size=128,
        item_net_block_types=(IdEmbeddingsItemNet,),
        get_trainer_func=trainer,
    )
    model.fit(dataset)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), json.loads(sys.argv[5]))
