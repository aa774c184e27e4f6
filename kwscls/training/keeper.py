"""What stays of a training: its history, the weights of the epoch that is kept, and the checkpoint it goes on from."""

import time

import keras
import numpy as np

from kwscls.errors import KwsclsError
from kwscls.training import state

ROWS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds", "val_score", "kept")
"""The columns of a history; `val_score` says which epoch stays: the accuracy, or what `measures.metrics` puts in its
place."""

CHECKPOINT = "checkpoint.npz"
"""The file from which a training is resumed."""


def is_within_error(score, best, clips):
    """Whether a validation score on some clips is within one standard error of the best.

    That error is a share's, of `best` with one right and one wrong clip added, so that it is not zero where all are right.

    Source: the one-standard-error rule, Breiman et al., Classification and Regression Trees (1984), section 3.4.3.
    """
    share = (best * clips + 1) / (clips + 2)
    return score >= best - (share * (1 - share) / clips) ** 0.5


class Keeper(keras.callbacks.Callback):
    """Keeps history and weights, writes the checkpoint of each epoch, and says when it is enough.

    The weights that stay are of the last epoch whose validation score is within one standard error of the best: on a few
    clips the highest score is luck, and what has learnt longer is the better guess.

    Args:
        path: the checkpoint's file.
        plan: the `Plan`.
        patience: epochs without a better one before it stops; 0 never stops early. Better is a higher validation score,
            or as high a one with a lower validation loss.
        clips: how many validation has.
        averages: the `Averages` whose weights validation hears.
        patient_from: epochs before which nothing is counted, because layers are still frozen.

    Attributes:
        rows: the history so far.
    """

    def __init__(self, path, plan, patience, clips, averages, patient_from=0):
        super().__init__()
        self.path, self.plan, self.patience, self.clips, self.averages = path, plan, patience, clips, averages
        self.patient_from = patient_from
        self.rows, self.kept, self.best_epoch = [], [], 0

    @property
    def finished(self):
        """Whether the plan is fulfilled, or none of the last `patience` epochs was better."""
        done = len(self.rows)
        return done >= self.plan.epochs or bool(
            self.patience and done - max(self.best_epoch, self.patient_from) >= self.patience)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        values = {name: float(logs[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
        if not np.isfinite(values["loss"]):
            raise KwsclsError(f"the loss became {values['loss']} in epoch {epoch + 1}", None,
                              "lower --learning-rate or set --clip-norm 1")
        score = float(logs.get("val_score", logs["val_accuracy"]))
        scores = [(row["val_score"], -row["val_loss"]) for row in self.rows]
        if (score, -values["val_loss"]) > max(scores, default=(-1.0, 0.0)):
            self.best_epoch = epoch + 1
        keep = is_within_error(score, max([score, *(one for one, _ in scores)]), self.clips)
        if keep:
            self.kept = self.averages.weights()
        self.rows.append({"epoch": epoch + 1, **values,
                          "learning_rate": float(self.model.optimizer.learning_rate.numpy()),
                          "seconds": round(time.monotonic() - self.epoch_started, 3),
                          "val_score": score, "kept": int(keep)})
        self._keep_to_budget()
        state.write(self.path, {"model": state.snapshot(self.model.variables),
                                "optimizer": state.snapshot(self.model.optimizer.variables),
                                "averages": state.snapshot(self.averages.variables), "kept": self.kept},
                    {"rows": self.rows, "best_epoch": self.best_epoch, "epochs": self.plan.epochs,
                     "used": self.plan.elapsed})
        self.model.stop_training = self.finished

    def stored_epochs(self):
        """How many epochs the checkpoint has seen."""
        return len(state.read(self.path)[1]["rows"])

    def restore(self, model):
        """Take everything from the checkpoint."""
        groups, facts = state.read(self.path)
        state.put_back(model.variables, groups["model"])
        state.put_back(model.optimizer.variables, groups["optimizer"])
        state.put_back(self.averages.variables, groups.get("averages", []))
        self.kept, self.best_epoch = groups["kept"], facts["best_epoch"]
        self.rows[:] = facts["rows"]
        self.plan.epochs, self.plan.used = facts["epochs"], facts["used"]

    def put_kept(self, model):
        """Give the model the weights that stay."""
        state.put_back(model.weights, self.kept)

    def _keep_to_budget(self):
        """Let the plan follow the clock, so that the schedule ends when the budget does."""
        if self.plan.budget:
            self.plan.keep_to(np.median([row["seconds"] for row in self.rows[-5:]]), len(self.rows))
