"""What training shows: a line for each epoch, and a bar with the time left on a real terminal."""

import time

import keras

from kwscls import console


class Display(keras.callbacks.Callback):
    """Prints a line for each epoch and, on a terminal, draws the progress of all of them.

    It draws while it is entered as a context, so that the terminal gets its cursor back however the training ends.

    Args:
        plan: the `Plan` of the training, whose `epochs` may change on the way.
        rows: the history, which a callback before this one appends to.
    """

    def __init__(self, plan, rows):
        super().__init__()
        self.plan, self.rows = plan, rows
        self.bar = console.progress(transient=True)

    def __enter__(self):
        self.bar.start()
        return self

    def __exit__(self, *error):
        self.bar.stop()

    def on_train_begin(self, logs=None):
        self.task = self.bar.add_task("training", total=self.plan.epochs * self.plan.steps,
                                      completed=len(self.rows) * self.plan.steps)
        self.shown = 0.0

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() - self.shown > 0.2:
            self.shown = time.monotonic()
            done = len(self.rows) * self.plan.steps + batch + 1
            self.bar.update(self.task, completed=done, total=self.plan.epochs * self.plan.steps,
                            description=f"epoch {len(self.rows) + 1}/{self.plan.epochs}")

    def on_epoch_end(self, epoch, logs=None):
        row = self.rows[-1]
        score = "" if row["val_score"] == row["val_accuracy"] else f"  score {row['val_score']:.3f}"
        self.bar.console.print(
            f"epoch {row['epoch']:3d}/{self.plan.epochs}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.3f}  "
            f"validation loss {row['val_loss']:.4f}  accuracy {row['val_accuracy']:.3f}{score}  "
            f"{row['seconds']:.1f} s{'  kept' if row['kept'] else ''}")
