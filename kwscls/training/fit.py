"""The loop: stock `compile` and `fit`, with callbacks for schedule, best weights, budget, resume and display."""

import dataclasses
import time

import keras
import numpy as np

from kwscls import console
from kwscls.augment.spectrograms import set_strengths
from kwscls.data import balance, pipeline
from kwscls.data.frames import FrameClips
from kwscls.errors import KwsclsError
from kwscls.training import measures, freezing, optimizers, state
from kwscls.training.averages import Averages
from kwscls.training.display import Display
from kwscls.training.frames import FrameAccuracy, FrameCrossentropy, PooledAccuracy, PooledCrossentropy
from kwscls.training.rehearsal import rehearse

ROWS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds", "val_score")
"""The columns of a history; `val_score` tells the best epoch: the accuracy, or what `measures.metrics` puts in its
place."""

CHECKPOINT = "checkpoint.npz"
"""The file from which a training is resumed."""

ENDLESS = 1 << 20
"""More epochs than any plan has: the callbacks say when it is enough."""

LONG = 600
"""Seconds of training from which on the way to the export is walked once before it begins."""


@dataclasses.dataclass
class Plan:
    """How far a training is to go; the callbacks share and change it.

    Args:
        epochs: how many there will be.
        steps: batches an epoch.
        budget: seconds that training may take in all, or None.
        foreseen: seconds that it will probably take.
        used: seconds it has taken before this process, when it was resumed.
        started: when this process began it, by `time.monotonic`.
    """

    epochs: int
    steps: int
    budget: float | None = None
    used: float = 0.0
    foreseen: float = 0.0
    started: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def elapsed(self):
        """Seconds of training so far, those before a resume included."""
        return self.used + time.monotonic() - self.started


def compile_model(model, recipe, per_frame=False, uneven=False):
    """Give a model the loss, the optimizer and the metric of its task.

    Args:
        model: an `AudioClassifier`; "sigmoid" models get a binary cross-entropy for each label.
        recipe: a `Recipe`.
        per_frame: whether a frame model has a target for each frame; if not, its frames' mean answers for the clip.
        uneven: whether labels are so uneven that their balanced accuracy tells more than the accuracy.
    """
    if model.frame_step:
        loss, metric = (FrameCrossentropy, FrameAccuracy) if per_frame else (PooledCrossentropy, PooledAccuracy)
        loss, metrics = loss(model.activation, recipe.label_smoothing), [metric(model.activation)]
    else:
        kind = keras.losses.BinaryCrossentropy if model.activation == "sigmoid" else keras.losses.CategoricalCrossentropy
        loss = kind(from_logits=True, label_smoothing=recipe.label_smoothing)
        metrics = measures.metrics(model.activation, uneven)
    model.compile(optimizer=optimizers.optimizer(recipe, model), loss=loss, metrics=metrics, jit_compile=recipe.jit)


def fit(model, train, validation, recipe, folder, *, seed=0, budget=None, resume=False, change=None,
        evened=None, thaw=None):
    """Train a model and leave it with the weights of its best epoch.

    Args:
        model: an `AudioClassifier` whose statistics are adapted.
        train: `Clips` to learn from.
        validation: `Clips` that say which epoch is the best.
        recipe: a `Recipe`.
        folder: where the checkpoint and the TensorBoard logs go.
        seed: of the order and of the augmentation; of weights and dropout the caller has taken care.
        budget: seconds it may take, which then fixes the number of epochs; None leaves that to the recipe.
        resume: go on from the checkpoint in `folder`.
        change: augmentation, see `pipeline.training_batches`.
        evened: how rare labels are helped: "sampling" draws their clips more often, "weights" lets them weigh more in
            the loss, None leaves them.
        thaw: after how many epochs which frozen layers learn again, see `freezing.thaws`; the optimizer then begins anew.

    Returns:
        The history: a list of a dict an epoch, with the keys of `ROWS`.

    Raises:
        KwsclsError: the loss is no number any more, or layers would learn again after the last epoch.
    """
    set_strengths(model, recipe)
    per_frame = isinstance(train, FrameClips)
    patient_from = max(thaw or {}, default=0)
    if patient_from >= recipe.epochs and not budget:
        raise KwsclsError(f"the training has but {recipe.epochs} epochs", f"--unfreeze {patient_from}=",
                          "raise --epochs")
    chances = balance.clip_chances(train.marks) if evened == "sampling" else None
    weights = balance.label_weights(train.counts) if evened == "weights" else None
    plan = Plan(recipe.epochs, pipeline.steps(train, recipe.batch_size), budget)
    averages = Averages(model, recipe.average * plan.steps)
    keeper = Keeper(folder / CHECKPOINT, plan, recipe.patience, averages, patient_from)
    validation_batches = pipeline.ordered_batches(validation, recipe.batch_size)

    def batches(first_epoch):
        return pipeline.training_batches(train, recipe.batch_size, seed, ENDLESS, first_epoch, change, chances,
                                         weights)

    resume = resume and keeper.path.exists()
    for until, prefixes in freezing.stages(thaw or {}, ENDLESS):
        freezing.unfreeze(model, prefixes)
        if resume and until < keeper.stored_epochs():
            continue
        if prefixes:
            console.say(f"{', '.join(prefixes)} may learn from here on")
        compile_model(model, recipe, per_frame, uneven=not per_frame and balance.is_uneven(train.counts))
        if resume:
            keeper.restore(model)
            console.say(f"going on after epoch {len(keeper.rows)}")
            resume = False
        elif not keeper.rows:
            foresee(plan, *measure(model, batches(0), validation_batches, plan.steps))
            if plan.foreseen > LONG:
                rehearse(model, next(iter(validation_batches))[0][:1])
        if keeper.finished:
            break
        if len(keeper.rows) < until:
            model.fit(batches(len(keeper.rows)), validation_data=validation_batches, verbose=0, shuffle=False,
                      epochs=until, initial_epoch=len(keeper.rows), steps_per_epoch=plan.steps,
                      callbacks=[Rate(recipe, plan), averages, keeper, Display(plan, keeper.rows),
                                 keras.callbacks.TensorBoard(str(folder / "logs"), write_graph=False)])
    keeper.put_best(model)
    return keeper.rows


def measure(model, batches, validation_batches, steps):
    """Time some steps and a validation, and leave the model as it was.

    Returns:
        Seconds a step, seconds a validation.
    """
    variables = [*model.variables, *model.optimizer.variables]
    before = state.snapshot(variables)
    model.fit(batches, epochs=1, steps_per_epoch=1, verbose=0, shuffle=False)  # traces and compiles
    seconds, few = 0.0, 1
    while seconds < 1 and few < steps:
        few = min(steps, 4 * few)
        start = time.monotonic()
        model.fit(batches, epochs=1, steps_per_epoch=few, verbose=0, shuffle=False)
        seconds = time.monotonic() - start
    for _ in range(2):  # the first traces
        start = time.monotonic()
        model.evaluate(validation_batches, verbose=0)
        check = time.monotonic() - start
    state.put_back(variables, before)
    return seconds / few, check


def foresee(plan, step, check):
    """Say how long the training will take; with a budget, set the epochs that fit it."""
    epoch = step * plan.steps + check
    what = f"a step takes {1000 * step:.0f} ms, an epoch about {epoch:.1f} s"
    if plan.budget:
        plan.epochs = max(1, int((plan.budget - plan.elapsed) / epoch))
        console.say(f"{what}: {plan.epochs} epochs fit the budget")
    else:
        console.say(f"{what}: at most {plan.epochs} epochs, {plan.epochs * epoch / 60:.1f} minutes")
    plan.foreseen = plan.epochs * epoch


class Rate(keras.callbacks.Callback):
    """Sets the learning rate of each step from the recipe and the share of the plan that is done."""

    def __init__(self, recipe, plan):
        super().__init__()
        self.recipe, self.plan = recipe, plan

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        done = (self.epoch * self.plan.steps + batch + 1) / (self.plan.epochs * self.plan.steps)
        self.model.optimizer.learning_rate = optimizers.learning_rate(self.recipe, min(done, 1))


class Keeper(keras.callbacks.Callback):
    """Keeps history and best weights, writes the checkpoint of each epoch, and says when it is enough.

    The best epoch has the highest validation score; among equals, the lowest validation loss.

    Args:
        path: the checkpoint's file.
        plan: the `Plan`.
        patience: epochs without a better one before it stops; 0 never stops early.
        averages: the `Averages` whose weights validation hears.
        patient_from: epochs before which nothing is counted, because layers are still frozen.

    Attributes:
        rows: the history so far.
    """

    def __init__(self, path, plan, patience, averages, patient_from=0):
        super().__init__()
        self.patient_from = patient_from
        self.path, self.plan, self.patience, self.averages = path, plan, patience, averages
        self.rows, self.best, self.best_epoch = [], [], 0

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
        self.rows.append({"epoch": epoch + 1, **values,
                          "learning_rate": float(self.model.optimizer.learning_rate.numpy()),
                          "seconds": round(time.monotonic() - self.epoch_started, 3),
                          "val_score": float(logs.get("val_score", logs["val_accuracy"]))})
        scores = [(row["val_score"], -row["val_loss"]) for row in self.rows]
        if scores[-1] > max(scores[:-1], default=(-1.0, 0.0)):
            self.best, self.best_epoch = self.averages.weights(), epoch + 1
        self._keep_to_budget()
        state.write(self.path, {"model": state.snapshot(self.model.variables),
                                "optimizer": state.snapshot(self.model.optimizer.variables),
                                "averages": state.snapshot(self.averages.variables), "best": self.best},
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
        self.best, self.best_epoch = groups["best"], facts["best_epoch"]
        self.rows[:] = facts["rows"]
        self.plan.epochs, self.plan.used = facts["epochs"], facts["used"]

    def put_best(self, model):
        """Give the model the weights of the best epoch."""
        state.put_back(model.weights, self.best)

    def _keep_to_budget(self):
        """Let the plan follow the clock, so that the schedule ends when the budget does."""
        if self.plan.budget:
            epoch = np.median([row["seconds"] for row in self.rows[-5:]])
            left = self.plan.budget - self.plan.elapsed
            self.plan.epochs = len(self.rows) + max(0, round(left / epoch))
